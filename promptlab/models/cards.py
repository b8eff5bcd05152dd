"""Where a server is, and what it says of itself before any paid call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from promptlab.errors import InputError, ModelError
from promptlab.models.replies import error_text, one_line
from promptlab.models.transport import is_loopback, redact


def checked_url(url: str) -> str:
    """The address without a last slash; it must be one, and hold no secret."""
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query:
        raise InputError("base_url must not hold a user name, password or query: name the key's variable in key_env")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"base_url is {url!r}: it must look like http://localhost:8000/v1")
    return url.rstrip("/")


def read_card(base_url: str, model: str, key: str) -> Mapping[str, Any]:
    """What ``/models`` says about a model; empty where the server has no such route.

    Raises
    ------
    ModelError
        The server cannot be reached, or refuses the key.
    """
    import openai

    http = openai.DefaultHttpxClient(trust_env=False, verify=False) if is_loopback(base_url) else None
    with openai.OpenAI(base_url=base_url, api_key=key, timeout=30, max_retries=2, http_client=http) as client:
        try:
            return _find_card(client.get("/models", cast_to=object), model)
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
