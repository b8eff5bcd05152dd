"""What every comparison is asked with, checked before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promptlab import given
from promptlab.stats import checking


def chosen(what: str, baseline: str, conditions: Sequence[str] | None) -> list[str] | None:
    """The conditions that are asked for, the baseline first; None: all."""
    return None if conditions is None else [baseline, *given.texts(f"conditions of {what}", conditions)]


def check(what: str, *, alpha: Any, seed: Any, margin: Any = None) -> None:
    """Raise unless the three can be used; `what` is the function that was called."""
    checking.level(what, alpha)
    given.whole(f"seed of {what}", seed, 0)
    if margin is not None:
        allowed = "a share above 0 and below 1 (0.02 is two points), or None"
        given.real(f"margin of {what}", margin, lambda m: 0 < m < 1, allowed)
