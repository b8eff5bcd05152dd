"""Controls of a few-shot condition: what about its exemplars changes the result?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from promptlab import given
from promptlab.errors import InputError, unknown
from promptlab.prompts.conditions import Condition

ONLY_EXAMPLES = "These are only examples; solve the question on your own."

# One factor each: of the exemplars, or of the condition.
_OF_EXEMPLARS: dict[str, dict[str, Any]] = {
    "unrelated": {"content": "unrelated"},
    "other-domain": {"content": "other-domain"},
    "wrong-answers": {"content": "wrong-answers"},
    "questions": {"style": "questions"},
    "think": {"style": "think"},
    "reordered": {"order": "shuffled"},
}
_OF_CONDITION: dict[str, dict[str, Any]] = {
    "note": {"note": ONLY_EXAMPLES},
    "question-first": {"question_first": True},
}
CONTROLS = (*_OF_EXEMPLARS, *_OF_CONDITION)


def few_shot_controls(
    base: Condition, *, only: Sequence[str] | None = None, baseline: str = "zero-shot"
) -> list[Condition]:
    """A few-shot condition with all that `explain_loss` needs beside it.

    Parameters
    ----------
    base
        A condition with exemplars. ``layout="one-message"`` allows every control; in the other layouts the question has
        its place, and ``question-first`` is left out. One that changes nothing of `base` is left out as well.
    only
        Some of the controls: ``unrelated`` (as much text about something else), ``other-domain``, ``wrong-answers``,
        ``questions`` (without answers), ``think`` (rationales in think tags), ``reordered``, ``note`` (a sentence says
        that these are only examples), ``question-first``.
    baseline
        The name of the condition without exemplars.

    Returns
    -------
    list of Condition
        The condition without exemplars and `base`, each with its A/A arm (``#1``: the same prompts, other samples);
        then the controls, each named after `base` and one factor away from it. They have replicates of their own, so
        that a prompt which a control leaves as it was still gets samples of its own.

    Raises
    ------
    InputError
        `base` has no exemplars, a control has no such name, or one of `only` cannot be made of `base`.

    Examples
    --------
    >>> from promptlab.prompts import few_shot
    >>> base = few_shot(k=3, layout="one-message", name="few-shot")
    >>> [condition.name for condition in few_shot_controls(base, only=["note", "question-first"])]
    ['zero-shot', 'zero-shot#1', 'few-shot', 'few-shot#1', 'few-shot-note', 'few-shot-question-first']
    """
    given.one("condition", base)
    if base.exemplars is None:
        raise InputError(
            f"base of few_shot_controls is {base.name!r}, which shows no exemplars: take lab.few_shot(k=3)"
        )
    zero = base.but(name=baseline, exemplars=None, layout="turns", note="", question_first=False)
    wanted = CONTROLS if only is None else given.texts("only of few_shot_controls", only)
    controls = [_control(base, name, asked=only is not None) for name in wanted]
    return [zero, _again(zero), base, _again(base), *(each for each in controls if each)]


def _again(condition: Condition) -> Condition:
    """The same prompts, other samples."""
    replicate = condition.replicate + 1
    return condition.but(name=f"{condition.name}#{replicate}", replicate=replicate)


def _control(base: Condition, name: str, *, asked: bool) -> Condition | None:
    """One of the controls; None where `base` leaves no room for it and it was not asked for."""
    if name not in CONTROLS:
        raise unknown("control of few_shot_controls", name, CONTROLS)
    assert base.exemplars is not None
    own = {"name": f"{base.name}-{name}", "replicate": base.replicate + 2 + CONTROLS.index(name)}
    try:
        if name in _OF_CONDITION:
            control = base.but(**own, **_OF_CONDITION[name])
        else:
            control = base.but(**own, exemplars=replace(base.exemplars, **_OF_EXEMPLARS[name]))
    except InputError:
        if asked:
            raise
        return None
    if control.but(name=base.name, replicate=base.replicate) != base and not (name == "reordered" and base.shots < 2):
        return control
    if asked:
        raise InputError(f"control {name!r} of few_shot_controls changes nothing of {base.name!r}")
    return None
