"""A dose-response as rows and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from promptlab.comparison.series import Series
from promptlab.comparison.shapes import CURVATURE, OPEN, STEP, Found, shape, shape_validity
from promptlab.comparison.verdicts import interval
from promptlab.stats.power import detectable
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd


def slope_table(series: Sequence[Series], found: Sequence[Sequence[Found]]) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for each, of in zip(series, found, strict=True):
        slope, bend = of[0], next((one for one in of if one.kind == CURVATURE), None)
        curve = (bend.value, bend.low, bend.high) if bend else (np.nan,) * 3
        rows.append(
            {
                "model": each.model,
                "series": each.name,
                "shots": _listed(each.shots),
                **{name: getattr(slope, at) for name, at in (("slope", "value"), ("low", "low"), ("high", "high"))},
                "se": slope.se,
                **dict(zip(("curvature", "curvature_low", "curvature_high"), curve, strict=True)),
                "shape": shape(of),
                **dict(zip(("validity", "validity_why"), shape_validity(of), strict=True)),
                "questions": slope.questions,
                "clusters": slope.clusters,
                "detectable": float(detectable(slope.se, slope.critical)),
                "reason": slope.reason,
            }
        )
    return pd.DataFrame(rows)


def step_table(series: Sequence[Series], found: Sequence[Sequence[Found]]) -> pd.DataFrame:
    import pandas as pd

    names = ("start", "end", "low", "high", "verdict", "validity")
    return pd.DataFrame(
        {"model": each.model, "series": each.name, "difference": one.value, **{n: getattr(one, n) for n in names}}
        for each, of in zip(series, found, strict=True)
        for one in of
        if one.kind == STEP
    )


def dose_sentence(series: Series, found: Sequence[Found]) -> str:
    slope, what = found[0], shape(found)
    units = "" if slope.clusters == slope.questions else f", {counted(slope.clusters, 'cluster')}"
    size = f"{interval(slope.value, slope.low, slope.high).replace('points', 'points a shot', 1)}"
    first = f"{series.model}, {series.name}, k = {_listed(series.shots)}: {what}; {size}"
    validity, why = shape_validity(found)
    parts = [
        f"{first} ({counted(slope.questions, 'question')}{units}).",
        *(_turn(found) or [*_bend(found), *_later(found)]),
    ]
    parts += [f"Nothing can be concluded of the slope: {slope.reason}."] if slope.low != slope.low else []
    parts += [_power(slope)] if what == OPEN and slope.low == slope.low else []
    return " ".join([*parts, *([f"{validity.capitalize()}: {why}."] if validity != "ok" else [])])


def _listed(shots: Sequence[int]) -> str:
    return ", ".join(str(k) for k in dict.fromkeys(shots))


def _turn(found: Sequence[Found]) -> list[str]:
    """The largest decided rise and the largest decided fall, where there are both."""
    steps = [one for one in found if one.kind == STEP and one.verdict != OPEN]
    if {one.verdict for one in steps} != {"rise", "fall"}:
        return []
    sides = (max(steps, key=lambda one: way * one.value) for way in (1, -1))
    return [
        f"It turns from {'; from '.join(_step(one) for one in sorted(sides, key=lambda one: (one.end, one.start)))}."
    ]


def _bend(found: Sequence[Found]) -> list[str]:
    words = {
        "fall": "bends down: later exemplars do less good, or more harm, than early ones",
        "rise": "bends up: later exemplars do less harm, or more good, than early ones",
    }
    bent = [one for one in found if one.kind == CURVATURE and one.verdict != OPEN]
    return [f"No straight line, it {words[one.verdict]}." for one in bent]


def _later(found: Sequence[Found]) -> list[str]:
    """The first dose, and what comes after it: what showing exemplars at all does, and what more of them do."""
    slope, steps = found[0], [one for one in found if one.kind == STEP]
    first = min(one.end for one in steps)
    parts = [one for one in steps if (one.start, one.end) in ((slope.start, first), (first, slope.end))]
    return [f"From {'; from '.join(f'{_step(one)}: {one.verdict}' for one in parts)}."] if len(parts) > 1 else []


def _step(one: Found) -> str:
    return f"k = {one.start} to {one.end} {interval(one.value, one.low, one.high)}"


def _power(slope: Found) -> str:
    found = 100 * float(detectable(slope.se, slope.critical))
    return f"A true slope of {found:.1f} points a shot would be found with 80 % power."
