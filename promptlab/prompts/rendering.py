"""From a condition's factors and a question to exactly what is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from promptlab.choices import unlettered
from promptlab.prompts.contents import Shown, labelled, unrelated
from promptlab.prompts.shuffling import Shuffled
from promptlab.prompts.templating import filled
from promptlab.types import AnswerFormat, Message, Prompt, Question

if TYPE_CHECKING:
    from promptlab.prompts.conditions import Condition


def rendered(
    condition: Condition, question: Question, pool: Sequence[Question], answer_format: AnswerFormat | None
) -> Prompt:
    """The prompt, with its exemplars as they are kept to trace copying."""
    shown, record = _exemplars(condition, question, pool, answer_format)
    turn = _turn(condition, question, shown, answer_format)
    if condition.raw:
        return Prompt(text=turn, prefill=condition.prefill, exemplars=record)
    messages = [*_before(condition, shown), Message("user", _with_examples(condition, shown, turn))]
    return Prompt(messages=tuple(messages), prefill=condition.prefill, exemplars=record)


def _exemplars(
    condition: Condition, question: Question, pool: Sequence[Question], answer_format: AnswerFormat | None
) -> tuple[Shown, tuple[str, ...]]:
    """The exemplars as they are shown, and as they are kept."""
    if condition.exemplars is None:
        return [], ()
    chosen = condition.exemplars.pick(question, pool)
    shown = [_shown(condition, exemplar, answer_format) for exemplar in chosen]
    if condition.exemplars.content == "unrelated":
        shown = unrelated(labelled(shown) if condition.placed in ("one-message", "system") else shown)
        return shown, tuple("\n".join(pair) for pair in shown)
    pairs = ((exemplar.text, answer) for exemplar, (_, answer) in zip(chosen, shown, strict=True))
    return shown, tuple("\n".join(filter(None, pair)) for pair in pairs)


def _shown(condition: Condition, exemplar: Question, answer_format: AnswerFormat | None) -> tuple[str, str]:
    """An earlier turn reads like the last one, instruction and format included; inside a text they stand once."""
    assert condition.exemplars is not None
    asked = _usual(condition, exemplar, answer_format) if condition.placed == "turns" else _with_choices(exemplar)
    return asked, condition.exemplars.show(exemplar, answer_format)


def _turn(condition: Condition, question: Question, shown: Shown, answer_format: AnswerFormat | None) -> str:
    """The last user turn (of a raw prompt: all of it), without what surrounds exemplars."""
    usual = _usual(condition, question, answer_format)
    if condition.template is None:
        return usual
    return filled(
        condition.name,
        condition.template,
        question=usual,
        text=question.text,
        choices=list(_options(question)),
        instruction=condition.instruction,
        answer_format=answer_format.sentence if answer_format else "",
        exemplars=[{"question": q, "answer": a} for q, a in shown],
        note=condition.note,
    )


def _usual(condition: Condition, question: Question, answer_format: AnswerFormat | None) -> str:
    sentence = answer_format.sentence if answer_format else ""
    return "\n".join(part for part in (_with_choices(question), condition.instruction, sentence) if part)


def _with_choices(question: Question) -> str:
    lines = [f"{chr(65 + i)}. {choice}" for i, choice in enumerate(_options(question))]
    return "\n".join([question.text, *lines])


def _options(question: Question) -> tuple[str, ...]:
    """Without labels of their own; in another order they have lost them, and "1. May" may have come to stand first."""
    return question.choices if isinstance(question, Shuffled) else unlettered(question.choices)


def _before(condition: Condition, shown: Shown) -> Iterable[Message]:
    """The messages before the last user turn."""
    in_system = bool(shown) and condition.placed == "system"
    blocks = _blocks(condition, shown) if in_system else ""
    if condition.system is not None or in_system:
        yield Message("system", "\n\n".join(part for part in (condition.system, blocks) if part))
    if condition.placed == "turns":
        for asked, answered in shown:
            yield Message("user", asked)
            yield Message("assistant", answered)


def _with_examples(condition: Condition, shown: Shown, turn: str) -> str:
    """The last user turn, with what belongs to the exemplars around it."""
    if shown and condition.placed == "turns":
        return "\n\n".join(part for part in (condition.note, turn) if part)
    if not shown or condition.placed != "one-message":
        return turn
    if condition.question_first:
        return f"{turn}\n\n{_blocks(condition, shown)}\n\nNow answer the question above the examples."
    return f"{_blocks(condition, shown)}\n\nNow answer this question.\n{turn}"


def _blocks(condition: Condition, shown: Shown) -> str:
    """The exemplars as one text."""
    assert condition.exemplars is not None
    return "\n\n".join(part for part in (*condition.exemplars.blocks(shown), condition.note) if part)
