"""What a result tested, and on what: said by every result, and held against a registered design."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from promptlab.comparison.crossed import Crossed

Arm = tuple[str, str]  # (model, condition)


@dataclass(frozen=True)
class Tested:
    """A family of tests as a design names them.

    Attributes
    ----------
    family
        Its name: ``differences, contrasts, slopes, over_draws, seed_contrasts``; any other can be in no design.
    tests
        A text each, made by the functions below.
    settings
        What was chosen for them: `baseline`, `margin`, `alpha`, `seed`, as far as the result has these.
    within
        What every test of this family begins with: a design holds several families of contrasts.
    questions, valid
        What was asked, and the valid samples of each arm that is used; empty where no size was fixed.
    """

    family: str
    tests: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    within: str = ""
    questions: tuple[str, ...] = ()
    valid: Mapping[Arm, int] = field(default_factory=dict)


class Result(Protocol):
    """Anything that a report may show."""

    @property
    def tested(self) -> Tested: ...


def difference(arm: Arm) -> str:
    """The condition against the baseline."""
    return ": ".join(arm)


def slope(model: str, conditions: Iterable[str]) -> str:
    """What each further exemplar does, over conditions that differ in shots alone."""
    return f"{model}: slope over {', '.join(conditions)}"


def contrasted(pairs: Iterable[tuple[str, str]]) -> str:
    """What tests of these contrasts begin with: each model with its control, several where they are seeds."""
    return ", ".join(f"{model} - {control}" for model, control in pairs) + ": "


def contrasts_of(
    design: Crossed, family: str, pairs: Sequence[tuple[str, str]], conditions: Sequence[str], **settings: Any
) -> Tested:
    """One contrast a condition, of a pair of models or of several pairs together."""
    head, models = contrasted(pairs), [model for pair in pairs for model in pair]
    arms = {(model, condition) for model in models for condition in (settings["baseline"], *conditions)}
    return Tested(family, tuple(head + name for name in conditions), settings, head, **basis(design, arms))


def basis(design: Crossed, arms: Collection[Arm]) -> dict[str, Any]:
    """`Tested.questions` and `Tested.valid` of the arms that a result uses."""
    used = [i for i, arm in enumerate(design.arms) if arm in arms]
    here = np.flatnonzero((design.counts[used] > 0).any(axis=0))
    valid = design.counted(~design.missing).sum(axis=1)
    return {
        "questions": tuple(design.questions[i] for i in here),
        "valid": {design.arms[i]: int(valid[i]) for i in used},
    }
