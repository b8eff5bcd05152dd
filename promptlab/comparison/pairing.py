"""Live samples beside recorded ones: the cells and questions that both have, and what only one has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.errors import InputError
from promptlab.wording import counted

Ints = NDArray[np.int64]
NAMED = 4  # of what a line lists, so many are named and the rest counted


@dataclass(frozen=True)
class Side:
    """The rows of one side that lie in shared cells (a code each) and on shared questions (a code each)."""

    design: Crossed
    cell: Ints
    question: Ints
    score: Floats
    means: Floats  # (cells, questions); NaN where there is no valid sample
    counts: Ints  # (cells, questions): samples, missing ones too


@dataclass(frozen=True)
class Pairing:
    cells: tuple[tuple[str, str], ...]  # (model, condition) that both sides have, as ordered on the live side
    questions: tuple[str, ...]
    live: Side
    recorded: Side

    @property
    def missing(self) -> Ints:
        """Samples lost to infrastructure failures where the other side was asked, too: (2, cells)."""
        both = (self.live.counts > 0) & (self.recorded.counts > 0)
        sides = (self.live, self.recorded)
        lost = [np.isnan(side.score) & both[side.cell, side.question] for side in sides]
        size = len(self.cells)
        return np.array([np.bincount(s.cell[m], minlength=size) for s, m in zip(sides, lost, strict=True)])


def paired(live: Any, recorded: Any) -> Pairing:
    """Find what both sides have.

    Raises
    ------
    InputError
        There is no such cell or question, or a gold answer is not the same.
    """
    ours, theirs = _read(live, "live"), _read(recorded, "recorded")
    _shared("model", ours.models(), theirs.models())
    arms = [" under ".join(arm) for arm in ours.arms], [" under ".join(arm) for arm in theirs.arms]
    _shared("condition", *arms)
    cells = tuple(arm for arm in ours.arms if arm in set(theirs.arms))
    questions = tuple(_shared("question", ours.questions, theirs.questions))
    _same_gold(ours, theirs, questions)
    pairing = Pairing(cells, questions, *(_side(design, cells, questions) for design in (ours, theirs)))
    if not ((pairing.live.counts > 0) & (pairing.recorded.counts > 0)).any():
        raise InputError("live and recorded share conditions and questions, but no question under the same condition")
    return pairing


def unchecked(pairing: Pairing) -> list[str]:
    """A line for each kind of live samples that have no recorded counterpart, and for missing samples."""
    ours, theirs = pairing.live.design, pairing.recorded.design
    models = [model for model in ours.models() if model not in theirs.models()]
    cells = [" under ".join(a) for a in ours.arms if a not in pairing.cells and a[0] not in models]
    questions = sorted(set(ours.questions) - set(theirs.questions))
    found = [
        f"not checked: {counted(len(names), f'live {what}')} without recorded samples: {listed(names)}"
        for what, names in (("model", models), ("condition", cells), ("question", questions))
        if names
    ]
    lone = ((pairing.live.counts > 0) & (pairing.recorded.counts == 0)).sum(axis=1)
    if lone.any():
        where = listed(f"{n} under {' of '.join(cell[::-1])}" for n, cell in zip(lone, pairing.cells, strict=True) if n)
        found.append(f"not checked: live questions that were not recorded in their cell: {where}")
    lost = pairing.missing.sum(axis=1)
    if lost.any():
        found.append(f"missing after infrastructure failures: {lost[0]} live and {lost[1]} recorded samples")
    return found


def listed(names: Iterable[str], between: str = ", ") -> str:
    """The first names, and how many more.

    >>> listed(["a", "b"]), listed("abcdefg")
    ('a, b', 'a, b, c, d and 3 more')
    """
    every = list(names)
    more = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return between.join(every[:NAMED]) + more


def _read(runs: Any, side: str) -> Crossed:
    try:
        return crossed(runs)
    except InputError as problem:
        raise InputError(f"{side}: {problem}") from None


def _shared(what: str, ours: Iterable[str], theirs: Iterable[str]) -> list[str]:
    known, there = list(ours), list(theirs)
    both = set(known) & set(there)
    if not both:
        raise InputError(f"no {what} is in both: live has {listed(known)}; recorded has {listed(there)}")
    return [name for name in known if name in both]


def _side(design: Crossed, cells: tuple[tuple[str, str], ...], questions: tuple[str, ...]) -> Side:
    cell = _codes(design.arms, cells)[design.arm]
    question = _codes(design.questions, questions)[design.question]
    here = (cell >= 0) & (question >= 0)
    shape = len(cells), len(questions)
    place = cell[here] * shape[1] + question[here]
    counts = np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape)
    rows = [design.arms.index(arm) for arm in cells]
    columns = [design.questions.index(name) for name in questions]
    means = design.means(design.score)[np.ix_(rows, columns)]
    return Side(design, cell[here], question[here], design.score[here], means, counts)


def _codes(names: Iterable[Any], shared: Iterable[Any]) -> Ints:
    """For each name its place among the shared ones, -1 where it is none of them."""
    place = {name: i for i, name in enumerate(shared)}
    return np.array([place.get(name, -1) for name in names])


def _same_gold(ours: Crossed, theirs: Crossed, questions: tuple[str, ...]) -> None:
    """Ids are only names: where both sides know the gold answers, these say whether the questions are the same."""
    if "gold" not in ours.samples or "gold" not in theirs.samples:
        return
    live, recorded = _gold(ours), _gold(theirs)
    unlike = [q for q in questions if q in live and q in recorded and live[q] != recorded[q]]
    if unlike:
        first = unlike[0]
        raise InputError(
            f"gold answers differ for {counted(len(unlike), 'question')}: {first!r} has {live[first]!r} live and "
            f"{recorded[first]!r} recorded; these are not the same questions"
        )


def _gold(design: Crossed) -> dict[str, str]:
    known = design.samples[["question", "gold"]].dropna().astype(str).drop_duplicates("question")
    return dict(zip(known["question"], known["gold"], strict=True))
