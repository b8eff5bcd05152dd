"""`QuestionSet`: checked questions with the pool that their exemplars are drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar, overload

from promptlab import markup
from promptlab.errors import InputError, unknown
from promptlab.questions.checks import check_count, check_questions, shortened
from promptlab.textnorm import normalise
from promptlab.types import Question, digest
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
COLUMNS = ("id", "question", "answer", "answers", "kind", "choices", "cluster", "rationale")


def shuffled(items: Iterable[T], n: int | None, seed: int) -> list[T]:
    """`n` items in a random order that depends on `seed` alone: a smaller `n` gives a prefix of a larger one."""
    order = list(items)
    Random(f"questions/{seed}").shuffle(order)
    return order[:n]


@dataclass(frozen=True, repr=False, eq=False)
class QuestionSet(Sequence[Question]):
    """An immutable sequence of questions. A slice is a `QuestionSet` with the same pool.

    Parameters
    ----------
    questions
        The questions; ids and normalised texts must be unique, every question has a text and an answer.
    name
        Short name, used in tables and figures.
    pool
        Questions from which exemplars are drawn, with ``meta["rationale"]`` where there is a worked solution. No
        question may stand in both.
    origin
        Where it all came from, JSON-able; it goes into a run's manifest.

    Examples
    --------
    >>> two = QuestionSet((Question("a", "1 + 1?", ("2",)), Question("b", "1 + 2?", ("3",))), "sums")
    >>> two
    QuestionSet('sums', 2 questions, no pool)
    >>> two[:1].select(["a"])[0].text
    '1 + 1?'
    """

    questions: tuple[Question, ...]
    name: str = "questions"
    pool: tuple[Question, ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "questions", tuple(self.questions))
        object.__setattr__(self, "pool", tuple(self.pool))
        check_questions(self.questions, [f"question {i}" for i in range(len(self.questions))])
        check_questions(self.pool, [f"pool question {i}" for i in range(len(self.pool))])
        self._check_pool()

    def _check_pool(self) -> None:
        asked = {normalise(question.text): question.id for question in self.questions}
        for exemplar in self.pool:
            same = asked.get(normalise(exemplar.text))
            if same is not None:
                raise InputError(
                    f"question {same!r} also stands in the pool, as {exemplar.id!r}: {shortened(exemplar.text)}; "
                    "an exemplar must not give away a question"
                )

    @cached_property
    def hash(self) -> str:
        """Digest of the contents: questions, answers and pool, not the name or the origin."""
        return digest([[_content(q) for q in part] for part in (self.questions, self.pool)])

    def __len__(self) -> int:
        return len(self.questions)

    def __iter__(self) -> Iterator[Question]:
        return iter(self.questions)

    @overload
    def __getitem__(self, index: int) -> Question: ...
    @overload
    def __getitem__(self, index: slice) -> QuestionSet: ...
    def __getitem__(self, index: int | slice) -> Question | QuestionSet:
        if isinstance(index, slice):
            return self._changed(self.questions[index], slice=[index.start, index.stop, index.step])
        return self.questions[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, QuestionSet) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def _changed(
        self, questions: Iterable[Question], pool: Iterable[Question] | None = None, **change: Any
    ) -> QuestionSet:
        """Other questions (and pool), with a note in the origin of what was done."""
        origin = {**self.origin, "changes": [*self.origin.get("changes", ()), change]}
        return replace(self, questions=tuple(questions), pool=self.pool if pool is None else tuple(pool), origin=origin)

    def with_pool(self, pool: Iterable[Question]) -> QuestionSet:
        """The same questions with another exemplar pool."""
        exemplars = tuple(pool)
        return self._changed(self.questions, exemplars, with_pool=len(exemplars))

    def hold_out_pool(self, n: int, seed: int = 0) -> QuestionSet:
        """Take `n` questions out of the set, at random, and make them its pool."""
        check_count(n, repr(self.name), len(self))
        if n == len(self):
            raise InputError(f"n={n} would leave no question in {self.name!r}; hold out fewer")
        pool = shuffled(self.questions, n, seed)
        taken = {question.id for question in pool}
        rest = (question for question in self.questions if question.id not in taken)
        return self._changed(rest, pool, hold_out_pool={"n": n, "seed": seed})

    def sample(self, n: int, seed: int = 0) -> QuestionSet:
        """`n` questions at random; with the same seed a smaller sample is a prefix of a larger one."""
        check_count(n, repr(self.name), len(self))
        return self._changed(shuffled(self.questions, n, seed), sample={"n": n, "seed": seed})

    def select(self, ids: Iterable[str]) -> QuestionSet:
        """The questions with these ids, in this order."""
        by_id, wanted = {question.id: question for question in self.questions}, list(ids)
        for one in wanted:
            if one not in by_id:
                raise unknown("question id", one, list(by_id)[:20])
        return self._changed((by_id[one] for one in wanted), select=len(wanted))

    def to_frame(self) -> pd.DataFrame:
        """One row a question: id, question, answer (the first), the fields that are in use, and the meta values.

        `load_questions` reads it back, also through CSV, JSON lines and Parquet.
        """
        import pandas as pd

        frame = pd.DataFrame([_row(question) for question in self.questions])
        return frame if len(frame) else pd.DataFrame(columns=["id", "question", "answer", "kind"])

    def __repr__(self) -> str:
        clusters = len({question.cluster for question in self.questions} - {None})
        grouped = f" in {counted(clusters, 'cluster')}" if clusters else ""
        pool = f"pool of {len(self.pool)}" if self.pool else "no pool"
        return f"QuestionSet({self.name!r}, {counted(len(self), 'question')}{grouped}, {pool})"

    def _repr_html_(self) -> str:
        shown = [(q.id, q.text, ", ".join(q.answers), q.cluster or "") for q in self.questions[:5]]
        more = markup.muted(f"... {len(self) - len(shown)} more; hash {self.hash[:8]}")
        return markup.card(repr(self), markup.table(("id", "question", "answers", "cluster"), shown), more)


def _content(question: Question) -> list[Any]:
    q, rationale = question, question.meta.get("rationale")
    return [q.id, q.text, list(q.answers), q.kind, list(q.choices), q.cluster, rationale]


def _row(question: Question) -> dict[str, Any]:
    q = question
    row: dict[str, Any] = {"id": q.id, "question": q.text, "answer": q.answers[0], "kind": q.kind}
    row |= {"answers": list(q.answers)} if len(q.answers) > 1 else {}
    row |= {"choices": list(q.choices)} if q.choices else {}
    row |= {"cluster": q.cluster} if q.cluster is not None else {}
    return row | {key: value for key, value in q.meta.items() if key not in row}
