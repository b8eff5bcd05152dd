"""What came back, as a `Completion` or a `Failure`: one reading of replies for every server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promptlab.types import Completion, Ending

_RETRIED = {408, 409, 425, 429}  # and every 5xx
# Words of servers for one thing, as they were seen; a case of letters is none.
_CUT = {"length", "max_tokens", "max_length", "model_length", "max_output_tokens"}
_FILTERED = {"content_filter", "content_filtered", "safety", "refusal"}
_BROKEN = {"error", "abort", "aborted", "cancelled", "canceled"}
_WHOLE_RUN = {401, 402, 403, 404}  # no key, no money, no right, no such model or route: true of every request


@dataclass(frozen=True)
class Failure:
    """Why one attempt gave no completion; `fatal` concerns the whole run, `after` is the server's Retry-After."""

    message: str
    retry: bool = True
    fatal: bool = False
    after: float | None = None


def read_reply(body: object, *, prefill: str = "", echoes: bool = False) -> Completion | Failure:
    """Read the JSON of a chat or text completion.

    Parameters
    ----------
    body
        The parsed body of an answer with status 200, from a server that is not trusted to keep to the protocol.
    prefill, echoes
        The start of the model's turn that was sent; `echoes` servers repeat it in their answer, others do not.
    """
    if not isinstance(body, Mapping):
        return Failure(f"the answer is not a JSON object: {one_line(body)}")
    if body.get("error"):
        return Failure(f"the answer holds an error: {one_line(error_text(body))}")
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        return Failure("the answer holds no choices")
    choice = choices[0]
    message = choice.get("message") if "message" in choice else {"content": choice.get("text")}
    if not isinstance(message, Mapping) or not isinstance(message.get("content"), str | list | None):
        return Failure(f"the answer's message has no text: {one_line(message)}")
    reasoning = _text(message.get("reasoning") or message.get("reasoning_content"))
    text, refusal = _text(message.get("content")), _text(message.get("refusal"))
    finish_reason = _text(choice.get("finish_reason"))
    if finish_reason.lower() in _BROKEN:
        return Failure(f"the server gave up on this answer: finish_reason {one_line(finish_reason)}")
    new = text.removeprefix(prefill) if echoes else text
    return Completion(
        text=prefill + new if new else (prefill or refusal),
        ending=_ending(finish_reason, new, reasoning, refusal),
        reasoning=reasoning,
        finish_reason=finish_reason,
        **_tokens(body),
    )


def _ending(finish_reason: str, text: str, reasoning: str, refusal: str) -> Ending:
    """`finish_reason` is stored beside it, so that an empty output under a token cap stays visible as such."""
    if finish_reason.lower() in _FILTERED or (refusal and not text):
        return "refused"
    if not text.strip() and not reasoning.strip():
        return "empty"
    return "truncated" if finish_reason.lower() in _CUT else "complete"


def _text(value: object) -> str:
    """A string, the joined text parts of a list of content parts, or nothing."""
    if isinstance(value, list):
        return "".join(_text(part.get("text")) for part in value if isinstance(part, Mapping))
    return value if isinstance(value, str) else ""


def _tokens(body: Mapping[str, Any]) -> dict[str, Any]:
    usage = _mapping(body.get("usage"))
    output, prompt = _mapping(usage.get("completion_tokens_details")), _mapping(usage.get("prompt_tokens_details"))
    cached = _count(prompt.get("cached_tokens"))
    return {
        "prompt_tokens": _count(usage.get("prompt_tokens")),
        "completion_tokens": _count(usage.get("completion_tokens")),
        "reasoning_tokens": _count(output.get("reasoning_tokens")),
        "cached_tokens": _count(_mapping(body.get("timings")).get("cache_n")) if cached is None else cached,
    }


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: object) -> int | None:
    """A number of tokens; what cannot be one counts as not said."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def read_status(status: int, body: object, after: float | None = None) -> Failure:
    """Sort an answer whose status is not 200: try again, give up this sample, or stop the run."""
    message = f"status {status}: {one_line(error_text(body))}"
    error = _mapping(_mapping(body).get("error", body))
    settings = status in (400, 422) and str(error.get("code")).startswith("unsupported")  # OpenAI: same in every call
    retry = status in _RETRIED or status >= 500
    return Failure(message, retry=retry, fatal=status in _WHOLE_RUN or settings, after=after)


def error_text(body: object) -> str:
    """The message inside an error body, whatever its shape; also the `detail` of FastAPI servers."""
    outer = _mapping(body)
    error = outer.get("error", body)
    found = _mapping(error).get("message") or outer.get("message") or outer.get("detail") or error
    return found if isinstance(found, str) else json.dumps(found, default=str)


def one_line(value: object, limit: int = 300) -> str:
    """Untrusted text for an error message: one line, bounded."""
    line = " ".join(str(value)[: 4 * limit].split())
    return line if len(line) <= limit else line[: limit - 3] + "..."
