"""Exemplars as one draw of many: what a comparison says of exemplars drawn like these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab import markup, tables
from promptlab.comparison.comparing import Comparison
from promptlab.comparison.crossed import Crossed
from promptlab.comparison.seeded import FEWEST, NO_CLAIM
from promptlab.comparison.tested import Tested, difference
from promptlab.comparison.validity import decide
from promptlab.comparison.verdicts import interval
from promptlab.errors import InputError
from promptlab.stats.estimates import t_quantile
from promptlab.stats.power import detectable
from promptlab.stats.twoway import TwoWay, two_way
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

SHOWN = ["model", "condition", "difference", "low", "high", "draws", "questions", "se_fixed", "se", "detectable"]
SHOWN += ["reason", "verdict", "fixed", "validity"]


@dataclass(frozen=True, eq=False)
class Drawn:
    """What `over_draws` found: the comparison's claims, widened from its exemplar sets to exemplars drawn like these.

    Attributes
    ----------
    table : DataFrame
        A row a condition with exemplars: `difference`, `se` clustered by draw and by cluster, `df`, `low`, `high`
        (simultaneous over the table), `se_clusters`, `se_draws`, `method`, `draws`, `questions`, `clusters`,
        `detectable`, `reason`, `verdict` (``no claim`` under five draws); of the comparison `se_fixed`, its verdict as
        `fixed`, and `validity`.
    verdicts : tuple of str
        A sentence a row.
    comparison : Comparison
        The comparison that was widened.
    """

    table: pd.DataFrame
    verdicts: tuple[str, ...]
    baseline: str
    alpha: float
    comparison: Comparison = field(repr=False)

    @property
    def tested(self) -> Tested:
        """Its differences and the comparison's settings, for a registration."""
        tests = tuple(map(difference, zip(self.table["model"], self.table["condition"], strict=True)))
        return replace(self.comparison.tested, family="over_draws", tests=tests)

    def to_markdown(self) -> str:
        """Differences with the wider intervals, and verdicts, as Markdown."""
        return tables.section(self._title, self._shown, self.verdicts)

    @property
    def _shown(self) -> pd.DataFrame:
        return tables.estimates(self.table[SHOWN], "difference")

    @property
    def _title(self) -> str:
        return f"Differences to {self.baseline} for exemplars drawn like these"

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self.table["verdict"].value_counts().items())
        return f"<Drawn of {len(self.table)} against {self.baseline!r}: {counts}>"

    def _repr_html_(self) -> str:
        return markup.card(self._title, tables.html(self._shown), markup.bullets(self.verdicts))


def over_draws(comparison: Comparison) -> Drawn:
    """The comparison's differences with draws of exemplars as a random factor, beside the questions' clusters.

    Standard errors by `promptlab.stats.twoway.two_way`, ``V = V_clusters + V_draws - V_both`` (Cameron, Gelbach &
    Miller 2011, equation 2.11), which statsmodels checks (tests/test_stats_twoway.py); t intervals with one less than
    the number of draws (or clusters, if they are fewer) as df, Bonferroni over the conditions with exemplars; no
    verdict from fewer than five draws. Exemplars of a question's own kind are drawn anew for each kind: there a draw is
    one of its cluster.

    Parameters
    ----------
    comparison : Comparison
        Of samples with the columns `draw` and `shots`.

    Raises
    ------
    InputError
        The samples lack these columns, or no condition shows exemplars.

    Examples
    --------
    >>> import pandas as pd
    >>> from promptlab.comparison import compare
    >>> rows = [("m", c, q, q % 8, 3 * (c == "b"), float((q * 7) % 10 < (6 if c == "a" else 2))) for c in "ab"
    ...         for q in range(80)]
    >>> frame = pd.DataFrame(rows, columns=["model", "condition", "question", "draw", "shots", "score"])
    >>> over_draws(compare(frame, baseline="a"))
    <Drawn of 1 against 'a': 1 degraded>
    """
    import pandas as pd

    if not isinstance(comparison, Comparison):
        raise InputError(f"over_draws takes a Comparison (from compare), and got a {type(comparison).__name__}")
    design = comparison.design
    needed(design.samples, "draw", "shots")
    shown = [_shows(design, arm) for arm in zip(comparison.table["model"], comparison.table["condition"], strict=True)]
    if not any(shown):
        raise InputError("no condition of the comparison shows exemplars: there are no draws")
    whole = comparison.table[shown]
    level = comparison.alpha / len(whole)
    rows = [_row(comparison, row, level) for row in whole.to_dict("records")]
    sentences = tuple(_sentence(row, comparison.baseline) for row in rows)
    return Drawn(pd.DataFrame(rows), sentences, comparison.baseline, comparison.alpha, comparison)


def needed(samples: pd.DataFrame, *columns: str) -> None:
    lacking = [c for c in columns if c not in samples]
    if lacking:
        raise InputError(f"samples lack the column {', '.join(lacking)}: nothing says which exemplars were shown")


def _shows(design: Crossed, arm: tuple[str, str]) -> bool:
    return bool((design.samples["shots"][design.arm == design.arms.index(arm)] > 0).any())


def _cells(design: Crossed, arm: tuple[str, str]) -> pd.DataFrame:
    """A row a question and draw of one arm: mean score of the valid samples."""
    rows = (design.arm == design.arms.index(arm)) & ~design.missing
    samples = design.samples[rows]
    label = samples["draw"].astype(str)
    if "exemplar_seed" in samples:
        label = samples["exemplar_seed"].astype(str) + "/" + label
    if "select" in samples and (samples["select"] == "own-kind").any():
        label = label + "/" + design.clusters[design.question[rows]].astype(str)
    cells = samples.assign(row=design.question[rows], label=label, valid=design.score[rows])
    return cells.groupby(["row", "label"], sort=False)["valid"].mean().reset_index()


def _row(comparison: Comparison, row: Mapping[Any, Any], level: float) -> dict[str, Any]:
    design, model = comparison.design, row["model"]
    cells = _cells(design, (model, row["condition"]))
    before = design.means(design.score)[design.arms.index((model, comparison.baseline))]
    values = cells["valid"].to_numpy() - before[cells["row"]]
    found = two_way(values, design.clusters[cells["row"]], cells["label"].to_numpy(dtype=str), level)
    few = found.n_draws < FEWEST and not found.reason
    why = f"{found.n_draws} draws are too few for a claim on exemplars ({FEWEST} at least)" if few else found.reason
    critical = t_quantile(level, found.df) if not why else np.nan
    return {
        "model": model,
        "condition": row["condition"],
        "difference": found.value,
        **_limits(found, few),
        "se": found.se,
        "df": found.df,
        "se_clusters": found.se_clusters,
        "se_draws": found.se_draws,
        "se_fixed": row["se"],
        "method": found.method,
        "draws": found.n_draws,
        "questions": cells["row"][~np.isnan(values)].nunique(),
        "clusters": found.n_clusters,
        "detectable": float(detectable(found.se, critical)),
        "reason": why,
        "verdict": NO_CLAIM if why else decide(found.low, found.high, comparison.margin),
        "fixed": row["verdict"],
        "validity": row["validity"],
    }


def _limits(found: TwoWay, few: bool) -> dict[str, float]:
    return {"low": np.nan, "high": np.nan} if few else {"low": found.low, "high": found.high}


def _sentence(row: Mapping[Any, Any], baseline: str) -> str:
    what = f"{row['condition']} against {baseline} on {row['model']}, for exemplars drawn like these"
    if row["verdict"] == NO_CLAIM:
        return f"{what}: no claim: {row['reason']}."
    sizes = f"{counted(row['questions'], 'question')}, {counted(row['clusters'], 'cluster')}, {row['draws']} draws"
    size = f"{interval(row['difference'], row['low'], row['high'])} ({sizes})"
    same = row["verdict"] == row["fixed"]
    fixed = "as" if same else f"while it is {row['fixed']}"
    valid = "" if row["validity"] == "ok" else f" {row['validity'].capitalize()}, as the comparison is."
    return f"{what}: {row['verdict']}, {size}, {fixed} for these exemplar sets alone.{valid}"
