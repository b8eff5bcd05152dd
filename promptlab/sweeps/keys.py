"""A file that is shared must hold no key: keys are named by the environment variable that holds them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from promptlab.errors import InputError

# How common services' keys begin, a private key's first line, a header with one, a user with a password in an URL.
_KEY = re.compile(
    r"\b(sk|pk|rk|gsk|xai|gh[opsu]|glpat|github_pat|A[KS]IA|AIza|nvapi|pplx|r8|xox[abps])[-_]?[A-Za-z0-9_-]{16,}"
    r"|\bhf_[A-Za-z0-9]{16,}|\bsk-(?=[A-Za-z_.-]*\d)[A-Za-z0-9_.-]{16,}|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\bBearer\s+\S{8,}|\bBasic\s+(?=[A-Za-z+/]*[\d=])[A-Za-z0-9+/=]{12,}|://[^/\s:@]+:[^/\s@]+@"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}|\bya29\.[A-Za-z0-9_-]{16,}"
)
# A word that speaks of one, and right behind it letters mixed with digits, or hexadecimal groups.
_SAID = re.compile(
    r"(?:\b|_|api)(key|token|secret|password|passwd)\b(?:\s+is\b)?[\s:='\"]{1,4}"
    r"((?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9+/]{20,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(api[-_ ]?key|secret|passw|credential|authori[sz]ation|^key$|(^|[-_])token$)", re.IGNORECASE)
_HOLDS_ONE = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD)$")  # of a variable
_LEAST = 12  # characters: "EMPTY" and the like are no secrets
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_WHY = "keep keys in the environment, where a model finds its own (OPENAI_API_KEY, or the variable that key_env names)"


def refuse_written(file: Path) -> None:
    """Raise `InputError` where a line of a file, a comment too, holds what looks like a key."""
    with suppress(OSError):  # whoever reads it says so
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if _like_a_key(line):
                raise InputError(f"line {number} holds something that looks like a key: {_WHY}")


def refuse_secrets(value: Any) -> None:
    """Raise `InputError` where a value, or what stands under a name that speaks of one, looks like a key."""
    for place in _secrets(value, ""):
        raise InputError(f"{place or 'it'} holds something that looks like a key: {_WHY}")


def _like_a_key(text: str) -> bool:
    return bool(_KEY.search(text) or _SAID.search(text)) or any(value in text for value in _set_here())


def _set_here() -> list[str]:
    """The values of this machine's key variables."""
    return [value for name, value in os.environ.items() if _HOLDS_ONE.search(name) and len(value) >= _LEAST]


def _secrets(value: Any, place: str, named: bool = False) -> Iterator[str]:
    """The places of what looks like a key; never the thing itself."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _secrets(key, f"{place} (a name)".strip())
            yield from _secrets(part, f"{place}.{key}".strip("."), bool(_NAMED.search(str(key))))
    elif isinstance(value, list | tuple):
        for i, part in enumerate(value):
            yield from _secrets(part, f"{place}[{i}]", named)
    elif isinstance(value, str) and (_like_a_key(value) or (named and _random(value))):
        yield place


def _random(text: str) -> bool:
    """Eight characters or more without a space that are not the name of a variable."""
    return len(text) >= 8 and not re.search(r"\s", text) and not _VARIABLE.fullmatch(text)
