"""The report of runs under a rule to stop early: what is decided, and what the rule has saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab import markup, tables
from promptlab.comparison.saved import decision_sentence, saving
from promptlab.comparison.sequences import Asked, asked
from promptlab.comparison.tested import Tested, difference
from promptlab.errors import InputError
from promptlab.records import Run
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

SHOWN = ["model", "condition", "low", "high", "questions", "cap", "units", "missing", "verdict", "validity"]
SHARED = ("baseline", "margin", "alpha", "family")  # the same for all runs of a family


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
    rule : mapping
        What the rules share: `baseline`, `margin`, `alpha` and `family`, the comparisons that they cover together.
    taken : DataFrame
        The samples that were judged.
    """

    table: pd.DataFrame
    sequence: pd.DataFrame
    verdicts: tuple[str, ...]
    savings: tuple[str, ...]
    rule: Mapping[str, Any]
    taken: pd.DataFrame = field(repr=False)

    @cached_property
    def tested(self) -> Tested:
        """Its comparisons and settings, for a registration; no size was fixed."""
        pairs = list(zip(self.table["model"], self.table["condition"], strict=True))
        before = [(model, self.rule["baseline"]) for model, _ in pairs]
        arms = tuple(dict.fromkeys([*before, *pairs]))
        return Tested("differences", tuple(map(difference, pairs)), self.rule, source=self, arms=arms, sized=False)

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
    these), as `promptlab.stats.BettingSequence` says. A call that tries failed samples again makes a second sequence,
    with other bets from the first such question on: alpha is that of each of the two, not of both together.

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
    rule = {name: several[0].manifest["stopping"][name] for name in SHARED}
    open_ = set(table.loc[table["verdict"] == "inconclusive", "model"])
    return Decisions(
        table=table,
        sequence=pd.concat([steps for _, steps in found], ignore_index=True),
        verdicts=tuple(decision_sentence(row, rule) for row, _ in found),
        savings=tuple(saving(model, part, model in open_) for model, part in parts.items()),
        rule=rule,
        taken=pd.concat([part.samples for part in parts.values()], ignore_index=True),
    )


def _check(runs: Sequence[Run]) -> None:
    if not runs:
        raise InputError("decisions needs a run; got none")
    for run in runs:
        if not isinstance(run, Run):
            raise InputError(f"decisions reports runs, and got a {type(run).__name__}")
        if not run.manifest.get("stopping"):
            raise InputError(f"{run!r:.120} was made without stop_when=: where its size was fixed before, use compare")
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
        verdict = part.verdict(sequence)
        otherwise = part.verdict(part.sequence(condition, part.missing | part.failed))
        names = {"model": model, "condition": condition, "baseline": part.rule["baseline"]}
        row = {**names, "low": sequence[-1, 0], "high": sequence[-1, 1]}
        row |= {"questions": int(after[-1]), "cap": part.rule["cap"], "units": len(part.units)}
        row |= {"missing": part.lost(condition), "verdict": verdict}
        row |= {"validity": "ok" if otherwise == verdict else "fragile", "one_set": part.one_set(condition)}
        steps = pd.DataFrame(sequence, columns=["low", "high"])
        yield row, steps.assign(**names, questions=after)[[*names, "questions", "low", "high"]]
