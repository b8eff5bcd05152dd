"""What the estimators are given, checked before anything is computed: every problem is one `InputError`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptlab import given
from promptlab.errors import InputError

Floats = NDArray[np.float64]


def level(what: str, alpha: Any) -> float:
    """One minus a confidence."""
    return given.real(f"alpha of {what}", alpha, lambda a: 0 < a < 1, "a number above 0 and below 1")


def positive(what: str, value: Any) -> float:
    return given.real(what, value, lambda x: x > 0, "a number above 0")


def generator(what: str, rng: Any) -> None:
    given.instance(f"rng of {what}", rng, np.random.Generator, "a NumPy generator: numpy.random.default_rng(seed)")


def numbers(
    what: str, values: Any, shape: str = "n", *, low: float = -np.inf, high: float = np.inf, nan: bool = True
) -> Floats:
    """An array of floats with as many axes as `shape` has names, within [low, high]; NaN where that is allowed."""
    try:
        found = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise given.wrong(what, values, "an array of numbers") from None
    axes = shape.split()
    if found.ndim != len(axes):
        raise InputError(f"{what} is of shape {found.shape}: it must be ({', '.join(axes)})")
    if not nan and np.isnan(found).any():
        raise InputError(f"{what} has NaN: leave out what is missing")
    wrong = found[np.isinf(found) | (found < low - 1e-9) | (found > high + 1e-9)]
    if wrong.size:
        allowed = "finite numbers" if np.isinf(wrong[0]) else f"numbers from {low:g} to {high:g}"
        raise InputError(f"{what} has {float(wrong[0]):g}: it must hold {allowed}{' or NaN' if nan else ''}")
    return found


def counts(what: str, values: Any, shape: str = "n", low: int = 0) -> NDArray[np.int64]:
    """Whole numbers >= low, floats without a fraction among them."""
    found = numbers(what, values, shape, low=low, nan=False)
    if (found % 1 != 0).any():
        raise InputError(f"{what} has {float(found[found % 1 != 0].flat[0]):g}: it must hold whole numbers")
    return found.astype(np.int64)


def labels(what: str, given_labels: ArrayLike | None, size: int) -> NDArray[Any] | None:
    """A label for each of `size` values. None among them, or NaN, would make one group of what is not known."""
    if given_labels is None:
        return None
    found = np.asarray(given_labels)
    if found.shape != (size,):
        raise InputError(f"{what} is of shape {found.shape}: it must be ({size},), a label for each value")
    if found.dtype.kind in "fcO" and any(one is None or one != one for one in found.tolist()):
        raise InputError(f"{what} has NaN: give each value a label, one of its own where it shares nothing")
    if found.dtype == object and len({type(one) for one in found.tolist()}) > 1:  # these cannot be sorted
        codes: dict[Any, int] = {}
        return np.array([codes.setdefault(one, len(codes)) for one in found.tolist()])
    return found
