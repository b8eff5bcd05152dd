"""What a caller gave, checked before anything is called: every problem is one `InputError` of one form."""

from __future__ import annotations

import math
import operator
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

from promptlab.errors import InputError

_SCHEME = re.compile(r"[A-Za-z][\w.+-]+:")  # two characters at least: C:\runs is a place

# What one of a kind has, and how to come by one.
_KINDS = {
    "model": (("name", "check", "as_sent", "count_tokens", "generate"), "lab.open_model('embedded:instruct')"),
    "condition": (("name", "render", "factors"), "lab.zero_shot(), or lab.condition_from('concise')"),
    "question": (("id", "text", "answers", "choices"), "lab.load_questions(...)"),
    "sampling": (("max_tokens", "temperature", "top_p", "seed"), "lab.Sampling(max_tokens=...)"),
    "answer_format": (("name", "sentence", "wrap"), "None, lab.BOXED or another lab.AnswerFormat"),
}


def wrong(what: str, value: object, allowed: str) -> InputError:
    """An error of one line.

    Examples
    --------
    >>> str(wrong("samples of run", 0, "a whole number >= 1"))
    'samples of run is 0: it must be a whole number >= 1'
    """
    return InputError(f"{what} is {_short(value)}: it must be {allowed}")


def whole(what: str, value: Any, least: int | None = None) -> int:
    """A whole number, NumPy's too, as Python's own."""
    number = operator.index(value) if hasattr(value, "__index__") and not isinstance(value, bool) else None
    if number is None or (least is not None and number < least):
        raise wrong(what, value, "a whole number" if least is None else f"a whole number >= {least}")
    return number


def count(what: str, value: Any) -> int | None:
    """A whole number that a database takes, or None."""
    if value is not None and whole(what, value, 0) >= 2**63:
        raise wrong(what, value, "a whole number below 2**63")
    return None if value is None else whole(what, value, 0)


def one_of(what: str, value: Any, allowed: Collection[str]) -> None:
    """Raise unless the value is one of these."""
    if value not in allowed:
        raise wrong(what, value, f"one of {', '.join(allowed)}")


def real(what: str, value: Any, fits: Callable[[float], bool], allowed: str) -> float:
    """A finite number that `fits`, NumPy's too, as Python's own: 1 and 1.0 are one value."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value) or not fits(float(value)):
        raise wrong(what, value, allowed)
    return float(value)


def instance(what: str, value: Any, kind: Any, allowed: str) -> None:
    """Raise unless the value is of that kind."""
    if not isinstance(value, kind):
        raise wrong(what, value, allowed)


def two_prices(prices: Any) -> tuple[float, float]:
    """US dollars per million prompt tokens and per million completion tokens."""
    allowed = "two numbers >= 0, US dollars per million prompt tokens and per million completion tokens: (0.5, 2.0)"
    if not isinstance(prices, list | tuple) or len(prices) != 2:
        raise wrong("prices", prices, allowed)
    sent, got = (real("prices", price, lambda dollars: dollars >= 0, allowed) for price in prices)
    return sent, got


def texts(what: str, given: Any) -> tuple[str, ...]:
    """Several texts; one alone counts as a list of one.

    Examples
    --------
    >>> texts("drop", "seconds"), texts("drop", ["seconds", "seed"])
    (('seconds',), ('seconds', 'seed'))
    """
    parts = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Iterable) else (given,)
    if not all(isinstance(part, str) for part in parts):
        raise wrong(what, given, "a text, or a list of texts")
    return parts


def one(kind: str, given: Any) -> Any:
    """What was given, if it is one of the kind; else one error that says how to come by one."""
    lacking = _lacking(kind, given)
    if lacking:
        why = "" if isinstance(given, str) else f" (it has no {lacking[0]!r})"
        raise InputError(f"{_short(given)} is no {kind}{why}: take {_KINDS[kind][1]}")
    return given


def optional(kind: str, given: Any) -> Any:
    """`one`, or None."""
    return None if given is None else one(kind, given)


def listed(kind: str, given: Any) -> Any:
    """Several of a kind; one alone counts as a list of one. A collection, such as a set of questions, stays itself."""
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable) or not _lacking(kind, given):
        return [one(kind, given)]
    parts = given if isinstance(given, Collection) else list(given)
    for part in parts:
        one(kind, part)
    if not len(parts):
        raise InputError(f"no {kind} is given: at least one is needed")
    return parts


def on_disk(what: str, path: Any) -> Path:
    """A place on disk; ``~`` is the user's own folder."""
    if not isinstance(path, str | os.PathLike) or not str(path) or "\0" in str(path):
        raise wrong(what, path, "a path")
    return Path(os.path.expanduser(path))


def to_write(what: str, path: Any) -> Path:
    """A place on disk where something may be written: no ``recorded:NAME`` and no address."""
    if isinstance(path, str) and _SCHEME.match(path):
        raise wrong(what, path, f"a place on disk (Path({path!r}) if a place is really called that)")
    return on_disk(what, path)


def _lacking(kind: str, given: Any) -> list[str]:
    needed = _KINDS[kind][0]
    return list(needed) if isinstance(given, type) else [name for name in needed if not hasattr(given, name)]


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
