"""Whether two arms share samples: by their keys, exactly; and whether their outputs are equal too often for that."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from promptlab.comparison.crossed import Crossed
from promptlab.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    Arm = tuple[str, str]
    Texts = dict[str, Counter[tuple[str, ...]]]  # for each question its outputs, with how often they occur

KEYED, UNKEYED = "keys differ", "no keys; "
TOO_EQUAL = "more than independent samples have"
_ITSELF = "a comparison of a sample with itself shows nothing; give one another replicate="
_SURE = 4.0  # standard errors: among a hundred pairs of arms chance gets there at most once in 300 tables


class Equal(NamedTuple):
    """How often two outputs to the same question are equal, as a share of all pairs; NaN where that is not known.

    Independent samples of equal prompts are equal `between` the arms as often as `within` them, those of other prompts
    less often. A copied sample is equal to its origin besides. The `excess` of equal pairs between the arms is what
    they have beyond chance where the same outputs, question by question, are dealt to the two arms anew: with its exact
    mean and variance, so that few questions are enough, and a tail below the normal's (far too few pairs can meet, not
    far too many).
    """

    between: float
    within: float
    excess: float  # in standard errors

    def __str__(self) -> str:
        if self.between != self.between:
            return "too few outputs to tell"
        found = f"{100 * self.between:.1f} % of pairs of outputs equal, {100 * self.within:.1f} % within an arm"
        return f"{found}, {TOO_EQUAL}" if self.copied else found

    @property
    def copied(self) -> bool:
        return self.excess > _SURE


def check_disjoint(design: Crossed, arms: list[Arm]) -> None:
    """Raise where two arms of a model share samples, or nothing can tell."""
    keys = {arm: keys_of(design, arm) for arm in arms}
    texts = {} if all(keys.values()) else {arm: texts_of(design, arm) for arm in arms}
    for one, other in combinations(arms, 2):
        if keys[one] and keys[other]:
            if shared := keys[one] & keys[other]:
                raise InputError(f"{_both(one, other)} share samples (such as {min(shared)}): {_ITSELF}")
            continue
        same = same_texts(texts[one], texts[other])
        if same != same:
            raise InputError(
                "runs lack the columns key and completion: nothing shows that the A/A arms share no sample"
            )
        if same == 1:
            raise InputError(f"{_both(one, other)} have the same outputs, and no key that tells them apart: {_ITSELF}")


def copies(design: Crossed, again: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A warning for each two arms whose outputs are equal too often to be independent samples.

    Looked at are arms without keys, and every A/A arm with the one that it repeats (`again`): a key tells how a sample
    was asked for, and not that its output was not copied.
    """
    keyed = {arm: bool(keys_of(design, arm)) for arm in design.arms}
    twins = {(name, twin) for name, names in again.items() for twin in names}
    for one, other in combinations(design.arms, 2):
        repeated = (one[1], other[1]) in twins or (other[1], one[1]) in twins
        if one[0] == other[0] and (repeated or not (keyed[one] or keyed[other])):
            found = equal(texts_of(design, one), texts_of(design, other))
            if found.copied:
                keys = "keys that differ" if keyed[one] and keyed[other] else "no keys"
                yield f"{_both(one, other)} have {keys}, and {found}: the one may hold samples of the other"


def told_apart(design: Crossed, one: Arm, other: Arm) -> str:
    """What shows that two arms share no sample."""
    found = equal(texts_of(design, one), texts_of(design, other))
    if keys_of(design, one) and keys_of(design, other):
        return KEYED if found.between != found.between else f"{KEYED}; {found}"
    return f"{UNKEYED}{found}"


def same_texts(ours: Texts, theirs: Texts) -> float:
    """The share of outputs that the other arm has for the same question as well, word for word; NaN: not known."""
    fewer = min(sum(each.total() for each in texts.values()) for texts in (ours, theirs))
    shared = sum((ours[name] & theirs[name]).total() for name in ours.keys() & theirs.keys())
    return shared / fewer if fewer else float("nan")


def equal(ours: Texts, theirs: Texts) -> Equal:
    """See `Equal`; questions with two outputs or more in either arm count."""
    several = [name for name in ours.keys() & theirs.keys() if min(ours[name].total(), theirs[name].total()) > 1]
    if len(several) < 2:
        return Equal(np.nan, np.nan, np.nan)
    between = np.array([_between(ours[name], theirs[name]) for name in several])
    within = np.array([(_within(ours[name]) + _within(theirs[name])) / 2 for name in several])
    excess, variance = np.sum([_dealt(ours[name], theirs[name]) for name in several], axis=0)
    return Equal(float(between.mean()), float(within.mean()), excess / variance**0.5 if variance > 0 else 0.0)


def _dealt(ours: Counter[tuple[str, ...]], theirs: Counter[tuple[str, ...]]) -> tuple[float, float]:
    """The equal pairs between two arms, less those expected when their outputs are dealt anew; and the variance."""
    n, m, both = ours.total(), theirs.total(), (ours + theirs).values()
    total = n + m
    pairs = sum(many * (many - 1) for many in both) / 2
    linked = sum(many * (many - 1) * (many - 2) for many in both)  # ordered pairs of them that share an output
    cross = 2 * n * m / (total * (total - 1))  # the chance of a pair to be dealt to both
    two = 2 * cross * (n - 1) * (m - 1) / ((total - 2) * (total - 3))  # of two pairs that share none
    squared = pairs * cross + linked * cross / 2 + (pairs * (pairs - 1) - linked) * two
    found = sum(many * theirs[text] for text, many in ours.items())
    return found - pairs * cross, max(squared - (pairs * cross) ** 2, 0.0)


def keys_of(design: Crossed, arm: Arm) -> set[str]:
    """The keys of its samples; none where some have none, as in a file that was written without."""
    rows = rows_of(design, arm)
    keys = rows["key"].fillna("").astype(str) if "key" in rows else [""]
    return set() if "" in set(keys) else set(keys)


def rows_of(design: Crossed, arm: Arm) -> pd.DataFrame:
    return design.samples[(design.arm == design.arms.index(arm)) & ~design.absent]


def _both(one: Arm, other: Arm) -> str:
    return f"{one[1]!r} and {other[1]!r} of {one[0]!r}"


def _between(ours: Counter[tuple[str, ...]], theirs: Counter[tuple[str, ...]]) -> float:
    return sum(n * theirs[text] for text, n in ours.items()) / (ours.total() * theirs.total())


def _within(texts: Counter[tuple[str, ...]]) -> float:
    n = texts.total()
    return sum(many * (many - 1) for many in texts.values()) / (n * (n - 1))


def texts_of(design: Crossed, arm: Arm) -> Texts:
    """What an arm answered to each question."""
    rows = rows_of(design, arm)
    found: Texts = defaultdict(Counter)
    if "completion" in rows:
        names = [name for name in ("question", "reasoning", "completion") if name in rows]
        said = rows.loc[rows["completion"].fillna("").astype(str) != "", names].fillna("").astype(str)
        for name, *text in said.itertuples(index=False, name=None):
            found[name][tuple(text)] += 1
    return found
