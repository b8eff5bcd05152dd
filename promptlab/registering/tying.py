"""Results held against the runs that they should be made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from promptlab.comparison.bases import ASPECTS, COLUMNS, Arm, Basis, bases
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
        One a model. Of several the first is taken: who could choose among them would choose.
    most
        Samples a question that the design plans: what was taken beside it does not count.
    """

    def __init__(self, runs: Iterable[Run], most: int) -> None:
        self._runs: dict[str, list[Run]] = {}
        for run in runs:
            self._runs.setdefault(run.model, []).append(run)
        self._most = most
        self._frames: dict[str, pd.DataFrame] = {}
        self._known: dict[tuple[Arm, frozenset[str]], Basis] = {}

    @property
    def models(self) -> Collection[str]:
        return self._runs.keys()

    @property
    def several(self) -> Iterator[str]:
        """Of which models there are several runs: a design has one of each. A run's file is the run once more."""
        for model, runs in self._runs.items():
            places = {run.path.resolve(): run for run in runs}
            if len(places) > 1 and (found := len({self._content(run) for run in places.values()})) > 1:
                yield f"{model}: {found} runs instead of 1"

    def basis(self, arm: Arm, questions: frozenset[str]) -> Basis:
        """What this arm is made of in the run of its model, as far as these questions go."""
        if (arm, questions) not in self._known:
            frame = self._frame(arm[0])
            here = frame[(frame["condition"] == arm[1]) & frame["question"].isin(questions)]
            self._known[arm, questions] = bases(here, [arm])[arm]
        return self._known[arm, questions]

    def _frame(self, model: str) -> pd.DataFrame:
        if model not in self._frames:
            self._frames[model] = self._read(self._runs[model][0])
        return self._frames[model]

    def _read(self, run: Run) -> pd.DataFrame:
        frame = run.to_frame(completion=False, reasoning=False)
        return frame.loc[frame["sample"] < self._most, [name for name in COLUMNS if name in frame]]

    def _content(self, run: Run) -> frozenset[tuple[Arm, tuple[str, ...]]]:
        """All that could make a difference to a result. Keys alone are the same in every run of one design."""
        frame = self._read(run)
        arms = set(frame[["model", "condition"]].itertuples(index=False, name=None))
        return frozenset((arm, tuple(basis.digests.values())) for arm, basis in bases(frame, arms).items())


def untied(found: Tested, samples: Samples) -> Iterator[str]:
    """What a result was made of that is not what the runs of its models hold."""
    unlike: dict[str, list[str]] = {}
    for arm, aspect, lacking in _unlike(found, samples):
        if not lacking:
            unlike.setdefault(aspect, []).append(", ".join(arm))
    yield from (f"other {aspect} than in the runs: {listed(arms, '; ')}" for aspect, arms in unlike.items())


def _unlike(found: Tested, samples: Samples) -> Iterator[tuple[Arm, str, list[str]]]:
    """Each arm that differs from its run, in which aspect, and the columns of it that the run has and the result lacks.

    The first aspect is enough, since the later ones hang on it.
    """
    for arm, basis in found.bases.items():
        if arm[0] in samples.models:
            held = samples.basis(arm, basis.questions)
            aspects = (name for name, digest in basis.digests.items() if digest != held.digests[name])
            if aspect := next(aspects, ""):
                yield arm, aspect, [name for name in ASPECTS[aspect] if name in held.columns - basis.columns]


def unchecked(results: Collection[Tested], samples: Samples) -> Iterator[str]:
    """What could not be looked at in all results: one text for the runs that are not there, one for the columns."""
    runs = dict.fromkeys(arm[0] for found in results for arm in found.arms if arm[0] not in samples.models)
    if runs:
        yield f"runs not given: {listed(runs)}"
    columns = dict.fromkeys(name for found in results for *_, lacking in _unlike(found, samples) for name in lacking)
    if columns:
        yield f"columns not given: {listed(columns)}"


def losses(results: Iterable[Tested]) -> Iterator[str]:
    """What infrastructure failures took from the samples that a result counts on: no choice of anybody."""
    for found in results:
        for arm, basis in found.bases.items():
            if basis.lost:
                yield f"{basis.lost:,} of {basis.taken:,} of {', '.join(arm)}"
