"""Results held against the runs that they should be made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from promptlab.comparison.bases import COLUMNS, Arm, Basis, bases
from promptlab.comparison.pairing import listed
from promptlab.comparison.tested import Tested
from promptlab.records import Run

if TYPE_CHECKING:
    import pandas as pd


class Samples:
    """The samples of the given runs that a design speaks of; a run is read when it is first asked for.

    Parameters
    ----------
    runs
        One a model; with several, a result may be made of any of them.
    most
        Samples a question that the design plans: what was taken beside it does not count.
    """

    def __init__(self, runs: Iterable[Run], most: int) -> None:
        self._runs, self._most = list(runs), most
        self._frames: dict[int, pd.DataFrame] = {}
        self._known: dict[tuple[int, Arm, frozenset[str]], Basis] = {}

    @property
    def models(self) -> set[str]:
        return {run.model for run in self._runs}

    def bases(self, arm: Arm, questions: frozenset[str]) -> list[Basis]:
        """What this arm is made of in each run of its model, as far as these questions go."""
        return [self._basis(i, arm, questions) for i, run in enumerate(self._runs) if run.model == arm[0]]

    def _basis(self, i: int, arm: Arm, questions: frozenset[str]) -> Basis:
        if (i, arm, questions) not in self._known:
            frame = self._frame(i)
            here = frame[(frame["condition"] == arm[1]) & frame["question"].isin(questions)]
            self._known[i, arm, questions] = bases(here, [arm])[arm]
        return self._known[i, arm, questions]

    def _frame(self, i: int) -> pd.DataFrame:
        if i not in self._frames:
            frame = self._runs[i].to_frame(completion=False, reasoning=False)
            told = [name for name in COLUMNS if name in frame]
            self._frames[i] = frame.loc[frame["sample"] < self._most, told]
        return self._frames[i]


def untied(found: Tested, samples: Samples) -> Iterator[str]:
    """What a result was made of that is not what the runs of its models hold."""
    unlike: dict[str, list[str]] = {}
    for arm, basis in found.bases.items():
        held = samples.bases(arm, basis.questions)
        if held and (aspects := min((_unlike(basis, one) for one in held), key=len)):
            unlike.setdefault(aspects[0], []).append(", ".join(arm))
    yield from (f"other {aspect} than in the runs: {listed(arms, '; ')}" for aspect, arms in unlike.items())


def _unlike(basis: Basis, held: Basis) -> list[str]:
    """The aspects in which they differ; the first is enough, since the later ones hang on it."""
    return [aspect for aspect, digest in basis.digests.items() if digest != held.digests[aspect]]


def unchecked(results: Collection[Tested], samples: Samples) -> Iterator[str]:
    """One text for all results whose runs are not there to hold them against."""
    lacking = dict.fromkeys(arm[0] for found in results for arm in found.arms if arm[0] not in samples.models)
    if lacking:
        yield f"runs not given: {listed(lacking)}"


def losses(results: Iterable[Tested]) -> Iterator[str]:
    """What infrastructure failures took from the samples that a result counts on: no choice of anybody."""
    for found in results:
        for arm, basis in found.bases.items():
            if basis.lost:
                yield f"{basis.lost:,} of {basis.taken:,} of {', '.join(arm)}"
