"""Conditions that join a comparison after it was looked at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.comparison.crossed import Crossed, crossed
from promptlab.errors import InputError, unknown
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

SAME = ["question", "score", "ending"]


def joined(design: Crossed, runs: Any, baseline: str, conditions: Sequence[str] | None) -> pd.DataFrame:
    """The samples of a design, and those of the arms of `runs` that it does not hold yet.

    Raises
    ------
    InputError
        `runs` hold no new arm, other samples of an old one, or not all of `conditions`.
    """
    import pandas as pd

    more = crossed(runs)
    _known(more, conditions)
    new = []
    for i, arm in enumerate(more.arms):
        if arm in design.arms:
            _same(design, more, arm)
        elif conditions is None or arm[1] in (baseline, *conditions):
            new.append(i)
    if not new:
        raise InputError("runs of extended hold no arm that is not in the comparison already")
    return pd.concat([design.taken, more.samples[np.isin(more.arm, new)]])


def _known(more: Crossed, conditions: Sequence[str] | None) -> None:
    names = list(dict.fromkeys(condition for _, condition in more.arms))
    for name in conditions or ():
        if name not in names:
            raise unknown("condition of extended", name, names)


def _same(design: Crossed, more: Crossed, arm: tuple[str, str]) -> None:
    """A grown run still holds what was compared; other samples would make another comparison of it."""
    before, now = (_sorted(each, arm) for each in (design, more))
    if not before.equals(now):
        raise InputError(
            f"{' under '.join(arm)} is in the comparison already, with other samples ({len(before)}, now {len(now)}): "
            "give the new arms only, or compare anew"
        )


def _sorted(design: Crossed, arm: tuple[str, str]) -> pd.DataFrame:
    rows = (design.arm == design.arms.index(arm)) & ~design.absent
    frame = design.samples[rows].assign(score=design.score[rows], ending=design.ending[rows])[SAME]
    return frame.astype({"question": str, "ending": str, "score": float}).sort_values(SAME, ignore_index=True)


def looks(sizes: Sequence[int]) -> list[str]:
    """A sentence for each look: `sizes` are those of the family at every look, and now."""
    return [
        f"{counted(now - before, 'comparison')} added after a look at {before}: the intervals hold for all together"
        for before, now in pairwise(sizes)
    ]
