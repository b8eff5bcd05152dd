"""What a result tested, and on what: said by every result, and held against a registered design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from promptlab.comparison.bases import Arm, Basis, bases
from promptlab.comparison.crossed import Crossed

if TYPE_CHECKING:
    import pandas as pd


class Source(Protocol):
    """What holds the samples of a result."""

    @property
    def taken(self) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Tested:
    """A family of tests as a design names them.

    Attributes
    ----------
    family
        Its name: ``differences, contrasts, slopes, over_draws, seed_contrasts, loss_controls``; any other can be in no
        design.
    tests
        A text each, made by the functions below.
    settings
        What was chosen for them: `baseline`, `margin`, `alpha`, `seed`, as far as the result has these; `others`, how
        many more were judged together with them; of a rule to stop early `family`, how many it covers.
    within
        What every test of this family begins with: a design holds several families of contrasts.
    source, arms
        What holds the samples, and which arms of it were used.
    sized
        Whether the number of questions was fixed before; a rule to stop early fixes none.
    """

    family: str
    tests: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    within: str = ""
    source: Source | None = field(default=None, repr=False, compare=False)
    arms: tuple[Arm, ...] = ()
    sized: bool = True

    @cached_property
    def bases(self) -> Mapping[Arm, Basis]:
        """What each arm was made of; made when it is first asked for: a million samples take seconds."""
        return bases(self.source.taken, self.arms) if self.source else {}

    @property
    def questions(self) -> frozenset[str]:
        """The ids of all that was asked."""
        return frozenset().union(*(basis.questions for basis in self.bases.values()))


class Result(Protocol):
    """Anything that a report may show."""

    @property
    def tested(self) -> Tested: ...


def difference(arm: Arm) -> str:
    """The condition against the baseline."""
    return ": ".join(arm)


def removed(arm: Arm, base: str) -> str:
    """What an arm gives back of the loss of `base`."""
    return f"{difference(arm)} - {base}"


def slope(model: str, conditions: Iterable[str]) -> str:
    """What each further exemplar does, over conditions that differ in shots alone."""
    return f"{model}: slope over {', '.join(conditions)}"


def contrasted(pairs: Iterable[tuple[str, str]]) -> str:
    """What tests of these contrasts begin with: each model with its control, or several pairs, in any order."""
    return ", ".join(sorted(f"{model} - {control}" for model, control in pairs)) + ": "


def contrasts_of(
    design: Crossed, family: str, pairs: Sequence[tuple[str, str]], conditions: Sequence[str], **settings: Any
) -> Tested:
    """One contrast a condition, of a pair of models or of several pairs together."""
    head, models = contrasted(pairs), [model for pair in pairs for model in pair]
    used = [(model, condition) for model in models for condition in (settings["baseline"], *conditions)]
    tests = tuple(head + name for name in conditions)
    return Tested(family, tests, settings, head, design, tuple(dict.fromkeys(used)))
