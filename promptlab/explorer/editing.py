"""A prompt that was edited in place becomes a condition of its own, which renders to exactly what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import Any

from promptlab.errors import InputError
from promptlab.explorer.fixing import check_fixed
from promptlab.explorer.retyping import PICKING, given_exemplars
from promptlab.explorer.state import (
    Spec,
    State,
    format_of,
    kind_of,
    names_of,
    prompt_of,
    question_of,
    questions_of,
    rendered,
)
from promptlab.prompts import Condition, condition_from, zero_shot
from promptlab.types import AnswerFormat, Message, Prompt, Question

_DROPPED = ("chat", "layout", "exemplars", "note", "question_first", *PICKING)
_CHOICES = (
    "{{ text }}{% for choice in choices %}{{ '\\n' }}{{ 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[loop.index0] }}. {{ choice }}"
    "{% endfor %}"
)
_LATER = "{% if answer_format %}{{ '\\n' }}{{ answer_format }}{% endif %}"  # where none is asked for now
_SHORT = 12  # characters: a shorter question may be a part of words and numbers


@dataclass(frozen=True)
class Draft:
    """The parts of a prompt that can be edited.

    They are the system text (None: the model's own), the last turn, the start of the answer, and the turns in between.
    """

    system: str | None
    turn: str
    prefill: str
    earlier: tuple[str, ...] = ()


def draft_of(prompt: Prompt) -> Draft:
    if prompt.text is not None:
        return Draft(None, prompt.text, prompt.prefill)
    texts = [message.content for message in prompt.messages]
    system = texts.pop(0) if prompt.messages[0].role == "system" else None
    return Draft(system, texts[-1], prompt.prefill, tuple(texts[:-1]))


def edited(state: State, place: int, draft: Draft, name: str = "") -> Spec:
    """The condition that sends this draft for the question on screen, and its like for every other question.

    Raises
    ------
    InputError
        The draft does not hold the question's text, repeats a part of it that would be the same for all questions, or
        repeats the condition that it comes from.
    """
    before = prompt_of(state, place)
    if draft == draft_of(before):
        raise InputError("nothing was changed: edit the prompt first")
    wanted = _with(before, draft)
    for spec in _candidates(state, place, draft, name or new_name(names_of(state))):
        if rendered(state, condition_from(spec)).hash == wanted.hash:
            _check_fixed(state, place, draft)
            return spec
    raise InputError("no condition sends exactly this: leave the system text as it is, or empty it altogether")


def new_name(taken: list[str]) -> str:
    """It promises nothing: what is said of the condition's factors may have been edited away."""
    names = ["edited", *(f"edited-{i}" for i in range(2, len(taken) + 3))]
    return next(each for each in names if each not in taken)


def _with(prompt: Prompt, draft: Draft) -> Prompt:
    """The prompt with the draft's parts in their places."""
    if prompt.text is not None:
        return Prompt(text=draft.turn, prefill=draft.prefill)
    system = () if draft.system is None else (Message("system", draft.system),)
    turns = zip(cycle(("user", "assistant")), draft.earlier, strict=False)
    middle = tuple(Message(role, text) for role, text in turns)  # type: ignore[arg-type]
    return Prompt((*system, *middle, Message("user", draft.turn)), prefill=draft.prefill)


def _candidates(state: State, place: int, draft: Draft, name: str) -> Iterator[Spec]:
    """Conditions that may send the draft: with the exemplars as a rule, then with their text as a fixed part."""
    spec, old = state.conditions[place], draft_of(prompt_of(state, place))
    condition, asked, (kind, options) = condition_from(spec), format_of(state), kind_of(spec)
    template = partial(template_of, condition=condition, question=question_of(state), asked=asked)
    changed: dict[str, Any] = {"name": name} | ({"prefill": draft.prefill} if draft.prefill != old.prefill else {})
    if draft.earlier != old.earlier and kind == "few-shot":
        kept = {key: value for key, value in options.items() if key not in PICKING}
        options = {**kept, **given_exemplars(draft.earlier, condition.instruction, asked)}
    blocks, shown = _of_exemplars(condition, old, question_of(state), asked)
    if draft.turn.startswith(blocks) and (draft.system or "").endswith(shown):
        turn, system = draft.turn.removeprefix(blocks), (draft.system or "").removesuffix(shown).removesuffix("\n\n")
        own = {"template": template(turn)} if draft.turn != old.turn else {}
        own |= {"system": system} if draft.system != old.system else {}
        in_turn = condition.note and condition.layout == "turns" and "template" in own  # the template holds it then
        yield {kind: {**options, **own, **({"note": ""} if in_turn else {}), **changed}}
    fixed = {key: value for key, value in options.items() if key not in _DROPPED}
    fixed |= {} if draft.system is None else {"system": draft.system}
    yield {"from-template": {**fixed, "template": template(draft.turn), "raw": condition.raw, **changed}}


def _of_exemplars(condition: Condition, old: Draft, question: Question, asked: AnswerFormat | None) -> tuple[str, str]:
    """The exemplars' text at the head of the last turn, and at the end of the system text."""
    alone = condition.but(exemplars=None, raw=False).render(question, answer_format=asked).messages
    before_it = condition.layout == "one-message" and not condition.question_first
    shown = (old.system or "").removeprefix(condition.system or "") if condition.layout == "system" else ""
    return old.turn.removesuffix(alone[-1].content) if before_it else "", shown


def template_of(turn: str, condition: Condition, question: Question, asked: AnswerFormat | None) -> str:
    """A text as a template: wherever the question stands in it, every question will stand."""
    places = _places(turn, condition, question, asked)
    texts = _split(turn, places)
    if len(texts) == 1:
        raise InputError(
            f"the question's own text is no longer in the prompt ({question.text[:60]!r}...): keep it as it is, since "
            "every other question stands there in its turn"
        )
    parts = [places[text] if i % 2 else _literal(text, asked) for i, text in enumerate(texts)]
    if not asked and "{{ question }}" not in parts:
        parts[-2] += _LATER
    return "".join(parts[:-1]) + _literal(texts[-1], asked, last=True)


def _places(turn: str, condition: Condition, question: Question, asked: AnswerFormat | None) -> dict[str, str]:
    """What the question may read like, and the variable that says so.

    The usual text brings the answer format with it; where none is asked for yet, it may do so once only.
    """
    bare = {_turn(zero_shot(), question, None): _CHOICES} if question.choices else {}
    places = {question.text: "{{ text }}", **bare}
    usual = _turn(zero_shot(instruction=condition.instruction), question, asked)
    return {**places, usual: "{{ question }}"} if asked or len(_split(turn, [usual])) == 3 else places


def _split(turn: str, places: Iterable[str]) -> list[str]:
    """The text between the copies of the question (the longest first), and (every second one) the copies."""
    texts = sorted(places, key=len, reverse=True)
    copy = f"({'|'.join(map(re.escape, texts))})"
    return re.split(copy if len(texts[-1]) > _SHORT else rf"(?<!\w){copy}(?!\w)", turn)


def _turn(condition: Condition, question: Question, asked: AnswerFormat | None) -> str:
    return condition.render(question, answer_format=asked).messages[-1].content


def _literal(text: str, asked: AnswerFormat | None, *, last: bool = False) -> str:
    """Text that Jinja leaves as it is, which drops a line end at the end; the format's sentence is the run's own."""
    safe = re.sub(r"\{(?=[{%#]|\Z)", "{{ '{' }}", text).replace("\r", "{{ '\\r' }}")
    if asked and asked.sentence in safe:
        safe = safe.replace(asked.sentence, "{{ answer_format }}")
    return safe.removesuffix("\n") + "{{ '\\n' }}" if last and safe.endswith("\n") else safe


def _check_fixed(state: State, place: int, draft: Draft) -> None:
    """What the draft says of the question in a place where every question would be told the same."""
    question, condition = question_of(state), condition_from(state.conditions[place])
    old, new = (
        [each.system or "", each.prefill, *each.earlier, *_between(each.turn, condition, question, format_of(state))]
        for each in (draft_of(prompt_of(state, place)), draft)
    )
    check_fixed(question, questions_of(state), old, new)


def _between(turn: str, condition: Condition, question: Question, asked: AnswerFormat | None) -> list[str]:
    return _split(turn, _places(turn, condition, question, asked))[::2]
