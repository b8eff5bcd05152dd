"""A rule for exemplars bound to a pool: what it picks for a question, and why."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING

from promptlab import given
from promptlab.choices import gold_label, unlettered
from promptlab.errors import InputError
from promptlab.prompts.contents import wrong_answers
from promptlab.prompts.exemplars import Exemplars
from promptlab.prompts.foreign import OTHER_DOMAIN
from promptlab.prompts.selecting import Asked
from promptlab.prompts.similarity import TFIDF, bare, overlap, similarities
from promptlab.types import AnswerFormat, Model, Prompt, Question
from promptlab.wording import counted

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Selector:
    """`Exemplars` and the pool that they come from; made by `Exemplars.on`."""

    rule: Exemplars
    pool: tuple[Question, ...]

    def pick(
        self, question: Question, *, model: Model | None = None, answer_format: AnswerFormat | None = None
    ) -> pd.DataFrame:
        """The exemplars of a question, in the order shown.

        Parameters
        ----------
        question
            The question.
        model
            Counts the tokens of an exemplar, question and answer, without its place in a chat.
        answer_format
            As for `promptlab.run`.

        Returns
        -------
        pandas.DataFrame
            ``rank`` (1: the most preferred), ``id, text, answer`` (as shown), ``cluster``, ``similarity`` (by the
            rule's embedding, else TF-IDF), ``overlap`` (of words; above `max_overlap` nothing is picked) and
            ``tokens``; without a model that counts them ``words``.
        """
        import pandas as pd

        shown, ranks = self.chosen(question), [each.id for each in self._preferred(question)]
        texts = [(each.text, self.rule.show(each, answer_format)) for each in shown]
        frame = pd.DataFrame(
            {
                "rank": [ranks.index(each.id) + 1 for each in shown],
                "id": [each.id for each in shown],
                "text": [text for text, _ in texts],
                "answer": [answer for _, answer in texts],
                "cluster": [each.cluster for each in shown],
                "similarity": self._similarity(question, shown),
                "overlap": [overlap(question.text, each.text) for each in shown],
            }
        )
        return frame.assign(**_lengths(["\n".join(parts).strip() for parts in texts], model))

    def chosen(self, question: Question) -> tuple[Question, ...]:
        """The k exemplars for a question, in the order shown."""
        preferred = self._preferred(given.one("question", question))
        ordered = self._ordered(question, preferred)
        if self.rule.content != "wrong-answers":
            return ordered
        shown = {exemplar.id for exemplar in preferred}
        others = (*self._ranked(question), *self._source, *self.pool)
        return wrong_answers(ordered, [other for other in others if other.id not in shown])

    def _preferred(self, question: Question) -> tuple[Question, ...]:
        """The k exemplars, the most preferred first."""
        if self.rule.ranking is None:
            return self._given(question)
        allowed = (other for other in self._ranked(question) if not _repeats(self.rule, question, other))
        found = tuple(islice(_once(allowed), self.rule.k))
        if len(found) < self.rule.k:
            raise InputError(self._too_few(question, len(found)))
        return found

    def _given(self, question: Question) -> tuple[Question, ...]:
        chosen = self.rule.given[: self.rule.k]
        for exemplar in chosen:
            if why := _repeats(self.rule, question, exemplar):
                raise InputError(
                    f"exemplar {exemplar.id!r} repeats the test question {question.id!r}{why}: {question.text[:80]!r}"
                )
        return chosen

    def _ordered(self, question: Question, chosen: tuple[Question, ...]) -> tuple[Question, ...]:
        if self.rule.order == "as-picked":
            return chosen
        if self.rule.order == "shuffled":
            mixed = tuple(random.Random(f"{self.rule.seed}/{question.id}").sample(chosen, len(chosen)))
            return mixed if mixed != chosen else mixed[1:] + mixed[:1]  # by chance they stood as before
        similar = dict(zip(map(id, chosen), self._similarity(question, chosen), strict=True))
        nearest_first = sorted(chosen, key=lambda exemplar: -similar[id(exemplar)])
        return tuple(nearest_first if self.rule.order == "nearest-first" else reversed(nearest_first))

    @cached_property
    def _source(self) -> Sequence[Question]:
        """Where exemplars are picked from."""
        return OTHER_DOMAIN if self.rule.content == "other-domain" else self.rule.given or self.pool

    def _ranked(self, question: Question) -> Iterable[Question]:
        if self.rule.ranking is None or not self._source:
            return self._source
        key = f"{self.rule.seed}/{self.rule.draw_of(question)}"
        asked = Asked(question, key, partial(self._similarity, question), partial(_repeats, self.rule, question))
        return self.rule.ranking.ranked(asked, self._source)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return tuple(exemplar.text for exemplar in self._source)

    def _similarity(self, question: Question, exemplars: Sequence[Question]) -> NDArray[np.float64]:
        found = similarities(self.rule.embedding or TFIDF, question.text, self._texts)
        if exemplars is self._source:
            return found
        places = _places(self._texts)
        return found[[places[exemplar.text] for exemplar in exemplars]]

    def _too_few(self, question: Question, found: int) -> str:
        if not self._source:
            return (
                "few_shot has no exemplars: render with pool=questions.pool (load_questions(..., pool=FILE) gives"
                " questions one), or name them in few_shot(exemplars=[...])"
            )
        own = "own-kind" in self.rule.selected
        if own and question.cluster is None:
            return f"select='own-kind' of few_shot: question {question.id!r} has no cluster, which would name its kind"
        k, kind = self.rule.k, f" of kind {question.cluster!r}" if own else ""
        return f"few_shot(k={k}): the pool has {counted(found, 'exemplar')}{kind} for question {question.id!r}"


def _once(exemplars: Iterable[Question]) -> Iterator[Question]:
    """Without those that a pool holds again under another name."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for one in exemplars:
        if (one.text, one.choices) not in seen:
            seen.add((one.text, one.choices))
            yield one


def _repeats(rule: Exemplars, question: Question, exemplar: Question) -> str:
    """How an exemplar would give the answer away: as the question in more text or another order, or nearly."""
    if _told_apart(question, exemplar):
        return ""
    asked, shown = bare(question.text), bare(exemplar.text)
    if sorted(asked.split()) == sorted(shown.split()) or f" {asked} " in f" {shown} ":
        return " in its words"
    shared = overlap(question.text, exemplar.text)
    return f" nearly (overlap {shared:.3f}, above max_overlap)" if shared > rule.max_overlap else ""


def _told_apart(question: Question, exemplar: Question) -> bool:
    """Whether options make two questions of one: "Which is true?" is another where most of them are others.

    Not where the right one is the same, or says the same in more words: it would give the answer away.
    """
    ours, theirs = (set(map(bare, unlettered(one.choices))) for one in (question, exemplar))
    others = bool(ours and theirs) and 2 * len(ours & theirs) < min(len(ours), len(theirs))
    return others and not any(_within(a, b) for a in _right(question) for b in _right(exemplar))


def _right(one: Question) -> set[str]:
    """The texts of its right options; its answers, where they name none."""
    texts = unlettered(one.choices)
    try:
        return {bare(texts[ord(gold_label(answer, one.choices)) - ord("A")]) for answer in one.answers}
    except InputError:
        return set(map(bare, one.answers))


def _within(one: str, other: str) -> bool:
    return f" {one} " in f" {other} " or f" {other} " in f" {one} "


@lru_cache(maxsize=8)
def _places(texts: tuple[str, ...]) -> dict[str, int]:
    return {text: place for place, text in enumerate(texts)}


def _lengths(texts: list[str], model: Model | None) -> dict[str, list[int]]:
    counts = [model.count_tokens(Prompt(text=text)) if model else None for text in texts]
    exact = [count for count in counts if count is not None]
    return {"tokens": exact} if len(exact) == len(texts) else {"words": [len(text.split()) for text in texts]}
