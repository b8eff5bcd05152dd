"""A/A arms: the same prompts, other samples. What they differ by is what chance alone does in this very table."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from promptlab.comparison.crossed import Crossed
from promptlab.errors import InputError

AGAIN = "#"  # `lab.zero_shot(replicate=1)` is called zero-shot#1


def placebos(design: Crossed, of: tuple[str, str]) -> dict[str, tuple[str, ...]]:
    """For each of the two conditions the names of its A/A arms, which every model must have.

    Raises
    ------
    InputError
        A model has none, two of these arms share a completion, or the samples do not tell.
    """
    found = {name: _arms_of(design, name) for name in of}
    for model in design.models():
        for name, again in found.items():
            _disjoint(design, [(model, one) for one in (name, *again) if (model, one) in design.arms])
    return found


def _arms_of(design: Crossed, name: str) -> tuple[str, ...]:
    names = list(dict.fromkeys(condition for _, condition in design.arms if condition.startswith(f"{name}{AGAIN}")))
    for model in design.models():
        if not set(names) & set(design.conditions(model)):
            raise InputError(
                f"model {model!r} has no A/A arm of {name!r}: run it once more as {name + AGAIN + '1'!r}, with "
                "replicate=1 (lab.few_shot_controls does), or nothing shows what chance alone does here"
            )
    return tuple(names)


def _disjoint(design: Crossed, arms: list[tuple[str, str]]) -> None:
    for one, other in combinations(arms, 2):
        shared = _identities(design, one) & _identities(design, other)
        if shared:
            model, first, second = one[0], one[1], other[1]
            raise InputError(
                f"{first!r} and {second!r} of {model!r} share samples (such as {min(shared)}): an A/A comparison of a "
                "sample with itself shows nothing; give one another replicate="
            )


def _identities(design: Crossed, arm: tuple[str, str]) -> set[str]:
    """Keys, or, where a file holds none, what makes keys of equal prompts differ: the replicate."""
    rows = design.samples[(design.arm == design.arms.index(arm)) & ~design.absent]
    keys = set(rows["key"].dropna().astype(str)) - {""} if "key" in rows else set()
    if keys:
        return keys
    if "replicate" not in rows or not np.isfinite(rows["replicate"].astype(float)).all():
        raise InputError("runs lack the columns key and replicate: nothing shows that the A/A arms share no sample")
    return {f"replicate {replicate}" for replicate in rows["replicate"].astype(int)}
