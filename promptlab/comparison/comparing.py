"""Prompts compared within each question, on one model after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab import markup, tables
from promptlab.comparison import accounting as lost
from promptlab.comparison import summaries, verdicts
from promptlab.comparison.crossed import Crossed, crossed
from promptlab.comparison.differences import compared_pairs, one_draw, table_of, warnings_of
from promptlab.comparison.validity import decide, judge
from promptlab.errors import InputError, unknown
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

SCORES = ["model", "condition", "score", "low", "high", "reason", "cons", "completion_tokens"]
SCORES += ["truncated", "no_answer", "error", "coverage"]
COPIED = "copied_number"  # a feature of `promptlab.traces`
SHOWN = ["model", "condition", "difference", "low", "high", "questions", "lost", "gained"]
SHOWN += ["p_holm", "reason", "verdict", "validity"]


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
        A row an arm: `score` with interval, counts, coverage, cons@K, shares of failures, features.
    verdicts : tuple of str
        A sentence a comparison.
    warnings : tuple of str
        What to know before reading on.
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
    design: Crossed = field(repr=False)
    label: str = ""

    @cached_property
    def accounting(self) -> pd.DataFrame:
        """A row a comparison and class of wrong outputs: its part of the difference, with an interval.

        Parts sum to the difference exactly; the intervals hold for all rows together.
        """
        return lost.parts(self.design, self._pairs, self.baseline, self.alpha, self.seed)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """A row a comparison, direction and class: questions that turn wrong, or right, as shares with intervals.

        They sum to the difference as well: what is gained and what is lost do not cancel out in here.
        """
        return lost.changes(self.design, self._pairs, self.baseline, self.alpha, self.seed)

    @property
    def _pairs(self) -> list[tuple[str, str]]:
        return list(zip(self.table["model"], self.table["condition"], strict=True))

    def transitions(self, condition: str, model: str | None = None) -> pd.DataFrame:
        """Questions by what their output was under the baseline (rows) and under the condition (columns).

        With several samples a question: expected counts, when one sample of each arm is drawn at random.
        """
        model, _ = self._pair(condition, model)
        return lost.transitions(self.design, (model, condition), self.baseline)

    def discordant(self, condition: str, model: str | None = None, lost: bool = True) -> pd.DataFrame:
        """Questions that the condition loses (``lost=False``: gains), the largest change first.

        For each question the first sample that is right in the better arm, and wrong in the other: answers, and
        completions where the samples hold them.
        """
        import pandas as pd

        model, (before, after) = self._pair(condition, model)
        names = np.array(self.design.questions, dtype=object)
        table = pd.DataFrame({"question": names, "baseline_score": before, "condition_score": after})
        drop = before - after if lost else after - before
        table = table.assign(drop=drop)[drop > 1e-12].sort_values("drop", ascending=False, kind="stable")
        for side, arm, right in (("baseline", self.baseline, lost), ("condition", condition, not lost)):
            examples = self._examples(model, arm, right).add_prefix(f"{side}_")
            table = table.join(examples, on="question")
        return table.drop(columns="drop").reset_index(drop=True)

    def feature(self, name: str) -> pd.DataFrame:
        """Mean of a numeric column of the samples (``reasoning_words``, ...) in every arm: value, low, high.

        `reason` says why there is no interval, where there is none.
        """
        return summaries.feature(self.design, name, self.alpha)

    def extended(self, runs: Any) -> Comparison:
        """The comparison with more conditions (or models), as one family at the same alpha: all intervals are new.

        What was added after a look is said in the warnings. `runs` as for `compare`; they hold the new arms only.

        Raises
        ------
        InputError
            An arm is in the comparison already, and as for `compare`.
        """
        import pandas as pd

        more = crossed(runs)
        for arm in more.arms:
            if arm in self.design.arms:
                raise InputError(f"{' under '.join(arm)} is in the comparison already: give the new arms only")
        options: dict[str, Any] = {
            "baseline": self.baseline,
            "margin": self.margin,
            "alpha": self.alpha,
            "seed": self.seed,
        }
        wider = compare(pd.concat([self.design.taken, more.samples]), label=self.label, **options)
        looked, added = len(self.table), counted(len(wider.table) - len(self.table), "comparison")
        said = f"{added} added after a look at {looked}: the intervals hold for all together"
        return replace(wider, warnings=(*wider.warnings, said))

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
        scores = self.summary[[c for c in SCORES if c in self.summary]]
        notes = [*(self.digest if digest else self.verdicts), self.power, *self.warnings]
        parts = [
            tables.section(self._headed("Scores by condition"), scores),
            tables.section(self._headed(f"Differences to {self.baseline}"), self._shown, notes),
        ]
        if COPIED in self.design.samples and len(copied := self._copied()):
            parts.append(tables.section(self._headed("Share of outputs with a number found only in exemplars"), copied))
        return "\n\n".join(parts)

    def _copied(self) -> pd.DataFrame:
        """A row a condition with exemplars, a column a model."""
        shown = self.feature(COPIED)
        if "shots" in self.summary:
            shown = shown[self.summary["shots"].to_numpy() > 0]
        names = {side: list(dict.fromkeys(shown[side])) for side in ("condition", "model")}
        wide = shown.pivot(index="condition", columns="model", values="value")
        return wide.loc[names["condition"], names["model"]].reset_index()

    def _headed(self, heading: str) -> str:
        return f"{self.label}: {heading[0].lower()}{heading[1:]}" if self.label else heading

    @property
    def _shown(self) -> pd.DataFrame:
        return tables.estimates(self.table[SHOWN], "difference")

    def _pair(self, condition: str, model: str | None) -> tuple[str, tuple[np.ndarray, np.ndarray]]:
        models = self.design.models()
        if model is None and len(models) > 1:
            raise InputError(f"model is not given, and there are several: {', '.join(models)}")
        model = models[0] if model is None else model
        if model not in models:
            raise unknown("model", model, models)
        if condition not in self.design.conditions(model):
            raise unknown("condition", condition, self.design.conditions(model))
        means = self.design.means(self.design.score)
        before, after = (means[self.design.arms.index((model, c))] for c in (self.baseline, condition))
        return model, (before, after)

    def _examples(self, model: str, condition: str, right: bool) -> pd.DataFrame:
        """The best (or worst) sample of each question in one arm, the first of them where several are equal."""
        arm = self.design.arms.index((model, condition))
        rows = self.design.samples[(self.design.arm == arm) & ~self.design.missing]
        rows = rows.assign(question=rows["question"].astype(str)).sort_values("sample", kind="stable")
        rows = rows.sort_values("score", ascending=not right, kind="stable").drop_duplicates("question")
        return rows.set_index("question")[[c for c in ("answer", "completion") if c in rows]]

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self.table["verdict"].value_counts().items())
        return f"<Comparison of {len(self.table)} against {self.baseline!r}: {counts}>"

    def _repr_html_(self) -> str:
        notes = markup.bullets([*self.verdicts, *self.warnings])
        return markup.card(self._headed(f"Compared with {self.baseline}"), tables.html(self._shown), notes)


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
    b degrades m against a: -100.0 points [-100.0, -86.0] (40 questions; Holm p under 0.001), for these questions.
    """
    _check(margin, alpha)
    design = crossed(runs, None if conditions is None else [baseline, *conditions]).completed()
    pairs = compared_pairs(design, baseline)
    signs = design.signs({(model, condition): 1, (model, baseline): -1} for model, condition in pairs)
    judged = judge(design, signs, lambda low, high: decide(low, high, margin), alpha=alpha, seed=seed, bound=1)
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
        warnings=tuple(warnings_of(design, table, summary["score"])),
        baseline=baseline,
        margin=margin,
        alpha=alpha,
        seed=seed,
        design=design,
        label=label,
    )


def _check(margin: float | None, alpha: float) -> None:
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha}; allowed: above 0 and below 1")
    if margin is not None and not 0 < margin < 1:
        raise InputError(f"margin is {margin}; allowed: a share above 0 and below 1 (0.02 is two points), or None")
