"""What a pilot says of a comparison to come: its variances, before anyone looks at its differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptlab.comparison.crossed import Crossed, crossed
from promptlab.comparison.differences import compared_pairs
from promptlab.errors import InputError
from promptlab.stats.spreads import Spread, paired_spread
from promptlab.stats.trials import Guess

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Pilot:
    """Variances of each comparison, from samples or from a guess (then `design` is None)."""

    names: tuple[str, ...]
    spreads: tuple[Spread, ...]
    accuracies: tuple[tuple[float, float], ...]  # baseline, condition
    cluster_size: float = 1.0
    design: Crossed | None = None

    def hardest(self, n: float, samples: int, draws: int | None, cluster_size: float) -> int:
        """The comparison with the largest standard error."""
        return int(np.argmax([s.standard_error(n, samples, draws, cluster_size=cluster_size) for s in self.spreads]))

    def enough_for(self, cluster_size: float, draws: bool) -> Pilot:
        """Itself, or an error where a variance is needed that it cannot tell."""
        if max(spread.questions + spread.sampling for spread in self.spreads) <= 0:
            raise InputError("basis of plan has no variance: no score differs from another, so it tells nothing")
        for name, spread in zip(self.names, self.spreads, strict=True):
            if cluster_size > 1 and np.isnan(spread.clusters):
                raise InputError(
                    f"cluster_size of plan is {cluster_size:.3g}, but the pilot of {name} has no cluster with two "
                    "questions to tell what they share: take a pilot that has, or a Guess"
                )
            if draws and np.isnan(spread.draws):
                raise InputError(
                    f"draws of plan is given, but the pilot of {name} does not tell how draws differ: it needs two "
                    "draws or more, each on two questions or more; or take a Guess with its draw_sd"
                )
        return self

    @property
    def variances(self) -> pd.DataFrame:
        """A row a comparison."""
        import pandas as pd

        columns = ("questions", "clusters", "draws", "sampling")
        rows = [[getattr(spread, column) for column in columns] for spread in self.spreads]
        table = pd.DataFrame(rows, columns=list(columns))
        table.insert(0, "comparison", self.names)
        return table


def pilot(basis: Any, baseline: str | None, conditions: Sequence[str] | None) -> Pilot:
    """Read a pilot's samples, or a `Guess`.

    Raises
    ------
    InputError
        The baseline is missing or unknown; the samples are not what `compare` could read, or too few.
    """
    if isinstance(basis, Guess):
        if baseline is not None or conditions is not None:
            raise InputError("baseline and conditions of plan are those of a pilot: leave them out with a Guess")
        return Pilot(("the guess",), (basis.spread,), (basis.accuracies,))
    if baseline is None:
        raise InputError("baseline of plan is None: name the condition that the pilot's others are compared with")
    design = crossed(basis, None if conditions is None else [baseline, *conditions])
    pairs = compared_pairs(design, baseline)
    several = len(design.models()) > 1
    names = tuple(f"{condition} on {model}" if several else condition for model, condition in pairs)
    cells = _cells(design)
    spreads, accuracies = zip(
        *(_pair(design, cells, (model, baseline), (model, name)) for model, name in pairs), strict=True
    )
    asked = np.unique(design.question[~design.missing])
    return Pilot(names, spreads, accuracies, typical_size(design.clusters[asked]), design)


def typical_size(clusters: ArrayLike) -> float:
    """Questions in the cluster of a question picked at random: ``sum m² / sum m``.

    >>> typical_size(["a", "a", "a", "b"])
    2.5
    """
    sizes = np.unique(np.asarray(clusters).astype(str), return_counts=True)[1]
    return float((sizes**2).sum() / sizes.sum())


def _cells(design: Crossed) -> pd.DataFrame:
    """A row a question, arm and draw that has a score: its mean, its variance, how many samples."""
    import pandas as pd

    draw = design.samples["draw"].fillna(0).to_numpy() if "draw" in design.samples else 0
    frame = pd.DataFrame({"arm": design.arm, "question": design.question, "draw": draw, "score": design.score})
    grouped = frame.dropna(subset=["score"]).groupby(["arm", "question", "draw"], sort=True)["score"]
    cells = grouped.agg(["mean", "var", "count"]).reset_index()
    # A cell of one sample has the variance of the others; where no cell has two, sampling cannot be told apart.
    cells["var"] = cells["var"].fillna(cells.groupby("arm")["var"].transform("mean")).fillna(0.0)
    return cells.assign(noise=cells["var"] / cells["count"])


def _pair(
    design: Crossed, cells: pd.DataFrame, baseline: tuple[str, str], arm: tuple[str, str]
) -> tuple[Spread, tuple[float, float]]:
    before, after = (cells[cells["arm"] == design.arms.index(one)] for one in (baseline, arm))
    by_question = before.groupby("question")
    base = by_question[["mean", "var"]].mean()
    base["noise"] = by_question["noise"].sum() / by_question["noise"].count() ** 2
    both = after.merge(base, left_on="question", right_index=True, suffixes=("", "_before"))
    if both["question"].nunique() < 4:
        raise InputError(f"the pilot has fewer than 4 questions with both {baseline[1]} and {arm[1]} on {arm[0]}")
    question = both["question"].to_numpy()
    spread = paired_spread(
        both["mean"] - both["mean_before"],
        both["noise"] + both["noise_before"],
        float(both["var"].mean() + both["var_before"].mean()),
        design.clusters[question],
        both["draw"].to_numpy(),
        question,
    )
    if "shots" in design.samples and not (design.samples["shots"].to_numpy()[_of(design, baseline, arm)] > 0).any():
        spread = replace(spread, draws=0.0)  # no exemplars, nothing to draw
    return spread, (float(both["mean_before"].mean()), float(both["mean"].mean()))


def _of(design: Crossed, *arms: tuple[str, str]) -> NDArray[np.bool_]:
    """Rows of these arms."""
    return np.isin(design.arm, [design.arms.index(arm) for arm in arms])
