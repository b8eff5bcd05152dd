"""Questions in random order, some at a time, until a rule says that everything is decided."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Protocol

from promptlab import given
from promptlab.records import Run
from promptlab.runner.lazy import Lazy
from promptlab.runner.planning import Planned
from promptlab.store import Store
from promptlab.types import Question, digest
from promptlab.wording import counted


class StopRule(Protocol):
    """What `stop_when` of `run` takes; `promptlab.decided` makes one."""

    @property
    def batch(self) -> int:
        """Questions between two looks, at least."""

    def fixed(self, conditions: Sequence[str]) -> dict[str, Any]:
        """What is fixed before the first question, as plain values; `InputError` where the conditions do not fit."""

    def settled(self, run: Run) -> bool:
        """Whether nothing more has to be asked, from what is stored."""


def units(questions: Iterable[Question], seed: int) -> list[list[Question]]:
    """The questions in random order, a list a unit: a question, or all those of one cluster.

    The order comes from seed, ids and clusters alone: it is the same in every call and on every machine, and of fewer
    units it is what remains.
    """
    found: dict[tuple[bool, str], list[Question]] = {}
    for question in sorted(questions, key=lambda question: question.id):
        shared = question.cluster is not None
        found.setdefault((shared, str(question.cluster) if shared else question.id), []).append(question)
    return [found[unit] for unit in sorted(found, key=lambda unit: digest(["stopping", seed, *unit]))]


def _of(ids: Collection[str], todo: Lazy[Planned]) -> Lazy[Planned]:
    return todo.where(lambda planned: planned.cell.question.id in ids)


class Stopping:
    """One call of `run` under a rule, or without one: everything is then one part.

    Attributes
    ----------
    fixed
        For the manifest: what every call on one directory must share. Empty without a rule.
    noted
        For the manifest: what a call may have of its own, and what decides where it stops.
    """

    def __init__(
        self, rule: StopRule | None, conditions: Sequence[str], questions: Sequence[Question], samples: int, seed: int
    ) -> None:
        self.fixed: dict[str, Any] = {}
        self.noted: dict[str, Any] = {}
        self._rule, self._cap = rule, len(questions)
        if rule:
            if not hasattr(rule, "settled"):
                raise given.wrong("stop_when of run", rule, "a rule, such as lab.decided(baseline='zero-shot')")
            self._order = units(questions, seed)
            size = {"samples": samples, "cap": self._cap, "largest": max(map(len, self._order))}
            ids = digest(sorted(question.id for question in questions))
            self.fixed = {"stopping": {**rule.fixed(conditions), **size, "ids": ids}}
            self.noted = {"batch": rule.batch}

    def parts(self, todo: Lazy[Planned], look: Callable[[], Run]) -> Iterator[Lazy[Planned]]:
        """What is to do, as planned, for some whole units at a time, until the rule has seen enough."""
        if not self._rule:
            yield todo
            return
        for ids in self._batches(self._rule.batch):
            yield _of(ids, todo)
            if self._rule.settled(look()):
                return

    def _batches(self, size: int) -> Iterator[set[str]]:
        ids: set[str] = set()
        for unit in self._order:
            ids |= {question.id for question in unit}
            if len(ids) >= size:
                yield ids
                ids = set()
        if ids:
            yield ids

    def ended(self, store: Store) -> str:
        """How a call that came to its end has ended, for the manifest."""
        (asked,) = next(store.rows("SELECT count(DISTINCT question) FROM samples"))
        if not self._rule or asked == self._cap:
            return "completed"
        return f"stopped early after {asked:,} of {counted(self._cap, 'question')}"
