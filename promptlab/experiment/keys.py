"""A file that is shared must hold no key: keys are named by the environment variable that holds them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from promptlab.errors import InputError
from promptlab.models.redacting import unquoted

_WHY = "keep keys in the environment, where a model finds its own (OPENAI_API_KEY, or the variable that key_env names)"
# How services' keys begin. Words begin like that as well ("sketch-of-thought"): what follows must not read as words.
_PREFIX = re.compile(
    r"(?<![A-Za-z0-9])((?:sk|pk|rk|csk|gsk|xai|glpat|nvapi|pplx|fw|hf|r8|tgp_v1|gh[opsur]|github_pat|xox[abeprs])[-_]"
    r"|AIza|ya29\.)([A-Za-z0-9_.-]{10,})"
)
# What is a key by its form, and what to call it.
_FORMS = {
    "an AWS key": re.compile(r"\bA[KS]IA[A-Z0-9]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a signed token (JWT)": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "a password in an address": re.compile(r"://[^/\s:@]+:[^/\s@,'\"\]]+@"),
    "a key in an address": re.compile(
        r"[?&](?:api[-_]?key|key|(?:access[-_]?|auth[-_]?)?token|secret|password|sig)="
        r"(?!(?-i:[A-Z][A-Z0-9_]*\b))[^\s&$<{]{8,}",
        re.IGNORECASE,
    ),
    "an Authorization header": re.compile(
        r"\bauthori[sz]ation\b['\"]?\s*[:=]\s*['\"]?(?:bearer|basic|token)\s+[^\s$<{]{8,}", re.IGNORECASE
    ),
}
_HEADER = re.compile(r"\b(?:bearer|basic)\s+([A-Za-z0-9._~+/-]{8,}={0,2})", re.IGNORECASE)
# A word that speaks of one, and right behind it letters mixed with digits, or hexadecimal groups.
_SAID = re.compile(
    r"(?:\b|_|api)(?:key|token|secret|password|passwd)\b(?:\s+is\b)?[\s:='\"]{1,4}"
    r"((?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9+/]{20,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{32,}(?![A-Za-z0-9])")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_DIGEST = re.compile(  # what may stand before one that is none
    r"(?:revision|rev|commit|sha\d*|md5|hash|digest|checksum|tree|blobs?|resolve|snapshots?)[\"']?\s*[:=/@-]\s*[\"']?$"
    r"|[\w.]@$",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(api[-_ ]?key|secret|passw|credential|authori[sz]ation|^key$|(^|[-_])token$)", re.IGNORECASE)
_HOLDS_ONE = re.compile(r"(^|_)((API)?KEYS?|TOKENS?|SECRETS?|CRED[A-Z]*|PASS[A-Z]*|PWD)(_|$)")  # of a variable
_NO_SECRET = re.compile(r"https?://[^@?]*|[~.]?/[\w./-]*/[\w./-]*")  # the value of such a variable: where one is got
_LEAST = 12  # characters: "EMPTY" and the like are no secrets
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_KINDS = re.compile(r"\d+|[A-Z]?[a-z]+|[A-Z]+")  # of characters next to each other: many in a key, few in a name


def refuse_written(text: str) -> None:
    """Raise `InputError` where a line of a file, a comment too, holds what looks like a key."""
    for number, line in enumerate(text.splitlines(), start=1):
        if what := _like_a_key(line):
            raise InputError(f"line {number} holds something that looks like a key ({what}): {_WHY}")


def refuse_secrets(value: Any) -> None:
    """Raise `InputError` where a value, or what stands under a name that speaks of one, looks like a key."""
    for place, what in _secrets(value, ""):
        raise InputError(f"{place or 'it'} holds something that looks like a key ({what}): {_WHY}")


def _like_a_key(text: str) -> str:
    """What kind of key a text seems to hold; never the key itself. Empty: none."""
    for found in _PREFIX.finditer(text):
        if _dense(found[2]):
            return f"it begins with {found[1]} as services' keys do"
    for what, form in _FORMS.items():
        if form.search(text):
            return what
    if any(_dense(found[1], mixed=8) for found in _HEADER.finditer(text)):
        return "a header with one"
    if _SAID.search(text):
        return "letters and digits behind a word that speaks of one"
    if any(_bare(found) for found in _BARE.finditer(text)):
        return "32 letters and digits or more in a row; a digest is written as revision:, sha256: or hash:"
    return next((f"the value of {name}" for name, value in _set_here() if value in text), "")


def _dense(text: str, mixed: int = 16) -> bool:
    """Whether a stretch between separators is no word: very long, long with digits in it, or of no syllables."""
    runs = [run for run in re.findall(r"[A-Za-z0-9]+", text) if len(run) >= min(10, mixed)]
    return any(len(run) >= 20 or (len(run) >= mixed and _mixed(run)) or _restless(run) for run in runs)


def _restless(run: str) -> bool:
    """Whether the kind of character changes more often than in a name such as ``Llama38BInstruct``."""
    return len(run) < 2.5 * len(_KINDS.findall(run))


def _mixed(run: str) -> bool:
    return bool(re.search(r"\d", run) and re.search(r"[A-Za-z]", run))


def _bare(found: re.Match[str]) -> bool:
    random = _HEX.fullmatch(found[0]) or _restless(found[0])  # no name is 32 hexadecimal digits long
    return bool(random) and _mixed(found[0]) and not _DIGEST.search(found.string[: found.start()])


def _set_here() -> Iterator[tuple[str, str]]:
    """This machine's key variables and their values."""
    for name, value in os.environ.items():
        value = unquoted(value)
        if _HOLDS_ONE.search(name) and len(value) >= _LEAST and not _NO_SECRET.fullmatch(value):
            yield name, value


def _secrets(value: Any, place: str, named: str = "") -> Iterator[tuple[str, str]]:
    """The places of what looks like a key, and what it looks like; never the thing itself."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _secrets(key, f"{place} (a name)".strip())
            yield from _secrets(part, f"{place}.{key}".strip("."), str(key))
    elif isinstance(value, list | tuple):
        for i, part in enumerate(value):
            yield from _secrets(part, f"{place}[{i}]", named)
    elif isinstance(value, str):
        if what := _like_a_key(f"{named}: {value}" if named else value):
            yield place, what
        elif _NAMED.search(named) and _random(value):
            yield place, "its name speaks of one"


def _random(text: str) -> bool:
    """Eight characters or more without a space that are not the name of a variable."""
    return len(text) >= 8 and not re.search(r"\s", text) and not _VARIABLE.fullmatch(text)
