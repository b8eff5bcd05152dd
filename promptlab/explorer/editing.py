"""A prompt that was edited in place becomes a condition of its own, which renders to exactly what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from promptlab.errors import InputError
from promptlab.explorer.state import Spec, State, format_of, kind_of, prompt_of, question_of, questions_of
from promptlab.prompts import Condition, condition_from, zero_shot
from promptlab.types import AnswerFormat, Message, Prompt, Question

_DROPPED = ("chat", "k", "style", "select", "layout", "draws", "seed", "exemplars")
_CHOICES = (
    "{{ text }}{% for choice in choices %}{{ '\\n' }}{{ 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[loop.index0] }}. {{ choice }}"
    "{% endfor %}"
)


@dataclass(frozen=True)
class Draft:
    """The parts of a prompt that can be edited: system text (None: the model's own), last turn, start of the answer."""

    system: str | None
    turn: str
    prefill: str


def draft_of(prompt: Prompt) -> Draft:
    if prompt.text is not None:
        return Draft(None, prompt.text, prompt.prefill)
    first, last = prompt.messages[0], prompt.messages[-1]
    return Draft(first.content if first.role == "system" else None, last.content, prompt.prefill)


def edited(state: State, place: int, draft: Draft) -> Spec:
    """The condition that sends this draft for the question on screen, and its like for every other question.

    Raises
    ------
    InputError
        The draft does not hold the question's text, or repeats the condition that it comes from.
    """
    before = prompt_of(state, place)
    if draft == draft_of(before):
        raise InputError("nothing was changed: edit the prompt first")
    wanted = _with(before, draft)
    for spec in _candidates(state, place, before, draft):
        condition = condition_from(spec)
        sent = condition.render(question_of(state), pool=questions_of(state).pool, answer_format=format_of(state))
        if sent.hash == wanted.hash:
            return spec
    raise InputError("no condition sends exactly this: leave the system text as it is, or empty it altogether")


def _with(prompt: Prompt, draft: Draft) -> Prompt:
    """The prompt with the draft's parts in their places."""
    if prompt.text is not None:
        return Prompt(text=draft.turn, prefill=draft.prefill)
    middle = prompt.messages[draft_of(prompt).system is not None : -1]
    system = () if draft.system is None else (Message("system", draft.system),)
    return Prompt((*system, *middle, Message("user", draft.turn)), prefill=draft.prefill)


def _candidates(state: State, place: int, before: Prompt, draft: Draft) -> Iterator[Spec]:
    """Conditions that may send the draft: with the exemplars as a rule, then with their text as a fixed part."""
    spec, old = state.conditions[place], draft_of(before)
    kind, options = kind_of(spec)
    condition, question, asked = condition_from(spec), question_of(state), format_of(state)
    name = _free(condition.name, [condition_from(other).name for other in state.conditions])
    changed: dict[str, Any] = {"name": name} | ({"prefill": draft.prefill} if draft.prefill != old.prefill else {})
    alone = condition.but(exemplars=None, raw=False).render(question, answer_format=asked).messages
    blocks = old.turn.removesuffix(alone[-1].content) if condition.layout == "one-message" else ""
    shown = (old.system or "").removeprefix(condition.system or "") if condition.layout == "system" else ""
    if draft.turn.startswith(blocks) and (draft.system or "").endswith(shown):
        turn, system = draft.turn.removeprefix(blocks), (draft.system or "").removesuffix(shown).removesuffix("\n\n")
        own = {"template": template_of(turn, condition, question, asked)} if draft.turn != old.turn else {}
        own |= {"system": system} if draft.system != old.system else {}
        yield {kind: {**options, **own, **changed}}
    fixed = {key: value for key, value in options.items() if key not in _DROPPED}
    fixed |= {"template": template_of(draft.turn, condition, question, asked), "raw": condition.raw}
    fixed |= {} if draft.system is None else {"system": draft.system}
    yield {"from-template": {**fixed, **changed}}


def _free(name: str, taken: list[str]) -> str:
    base = re.sub(r"-edited(-\d+)?$", "", name) + "-edited"
    names = [base, *(f"{base}-{i}" for i in range(2, len(taken) + 3))]
    return next(each for each in names if each not in taken)


def template_of(turn: str, condition: Condition, question: Question, asked: AnswerFormat | None) -> str:
    """A text as a template: where the question stands in it, every question will stand."""
    usual = _turn(zero_shot(instruction=condition.instruction), question, asked)
    bare = {_turn(zero_shot(), question, None): _CHOICES} if question.choices else {}
    places = {usual: "{{ question }}", **bare, question.text: "{{ text }}"}
    for text, variable in places.items():
        before, found, after = turn.partition(text)
        if found:
            return _literal(before, asked) + variable + _literal(after, asked, last=True)
    raise InputError(
        f"the question's own text is no longer in the prompt ({question.text[:60]!r}...): keep it as it is, since "
        "every other question stands there in its turn"
    )


def _turn(condition: Condition, question: Question, asked: AnswerFormat | None) -> str:
    return condition.render(question, answer_format=asked).messages[-1].content


def _literal(text: str, asked: AnswerFormat | None, *, last: bool = False) -> str:
    """Text that Jinja leaves as it is, which drops a line end at the end; the format's sentence is the run's own."""
    safe = re.sub(r"\{(?=[{%#]|\Z)", "{{ '{' }}", text).replace("\r", "{{ '\\r' }}")
    if asked and asked.sentence in safe:
        safe = safe.replace(asked.sentence, "{{ answer_format }}")
    return safe.removesuffix("\n") + "{{ '\\n' }}" if last and safe.endswith("\n") else safe
