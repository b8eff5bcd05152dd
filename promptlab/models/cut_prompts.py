"""A prompt that the server has cut without a word: seen where it says how many tokens it read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from promptlab.models.failures import Failure
from promptlab.types import Completion

_PIECE = re.compile(r"[A-Za-z\u00c0-\u024f]+|[0-9]+")  # other scripts, whose tokens are other parts, count for nothing
_SHORT = 1000  # pieces of a prompt that fits everywhere


def cut_prompt(body: Mapping[str, Any], answers: Sequence[Completion] | Failure) -> Failure | None:
    """What is wrong with answers to a prompt of which the server has read fewer tokens than it surely has.

    Tokenisers split words from numbers, signs and spaces: a token is never more than one of them, and a text has more
    tokens than words and numbers. Only the missing is certain: a prompt that lost a little can still have more.
    """
    if isinstance(answers, Failure) or not (told := answers[0].prompt_tokens):
        return None
    read, least = told + (answers[0].cached_tokens or 0), _pieces(_text(body))  # some count what is cached apart
    if least < _SHORT or read >= least:
        return None
    return Failure(
        f"the server has cut the prompt: it read {read} tokens of {least} words and numbers. Give it a longer context"
        " (Ollama: OLLAMA_CONTEXT_LENGTH), or show fewer exemplars",
        retry=False,
    )


def _text(body: Mapping[str, Any]) -> str:
    """All that the request of a chat or a text completion holds."""
    return "\n".join(message["content"] for message in body.get("messages", ())) + body.get("prompt", "")


@lru_cache(maxsize=256)  # the samples of a prompt come one after another
def _pieces(text: str) -> int:
    return sum(1 for _ in _PIECE.finditer(text))
