"""How one server is spoken to: by its kind, for a model in its mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptlab.errors import InputError
from promptlab.models.modes import Mode, Way
from promptlab.models.settings import ENGINES_ONLY, NEUTRAL, check_prompt, check_sampling, sampling_body
from promptlab.models.transport import Call
from promptlab.reasoning import without_prefill
from promptlab.types import Completion, Prompt, Request, Sampling

HOSTED = "openai"  # the kind of OpenAI's own API
_PREFILL = ("vllm", "llamacpp")  # the kinds of servers that continue a started assistant turn
# Who passes variables on to the chat template: the reasoning pages of vLLM and SGLang, llama.cpp's server README.
TEMPLATE = ("vllm", "sglang", "llamacpp")
_FIELD = "dashscope"  # Alibaba's API takes enable_thinking as a field: https://help.aliyun.com/zh/model-studio


@dataclass(frozen=True)
class Dialect:
    """What becomes of a request; the parameters are those of `OpenAIModel`, and the server's `kind`."""

    mode: Mode
    kind: str
    base_url: str
    thinking_by: Way | None = None
    seeds: bool = True

    @property
    def way(self) -> Way | None:
        """How this server is told to think or not; None: not known."""
        if self.thinking_by or _FIELD in self.base_url:
            return self.thinking_by or "field"
        return "template" if self.kind in TEMPLATE else None

    @property
    def limit(self) -> str:
        """The server's name for `max_tokens` of a chat."""
        return "max_completion_tokens" if self.kind == HOSTED else self.mode.profile.limit

    @property
    def unsent(self) -> tuple[str, ...]:
        return self.mode.profile.unsent if self.seeds else (*self.mode.profile.unsent, "seed")

    @property
    def roles(self) -> dict[str, str]:
        """OpenAI's reasoning models call a system message the developer's."""
        return {"system": "developer"} if self.kind == HOSTED and self.mode.profile.system == "developer" else {}

    def added(self, *, chat: bool = True) -> dict[str, Any]:
        """What is sent beside the sampling: neutral values for a server's own defaults, and the mode.

        Until https://github.com/ggml-org/llama.cpp/pull/26941 (August 2026) llama.cpp's server ignored the field
        ``reasoning_effort`` and knew it as a variable of the template only; since then the field has the last word.
        """
        mode = self.mode.body(self.way, effort_twice=self.kind == "llamacpp") if chat else {}
        return {**NEUTRAL.get(self.kind, {}), **mode}

    def substituted(self) -> dict[str, str]:
        """What goes out otherwise than it was said."""
        found = dict.fromkeys(self.unsent, "not sent")
        if self.limit != "max_tokens":
            found["max_tokens"] = f"sent as {self.limit}"
        if self.roles:
            found["system"] = "sent as developer"
        if self.kind == "sglang" and "seed" not in self.unsent:
            found["seed"] = "sent, and heeded only by a server with --enable-deterministic-inference"
        if self.thinking_by == "text" and self.mode.profile.soft:
            found["thinking"] = f"{self.mode.profile.soft} after the user's last message"
        return found

    def messages(self, prompt: Prompt) -> list[dict[str, str]]:
        """The chat as it goes out."""
        messages = self.mode.messages(prompt, self.thinking_by)
        return [{"role": self.roles.get(m.role, m.role), "content": m.content} for m in messages]

    def call(self, model: str, request: Request) -> Call:
        """The request as it goes out."""
        prompt, chat = request.prompt, request.prompt.text is None
        limit = self.limit if chat else "max_tokens"
        body = {
            "model": model,
            **sampling_body(request.sampling, request.seed, self.added(chat=chat), limit, self.unsent),
        }
        if prompt.text is not None:
            return Call("/completions", {**body, "prompt": prompt.text + prompt.prefill}, prefill=prompt.prefill)
        messages = self.messages(prompt)
        if prompt.prefill:
            messages.append({"role": "assistant", "content": prompt.prefill})
            if self.kind == "vllm":
                body |= {"continue_final_message": True, "add_generation_prompt": False}
        body["messages"] = messages
        return Call("/chat/completions", body, prefill=prompt.prefill, echoes=self.kind == "llamacpp")

    def read(self, completion: Completion, prefill: str) -> Completion:
        """A completion, as it is meant where the server's parser of reasoning was led astray.

        A parser that knows nothing of the switch takes every text without a closing tag for reasoning: with thinking
        off that is the whole answer. Such a sample has failed; the model has not.
        """
        lost = completion.ending == "complete" and completion.reasoning and not completion.text.strip()
        if lost and self.mode.profile.thinks is False:
            cure = "serve it with a parser that knows the switch (vLLM: --reasoning-parser qwen3), or with none"
            return replace(completion, ending="error", error=f"thinking is off, and all came as reasoning: {cure}")
        return without_prefill(completion, prefill)

    def check(
        self, name: str, sampling: Sampling, prompts: Sequence[Prompt], accepted: Sequence[str] | None = None
    ) -> None:
        """Raise `InputError` for what this server, or a model in this mode, would reject or ignore.

        `accepted` are the keys that the server takes; None: not known.
        """
        engines_only = dict.fromkeys(ENGINES_ONLY if self.kind == HOSTED else (), "OpenAI's API refuses it")
        check_sampling(sampling, accepted, {**engines_only, **self.mode.refused()})
        self.mode.check(name, sampling, prompts)
        server = f"{name!r}: this server ({self.kind or 'of unknown kind'})"
        for prompt in prompts:
            check_prompt(prompt)
            if prompt.prefill and prompt.text is None and self.kind not in _PREFILL:
                raise InputError(
                    f"{server} does not continue a started assistant turn: leave prefill empty, or serve the model"
                    " with vLLM or llama.cpp"
                )
        if self.mode.profile.mode and self.mode.profile.switch and not self.way:
            raise InputError(
                f"{server} is not known to turn thinking off, and might ignore it: open the model with"
                " thinking_by='template', 'field' or 'text', whichever it heeds"
            )
