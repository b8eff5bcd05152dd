"""Whether a model that answers now does what its recorded samples say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from promptlab import given, markup, tables
from promptlab.comparison import verdicts
from promptlab.comparison.agreed import cell_table, model_table, permuted, pooled_estimate
from promptlab.comparison.options import check
from promptlab.comparison.pairing import listed, paired, unchecked
from promptlab.comparison.tested import Tested
from promptlab.stats import Estimate
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Agreement:
    """What `agree` found. Scores and differences are shares of 1; the sentences speak of points.

    Attributes
    ----------
    table : DataFrame
        A row a cell (model and condition that both sides have): `questions` with valid samples on both sides, mean
        scores `live` and `recorded` over them, their `difference` with `low` and `high` (simultaneous over the table),
        `missing` samples, `reason` where there is no interval, `flag` (``differs``: the interval excludes 0;
        ``not estimable``: no question is left).
    models : DataFrame
        A row a model: `difference` over all its cells; `scatter`, the mean square of its questions' differences over
        what sampling noise explains; the `limit` that this does not exceed by chance; `flag` (``differs``).
    pooled : Estimate
        The difference over all cells, its interval from the same permutations.
    warnings : tuple of str
        What was not checked.
    """

    table: pd.DataFrame
    models: pd.DataFrame
    pooled: Estimate
    warnings: tuple[str, ...]
    tolerance: float
    alpha: float
    seed: int

    tested: ClassVar[Tested] = Tested("agreement with recorded samples")

    @property
    def ok(self) -> bool:
        """Whether no cell and no model differs, every cell is estimable, and the pooled difference is tolerable."""
        flagged = (self.table["flag"] != "").any() or (self.models["flag"] != "").any()
        return not flagged and abs(self.pooled.value) <= self.tolerance

    @property
    def verdict(self) -> str:
        """One sentence. It accuses only where chance is not enough to explain what was seen."""
        size = verdicts.interval(self.pooled.value, self.pooled.low, self.pooled.high)
        seen = f"{counted(len(self.table), 'cell')}, pooled {size}"
        if self.ok:
            limit = f"the pooled difference seen is within {self._tolerated}"
            return f"live agrees with recorded: {seen}; no cell or model differs beyond chance, and {limit}."
        if evidence := [*self._differing(), *self._beyond()]:
            why = "which suggests other weights, prompts or sampling than recorded"
            return f"live does NOT agree with recorded: {seen}; {'; '.join(evidence)}; {why}."
        return f"live was NOT shown to agree with recorded: {seen}; {self._open()}."

    def _differing(self) -> list[str]:
        cells = self.table[self.table["flag"] == "differs"]
        names = [
            f"{row['model']} under {row['condition']} ({verdicts.points(row['difference'])})"
            for row in cells.sort_values("difference", key=abs, ascending=False, kind="stable").to_dict("records")
        ]
        scattered = self.models[self.models["flag"] == "differs"]
        models = [f"{row.model} ({row.scatter:.1f} times)" for row in scattered.itertuples()]
        found = [f"other scores in {listed(names)}"] if names else []
        return found + ([f"questions differ by more than sampling noise in {listed(models)}"] if models else [])

    def _beyond(self) -> list[str]:
        chance = not (self.pooled.low > 0 or self.pooled.high < 0)
        if chance or abs(self.pooled.value) <= self.tolerance:
            return []
        return [f"the pooled difference is above {self._tolerated}"]

    @property
    def _tolerated(self) -> str:
        return f"{100 * self.tolerance:g} points"

    def _open(self) -> str:
        empty = (self.table["flag"] == "not estimable").sum()
        if empty:
            return f"{counted(empty, 'cell')} left nothing to compare"
        above = f"the pooled difference is above {self._tolerated}"
        return f"{above}, which chance alone may do: more questions or samples would tell"

    def to_markdown(self) -> str:
        """Cells, models and verdict as Markdown."""
        cells = tables.section("Live and recorded", tables.estimates(self.table, "difference"))
        models = tables.section("By model", tables.estimates(self.models, "difference"), self._notes)
        return f"{cells}\n\n{models}"

    @property
    def _notes(self) -> list[str]:
        return [self.verdict, *self.warnings]

    def __repr__(self) -> str:
        flagged = (self.table["flag"] != "").sum() + (self.models["flag"] != "").sum()
        outcome = "ok" if self.ok else f"not ok, {flagged} flagged"
        pooled = verdicts.points(self.pooled.value)
        return f"<Agreement of live and recorded: {counted(len(self.table), 'cell')}, pooled {pooled}, {outcome}>"

    def _repr_html_(self) -> str:
        shown = [tables.html(tables.estimates(frame, "difference")) for frame in (self.table, self.models)]
        return markup.card("Live and recorded", *shown, markup.bullets(self._notes))


def agree(live: Any, recorded: Any, *, tolerance: float = 0.05, alpha: float = 0.05, seed: int = 0) -> Agreement:
    """Check that live samples look like recorded ones of the same models, conditions and questions.

    Live samples are few: one each of a dozen questions, against four recorded ones. Most differences are then exactly
    0, which no bootstrap survives, and Bonett and Price's interval spans 60 points. But here more is known than in a
    comparison of prompts: if weights, prompts and sampling are the same, nothing but sampling differs, and which
    samples are called live is arbitrary. `stats.exchanged` permutes that, question by question, which is exact for any
    number of questions. Half of `alpha` goes to the cells' intervals together, half to the models' scatter.

    Parameters
    ----------
    live, recorded : Run, DataFrame, or list of those
        Tidy samples, see `compare`; the numbers of samples may differ. What only one side has is left out.
    tolerance : float
        The largest pooled difference, as a share of 1, that still counts as agreement.
    alpha : float
        The chance that cells or scatter raise a false alarm, in (0, 1).
    seed : int
        Of the permutations.

    Raises
    ------
    InputError
        They share no model, condition or question; they disagree about a gold answer.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("m", c, q, k, float(q % 2)) for c in "ab" for q in range(12) for k in range(4)]
    >>> recorded = pd.DataFrame(rows, columns=["model", "condition", "question", "sample", "score"])
    >>> live = recorded[recorded["sample"] == 0]
    >>> agree(live, recorded).verdict.partition("; ")[2]
    'no cell or model differs beyond chance, and the pooled difference seen is within 5 points.'
    >>> agree(live.assign(score=1 - live["score"]), recorded).ok
    False
    """
    check("agree", alpha=alpha, seed=seed)
    shares = "a share of 1, at least 0 (0.05 is five points)"
    tolerance = given.real("tolerance of agree", tolerance, lambda x: 0 <= x < 1, shares)
    pairing = paired(live, recorded)
    models = list(dict.fromkeys(model for model, _ in pairing.cells))
    groups = np.array([models.index(model) for model, _ in pairing.cells])
    found = permuted(pairing, pairing.live.cell, pairing.recorded.cell, groups, alpha / 2, seed)
    differences = pairing.live.means - pairing.recorded.means
    return Agreement(
        table=cell_table(pairing, found),
        models=model_table(models, groups, differences, found),
        pooled=pooled_estimate(pairing, alpha, seed),
        warnings=tuple(unchecked(pairing)),
        tolerance=tolerance,
        alpha=alpha,
        seed=seed,
    )
