"""Dose-response: what each further exemplar does, one kind of exemplars at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab import markup, tables
from promptlab.comparison.comparing import Comparison, compare
from promptlab.comparison.crossed import crossed
from promptlab.comparison.dosed import dose_sentence, slope_table, step_table
from promptlab.comparison.options import check, chosen
from promptlab.comparison.series import Series, series_of
from promptlab.comparison.shapes import estimated
from promptlab.comparison.tested import Tested, slope

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

    @cached_property
    def tested(self) -> Tested:
        """Its slopes and settings, for a registration."""
        each = self.table.sort_values("shots", kind="stable").groupby(["model", "series"], sort=False)["condition"]
        tests = tuple(slope(str(model), names) for (model, _), names in each)
        return replace(self.comparison.tested, family="slopes", tests=tests)

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
    each question, estimated as any difference is: ``slope = sum_k (k - mean k) s_k / sum_k (k - mean k)²`` with s_k the
    question's score at k. A curve that turns needs a decided rise and a decided fall, not a curvature alone (Simonsohn
    2018, Adv. Methods Pract. Psychol. Sci. 1, 538). Least squares over the arms' mean scores (NumPy's ``polyfit``)
    checks slope and curvature, statsmodels' clustered OLS the standard error (tests/test_comparison_dosing.py).

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
    m, few-shot, k = 0, 1, 5: rises, then falls; -9.3 points a shot [-11.7, -6
    """
    check("dose", alpha=alpha, seed=seed, margin=margin)
    design = crossed(runs, chosen("dose", baseline, conditions))
    series, notes = series_of(design.samples, baseline)
    used = {arm for each in series for arm in each.arms}
    rows = np.isin(design.arm, [i for i, arm in enumerate(design.arms) if arm in used])
    options: dict[str, Any] = {"baseline": baseline, "margin": margin, "alpha": alpha, "seed": seed, "label": label}
    comparison = compare(design.samples[rows], **options)
    arms = [[comparison.design.arms.index(arm) for arm in each.arms] for each in series]
    found = estimated(comparison.design, arms, [each.shots for each in series], alpha, seed)
    return DoseResponse(
        table=_table(comparison, series),
        slopes=slope_table(series, found),
        steps=step_table(series, found),
        verdicts=tuple(dose_sentence(each, of) for each, of in zip(series, found, strict=True)),
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
