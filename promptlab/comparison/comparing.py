"""Prompts compared within each question, on one model after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptlab import markup, tables
from promptlab.comparison import accounting as lost
from promptlab.comparison import rendering, summaries, verdicts
from promptlab.comparison.crossed import Crossed, crossed
from promptlab.comparison.differences import compared_pairs, one_draw, table_of, warnings_of
from promptlab.comparison.extending import joined, looks
from promptlab.comparison.options import check, chosen
from promptlab.comparison.tested import Tested, difference
from promptlab.comparison.turned import turned
from promptlab.comparison.validity import Judged, decide, judge
from promptlab.errors import InputError, unknown

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` found. Scores and differences are shares of 1; the sentences speak of points.

    Attributes
    ----------
    table : DataFrame
        A row a comparison: `difference` of mean scores over the questions that both arms have, `low` and `high`
        (simultaneous over the table), `se`, `df`, `questions`, `clusters`, questions `lost` and `gained`, sign-flip `p`
        with `p_holm` and `p_bh` (Benjamini-Hochberg) beside the verdict, which is the interval's, `method` of the
        interval, `reason` where a variance does not exist, `verdict` (``degraded | improved | equivalent |
        inconclusive``), `negligible`, `validity` (``ok | fragile | invalid``) with its `validity_why`, `detectable`
        (the true difference that would be found with 80 % power) and `questions_needed` (to find the observed
        difference with 80 % power, where clusters grow in number as questions do).
    summary : DataFrame
        A row an arm: `score` with interval, counts, `cons` (the majority vote of all `cons_k` samples of a question:
        one vote a question; NaN where K = 1) with `cons_low`, `cons_high` and `cons_se`, coverage, shares of failures,
        features. `pass_at_k` and `cons_at_k` give other k.
    verdicts : tuple of str
        A sentence a comparison.
    warnings : tuple of str
        What to know before reading on.
    family : int
        How many differences are judged together: those of the table, and others where it is a part of more
        (`explain_loss`).
    label : str
        What was compared, for headings and figures.
    """

    table: pd.DataFrame
    summary: pd.DataFrame
    verdicts: tuple[str, ...]
    warnings: tuple[str, ...]
    baseline: str
    margin: float | None
    alpha: float
    seed: int
    family: int
    design: Crossed = field(repr=False)
    label: str = ""
    looked: tuple[int, ...] = ()  # sizes of the family at earlier looks, see `extended`

    @cached_property
    def accounting(self) -> pd.DataFrame:
        """A row a comparison and class of wrong outputs: its part of the difference, with an interval.

        Parts sum to the difference exactly; the intervals hold for all rows together. A class that no wrong output of a
        model is of has a part of 0 without an interval; `reason` says so.
        """
        return lost.parts(self.design, self._pairs, self.baseline, self.alpha, self.seed)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """A row a comparison, direction and class: questions that turn wrong, or right, as shares with intervals.

        They sum to the difference as well: what is gained and what is lost do not cancel out in here.
        """
        return lost.changes(self.design, self._pairs, self.baseline, self.alpha, self.seed)

    @cached_property
    def tested(self) -> Tested:
        """Its differences and settings, for a registration."""
        settings = {name: getattr(self, name) for name in ("baseline", "margin", "alpha", "seed")}
        settings["others"] = self.family - len(self.table)
        tests = tuple(map(difference, self._pairs))
        return Tested("differences", tests, settings, source=self.design, arms=self.design.arms)

    @property
    def _pairs(self) -> list[tuple[str, str]]:
        return list(zip(self.table["model"], self.table["condition"], strict=True))

    def transitions(self, condition: str, model: str | None = None) -> pd.DataFrame:
        """Questions by what their output was under the baseline (rows) and under the condition (columns).

        With several samples a question: expected counts, when one sample of each arm is drawn at random.
        """
        return lost.transitions(self.design, (self._model(condition, model), condition), self.baseline)

    def discordant(self, condition: str, model: str | None = None, lost: bool = True) -> pd.DataFrame:
        """Questions that the condition loses (``lost=False``: gains), the largest change first.

        For each question the first sample that is right in the better arm, and wrong in the other: answers, and
        completions where the samples hold them.
        """
        return turned(self.design, self._model(condition, model), self.baseline, condition, lost)

    def feature(self, name: str) -> pd.DataFrame:
        """Mean of a numeric column of the samples (``reasoning_words``, ...) in every arm: value, low, high.

        `reason` says why there is no interval, where there is none.
        """
        return summaries.feature(self.design, name, self.alpha)

    def extended(self, runs: Any, *, conditions: Sequence[str] | None = None) -> Comparison:
        """The comparison with more conditions (or models), as one family at the same alpha: all intervals are new.

        What was added after which look is said in the warnings. `runs` as for `compare`; arms of the comparison may be
        in them, with the same samples. With `conditions`, only these of the new ones.

        Raises
        ------
        InputError
            There is no new arm, or an arm of the comparison has other samples now; the comparison is a part of a larger
            family; and as for `compare`.
        """
        if self.family > len(self.table):
            raise InputError(
                f"extended: {len(self.table)} of {self.family} differences that were judged together stand here, so a "
                "comparison of these and more would be a smaller family; call explain_loss anew"
            )
        samples = joined(self.design, runs, self.baseline, conditions)
        options = {name: getattr(self, name) for name in ("baseline", "margin", "alpha", "seed", "label")}
        wider = compare(samples, **options)
        looked = (*self.looked, self.family)
        return replace(wider, warnings=(*wider.warnings, *looks([*looked, wider.family])), looked=looked)

    @property
    def digest(self) -> tuple[str, ...]:
        """A sentence a model: which conditions reached which verdict, with their differences."""
        return verdicts.digest(self.table, self.baseline)

    @property
    def power(self) -> str:
        """What a comparison of this size can find: the smallest and the largest of the detectable differences."""
        return verdicts.power(self.table)

    def to_markdown(self, *, digest: bool = False) -> str:
        """Scores, differences and verdicts as Markdown; with `digest` a sentence a model instead of one a row."""
        return rendering.markdown(self, digest=digest)

    def _model(self, condition: str, model: str | None) -> str:
        """The model that is meant, if it has the condition."""
        models = self.design.models()
        if model is None and len(models) > 1:
            raise InputError(f"model is not given, and there are several: {', '.join(models)}")
        model = models[0] if model is None else model
        if model not in models:
            raise unknown("model", model, models)
        if condition not in self.design.conditions(model):
            raise unknown("condition", condition, self.design.conditions(model))
        return model

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self.table["verdict"].value_counts().items())
        return f"<Comparison of {len(self.table)} against {self.baseline!r}: {counts}>"

    def _repr_html_(self) -> str:
        notes = markup.bullets([*self.verdicts, *self.warnings])
        title = rendering.headed(self, f"Compared with {self.baseline}")
        return markup.card(title, tables.html(rendering.differences(self)), notes)


def compare(
    runs: Any,
    *,
    baseline: str,
    conditions: Sequence[str] | None = None,
    margin: float | None = None,
    alpha: float = 0.05,
    seed: int = 0,
    label: str = "",
) -> Comparison:
    """Compare every condition with the baseline, within each question, for every model.

    Question i has the difference ``d_i = mean_k score(condition) - mean_k score(baseline)``. The mean of d, its CR2
    standard error and intervals that hold for all rows together are those of `promptlab.stats.simultaneous`, p values
    those of `promptlab.stats.sign_flip_p`; both name their source and what checks them. The interval decides. For the
    validity it is made again with missing samples, and with the model's failures, at their bounds (Manski 1989, J. Hum.
    Resour. 24, 343). Checked by pandas' paired means and standard errors (tests/test_comparison.py).

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        Tidy samples; needed columns: model, condition, question, score (NaN: missing).
    baseline : str
        The condition that the others are compared with.
    conditions : sequence of str, optional
        Only these (the baseline always): the intervals hold for them together. Choose before looking.
    margin : float, optional
        Differences within ±margin count as equivalent; a share of 1 (0.02 is two points). None: nothing does.
    alpha : float
        One minus the confidence of all intervals together, in (0, 1).
    seed : int
        Of the bootstrap and the sign flips: the same samples and seed give the same result.
    label : str
        Stands in headings and figures, where there are several comparisons.

    Raises
    ------
    InputError
        A condition is unknown; the baseline is not among the conditions of a model, a model occurs in two runs, a
        score is outside [0, 1].

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("m", c, q, float(c == "a")) for c in ("a", "b") for q in range(40)]
    >>> found = compare(pd.DataFrame(rows, columns=["model", "condition", "question", "score"]), baseline="a")
    >>> found
    <Comparison of 1 against 'a': 1 degraded>
    >>> print(found.verdicts[0])
    b degrades m against a: -100.0 points [-100.0, -87.5] (40 questions; Holm p under 0.001), for these questions.
    """
    check("compare", alpha=alpha, seed=seed, margin=margin)
    design = crossed(runs, chosen("compare", baseline, conditions)).completed()
    pairs = compared_pairs(design, baseline)
    signs = design.signs({(model, condition): 1, (model, baseline): -1} for model, condition in pairs)
    judged = judge(design, signs, lambda low, high: decide(low, high, margin), alpha=alpha, seed=seed, bound=1)
    return assembled(design, pairs, judged, baseline=baseline, margin=margin, alpha=alpha, seed=seed, label=label)


def assembled(
    design: Crossed,
    pairs: list[tuple[str, str]],
    judged: Judged,
    *,
    baseline: str,
    margin: float | None,
    alpha: float,
    seed: int,
    label: str,
    family: int | None = None,
) -> Comparison:
    """The comparison of these pairs (model, condition) with their baseline, as it was judged: alone or among more."""
    table = table_of(pairs, baseline, judged, margin)
    rows = table.to_dict("records")
    sentences = tuple(
        verdicts.sentence(row, margin=margin, alpha=alpha, one_draw=one_draw(design, pair))
        for row, pair in zip(rows, pairs, strict=True)
    )
    summary = summaries.summary(design, alpha)
    return Comparison(
        table=table,
        summary=summary,
        verdicts=sentences,
        warnings=tuple(warnings_of(design, table, summary)),
        baseline=baseline,
        margin=margin,
        alpha=alpha,
        seed=seed,
        family=len(table) if family is None else family,
        design=design,
        label=label,
    )
