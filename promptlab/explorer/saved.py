"""A saved run as arrays, so that a filter over a million samples is a comparison of small integers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from promptlab.errors import InputError
from promptlab.records import Run
from promptlab.records.flagging import Flag, Place, change_flag, stamp_of
from promptlab.records.showing import Card
from promptlab.types import Question

ANY = "any"
LOST, GAINED = "right on the left, wrong on the right", "wrong on the left, right on the right"
PAIRS = (ANY, LOST, GAINED)
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which questions to look at: `ending` and `grade` speak of the left condition's samples.

    `pairs` speaks of the mean scores, and of the two samples that are then shown.
    """

    left: str
    right: str
    ending: str = ANY
    grade: str = ANY
    pairs: str = ANY
    flagged: bool = False


class Saved:
    """The samples of one run, without their texts: these are read one at a time."""

    def __init__(self, run: Run) -> None:
        import pandas as pd

        self.run, self.questions, self.conditions = run, run.questions, run.conditions
        self.rows = run.index()
        self._flags, self._stamp = run.flags, stamp_of(run.path)
        ids = [question.id for question in self.questions]
        self._question = pd.Categorical(self.rows["question"], categories=ids).codes.astype(np.int64)
        self._condition = pd.Categorical(self.rows["condition"], categories=self.conditions).codes.astype(np.int64)
        cell = self._condition * len(ids) + self._question
        self._order = np.lexsort((self.rows["sample"], cell))
        self._starts = np.searchsorted(cell[self._order], np.arange(len(ids) * len(self.conditions) + 1))

    @property
    def flags(self) -> dict[Place, Flag]:
        """As they are on disk now: another explorer may have written some."""
        if (now := stamp_of(self.run.path)) != self._stamp:
            self._flags, self._stamp = self.run.flags, now
        return self._flags

    @cached_property
    def endings(self) -> tuple[str, ...]:
        return (ANY, *sorted(self.rows["ending"].unique()))

    @cached_property
    def grades(self) -> tuple[str, ...]:
        return (ANY, *sorted(self.rows["status"].unique()))

    @cached_property
    def _score(self) -> NDArray[np.float64]:
        return self.rows["score"].to_numpy(float)

    @cached_property
    def _means(self) -> NDArray[np.float64]:
        """Mean score of each condition (a row) on each question; NaN where there is none."""
        score, cell = self._score, self._condition * len(self.questions) + self._question
        known = ~np.isnan(score)
        size = len(self.conditions) * len(self.questions)
        with np.errstate(invalid="ignore"):
            sums = np.bincount(cell[known], score[known], size) / np.bincount(cell[known], minlength=size)
        return sums.reshape(len(self.conditions), len(self.questions))

    def found(self, wanted: Filter) -> Ints:
        """The numbers of the questions that fit, in their order; pairs that differ most come first."""
        sides = self._sides(wanted)
        here = np.unique(self._question[sides[0]])
        if wanted.flagged:
            here = np.intersect1d(here, self._question[(sides[0] | sides[1]) & self._flagged()])
        if wanted.pairs == ANY:
            return here
        left, right = (self._means[self.conditions.index(name)][here] for name in (wanted.left, wanted.right))
        drop = left - right if wanted.pairs == LOST else right - left
        order = np.argsort(-drop, kind="stable")
        return here[order][(drop[order] > 0) & self._apart(wanted, *sides)[here[order]]]

    def _apart(self, wanted: Filter, left: NDArray[np.bool_], right: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Questions on which the samples to show differ as the pairs do: a filter may leave none that does."""
        sign = 1 if wanted.pairs == LOST else -1
        best, worst = self._highest(left, sign), -self._highest(right, -sign)
        return best > worst

    def _highest(self, rows: NDArray[np.bool_], sign: int) -> NDArray[np.float64]:
        """The highest of `sign` times the scores of these rows, by question."""
        scores, known = np.full(len(self.questions), -np.inf), rows & ~np.isnan(self._score)
        np.maximum.at(scores, self._question[known], sign * self._score[known])
        return scores

    def _sides(self, wanted: Filter) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """The samples that may be shown on each side (with `flagged`: those of a question's that are, if any is)."""
        left, right = (self._condition == self.conditions.index(name) for name in (wanted.left, wanted.right))
        for column, value in (("ending", wanted.ending), ("status", wanted.grade)):
            if value != ANY:
                left &= (self.rows[column] == value).to_numpy()
        if not wanted.flagged:
            return left, right
        flags = self._flagged()
        return self._preferring(left, flags), self._preferring(right, flags)

    def _preferring(self, rows: NDArray[np.bool_], flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The flagged ones of these rows, and all those of a question where none is flagged."""
        some = np.zeros(len(self.questions), dtype=bool)
        some[self._question[rows & flags]] = True
        return rows & (flags | ~some[self._question])

    def _flagged(self) -> NDArray[np.bool_]:
        known = self.flags
        marked = {place[1] for place, said in known.items() if said.flag}
        wanted = [i for i, question in enumerate(self.questions) if question.id in marked]
        near = np.flatnonzero(np.isin(self._question, wanted))
        flags = np.zeros(len(self.rows), dtype=bool)
        flags[[i for i in near if known.get(self.place(int(i)), Flag()).flag]] = True
        return flags

    def samples(self, condition: str, question: int) -> Ints:
        """The rows of one cell, in the order of their samples."""
        cell = self.conditions.index(condition) * len(self.questions) + question
        return self._order[self._starts[cell] : self._starts[cell + 1]]

    def shown(self, wanted: Filter, question: int) -> tuple[int, int]:
        """The row to show on each side, -1 where there is none: the first that the filter is about."""
        cells = self.samples(wanted.left, question), self.samples(wanted.right, question)
        sides = [cell[fits[cell]] for cell, fits in zip(cells, self._sides(wanted), strict=True)]
        best = {LOST: (1, -1), GAINED: (-1, 1)}.get(wanted.pairs, (0, 0))
        return tuple(self._first(side, sign) for side, sign in zip(sides, best, strict=True))  # type: ignore[return-value]

    def _first(self, rows: Ints, sign: int) -> int:
        """The first row with the highest score (`sign` 1), the lowest (-1), or at all (0)."""
        scores = -sign * np.nan_to_num(self._score[rows], nan=0.5)
        return int(rows[np.argmin(scores)]) if len(rows) else -1

    def place(self, row: int) -> Place:
        at = self.rows.iloc[row]
        return str(at["condition"]), str(at["question"]), int(at["replicate"]), int(at["sample"])

    def question(self, number: int) -> Question:
        return self.questions[number]

    def card(self, row: int) -> Card:
        return self.run.card(self.rows.iloc[row])

    def said(self, row: int) -> Flag:
        """What is said of a sample."""
        return self.flags.get(self.place(row), Flag())

    def flag(self, row: int, flag: bool) -> None:
        """Flag a sample, or take the flag back; its note stays."""
        change_flag(self.run.path, self.place(row), flag=flag)

    def annotate(self, row: int, note: str, seen: str) -> None:
        """Put a note in the place of the one that was seen; the flag stays.

        Raises
        ------
        InputError
            Somebody has written another one in the meantime.
        """
        if (now := self.said(row).note) not in (seen, note):
            raise InputError(
                f"another explorer has written a note on this sample, which stays: {now!r}. Yours was {note!r}: add it"
            )
        change_flag(self.run.path, self.place(row), note=note)
