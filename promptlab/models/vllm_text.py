"""A prompt as vLLM's model reads it: chat template applied, tokens counted, by the tokeniser of its own files."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from promptlab.errors import InputError
from promptlab.models.failures import one_line
from promptlab.models.modes import Mode
from promptlab.models.settings import check_prompt
from promptlab.models.vllm_files import Weights
from promptlab.types import Prompt, digest

_OPENED = re.compile(r"(?:<think(?:ing)?>|<\|channel\|>analysis<\|message\|>)\s*\Z")


class Text:
    """The tokeniser of a model in a mode (see `Mode.template`)."""

    def __init__(self, weights: Weights, mode: Mode, *, trust_remote_code: bool = False) -> None:
        from transformers import AutoTokenizer

        self._tokenizer: Any = AutoTokenizer.from_pretrained(
            weights.place, revision=weights.commit, trust_remote_code=trust_remote_code
        )
        self._mode, self._lock = mode, threading.Lock()  # the engine's thread and the reader's both count
        # The samples of a prompt come one after another.
        self.tokens, self.opened = lru_cache(maxsize=1024)(self._tokens), lru_cache(maxsize=1024)(self._opened)

    @property
    def template_hash(self) -> str:
        """Digest of the chat template; its variables are part of the model's name (`Mode.named`)."""
        return digest(self._tokenizer.chat_template) if self._tokenizer.chat_template else ""

    def render(self, prompt: Prompt) -> str:
        """The text, with the opened assistant turn; a raw `text` is left as it is."""
        if prompt.text is not None:
            return prompt.text + prompt.prefill
        import jinja2

        messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
        options = {"tokenize": False, "add_generation_prompt": True, **self._mode.template}
        try:
            return str(self._tokenizer.apply_chat_template(messages, **options)) + prompt.prefill
        except (jinja2.TemplateError, ValueError) as problem:
            raise InputError(f"the model's chat template refuses these messages: {one_line(problem)}") from None

    def _opened(self, prompt: Prompt) -> str:
        """The tag of reasoning with which the template has opened the model's turn: it belongs to the completion."""
        if prompt.text is not None:
            return ""
        found = _OPENED.search(self.render(prompt).removesuffix(prompt.prefill))
        return found[0] if found else ""

    def count(self, text: str) -> int:
        """Tokens of a text alone."""
        return len(self._split(text, special=False))

    def _tokens(self, prompt: Prompt) -> list[int]:
        """A template writes the beginning-of-text token itself; a raw text gets the tokeniser's."""
        return self._split(self.render(prompt), special=prompt.text is not None)

    def _split(self, text: str, *, special: bool) -> list[int]:
        with self._lock:
            return list(self._tokenizer(text, add_special_tokens=special).input_ids)

    def check(self, name: str, prompts: Sequence[Prompt], context: int, max_tokens: int) -> None:
        """Raise `InputError` for what the model would read otherwise than it was meant, or cannot hold."""
        for prompt in prompts:
            check_prompt(prompt)
            self._check_contents(prompt)
        longest = max(prompts, key=lambda prompt: len(self.tokens(prompt)), default=None)
        n = len(self.tokens(longest)) if longest else 0
        if n + max_tokens > context:
            raise InputError(
                f"the longest prompt has {n} tokens; with max_tokens={max_tokens} that is over the context of {context}"
                f" of {name!r}: show fewer exemplars, lower max_tokens, or open the model with another max_model_len."
                f" It ends: {self.render(longest)[-80:] if longest else ''!r}"
            )

    def _check_contents(self, prompt: Prompt) -> None:
        if prompt.text is not None:
            return
        for content in (*(message.content for message in prompt.messages), prompt.prefill):
            found = [token for token in self._tokenizer.all_special_tokens if token in content]
            if found:
                raise InputError(f"a message holds {found[0]!r}, a control token of this model: leave it out")
        opened = prompt.prefill.strip()
        if opened and self.render(prompt).removesuffix(prompt.prefill).rstrip().endswith(opened):
            raise InputError(
                f"prefill={prompt.prefill!r}: this model's chat template opens the turn with it already: leave it empty"
            )
