"""The crossed design: tidy samples as cells of arms by questions, and signed differences between arms."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from promptlab.comparison.reading import joined_samples, scores_of
from promptlab.errors import unknown
from promptlab.stats.checking import Floats

if TYPE_CHECKING:
    import pandas as pd

FAILURES = ["truncated", "empty", "refused"]
ABSENT = "absent"  # the ending of a sample that was never taken


@dataclass(frozen=True, eq=False)
class Crossed:
    """Samples as rows; `arm` and `question` say to which cell each row belongs."""

    samples: pd.DataFrame
    arms: tuple[tuple[str, str], ...]  # (model, condition), models first, both in order of appearance
    questions: tuple[str, ...]
    clusters: NDArray[np.int64]  # a code for each question; a question without a cluster is its own
    arm: NDArray[np.int64]
    question: NDArray[np.int64]
    score: Floats  # NaN: missing (an infrastructure failure, or never taken)
    ending: NDArray[np.object_]
    answered: NDArray[np.bool_]

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        return np.isnan(self.score)

    @cached_property
    def absent(self) -> NDArray[np.bool_]:
        return np.asarray(self.ending == ABSENT)

    @property
    def taken(self) -> pd.DataFrame:
        """The samples that there are."""
        return self.samples[~self.absent]

    @cached_property
    def failed(self) -> NDArray[np.bool_]:
        """Model failures: truncated, empty, refused or without an answer."""
        return ~self.missing & (np.isin(self.ending, FAILURES) | ~self.answered)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Samples of each cell, missing ones too, (arms, questions)."""
        return self.counted(np.ones(len(self.arm), dtype=bool))

    def counted(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Rows of each cell for which `mask` holds, (arms, questions)."""
        size = len(self.arms), len(self.questions)
        cell = (self.arm * size[1] + self.question)[mask]
        return np.bincount(cell, minlength=size[0] * size[1]).reshape(size)

    def completed(self, together: Collection[str] = ()) -> Crossed:
        """With a missing row for each sample that was never taken: nothing says that it would have been like the rest.

        An arm should have every question that any arm of its model has (or of the models in `together`, if it is one of
        them), with its own largest number of samples.
        """
        owner = np.array(["" if model in together else model for model, _ in self.arms])
        asked = np.array([(self.counts[owner == model] > 0).any(axis=0) for model in owner])
        lacking = np.where(asked, self.counts.max(axis=1, keepdims=True) - self.counts, 0)
        arm, question = np.divmod(np.repeat(np.arange(lacking.size), lacking.ravel()), len(self.questions))
        more = len(arm)
        return (
            self
            if not more
            else replace(
                self,
                samples=_lengthened(self.samples, more),
                arm=np.concatenate([self.arm, arm]),
                question=np.concatenate([self.question, question]),
                score=np.concatenate([self.score, np.full(more, np.nan)]),
                ending=np.concatenate([self.ending, np.full(more, ABSENT, dtype=object)]),
                answered=np.concatenate([self.answered, np.zeros(more, dtype=bool)]),
            )
        )

    def means(self, values: Floats) -> Floats:
        """Mean of one value a row over each cell's samples, (arms, questions); NaN where a cell has none."""
        here = ~np.isnan(values)
        cell = (self.arm * len(self.questions) + self.question)[here]
        size = len(self.arms) * len(self.questions)
        sums, counts = np.bincount(cell, values[here], size), np.bincount(cell, minlength=size)
        means = np.full(size, np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        return means.reshape(len(self.arms), -1)

    def share(self, mask: NDArray[np.bool_]) -> Floats:
        """Share of each arm's rows for which `mask` holds, (arms,)."""
        return np.bincount(self.arm, mask, len(self.arms)) / np.bincount(self.arm, minlength=len(self.arms))

    def models(self) -> list[str]:
        return list(dict.fromkeys(model for model, _ in self.arms))

    def conditions(self, model: str) -> list[str]:
        return [condition for owner, condition in self.arms if owner == model]

    def signs(self, columns: Iterable[dict[tuple[str, str], int]]) -> Floats:
        """Columns such as ``{(model, condition): 1, (model, baseline): -1}`` as a matrix, (columns, arms)."""
        return np.array([[column.get(arm, 0) for arm in self.arms] for column in columns], dtype=float)

    def differences(self, values: Floats, signs: Floats) -> Floats:
        """Signed sum of the arms' question means, (questions, columns); NaN where an arm lacks the question."""
        means = self.means(values).T
        lacking = np.isnan(means).astype(float) @ np.abs(signs).T > 0
        return np.where(lacking, np.nan, np.nan_to_num(means) @ signs.T)


def crossed(runs: Any, conditions: Collection[str] | None = None) -> Crossed:
    """Samples of a DataFrame, of anything with ``to_frame()``, or of a list of those, as a crossed design.

    With `conditions`, only of these; each must occur.
    """
    import pandas as pd

    frame = joined_samples(runs)
    if conditions is not None:
        known = list(map(str, pd.unique(frame["condition"])))
        for name in conditions:
            if name not in known:
                raise unknown("condition", name, known)
        frame = frame[frame["condition"].isin(conditions)].reset_index(drop=True)
    question, questions = pd.factorize(frame["question"].astype(str), sort=True)
    model, models = pd.factorize(frame["model"].astype(str))
    condition, conditions = pd.factorize(frame["condition"].astype(str))
    present, arm = np.unique(model * len(conditions) + condition, return_inverse=True)
    arms = tuple((str(models[i // len(conditions)]), str(conditions[i % len(conditions)])) for i in present)
    return Crossed(
        samples=frame,
        arms=arms,
        questions=tuple(map(str, questions)),
        clusters=_clusters(frame["cluster"], question),
        arm=arm,
        question=question,
        score=scores_of(frame),
        ending=frame["ending"].astype(object).to_numpy(),
        answered=frame["answered"].eq(True).fillna(False).to_numpy(dtype=bool),
    )


def _lengthened(frame: pd.DataFrame, more: int) -> pd.DataFrame:
    """Rows in which nothing stands at the end; yes/no columns stay what they are."""
    nullable = dict.fromkeys(frame.select_dtypes("bool").columns, "boolean")
    return frame.astype(nullable).reindex(range(len(frame) + more))


def _clusters(labels: pd.Series, question: NDArray[np.int64]) -> NDArray[np.int64]:
    import pandas as pd

    codes = pd.factorize(labels.groupby(question).first())[0].astype(np.int64)
    own = codes < 0
    codes[own] = codes.max(initial=0) + 1 + np.arange(own.sum())
    return codes
