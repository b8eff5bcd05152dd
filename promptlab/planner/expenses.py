"""What a planned run takes, as its pilot's tokens tell: tokens, GPU-hours, money, as ranges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from promptlab import given
from promptlab.comparison.crossed import Crossed, Floats
from promptlab.comparison.reading import as_numbers
from promptlab.errors import InputError
from promptlab.planner.pilots import Pilot
from promptlab.stats import Estimate, mean_estimate

OUTSIDE = 0.1  # of runs take less or more than a range says
COLUMNS = ("prompt_tokens", "completion_tokens")


@dataclass(frozen=True)
class Expenses:
    """For each measure what one question takes with one sample in every arm of the pilot."""

    each: dict[str, Estimate]
    arms: int = 0

    def of(self, n: int, samples: int) -> dict[str, float]:
        """Total and range of a run: ``n K (mean ± t se sqrt(1 + n_pilot / n))``, a prediction interval."""
        row: dict[str, float] = {}
        for name, one in self.each.items():
            half = 0.0 if one.reason else (one.high - one.value) * np.sqrt(1 + one.n / n)
            ends = one.value, max(0.0, one.value - half), one.value + half
            row.update(zip((name, f"{name}_low", f"{name}_high"), (n * samples * end for end in ends), strict=True))
        return row

    @property
    def notes(self) -> tuple[str, ...]:
        if not self.each:
            return ()
        inside = f"{100 * (1 - OUTSIDE):g} %"
        return (f"What a run takes is that of all {self.arms} arms of the pilot; {inside} of runs lie in the ranges.",)


def expenses(known: Pilot, tokens_per_second: float | None, prices: tuple[float, float] | None) -> Expenses:
    """What one question takes, for each measure that the pilot's columns and the caller's figures allow.

    Raises
    ------
    InputError
        Hours or cost are asked for, and the pilot has no tokens; a figure is out of its range.
    """
    weights = {"tokens": (1.0, 1.0)}
    if tokens_per_second is not None:
        speed = given.real("tokens_per_second of plan", tokens_per_second, lambda x: x > 0, "a number > 0")
        weights["hours"] = (0.0, 1 / speed / 3600)
    if prices is not None:
        weights["cost"] = _per_token(prices)
    design = known.design
    if design is None or not set(COLUMNS) <= set(design.samples):
        if len(weights) > 1:
            raise InputError(f"hours and cost of plan need a pilot with the columns {' and '.join(COLUMNS)}")
        return Expenses({})
    counted = [design.means(as_numbers(design.samples[name])) for name in COLUMNS]
    found = {name: _each(design, counted, weight) for name, weight in weights.items()}
    return Expenses({name: one for name, one in found.items() if one.n}, len(design.arms))


def _each(design: Crossed, counted: list[Floats], weight: tuple[float, ...]) -> Estimate:
    used = sum(w * tokens for w, tokens in zip(weight, counted, strict=True) if w)
    return mean_estimate(np.sum(used, axis=0), design.clusters, OUTSIDE)


def _per_token(prices: tuple[float, float]) -> tuple[float, float]:
    if not isinstance(prices, list | tuple) or len(prices) != 2:
        raise given.wrong(
            "prices of plan", prices, "(USD per million prompt tokens, USD per million completion tokens)"
        )
    first, second = (given.real("prices of plan", price, lambda x: x >= 0, "numbers >= 0") / 1e6 for price in prices)
    return first, second
