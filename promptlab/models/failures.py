"""Why an attempt gave no completion: a status or an error of the server, sorted by what helps against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promptlab.types import Ending

_RETRIED = {408, 409, 425, 429}  # and every 5xx
_WHOLE_RUN = {401, 402, 404}  # no key, no money, no such model or route: true of every request
_NO_QUOTA = "insufficient_quota"  # OpenAI's code or type of error where an account has no credit: no pause helps
_PERHAPS = 403  # no right: to anything, or (moderation, as OpenRouter has it) to this prompt
# Codes with status 400 that speak of one prompt: Azure's filter
# (https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter), and OpenAI's for reasoning models.
_FILTERS_PROMPT = {"content_filter", "content_policy_violation", "invalid_prompt", "ResponsibleAIPolicyViolation"}


@dataclass(frozen=True)
class Failure:
    """Why one attempt gave no completion.

    `fatal` concerns the whole run, `after` is the server's Retry-After, and `stranger`: another model has answered.
    `perhaps` is fatal from a server that answers nothing, and one prompt's own affair from one that answers others.
    `ending` is the sample's, where no later attempt gives one: ``refused`` where a filter did not let its prompt pass.
    """

    message: str
    retry: bool = True
    fatal: bool = False
    after: float | None = None
    stranger: bool = False
    perhaps: bool = False
    ending: Ending = "error"


def held_error(holder: Mapping[str, Any]) -> Failure:
    """An error inside an answer with status 200."""
    broke = _no_quota(holder["error"])
    return Failure(f"the answer holds an error: {one_line(error_text(holder))}", retry=not broke, fatal=broke)


def _no_quota(error: object) -> bool:
    """Servers that imitate OpenAI's name it in one of two places."""
    said = _mapping(error)
    return _NO_QUOTA in (said.get("code"), said.get("type"))


def read_status(status: int, body: object, after: float | None = None, path: str = "") -> Failure:
    """Sort an answer from `path` whose status is not 200: try again, give up this sample, or stop the run."""
    message = f"status {status}: {one_line(error_text(body))}"
    if status == 404 and path in ("/chat/completions", "/completions"):
        message += " (base_url has no path: most servers want one that ends with /v1)"
    error = _mapping(_mapping(body).get("error", body))
    code = str(error.get("code"))
    settings = status in (400, 422) and code.startswith("unsupported")  # OpenAI: same in every call
    broke = _no_quota(error)
    ending: Ending = "refused" if status == 400 and code in _FILTERS_PROMPT else "error"
    retry = status in _RETRIED or status >= 500
    fatal = status in _WHOLE_RUN or settings or broke
    return Failure(message, retry, fatal, after, perhaps=status == _PERHAPS, ending=ending)


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


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
