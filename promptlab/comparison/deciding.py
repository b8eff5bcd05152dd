"""Runs that end as soon as they are decided: the rule, and the report of such a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab import given, markup, tables
from promptlab.comparison.saved import decision_sentence, saving
from promptlab.comparison.sequences import Asked, asked
from promptlab.comparison.validity import decide
from promptlab.errors import InputError, unknown
from promptlab.records import Run
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

SHOWN = ["model", "condition", "low", "high", "questions", "cap", "units", "missing", "verdict", "validity"]
SHARED = ("baseline", "margin", "alpha", "family")  # the same for all runs of a family


@dataclass(frozen=True)
class Decided:
    """The rule that `decided` makes; `run` takes it as ``stop_when=``."""

    baseline: str
    margin: float | None
    alpha: float
    family: int | None
    batch: int

    def fixed(self, conditions: Sequence[str]) -> dict[str, Any]:
        """What the manifest keeps; `InputError` where the conditions do not fit."""
        if self.baseline not in conditions:
            raise unknown("baseline of decided", self.baseline, conditions)
        others = [name for name in conditions if name != self.baseline]
        if not others:
            raise InputError(f"there is no condition besides the baseline {self.baseline!r}: nothing to decide")
        family = len(others) if self.family is None else self.family
        if family < len(others):
            raise given.wrong("family of decided", family, f"at least {len(others)}, the comparisons of this run alone")
        rule = {"baseline": self.baseline, "margin": self.margin, "alpha": self.alpha, "family": family}
        return {**rule, "conditions": others}

    def settled(self, run: Run) -> bool:
        """Whether every comparison is decided by what the run holds."""
        part = asked(run)
        sequences = [part.sequence(condition, part.missing) for condition in part.rule["conditions"]]
        return all(_verdict(sequence, self.margin) != "inconclusive" for sequence in sequences)


def decided(
    *, baseline: str, margin: float | None = None, alpha: float = 0.05, family: int | None = None, batch: int = 25
) -> Decided:
    """A rule for ``run(..., stop_when=)``: end as soon as every comparison with the baseline is decided.

    Questions are asked in a random order that the run's seed fixes; those of a cluster together. After each batch every
    paired difference has an interval that may be looked at as often as one likes
    (`promptlab.stats.BettingSequence`, each at alpha / family). A comparison is decided when its interval excludes 0,
    or lies within ±margin. The questions given to `run` are the cap. `decisions` reports such a run, and `compare` does
    not: its size depends on its outcome, so that intervals for a fixed size would be too narrow.

    It settles large effects early. Looking at any time has its price: effects of 2 to 6 points are not decided by some
    hundred questions, and of what lies between, `compare` finds more at the same cap.

    Parameters
    ----------
    baseline : str
        The condition that the others are compared with.
    margin : float, optional
        Differences within ±margin count as equivalent, a share of 1; None: nothing does.
    alpha : float
        The chance of any wrong verdict in the family, in (0, 1).
    family : int, optional
        Comparisons that the intervals cover together; by default those of one run. For several models, run one after
        another with the same rule: the number of all their comparisons.
    batch : int
        Questions between two looks, at least. A batch goes arm by arm, so that a server's prefix cache holds.

    Raises
    ------
    InputError
        A number is out of range.

    Examples
    --------
    >>> decided(baseline="zero-shot").fixed(["zero-shot", "few-shot-1", "few-shot-3"])["family"]
    2
    """
    if margin is not None:
        margin = given.real("margin of decided", margin, lambda x: 0 < x < 1, "a share above 0 and below 1, or None")
    alpha = given.real("alpha of decided", alpha, lambda x: 0 < x < 1, "a number above 0 and below 1")
    family = None if family is None else given.whole("family of decided", family, 1)
    return Decided(baseline, margin, alpha, family, given.whole("batch of decided", batch, 1))


@dataclass(frozen=True, eq=False)
class Decisions:
    """What `decisions` found: intervals that hold whenever one looks.

    There is no point estimate: a run that ends when an effect shows has caught it at its largest.

    Attributes
    ----------
    table : DataFrame
        A row a comparison: `low` and `high` of the difference (a share of 1), `verdict` as `compare` has it, `validity`
        (``fragile``: truncated, empty, refused and unanswered samples could change the verdict), `questions` asked of
        `cap`, the `units` that they form (clusters, or single questions), questions with `missing` samples (each counts
        at its worst for either side).
    sequence : DataFrame
        `low` and `high` of each comparison after each unit.
    verdicts : tuple of str
        A sentence a comparison.
    savings : tuple of str
        A sentence a run: what was asked, beside the fixed design.
    """

    table: pd.DataFrame
    sequence: pd.DataFrame
    verdicts: tuple[str, ...]
    savings: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """Whether every comparison is decided."""
        return bool((self.table["verdict"] != "inconclusive").all())

    def to_markdown(self) -> str:
        """The table and the sentences."""
        return tables.section("Confidence sequences", self.table[SHOWN], [*self.verdicts, *self.savings])

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self.table["verdict"].value_counts().items())
        return f"<Decisions on {counted(len(self.table), 'comparison')}: {counts}>"

    def _repr_html_(self) -> str:
        notes = markup.bullets([*self.verdicts, *self.savings])
        return markup.card("Confidence sequences", tables.html(self.table[SHOWN]), notes)


def decisions(runs: Run | Sequence[Run]) -> Decisions:
    """Report runs that were made with ``stop_when=decided(...)``, whether they stopped early or not.

    The rule is the one that the manifest has kept, the order that of the run's seed; all else comes from the records.
    The intervals are for the mean difference over questions like these (where there are clusters: over clusters like
    these), as `promptlab.stats.BettingSequence` says.

    Raises
    ------
    InputError
        A run was made without a rule, or the runs have several rules, or more comparisons than their family.
    """
    import pandas as pd

    several = [*runs] if isinstance(runs, Sequence) else [runs]
    _check(several)
    parts = {run.model: asked(run) for run in several}
    found = [(row, steps) for model, part in parts.items() for row, steps in _judged(model, part)]
    table = pd.DataFrame([row for row, _ in found])
    open_ = set(table.loc[table["verdict"] == "inconclusive", "model"])
    return Decisions(
        table=table,
        sequence=pd.concat([steps for _, steps in found], ignore_index=True),
        verdicts=tuple(decision_sentence(row, several[0].manifest["stopping"]) for row, _ in found),
        savings=tuple(saving(model, part, model in open_) for model, part in parts.items()),
    )


def _check(runs: Sequence[Run]) -> None:
    if not runs:
        raise InputError("decisions needs a run; got none")
    for run in runs:
        if not isinstance(run, Run):
            raise InputError(f"decisions reports runs, and got a {type(run).__name__}")
        if not run.manifest.get("stopping"):
            raise InputError(f"{run!r:.120} was made without stop_when=: its size was fixed, so use compare")
    rules = [run.manifest["stopping"] for run in runs]
    for name in SHARED:
        if any(rule[name] != rules[0][name] for rule in rules):
            raise InputError(f"the runs have several rules: {name} is {', '.join(str(rule[name]) for rule in rules)}")
    size, family = sum(len(rule["conditions"]) for rule in rules), rules[0]["family"]
    if size > family:
        raise InputError(
            f"the runs hold {counted(size, 'comparison')}, but their rule covers {family} together: family={size} of "
            "decided had to be said before the first question. Report each run for itself, and say so"
        )


def _judged(model: str, part: Asked) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """A row and the sequence of each comparison of one run."""
    import pandas as pd

    after = np.concatenate([[0], np.cumsum(part.sizes)])
    for condition in part.rule["conditions"]:
        sequence = part.sequence(condition, part.missing)
        verdict = _verdict(sequence, part.rule["margin"])
        otherwise = _verdict(part.sequence(condition, part.missing | part.failed), part.rule["margin"])
        names = {"model": model, "condition": condition, "baseline": part.rule["baseline"]}
        row = {**names, "low": sequence[-1, 0], "high": sequence[-1, 1]}
        row |= {"questions": int(after[-1]), "cap": part.rule["cap"], "units": len(part.units)}
        row |= {"missing": part.lost(condition), "verdict": verdict}
        row |= {"validity": "ok" if otherwise == verdict else "fragile", "one_set": part.one_set(condition)}
        steps = pd.DataFrame(sequence, columns=["low", "high"])
        yield row, steps.assign(**names, questions=after)[[*names, "questions", "low", "high"]]


def _verdict(sequence: np.ndarray, margin: float | None) -> str:
    low, high = sequence[-1]
    return decide(low, high, margin) if low < high else "inconclusive"
