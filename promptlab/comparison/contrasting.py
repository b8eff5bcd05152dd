"""A model against its control: the difference of differences on the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptlab import given, markup, tables
from promptlab.comparison import verdicts
from promptlab.comparison.contrasted import contrast_table, contrast_warnings
from promptlab.comparison.crossed import Crossed, crossed
from promptlab.comparison.options import check, chosen
from promptlab.comparison.tested import Tested, contrasts_of
from promptlab.comparison.validity import decide_contrast, judge
from promptlab.errors import InputError, unknown

if TYPE_CHECKING:
    import pandas as pd

SHOWN = ["condition", "model_difference", "control_difference", "contrast", "low", "high", "questions", "flag"]
SHOWN += ["detectable", "reason", "verdict", "validity"]


@dataclass(frozen=True, eq=False)
class Contrast:
    """What `contrast` found. Scores and differences are shares of 1; the sentences speak of points.

    Attributes
    ----------
    table : DataFrame
        A row a condition: `model_difference`, `control_difference` (each to the baseline), their `contrast` with
        `low` and `high` (simultaneous over the table), the same as `log_odds`, `flag` (``scale-dependent``,
        ``floor/ceiling`` of the control, ``model at floor/ceiling``: nothing is confirmed), `reason` where a variance
        does not exist, `verdict` (``less favourable | more favourable | inconclusive``), `validity`, `detectable` (the
        true contrast that would be found with 80 % power).
    verdicts : tuple of str
        A sentence a condition.
    warnings : tuple of str
        What to know before reading on.
    tested : Tested
        Its tests and settings, for a registration.
    """

    table: pd.DataFrame
    verdicts: tuple[str, ...]
    model: str
    control: str
    baseline: str
    alpha: float
    seed: int
    label: str = ""
    warnings: tuple[str, ...] = ()
    tested: Tested = field(repr=False, kw_only=True)

    def to_markdown(self) -> str:
        """Differences of differences and verdicts as Markdown."""
        heading = f"{self.label}: " if self.label else ""
        title = f"{heading}{self.model} against its control {self.control}"
        return tables.section(title, self._shown, self._notes)

    @property
    def _notes(self) -> list[str]:
        return [*self.verdicts, self.power, *self.warnings]

    @property
    def power(self) -> str:
        """What a contrast of this size can find: the smallest and the largest of the detectable contrasts."""
        return verdicts.power(self.table, "contrast")

    def digest(self, conditions: Sequence[str]) -> str:
        """Some of the conditions in one sentence: it speaks of these two models, whatever they differ in."""
        if isinstance(conditions, str) or not isinstance(conditions, Sequence):
            raise given.wrong("conditions of digest", conditions, "a list of names")
        rows = self.table[self.table["condition"].isin(conditions)]
        told = verdicts.contrast_digest(rows, model=self.model, control=self.control, baseline=self.baseline)
        return f"{self.label}: {told}" if self.label else told

    @property
    def _shown(self) -> pd.DataFrame:
        return tables.estimates(self.table[SHOWN], "model_difference", "control_difference", "contrast")

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self.table["verdict"].value_counts().items())
        return f"<Contrast of {self.model!r} with {self.control!r}: {counts}>"

    def _repr_html_(self) -> str:
        inner = tables.html(self._shown)
        heading = f"{self.label}: " if self.label else ""
        return markup.card(f"{heading}{self.model} less {self.control}", inner, markup.bullets(self._notes))


def contrast(
    runs: Any,
    *,
    model: str | int,
    control: str | int,
    baseline: str,
    conditions: Sequence[str] | None = None,
    alpha: float = 0.05,
    seed: int = 0,
    label: str = "",
) -> Contrast:
    """What each condition does to a model, less what it does to its control, on the questions that both answered.

    The difference of differences ``(m_c - m_0) - (k_c - k_0)`` within each question, estimated as any difference is
    (`promptlab.stats.simultaneous`), and on the log-odds scale (`promptlab.stats.log_odds_contrast`): an interaction
    whose sign hangs on the scale confirms nothing (Loftus 1978, Mem. Cogn. 6, 312). Both name what checks them.
    Questions that only one of the two was asked are missing data.

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        Tidy samples of both models, see `compare`.
    model, control : str or int
        Names, or positions in order of appearance.
    baseline : str
        The condition to which both differences are taken.
    conditions, alpha, seed, label
        As for `compare`.

    Raises
    ------
    InputError
        A model is unknown or is its own control, they share no condition besides the baseline.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(m, c, q, float(m == "plain" or c == "a" or q < 9)) for m in ("r1", "plain") for c in "ab"
    ...         for q in range(40)]
    >>> frame = pd.DataFrame(rows, columns=["model", "condition", "question", "score"])
    >>> contrast(frame, model="r1", control="plain", baseline="a").table.loc[0, "flag"]
    'floor/ceiling'
    """
    check("contrast", alpha=alpha, seed=seed)
    design = crossed(runs, chosen("contrast", baseline, conditions))
    ours, theirs = (_named(design, named, what) for named, what in ((model, "model"), (control, "control")))
    if ours == theirs:
        raise InputError(f"model and control are both {ours!r}: a contrast needs two models")
    design = design.completed([ours, theirs])
    conditions = shared_conditions(design, ours, theirs, baseline)
    cells = [[(ours, c), (ours, baseline), (theirs, c), (theirs, baseline)] for c in conditions]
    signs = design.signs(dict(zip(four, (1, -1, -1, 1), strict=True)) for four in cells)
    judged = judge(design, signs, decide_contrast, alpha=alpha, seed=seed, bound=2)
    table = contrast_table(design, conditions, cells, judged, alpha)
    rows = table.to_dict("records")
    names = {"model": ours, "control": theirs, "baseline": baseline}
    sentences = (verdicts.contrast_sentence(row, **names, alpha=alpha) for row in rows)
    warnings = tuple(contrast_warnings(design, table, [ours, theirs]))
    tested = contrasts_of(design, "contrasts", [(ours, theirs)], conditions, baseline=baseline, alpha=alpha, seed=seed)
    return Contrast(table, tuple(sentences), ours, theirs, baseline, alpha, seed, label, warnings, tested=tested)


def _named(design: Crossed, name: str | int, what: str) -> str:
    models = design.models()
    place = None if isinstance(name, str) else given.whole(f"{what} of contrast", name)
    if place is not None and 0 <= place < len(models):
        return models[place]
    if name not in models:
        raise unknown(what, name if place is None else place, models)
    return str(name)


def shared_conditions(design: Crossed, ours: str, theirs: str, baseline: str) -> list[str]:
    """The conditions besides the baseline that both models have."""
    both = [c for c in design.conditions(ours) if c in design.conditions(theirs)]
    if baseline not in both:
        raise unknown(f"baseline for {ours!r} and {theirs!r}", baseline, both)
    if len(both) < 2:
        raise InputError(f"{ours!r} and {theirs!r} share no condition besides the baseline {baseline!r}")
    return [c for c in both if c != baseline]
