"""A completion's grade and features: computed in one place, for the running model and for stored completions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from promptlab import traces
from promptlab.errors import PromptlabError
from promptlab.grading import grade
from promptlab.prompts.shuffling import Shuffled, as_asked
from promptlab.store import Record, Sample, Store
from promptlab.types import AnswerFormat, Completion, Grade, Grader, Prompt, Question

_CHUNK = 500  # samples graded and committed at once


@dataclass(frozen=True)
class Scorer:
    """A grader with the run's answer format. What goes wrong in it is a `PromptlabError` that names the question.

    Called with the question as the sample showed it, it gives the answer in the letters of the question as given.
    """

    grader: Grader
    answer_format: AnswerFormat | None = None

    @property
    def identity(self) -> tuple[str, str]:
        return self.grader.name, self.grader.version

    def __call__(self, question: Question, prompt: Prompt, completion: Completion) -> tuple[Grade, dict[str, Any]]:
        found = grade(self.grader, question, completion, self.answer_format)
        try:
            features = traces.features(question, prompt, completion, found)
        except Exception as problem:  # a grader of the user's may return a Grade that features cannot be told from
            what = f"{type(problem).__name__}: {problem}"
            raise PromptlabError(f"features of question {question.id!r}, grade {found!r:.200}: {what}") from problem
        return (question.original(found) if isinstance(question, Shuffled) else found), features


def grade_stored(store: Store, keys: Sequence[str], scorer: Scorer) -> None:
    """Grade stored samples; calls no model. Each group of samples is one transaction."""
    questions = {question.id: question for question in store.questions()}
    factors = store.conditions()
    prompt_of = lru_cache(maxsize=1_024)(store.prompt)  # the samples of one cell follow one another

    def graded(sample: Sample) -> Record:
        asked = as_asked(questions[sample.question], factors[sample.condition], sample.sample)
        prompt = prompt_of(sample.prompt)
        return Record(sample, prompt, *scorer(asked, prompt, sample.completion))

    records = map(graded, store.samples(keys))
    while group := list(islice(records, _CHUNK)):
        store.add_grades(group, scorer.identity)
