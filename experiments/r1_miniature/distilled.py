"""What the base learns from a trained model's right answers alone (rejection sampling), beside that model.

Exploratory, of one training, and not registered; decided before a sample of it was read (LOG.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.r1_miniature.doses import family
from experiments.r1_miniature.evidence import RESULTS
from experiments.r1_miniature.joined import runs_in
from experiments.r1_miniature.record import BASE
from experiments.r1_miniature.registered import BASELINE
from promptlab.assets import find_asset
from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.records import load_run

if TYPE_CHECKING:
    import pandas as pd

STUDENT, SUFFIX = "distill", "-conditions"
BESIDE = ("r1", "sft", BASE)  # of zero-shot accuracy
LESS = ("r1", "sft", "r1-narrow")  # of what exemplars do


class Distilled(NamedTuple):
    """Tables with `model`, `difference`, `low` and `high`, in shares of 1; each is one simultaneous family."""

    accuracy: dict[str, float]  # zero-shot, by model
    right: pd.DataFrame  # zero-shot accuracy of the student less that of others
    effects: pd.DataFrame  # the student's mean few-shot effect, then less those of others


def found(folder: Path = RESULTS) -> Distilled | None:
    """The results; None where the student's samples are not in the folder. Those of the others ship."""
    import pandas as pd

    there = runs_in(folder, SUFFIX)
    if STUDENT not in there:
        return None
    names = dict.fromkeys((STUDENT, *BESIDE, *LESS))
    runs = {
        name: there[name] if name in there else load_run(find_asset(f"data/recorded/{name}.parquet")) for name in names
    }
    frames = [run.to_frame(completion=False, reasoning=False).assign(model=name) for name, run in runs.items()]
    return analysed(crossed(pd.concat(frames, ignore_index=True)))


def analysed(design: Crossed) -> Distilled:
    """What was decided before the samples were read."""
    means = design.means(design.score)
    zero = {model: mean for (model, condition), mean in zip(design.arms, means, strict=True) if condition == BASELINE}
    effect = {model: few_shot(design, means, model) - each for model, each in zero.items()}
    return Distilled(
        {model: float(each.mean()) for model, each in zero.items()},
        _family(design, {name: zero[STUDENT] - zero[name] for name in BESIDE}),
        _family(design, {STUDENT: effect[STUDENT], **{name: effect[STUDENT] - effect[name] for name in LESS}}),
    )


def few_shot(design: Crossed, means: Floats, model: str) -> Floats:
    """A model's mean over all conditions that show exemplars, a value a question."""
    shown = set(design.taken.loc[design.taken["shots"] > 0, "condition"])
    rows = [i for i, (name, condition) in enumerate(design.arms) if name == model and condition in shown]
    return means[rows].mean(axis=0)


def _family(design: Crossed, values: dict[str, Floats]) -> pd.DataFrame:
    return family(np.column_stack(list(values.values())), design.clusters, [{"model": name} for name in values])
