"""A file that is shared must hold no key: keys are named by the environment variable that holds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from promptlab.errors import InputError

# What common services' keys begin with, a private key's first line, a bearer header, a user with a password in an URL.
_KEY = re.compile(
    r"\b(sk|pk|rk|gsk|xai|hf|ghp|gho|ghs|glpat|github_pat|AKIA|AIza|nvapi|pplx|r8|xox[abps])[-_]?[A-Za-z0-9_-]{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|\bBearer\s+\S{8,}|://[^/\s:@]+:[^/\s@]+@"
)
_NAMED = re.compile(r"(api[-_ ]?key|secret|passw|credential|authori[sz]ation|^key$|(^|[-_])token$)", re.IGNORECASE)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


def refuse_secrets(value: Any) -> None:
    """Raise `InputError` where a value, or what stands under a name that speaks of one, looks like a key."""
    for place in _secrets(value, ""):
        raise InputError(
            f"{place or 'it'} holds something that looks like a key: keep keys in the environment, where a model finds"
            " its own (OPENAI_API_KEY, or the variable that key_env names)"
        )


def _secrets(value: Any, place: str, named: bool = False) -> Iterator[str]:
    """The places of what looks like a key; never the thing itself."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _secrets(key, f"{place} (a name)".strip())
            yield from _secrets(part, f"{place}.{key}".strip("."), bool(_NAMED.search(str(key))))
    elif isinstance(value, list | tuple):
        for i, part in enumerate(value):
            yield from _secrets(part, f"{place}[{i}]", named)
    elif isinstance(value, str) and (_KEY.search(value) or (named and _random(value))):
        yield place


def _random(text: str) -> bool:
    """Eight characters or more without a space that are not the name of a variable."""
    return len(text) >= 8 and not re.search(r"\s", text) and not _VARIABLE.fullmatch(text)
