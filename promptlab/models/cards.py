"""Where a server is, and what it says of itself before any paid call."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from promptlab.errors import InputError, ModelError
from promptlab.models.failures import error_text, one_line
from promptlab.models.redacting import redact_all
from promptlab.models.transport import is_loopback, redact

if TYPE_CHECKING:
    import openai


def checked_url(url: str) -> str:
    """The address without a last slash; it must be one, and hold no secret."""
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query:
        raise InputError("base_url must not hold a user name, password or query: name the key's variable in key_env")
    if "#" in url:  # no server gets it: the mode would be left out without a word
        raise InputError(
            f"base_url is {url!r}: nothing may stand behind #; a mode stands behind the model's name, as in"
            " openai:Qwen/Qwen3-8B#no-think@http://localhost:8000/v1"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"base_url is {url!r}: it must look like http://localhost:8000/v1")
    return url.rstrip("/")


def checked_key_env(name: str | None) -> str | None:
    """The name of the key's variable; a key that was pasted there is refused, and not shown."""
    if name is None or (isinstance(name, str) and name.isidentifier() and not _like_a_key(name)):
        return name
    raise InputError(
        "OpenAIModel: key_env is not the name of an environment variable (it is not shown, since it may be a key): put"
        " the key into a variable, and its name here, such as key_env='OPENAI_API_KEY'"
    )


def _like_a_key(name: str) -> bool:
    """Some makers' keys could be names; those that people give are shorter, or have no small letters beside digits."""
    return len(name) >= 30 and name not in os.environ and bool(re.search(r"[a-z]", name) and re.search(r"\d", name))


def read_card(base_url: str, model: str, key: str) -> Mapping[str, Any]:
    """What ``/models`` says about a model; empty where the server has no such route.

    Raises
    ------
    ModelError
        The server cannot be reached, or refuses the key.
    """
    import openai

    with _client(base_url, key) as client:
        try:
            return _find_card(redact_all(client.get("/models", cast_to=object), key), model)
        except openai.APIStatusError as error:
            status, reason = error.status_code, error_text(error.body)
        except openai.APIConnectionError as error:
            status, reason = 0, str(error.__cause__ or error)
        except ValueError:
            return {}
    if status in (0, 401, 403):
        cause = f"refuses the key (status {status})" if status else "cannot be reached"
        raise ModelError(f"the server at {base_url} {cause}: {redact(one_line(reason), key)}")
    return {}


def ask(base_url: str, path: str, key: str, body: Mapping[str, Any] | None = None) -> object:
    """What a route that a server may have answers, to a `body` or to none; None where it has no such route."""
    import openai

    with _client(base_url, key) as client:
        try:
            got = client.get(path, cast_to=object) if body is None else client.post(path, cast_to=object, body=body)
            return redact_all(got, key)
        except (openai.OpenAIError, ValueError):
            return None


def _client(base_url: str, key: str) -> openai.OpenAI:
    import openai

    http = openai.DefaultHttpxClient(trust_env=False, verify=False) if is_loopback(base_url) else None
    return openai.OpenAI(base_url=base_url, api_key=key, timeout=30, max_retries=2, http_client=http)


def context_of(card: Mapping[str, Any]) -> int | None:
    """Tokens for prompt and output together, where the server tells (vLLM, llama.cpp)."""
    meta = card.get("meta")
    told = card.get("max_model_len") or (meta.get("n_ctx") if isinstance(meta, Mapping) else None)
    return told if isinstance(told, int) else None


def _find_card(listing: object, model: str) -> Mapping[str, Any]:
    """The entry of this model, or the only one (llama.cpp answers to every name)."""
    data = listing.get("data") if isinstance(listing, Mapping) else None
    cards = [card for card in data if isinstance(card, Mapping)] if isinstance(data, list) else []
    named = [card for card in cards if card.get("id") == model]
    return (named or (cards if len(cards) == 1 else [{}]))[0]
