"""A/A arms: the same prompts, other samples. What they differ by is what chance alone does in this very table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING

from promptlab.comparison.crossed import Crossed
from promptlab.comparison.reading import FACTORS
from promptlab.errors import InputError
from promptlab.prompts.exemplars import NO_FACTORS

if TYPE_CHECKING:
    import pandas as pd

    Arm = tuple[str, str]
    Texts = Counter[tuple[str, ...]]  # question and output, with how often they occur

AGAIN = "#"  # `lab.zero_shot(replicate=1)` is called zero-shot#1
_ITSELF = "a comparison of a sample with itself shows nothing; give one another replicate="
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
        _disjoint(design, [arm for arm in design.arms if arm[0] == model])
        for name, again in found.items():
            for twin in again:
                _same_prompts(design, (model, name), (model, twin))
    return found


def changed(design: Crossed, base: Arm, arm: Arm, factors: Iterable[str] = FACTORS) -> str:
    """The factors in which an arm is not like the base, with their values."""
    first = [_rows(design, one).iloc[0] for one in (arm, base)]
    ours, theirs = ({name: row[name] for name in factors if name in row and row[name] == row[name]} for row in first)
    return ", ".join(f"{name}: {value or 'none'}" for name, value in ours.items() if value != theirs.get(name))


def same_texts(design: Crossed, one: Arm, other: Arm) -> float:
    """The share of outputs that the other arm has for the same question as well, word for word; NaN: not known."""
    return _shared(_texts(design, one), _texts(design, other))


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
    if twin in design.arms and (differs := changed(design, base, twin, ALL_FACTORS)):
        raise InputError(
            f"{twin[1]!r} of {base[0]!r} is no A/A arm of {base[1]!r}: its prompts are others ({differs}). Give "
            "another condition another name"
        )


def _disjoint(design: Crossed, arms: list[Arm]) -> None:
    keys = {arm: _keys(design, arm) for arm in arms}
    texts = {} if all(keys.values()) else {arm: _texts(design, arm) for arm in arms}
    for one, other in combinations(arms, 2):
        if keys[one] and keys[other]:
            if shared := keys[one] & keys[other]:
                raise InputError(f"{_both(one, other)} share samples (such as {min(shared)}): {_ITSELF}")
            continue
        same = _shared(texts[one], texts[other])
        if same != same:
            raise InputError(
                "runs lack the columns key and completion: nothing shows that the A/A arms share no sample"
            )
        if same == 1:
            raise InputError(f"{_both(one, other)} have the same outputs, and no key that tells them apart: {_ITSELF}")


def _both(one: Arm, other: Arm) -> str:
    return f"{one[1]!r} and {other[1]!r} of {one[0]!r}"


def _rows(design: Crossed, arm: Arm) -> pd.DataFrame:
    return design.samples[(design.arm == design.arms.index(arm)) & ~design.absent]


def _keys(design: Crossed, arm: Arm) -> set[str]:
    """The keys of its samples; none where some have none, as in a file that was written without."""
    rows = _rows(design, arm)
    keys = rows["key"].fillna("").astype(str) if "key" in rows else [""]
    return set() if "" in set(keys) else set(keys)


def _shared(one: Texts, other: Texts) -> float:
    fewer = min(one.total(), other.total())
    return (one & other).total() / fewer if fewer else float("nan")


def _texts(design: Crossed, arm: Arm) -> Texts:
    rows = _rows(design, arm)
    if "completion" not in rows:
        return Counter()
    names = [name for name in ("question", "reasoning", "completion") if name in rows]
    said = rows.loc[rows["completion"].fillna("").astype(str) != "", names].fillna("").astype(str)
    return Counter(said.itertuples(index=False, name=None))
