"""Exemplars as one draw of many: what a comparison says of exemplars drawn like these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptlab import markup, tables
from promptlab.comparison.comparing import Comparison
from promptlab.comparison.crossed import Crossed, Floats
from promptlab.comparison.differences import near_bounds
from promptlab.comparison.seeded import NO_CLAIM
from promptlab.comparison.tested import Tested, difference
from promptlab.comparison.validity import validities
from promptlab.comparison.verdicts import doubts, interval, joined
from promptlab.comparison.widening import Wide, widened
from promptlab.errors import InputError
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
        `detectable`, `reason`, `verdict` (``no claim`` under five draws), its own `validity` with `validity_why`; of
        the comparison `se_fixed`, and its verdict as `fixed`.
    verdicts : tuple of str
        A sentence a row.
    comparison : Comparison
        The comparison that was widened.
    warnings : tuple of str
        What to know before reading on, the comparison's own first.
    """

    table: pd.DataFrame
    verdicts: tuple[str, ...]
    baseline: str
    alpha: float
    comparison: Comparison = field(repr=False)
    warnings: tuple[str, ...] = ()

    @cached_property
    def tested(self) -> Tested:
        """Its differences and the comparison's settings, for a registration."""
        tests = tuple(map(difference, zip(self.table["model"], self.table["condition"], strict=True)))
        return replace(self.comparison.tested, family="over_draws", tests=tests)

    def to_markdown(self) -> str:
        """Differences with the wider intervals, and verdicts, as Markdown."""
        return tables.section(self._title, self._shown, [*self.verdicts, *self.warnings])

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
        notes = markup.bullets([*self.verdicts, *self.warnings])
        return markup.card(self._title, tables.html(self._shown), notes)


def over_draws(comparison: Comparison) -> Drawn:
    """The comparison's differences with draws of exemplars as a random factor, beside the questions' clusters.

    Standard errors by `promptlab.stats.twoway.two_way`, ``V = V_clusters + V_draws - V_both`` (Cameron, Gelbach &
    Miller 2011, equation 2.11), which statsmodels checks (tests/test_stats_twoway.py); t intervals with one less than
    the number of draws (or clusters, if they are fewer) as df, Bonferroni over the conditions with exemplars.
    Exemplars in general cannot be known better than those that were shown: neither standard error nor interval is ever
    narrower than the comparison's (`method` says where these stand), and the validity is that of the wider interval. No
    verdict comes from fewer than five draws. Exemplars of a question's own kind are drawn anew for each kind: there a
    draw is one of its cluster.

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
    rows = comparison.table[shown].to_dict("records")
    level = comparison.alpha / len(rows)

    def estimated(score: Floats) -> list[Wide]:
        return [widened(design, row, score, level) for row in rows]

    def decided(score: Floats) -> list[str]:
        return [wide.verdict(comparison.margin) for wide in estimated(score)]

    verdicts = decided(design.score)
    signs = design.signs({(r["model"], r["condition"]): 1, (r["model"], r["baseline"]): -1} for r in rows)
    valid = validities(design, signs, decided, verdicts)
    found = zip(rows, estimated(design.score), verdicts, valid, strict=True)
    table = pd.DataFrame([_row(row, wide, level, verdict, *doubt) for row, wide, verdict, doubt in found])
    sentences = tuple(_sentence(row, comparison.baseline) for row in table.to_dict("records"))
    warnings = (*comparison.warnings, *_rough(comparison.summary, table))
    return Drawn(table, sentences, comparison.baseline, comparison.alpha, comparison, warnings)


def needed(samples: pd.DataFrame, *columns: str) -> None:
    lacking = [c for c in columns if c not in samples]
    if lacking:
        raise InputError(f"samples lack the column {', '.join(lacking)}: nothing says which exemplars were shown")


def _shows(design: Crossed, arm: tuple[str, str]) -> bool:
    return bool((design.samples["shots"][design.arm == design.arms.index(arm)] > 0).any())


def _row(
    row: Mapping[Any, Any], wide: Wide, level: float, verdict: str, validity: str, validity_why: str
) -> dict[str, Any]:
    found = wide.found
    return {
        **{name: row[name] for name in ("model", "condition")},
        "difference": found.value,
        **{name: getattr(wide, name) for name in ("low", "high", "se")},
        **{name: getattr(found, name) for name in ("df", "se_clusters", "se_draws")},
        "se_fixed": row["se"],
        "method": wide.method,
        **{"draws": found.n_draws, "questions": wide.questions, "clusters": found.n_clusters},
        "detectable": wide.detectable(level),
        "reason": wide.reason,
        **{"verdict": verdict, "fixed": row["verdict"], "validity": validity, "validity_why": validity_why},
    }


def _rough(summary: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    if (table["clusters"] < table["questions"]).any() and near_bounds(summary).any():
        return ["clustered scores that may be under 10 % or over 90 %: over draws, too, 92 % at worst in simulations"]
    return []


def _sentence(row: Mapping[Any, Any], baseline: str) -> str:
    what = f"{row['condition']} against {baseline} on {row['model']}, for exemplars drawn like these"
    if row["verdict"] == NO_CLAIM:
        return f"{what}: no claim: {row['reason']}."
    sizes = f"{counted(row['questions'], 'question')}, {counted(row['clusters'], 'cluster')}, {row['draws']} draws"
    size = f"{interval(row['difference'], row['low'], row['high'])} ({sizes})"
    same = row["verdict"] == row["fixed"]
    fixed = "as" if same else f"while it is {row['fixed']}"
    return joined(f"{what}: {row['verdict']}, {size}, {fixed} for these exemplar sets alone.", doubts(row))
