"""From the records of a run under a rule to its confidence sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from promptlab.comparison.crossed import FAILURES, Floats
from promptlab.comparison.validity import decide
from promptlab.records import Run
from promptlab.runner.stopping import units
from promptlab.stats import BettingSequence
from promptlab.types import Question

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Asked:
    """What a run has asked so far: the complete units at the start of its order, and their samples."""

    rule: Mapping[str, Any]  # as `Decided.fixed` and the runner have made it
    units: list[list[Question]]
    samples: pd.DataFrame

    @cached_property
    def ids(self) -> list[str]:
        return [question.id for unit in self.units for question in unit]

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Questions of each unit."""
        return np.array([len(unit) for unit in self.units], dtype=np.int64)

    @cached_property
    def missing(self) -> pd.Series:
        return self.samples["score"].isna()

    @cached_property
    def failed(self) -> pd.Series:
        """Model failures: truncated, empty, refused or without an answer."""
        return self.samples["ending"].isin(FAILURES) | ~self.samples["answered"]

    def sequence(self, condition: str, open_: pd.Series) -> Floats:
        """Low and high of the difference to the baseline, before the first unit and after each.

        Samples in `open_` may have any score: each counts at its worst for either side.
        """
        baseline, start = self.rule["baseline"], [[-1.0, 1.0]]
        if not self.units:
            return np.array(start)
        low = self._means(condition, open_, 0) - self._means(baseline, open_, 1)
        high = self._means(condition, open_, 1) - self._means(baseline, open_, 0)
        betting = BettingSequence(self.rule["alpha"] / self.rule["family"], largest=self.rule["largest"])
        return np.concatenate([start, betting.add(low, high, self.sizes)])

    def verdict(self, sequence: Floats) -> str:
        """What its last interval decides; one that closed upon nothing decides nothing."""
        low, high = sequence[-1]
        return decide(low, high, self.rule["margin"]) if low < high else "inconclusive"

    def _means(self, condition: str, open_: pd.Series, score: float) -> Floats:
        """Mean score of each unit in one arm, with this score where it is open."""
        here = self.samples["condition"] == condition
        filled = self.samples["score"].mask(open_, score)[here]
        questions = filled.groupby(self.samples["question"][here], observed=True).mean().reindex(self.ids)
        return np.asarray(np.add.reduceat(questions.to_numpy(), np.cumsum(self.sizes) - self.sizes) / self.sizes)

    def lost(self, condition: str) -> int:
        """Questions with a missing sample in either arm."""
        arms = self.samples["condition"].isin([condition, self.rule["baseline"]])
        return int(self.samples["question"][arms & self.missing].nunique())

    def one_set(self, condition: str) -> bool:
        """Whether this arm showed one exemplar set only."""
        rows = self.samples[self.samples["condition"] == condition]
        return bool((rows["shots"] > 0).any() and rows["draw"].nunique() == 1)


def asked(run: Run) -> Asked:
    """Read a run. What was taken beyond the first incomplete unit waits for its turn."""
    rule, frame = run.manifest["stopping"], run.to_frame(completion=False, reasoning=False)
    taken = frame.groupby(["question", "condition"], observed=True).size().unstack(fill_value=0)
    arms = [rule["baseline"], *rule["conditions"]]
    full = (taken.reindex(columns=arms, fill_value=0) >= rule["samples"]).all(axis=1)
    done = set(full.index[full])
    order = units(run.questions, run.manifest["seed"])
    complete = list(takewhile(lambda unit: all(question.id in done for question in unit), order))
    ids = [question.id for unit in complete for question in unit]
    return Asked(rule, complete, frame[frame["question"].isin(ids)])
