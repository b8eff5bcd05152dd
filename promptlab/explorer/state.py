"""What is on screen as one frozen value; prompts and settings are pure functions of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from promptlab.errors import InputError
from promptlab.formats import FORMATS
from promptlab.models.opening import profile_behind
from promptlab.prompts import Condition, condition_from
from promptlab.questions import QuestionSet, load_questions
from promptlab.types import AnswerFormat, Prompt, Question, Sampling

Spec = str | dict[str, Any]  # a condition, as `condition_from` takes it


@dataclass(frozen=True, kw_only=True)
class State:
    """What the explorer shows.

    Parameters
    ----------
    model
        A name for `open_model`, or the name of an open model that the explorer was given.
    questions
        Options of `load_questions`.
    question
        The id of the question on screen.
    conditions
        What `condition_from` takes, side by side; the first is the baseline.
    answer_format, max_tokens, temperature, top_p, seed, samples
        As for `promptlab.run`; `samples` is K.
    n, margin
        "On n questions": how many at most, and the margin within which a condition counts as equivalent.
    """

    model: str
    questions: Mapping[str, Any]
    question: str = ""
    conditions: tuple[Spec, ...] = ("zero-shot", {"few-shot": {"k": 3}})
    answer_format: str | None = None
    samples: int = 4
    max_tokens: int = 512
    temperature: float = 0.6
    top_p: float = 0.95
    seed: int = 0
    n: int = 40
    margin: float | None = None


@dataclass
class Current:
    """The state on screen, and who wants to know when it changes."""

    state: State
    watchers: list[Callable[[State], object]] = field(default_factory=list)

    def change(self, **parts: Any) -> None:
        """Replace parts of the state; everybody hears of it, unless nothing is new."""
        new = replace(self.state, **parts)
        if new != self.state:
            self.state = new
            for watcher in list(self.watchers):
                watcher(self.state)  # which an earlier watcher may have changed further


class OnScreen(tuple[Question, ...]):
    """The question on screen, to plan samples for: a `QuestionSet` of one would check its whole pool again."""

    pool: tuple[Question, ...] = ()


def questions_of(state: State) -> QuestionSet:
    return _loaded(json.dumps(dict(state.questions), sort_keys=True))


@lru_cache(maxsize=16)
def _loaded(options: str) -> QuestionSet:
    return load_questions(**json.loads(options))


def sliced(state: State) -> dict[str, Any]:
    """The options that load the first `n` of the questions, in the order of their seed."""
    return {**state.questions, "n": state.n}


def question_of(state: State) -> Question:
    """The question on screen; the first where none is chosen."""
    questions = questions_of(state)
    wanted = state.question or questions[0].id
    return next((q for q in questions if q.id == wanted), None) or questions.select([wanted])[0]


def on_screen(state: State) -> OnScreen:
    """The same with the pool that its exemplars are picked from."""
    asked = OnScreen([question_of(state)])
    asked.pool = questions_of(state).pool
    return asked


def found(questions: QuestionSet, words: str) -> list[Question]:
    """The questions that hold all these words in their text or id."""
    wanted = words.casefold().split()
    return [q for q in questions if all(word in f"{q.id}\n{q.text}".casefold() for word in wanted)]


def kind_of(spec: Spec) -> tuple[str, dict[str, Any]]:
    """A condition's kind and its options."""
    kind, options = (spec, {}) if isinstance(spec, str) else next(iter(spec.items()))
    return kind, dict(options or {})


def format_of(state: State) -> AnswerFormat | None:
    return None if state.answer_format is None else FORMATS[state.answer_format]


def sampling_of(state: State) -> Sampling:
    return Sampling(max_tokens=state.max_tokens, temperature=state.temperature, top_p=state.top_p, seed=state.seed)


def conditions_of(state: State) -> list[Condition]:
    """The conditions; `InputError` where two have one name."""
    conditions = [condition_from(spec) for spec in state.conditions]
    for condition in conditions:
        if sum(other.name == condition.name for other in conditions) > 1:
            raise InputError(f"two conditions are called {condition.name!r}: change one of them, or take it away")
    return conditions


def names_of(state: State) -> list[str]:
    return [condition_from(spec).name for spec in state.conditions]


def prompt_of(state: State, place: int) -> Prompt:
    """Exactly what is sent for the question on screen under the condition in this place."""
    return rendered(state, condition_from(state.conditions[place]))


def rendered(state: State, condition: Condition) -> Prompt:
    """What is sent for the question on screen."""
    asked = as_asked(state, condition)
    return asked.render(question_of(state), pool=questions_of(state).pool, answer_format=format_of(state))


def as_asked(state: State, condition: Condition) -> Condition:
    """As a run asks this model, which is not open yet: exemplars of style ``think`` in the tags of its profile."""
    shown, profile = condition.exemplars, profile_behind(state.model)
    if shown is None or shown.style != "think" or shown.think_tags or not (profile and profile.think_tags):
        return condition
    return replace(condition, exemplars=replace(shown, think_tags=profile.think_tags))
