"""From completions to committed records: what arrives together is graded and committed together."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from promptlab.errors import PromptlabError
from promptlab.records import Scorer
from promptlab.runner.planning import Planned
from promptlab.store import Record, Sample, Store, storable
from promptlab.types import Completion, request_seed

Arrived = tuple[Planned, Completion]

_SLOW = 0.5  # seconds of grading after which a group is committed so far: a slow grader holds nothing back for long
_GRACE = 2.0  # seconds in which grading may still go on after Ctrl-C


class Recorder:
    """Grades and commits what arrives.

    Attributes
    ----------
    stored
        Samples committed, failed ones not counted.
    failed, errors
        Failed samples committed: how many, and by reason.
    paid
        Samples and tokens of this call, copied ones not counted; `tokens_not_told`: samples whose tokens are not known.
    failure
        Why grading stopped. Completions are then kept without a grade: they have been paid for.
    """

    def __init__(self, store: Store, scorer: Scorer) -> None:
        self.stored = self.failed = 0
        self.errors: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self.failure: PromptlabError | None = None
        self._store, self._scorer = store, scorer
        self._until = math.inf

    def hurry(self) -> None:
        """The user waits: what is not graded soon is kept without a grade, and the next call grades it."""
        self._until = time.monotonic() + _GRACE

    def commit(self, group: Sequence[Arrived], origin: str = "", created: Mapping[str, float | None] = {}) -> None:
        """Grade and store a group in the calling thread, as one transaction unless grading is slow.

        For samples that are copied, `origin` is their run and `created` when they were made, by key.
        """
        records, since = [], time.monotonic()
        for arrived in group:
            records.append(self._record(*arrived, origin, created.get(arrived[0].key)))
            if time.monotonic() > since + _SLOW:
                self._commit(records, paid=not origin)
                records, since = [], time.monotonic()
        self._commit(records, paid=not origin)

    def _commit(self, records: Sequence[Record], *, paid: bool) -> None:
        self._store.commit(records, self._scorer.identity)
        for record in records:
            self._count(record.sample.completion, paid=paid)

    def _record(self, planned: Planned, completion: Completion, origin: str, created: float | None) -> Record:
        cell, completion = planned.cell, storable(completion)
        place = cell.question.id, cell.condition, cell.draw, cell.replicate, planned.index
        seed = request_seed(planned.key)
        sample = Sample(planned.key, *place, planned.prompt.hash, seed, completion, origin, created)
        if self.failure or time.monotonic() > self._until:
            return Record(sample, planned.prompt)
        try:
            return Record(sample, planned.prompt, *self._scorer(*planned.asked, completion))
        except PromptlabError as problem:
            self.failure = problem
            return Record(sample, planned.prompt)

    def _count(self, completion: Completion, *, paid: bool) -> None:
        if completion.ending == "error":
            self.failed += 1
            self.errors[completion.error[:100] or "no reason given"] += 1
        else:
            self.stored += 1
        if paid:
            self.paid["requests"] += 1
            self.paid["prompt_tokens"] += completion.prompt_tokens or 0
            self.paid["completion_tokens"] += completion.completion_tokens or 0
            self.paid["tokens_not_told"] += completion.completion_tokens is None and completion.ending != "error"
