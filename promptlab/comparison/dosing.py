"""Dose-response: what each further exemplar does, one kind of exemplars at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab import markup, tables
from promptlab.comparison.comparing import Comparison, compare
from promptlab.comparison.crossed import crossed
from promptlab.comparison.series import Series, series_of
from promptlab.comparison.shapes import CURVATURE, OPEN, STEP, Found, estimated, shape, shape_validity
from promptlab.comparison.verdicts import interval
from promptlab.stats.power import detectable
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

DOSES = ["model", "series", "shots", "difference", "low", "high", "p_holm", "reason", "verdict", "validity"]
SLOPES = ["model", "series", "shots", "slope", "low", "high", "curvature", "curvature_low", "curvature_high"]
SLOPES += ["reason", "shape", "validity"]


@dataclass(frozen=True, eq=False)
class DoseResponse:
    """What `dose` found. Scores are shares of 1, slopes shares a shot; the sentences speak of points.

    Attributes
    ----------
    table : DataFrame
        The table of `comparison` (intervals hold for all its rows together), with `series` and `shots`.
    slopes : DataFrame
        A row a model and series: `slope` (a shot, least squares over all k, 0 included) and `curvature` (by how much
        the slope of the fitted parabola changes from the first k to the last) with `low` and `high`, `shape` (``falls |
        rises | rises, then falls | falls, then rises | not monotone | inconclusive``; ``in part``: only between some k,
        the slope being open), `validity`, `detectable` (the true slope found with 80 % power).
    steps : DataFrame
        A row a pair of k: `difference` from the one (`start`) to the other (`end`), `low`, `high`, `verdict`.
        Intervals of slopes, curvatures and steps hold for all of them together.
    verdicts : tuple of str
        A sentence a model and series.
    notes : tuple of str
        Which conditions with exemplars belong to no series, and why.
    comparison : Comparison
        The comparison of all doses with k = 0, for figures.
    """

    table: pd.DataFrame
    slopes: pd.DataFrame
    steps: pd.DataFrame
    verdicts: tuple[str, ...]
    notes: tuple[str, ...]
    baseline: str
    alpha: float
    seed: int
    comparison: Comparison = field(repr=False)
    label: str = ""

    def to_markdown(self) -> str:
        """Differences to k = 0, slopes and verdicts as Markdown."""
        doses = tables.section(self._headed(f"By shots, against {self.baseline}"), self._doses)
        return (
            doses + "\n\n" + tables.section(self._headed("Slope a shot"), self._slopes, [*self.verdicts, *self.notes])
        )

    @property
    def _doses(self) -> pd.DataFrame:
        return tables.estimates(self.table[DOSES], "difference")

    @property
    def _slopes(self) -> pd.DataFrame:
        return tables.estimates(self.slopes[SLOPES], "slope")

    def _headed(self, heading: str) -> str:
        return f"{self.label}: {heading[0].lower()}{heading[1:]}" if self.label else heading

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {found}" for found, n in self.slopes["shape"].value_counts().items())
        return f"<DoseResponse of {len(self.slopes)} series against {self.baseline!r}: {counts}>"

    def _repr_html_(self) -> str:
        notes = markup.bullets([*self.verdicts, *self.notes])
        title = self._headed(f"Dose-response from {self.baseline}")
        return markup.card(title, tables.html(self._doses), tables.html(self._slopes), notes)


def dose(
    runs: Any,
    *,
    baseline: str,
    conditions: Sequence[str] | None = None,
    margin: float | None = None,
    alpha: float = 0.05,
    seed: int = 0,
    label: str = "",
) -> DoseResponse:
    """Differences to k = 0, and the slope and shape over k, for each model and each kind of exemplars.

    A series holds the conditions of one model that differ in k alone; style, choice and layout of exemplars are kept
    apart, since a slope over a mixture would be the mixture's. Two families of simultaneous intervals, each at `alpha`:
    the differences to k = 0 (`compare`), and the slopes, curvatures and steps. All are contrasts of the arms within
    each question, estimated as any difference is. Least squares over the arms' mean scores (NumPy's ``polyfit``)
    checks slope and curvature.

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        As for `compare`, with the column `shots`; factors (`style`, `select`, `layout`, ...) where there are several.
    baseline : str
        The condition at k = 0: the same prompt without exemplars.
    conditions, margin, alpha, seed, label
        As for `compare`; by default all conditions that belong to a series.

    Raises
    ------
    InputError
        There is no column `shots`, the baseline shows exemplars, no series has two numbers of shots.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("m", f"k{k}", k, q, float(q % 10 < score)) for k, score in ((0, 5), (1, 9), (5, 2)) for q in range(90)]
    >>> found = dose(pd.DataFrame(rows, columns=["model", "condition", "shots", "question", "score"]), baseline="k0")
    >>> found
    <DoseResponse of 1 series against 'k0': 1 rises, then falls>
    >>> print(found.verdicts[0][:74])
    m, few-shot, k = 0, 1, 5: rises, then falls; -9.3 points a shot [-11.5, -7
    """
    design = crossed(runs, None if conditions is None else [baseline, *conditions])
    series, notes = series_of(design.samples, baseline)
    used = {arm for each in series for arm in each.arms}
    rows = np.isin(design.arm, [i for i, arm in enumerate(design.arms) if arm in used])
    options: dict[str, Any] = {"baseline": baseline, "margin": margin, "alpha": alpha, "seed": seed, "label": label}
    comparison = compare(design.samples[rows], **options)
    arms = [[comparison.design.arms.index(arm) for arm in each.arms] for each in series]
    found = estimated(comparison.design, arms, [each.shots for each in series], alpha, seed)
    return DoseResponse(
        table=_table(comparison, series),
        slopes=_slopes(series, found),
        steps=_steps(series, found),
        verdicts=tuple(_sentence(each, of) for each, of in zip(series, found, strict=True)),
        notes=notes,
        baseline=baseline,
        alpha=alpha,
        seed=seed,
        comparison=comparison,
        label=label,
    )


def _table(comparison: Comparison, series: Sequence[Series]) -> pd.DataFrame:
    place = {arm: (each.name, k) for each in series for arm, k in zip(each.arms, each.shots, strict=True)}
    table = comparison.table.copy()
    places = [place[pair] for pair in zip(table["model"], table["condition"], strict=True)]
    table.insert(2, "series", [name for name, _ in places])
    table.insert(3, "shots", [k for _, k in places])
    return table


def _slopes(series: Sequence[Series], found: Sequence[Sequence[Found]]) -> pd.DataFrame:
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


def _steps(series: Sequence[Series], found: Sequence[Sequence[Found]]) -> pd.DataFrame:
    import pandas as pd

    names = ("start", "end", "low", "high", "verdict", "validity")
    return pd.DataFrame(
        {"model": each.model, "series": each.name, "difference": one.value, **{n: getattr(one, n) for n in names}}
        for each, of in zip(series, found, strict=True)
        for one in of
        if one.kind == STEP
    )


def _listed(shots: Sequence[int]) -> str:
    return ", ".join(str(k) for k in dict.fromkeys(shots))


def _sentence(series: Series, found: Sequence[Found]) -> str:
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
