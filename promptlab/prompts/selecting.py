"""Orders of preference over a pool: a question's exemplars are the first k that do not repeat it."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from promptlab.errors import InputError, unknown
from promptlab.types import Question

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILTER, RANK, REGROUP = range(3)  # the only sensible order: whom to ask, in what order, one group after the other


@dataclass(frozen=True)
class Asked:
    """A question, the name of its draw, what measures how similar exemplars are to it, and what finds repeats of it."""

    question: Question
    key: str
    similar: Callable[[Sequence[Question]], NDArray[np.float64]]
    repeated: Callable[[Question], object]


@dataclass(frozen=True)
class Step(ABC):
    """One idea of which exemplars to prefer; ``OwnKind() + Nearest()`` joins two into a `Ranking`."""

    name: ClassVar[str]
    stage: ClassVar[int] = RANK
    drawn: ClassVar[bool] = False  # whether another draw gives others

    @abstractmethod
    def ranked(self, asked: Asked, candidates: Sequence[Question]) -> Iterable[Question]:
        """The candidates, or some of them, in the order of preference; a later step may leave the rest unlooked at."""

    def __add__(self, then: Step | Ranking) -> Ranking:
        return Ranking((self,)) + then


class Random(Step):
    """At random: a draw."""

    name, drawn = "random", True

    def ranked(self, asked: Asked, candidates: Sequence[Question]) -> Iterable[Question]:
        return [candidates[i] for i in _shuffled(len(candidates), asked.key)]


class Fixed(Random):
    """One draw for every question: the same exemplars, but for a question that one of them repeats."""

    name, drawn = "fixed", False


class OwnKind(Step):
    """Those of the question's own `cluster` alone."""

    name, stage = "own-kind", FILTER

    def ranked(self, asked: Asked, candidates: Sequence[Question]) -> Iterable[Question]:
        return [other for other in candidates if other.cluster is not None and other.cluster == asked.question.cluster]


class Nearest(Step):
    """Most similar first; equals in the order of the one draw."""

    name = "nearest"
    sign: ClassVar[int] = -1

    def ranked(self, asked: Asked, candidates: Sequence[Question]) -> Iterable[Question]:
        order = np.array(_shuffled(len(candidates), asked.key), dtype=int)
        by_similarity = np.argsort(self.sign * asked.similar(candidates)[order], kind="stable")
        return [candidates[i] for i in order[by_similarity]]


class MostDifferent(Nearest):
    """Least similar first; equals in the order of the one draw."""

    name = "most-different"
    sign = 1


class Balanced(Step):
    """One of each label in turn: `answers[0]` where exemplars are of kind ``label``, else their `cluster`.

    What repeats the question has no turn: passed over later, it would cost its label a place.
    """

    name, stage = "balanced", REGROUP

    def ranked(self, asked: Asked, candidates: Sequence[Question]) -> Iterable[Question]:
        groups: dict[str, list[Question]] = {}
        for exemplar in candidates:
            groups.setdefault(_label(exemplar), []).append(exemplar)
        usable = ((one for one in group if not asked.repeated(one)) for group in groups.values())
        in_turn = chain.from_iterable(zip_longest(*usable))
        return (exemplar for exemplar in in_turn if exemplar is not None)


STEPS = {step.name: step for step in (Random(), OwnKind(), Fixed(), Nearest(), MostDifferent(), Balanced())}


@dataclass(frozen=True)
class Ranking:
    """Steps, one after the other: ``own-kind+nearest+balanced``. Without a step that orders, the order is random."""

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        stages = [step.stage for step in self.steps]
        if stages != sorted(set(stages)):
            raise InputError(
                f"select={self.name!r}: join own-kind, then one of random, fixed, nearest and most-different, then "
                "balanced; each may be left out"
            )

    def __add__(self, then: Step | Ranking) -> Ranking:
        return Ranking((*self.steps, *(then.steps if isinstance(then, Ranking) else (then,))))

    @property
    def name(self) -> str:
        return "+".join(step.name for step in self.steps)

    @property
    def drawn(self) -> bool:
        return any(step.drawn for step in self._whole)

    @property
    def by_similarity(self) -> bool:
        return any(isinstance(step, Nearest) for step in self.steps)

    @property
    def _whole(self) -> Iterable[Step]:
        ordered = any(step.stage == RANK for step in self.steps)
        return self.steps if ordered else sorted((*self.steps, Random()), key=lambda step: step.stage)

    def ranked(self, asked: Asked, pool: Iterable[Question]) -> Iterable[Question]:
        """The pool, or a part of it, in the order of preference."""
        for step in self._whole:
            pool = step.ranked(asked, tuple(pool))
        return pool


def ranking_of(select: str | Step | Ranking) -> Ranking:
    """A ranking from its name, as it stands in a YAML file."""
    if isinstance(select, Ranking):
        return select
    if isinstance(select, Step):
        return Ranking((select,))
    names = str(select).split("+")
    for name in names:
        if name not in STEPS:
            raise unknown("select of few_shot", name, (*STEPS, "given"))
    return Ranking(tuple(STEPS[name] for name in names))


@lru_cache(maxsize=4_096)
def _shuffled(n: int, key: str) -> tuple[int, ...]:
    return tuple(random.Random(key).sample(range(n), n))


def _label(exemplar: Question) -> str:
    label = exemplar.answers[0] if exemplar.kind == "label" and exemplar.answers else exemplar.cluster
    if label is None:
        raise InputError(
            f"select='balanced': exemplar {exemplar.id!r} has no label to balance by: give it a cluster or kind='label'"
        )
    return label
