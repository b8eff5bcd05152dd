"""What came back, as a `Completion` or a `Failure`: one reading of replies for every server."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from promptlab.models.failures import Failure, held_error, one_line
from promptlab.types import Completion, Ending

# Words of servers for one thing, as they were seen; a case of letters is none.
_CUT = {"length", "max_tokens", "max_length", "model_length", "max_output_tokens"}
_FILTERED = {"content_filter", "content_filtered", "safety", "refusal"}
_BROKEN = {"error", "abort", "aborted", "cancelled", "canceled"}
_DATED = r"([-@:]?(\d{4}[-\d]*|latest))?"


def read_replies(
    body: object,
    asked: int = 1,
    *,
    prefill: str = "",
    echoes: bool = False,
    answers_as: str = "",
    seconds: float | None = None,
) -> list[Completion] | Failure:
    """Read the JSON of a chat or text completion.

    Parameters
    ----------
    body
        The parsed body of an answer with status 200, from a server that is not trusted to keep to the protocol; or
        its text, where the server did not call it JSON.
    asked
        Choices that were asked for: more are not read.
    prefill, echoes
        The start of the model's turn that was sent; `echoes` servers repeat it in their answer, others do not.
    answers_as
        The name under which the server must answer; empty: any.
    seconds
        How long the answer took.

    Returns
    -------
    list of Completion, or Failure
        The choices that can be read, at least one.
    """
    body = _parsed(body) if isinstance(body, str) else body
    if not isinstance(body, Mapping):
        return Failure(f"the answer is not a JSON object: {one_line(body)}")
    if body.get("error"):
        return held_error(body)
    if answers_as and not _same_model(answers_as, told := _text(body.get("model"))):
        known = "open the model with answers_as=" + repr(one_line(told)) + " if that is another name of it"
        return Failure(f"the answer comes from {one_line(told)!r}, not from {answers_as!r}: {known}", stranger=True)
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        return Failure("the answer holds no choices")
    choices = sorted(choices, key=_index)  # a list may be in the order in which they ended
    read = [_read_choice(choice, prefill, echoes) for choice in choices[:asked]]
    good = [choice for choice in read if isinstance(choice, dict)]
    broken = [choice for choice in read if isinstance(choice, Failure)]
    _add_tokens(good, body, alone=len(choices) == 1)
    return [Completion(**choice, seconds=seconds) for choice in good] or broken[0]


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _same_model(asked: str, told: str) -> bool:
    """Servers leave out folders, add a date or ``:latest``, and drop ``:provider``; some do not say."""
    asked, told = (name.lower().rsplit("/", 1)[-1] for name in (asked, told))
    return not told or told == asked.split(":")[0] or re.fullmatch(re.escape(asked) + _DATED, told) is not None


def _read_choice(choice: object, prefill: str, echoes: bool) -> dict[str, Any] | Failure:
    """The fields of a `Completion`."""
    if not isinstance(choice, Mapping):
        return Failure("the answer holds no choices")
    if choice.get("error"):  # OpenRouter: the provider behind it gave up
        return held_error(choice)
    message = choice.get("message") if "message" in choice else {"content": choice.get("text")}
    if not isinstance(message, Mapping) or not isinstance(message.get("content"), str | list | None):
        return Failure(f"the answer's message has no text: {one_line(message)}")
    reasoning = _reasoning(message)
    text, refusal = _text(message.get("content")), _text(message.get("refusal"))
    finish_reason = _text(choice.get("finish_reason"))
    if finish_reason.lower() in _BROKEN:
        return Failure(f"the server gave up on this answer: finish_reason {one_line(finish_reason)}")
    new = text.removeprefix(prefill) if echoes else text
    return {
        "text": prefill + new if new else (prefill or refusal),
        "ending": _ending(finish_reason, new, reasoning, refusal),
        "reasoning": reasoning,
        "finish_reason": finish_reason,
        "completion_tokens": _length(choice.get("token_ids")),
        "prompt_tokens": 0,  # usage speaks of the whole answer: its prompt counts once, with the first choice
    }


def _index(choice: object) -> int:
    """A choice's place by its own word; those that do not say stay first, in their order."""
    return _count(_mapping(choice).get("index")) or 0


def _ending(finish_reason: str, text: str, reasoning: str, refusal: str) -> Ending:
    """`finish_reason` is stored beside it, so that an empty output under a token cap stays visible as such."""
    if finish_reason.lower() in _FILTERED or (refusal and not text):
        return "refused"
    if not text.strip() and not reasoning.strip():
        return "empty"
    return "truncated" if finish_reason.lower() in _CUT else "complete"


def _reasoning(message: Mapping[str, Any]) -> str:
    """Servers repeat the same reasoning in several places: the first that holds any counts."""
    content, details = message.get("content"), message.get("reasoning_details")
    thinking = [_text(part.get("thinking")) for part in _parts(content)]  # Mistral
    detailed = [_text(part.get("text") or part.get("summary")) for part in _parts(details)]  # OpenRouter
    field = _text(message.get("reasoning") or message.get("reasoning_content"))
    return field or "\n".join(filter(None, thinking)) or "\n".join(filter(None, detailed))


def _text(value: object) -> str:
    """A string, the joined text parts of a list of content parts, or nothing."""
    texts = [part.get("text") for part in _parts(value)] if isinstance(value, list) else [value]
    return "".join(text for text in texts if isinstance(text, str))


def _parts(value: object) -> list[Mapping[str, Any]]:
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []


def _add_tokens(read: list[dict[str, Any]], body: Mapping[str, Any], *, alone: bool) -> None:
    """What usage says; what each of several choices took is known only where the server lists their tokens."""
    usage = _mapping(body.get("usage"))
    output, prompt = _mapping(usage.get("completion_tokens_details")), _mapping(usage.get("prompt_tokens_details"))
    cached = _count(prompt.get("cached_tokens"))
    for first in read[:1]:
        first["prompt_tokens"] = _count(usage.get("prompt_tokens"))
        first["cached_tokens"] = _count(_mapping(body.get("timings")).get("cache_n")) if cached is None else cached
        if alone:
            first["completion_tokens"] = _count(usage.get("completion_tokens"))
            first["reasoning_tokens"] = _count(output.get("reasoning_tokens", usage.get("reasoning_tokens")))  # SGLang


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: object) -> int | None:
    """A number of tokens; what cannot be one counts as not said."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _length(tokens: object) -> int | None:
    return len(tokens) if isinstance(tokens, list) else None
