"""A/A arms: the same prompts, other samples. What they differ by is what chance alone does in this very table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from promptlab.comparison.apart import check_disjoint, keys_of, rows_of
from promptlab.comparison.crossed import Crossed
from promptlab.comparison.reading import FACTORS
from promptlab.errors import InputError
from promptlab.prompts.exemplars import NO_FACTORS

if TYPE_CHECKING:
    Arm = tuple[str, str]

AGAIN = "#"  # `lab.zero_shot(replicate=1)` is called zero-shot#1
ALL_FACTORS = tuple(dict.fromkeys((*FACTORS, *NO_FACTORS, "raw", "variant_seed")))


def placebos(design: Crossed, of: tuple[str, str]) -> dict[str, tuple[str, ...]]:
    """For each of the two conditions the names of its A/A arms, which every model must have.

    Raises
    ------
    InputError
        A model has none, one has other prompts, two arms of a model share a sample, or the samples do not tell.
    """
    found = {name: _arms_of(design, name) for name in of}
    for model in design.models():
        check_disjoint(design, [arm for arm in design.arms if arm[0] == model])
        for name, again in found.items():
            for twin in again:
                if (model, twin) in design.arms:
                    _same_prompts(design, (model, name), (model, twin))
                    _other_samples(design, (model, name), (model, twin))
    return found


def changed(design: Crossed, base: Arm, arm: Arm, factors: Iterable[str] = FACTORS) -> str:
    """The factors in which an arm is not like the base, with their values."""
    first = [rows_of(design, one).iloc[0] for one in (arm, base)]
    ours, theirs = ({name: row[name] for name in factors if name in row and row[name] == row[name]} for row in first)
    return ", ".join(f"{name}: {value or 'none'}" for name, value in ours.items() if value != theirs.get(name))


def _arms_of(design: Crossed, name: str) -> tuple[str, ...]:
    names = list(dict.fromkeys(condition for _, condition in design.arms if condition.startswith(f"{name}{AGAIN}")))
    for model in design.models():
        if not set(names) & set(design.conditions(model)):
            raise InputError(
                f"model {model!r} has no A/A arm of {name!r}: run it once more as {name + AGAIN + '1'!r}, with "
                "replicate=1 (lab.few_shot_controls does), or nothing shows what chance alone does here"
            )
    return tuple(names)


def _same_prompts(design: Crossed, base: Arm, twin: Arm) -> None:
    if differs := changed(design, base, twin, ALL_FACTORS):
        raise InputError(
            f"{twin[1]!r} of {base[0]!r} is no A/A arm of {base[1]!r}: its prompts are others ({differs}). Give "
            "another condition another name"
        )


def _other_samples(design: Crossed, base: Arm, twin: Arm) -> None:
    """Without keys the replicates say it: equal prompts with one replicate are the same samples by any name."""
    known = "replicate" in design.samples and not (keys_of(design, base) and keys_of(design, twin))
    both = [set(rows_of(design, arm)["replicate"].dropna()) if known else set() for arm in (base, twin)]
    if shared := both[0] & both[1]:
        raise InputError(
            f"{twin[1]!r} of {base[0]!r} is no A/A arm of {base[1]!r}: both have replicate={min(shared)}, and "
            "no keys that tell their samples apart; give one another replicate="
        )
