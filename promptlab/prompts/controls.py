"""Controls of a few-shot condition: what about its exemplars changes the result?"""

from __future__ import annotations

import warnings
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
_FOLLOW = ("embedding", "draws")  # factors that say how another one is carried out


def few_shot_controls(
    base: Condition, *, only: Sequence[str] | None = None, baseline: str = "zero-shot"
) -> list[Condition]:
    """A few-shot condition with all that `explain_loss` needs beside it.

    Parameters
    ----------
    base
        A condition with exemplars, worked ones for ``think``. ``layout="one-message"`` allows every control; elsewhere
        the question has its place (no ``question-first``), and questions alone are no turns of a chat (no
        ``questions`` among ``turns``). A control that changes nothing of `base`, or two things, is left out: a warning
        says which and why.
    only
        Some of the controls: ``unrelated`` (as much text about something else), ``other-domain``, ``wrong-answers``,
        ``questions`` (without answers), ``think`` (rationales in the model's think tags), ``reordered``, ``note`` (a
        sentence says that these are only examples), ``question-first``.
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
    found = [_control(base, name) for name in wanted]
    controls = [control for control in found if isinstance(control, Condition)]
    _tell([refused for refused in found if isinstance(refused, InputError)], asked=only is not None)
    return [zero, _again(zero), base, _again(base), *controls]


def _tell(left_out: Sequence[InputError], *, asked: bool) -> None:
    """What was asked for by name and cannot be made is an error; what all controls would have held is said."""
    if left_out and asked:
        raise left_out[0]
    if left_out:
        warnings.warn(f"left out by few_shot_controls: {'; '.join(map(str, left_out))}", stacklevel=3)


def _again(condition: Condition) -> Condition:
    """The same prompts, other samples."""
    replicate = condition.replicate + 1
    return condition.but(name=f"{condition.name}#{replicate}", replicate=replicate)


def _control(base: Condition, name: str) -> Condition | InputError:
    """One of the controls, or why there is none: it must be one factor away from the base."""
    if name not in CONTROLS:
        raise unknown("control of few_shot_controls", name, CONTROLS)
    assert base.exemplars is not None
    own = {"name": f"{base.name}-{name}", "replicate": base.replicate + 2 + CONTROLS.index(name)}
    try:
        if name in _OF_CONDITION:
            control = base.but(**own, **_OF_CONDITION[name])
        else:
            control = base.but(**own, exemplars=replace(base.exemplars, **_OF_EXEMPLARS[name]))
    except InputError as problem:
        return InputError(f"control {name!r}: {problem}")
    why = _unfit(base, control, name)
    return InputError(f"control {name!r} of {base.name!r} {why}") if why else control


def _unfit(base: Condition, control: Condition, name: str) -> str:
    """Why a control would show nothing, or not what it is called; empty where it does."""
    assert base.exemplars is not None
    before = base.factors()
    changed = [name for name, value in control.factors().items() if value != before[name] and name not in _FOLLOW]
    if not changed or (name == "reordered" and base.shots < 2):
        return "changes nothing"
    if len(changed) > 1:
        return f"changes {' and '.join(changed)}, not one factor"
    if name == "think" and base.exemplars.style != "worked":
        return f"needs style='worked', not {base.exemplars.style!r}: rationales would come in as well"
    return ""
