"""What a reward for one language does: two trainings from a start that mixes two, alike but for that reward.

Exploratory, of one training seed each, and not registered; written before a sample of either was taken (LOG.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.r1_miniature.checkpoints import ALPHA, TOKENS, of_training
from experiments.r1_miniature.evidence import RESULTS
from experiments.r1_miniature.jobs import LANGUAGE, LANGUAGE_START
from experiments.r1_miniature.languages import english_share
from promptlab.comparison import Comparison, compare
from promptlab.comparison.crossed import crossed
from promptlab.reasoning import split_reasoning
from promptlab.stats import bounded_mean, mean_estimate
from promptlab.types import Completion

if TYPE_CHECKING:
    import pandas as pd

DESIGN, SUFFIX = "languages", "-languages"
WITHOUT, WITH = "without the reward", "with the reward"
START = "step 0"
MARGIN = 0.05  # of the price in right answers: that of H2
RIGHT, ENGLISH, LISTED = "Right answers", "English words in the thought", "English words by the chains' own lists"
_DRAWN = {
    ENGLISH: (ENGLISH, bounded_mean),
    RIGHT: ("score", bounded_mean),
    TOKENS: ("completion_tokens", mean_estimate),
}


class Found(NamedTuple):
    """All that is asked of the samples; differences are paired by question, each comparison is one family."""

    curves: pd.DataFrame  # a row a measure, training (`condition`) and step: value, low, high
    rewarded: Comparison  # English words, with less without, at each step
    price: Comparison  # right answers, with less without, at each step
    since_start: Comparison  # English words, each step less step 0, of both trainings
    learned: Comparison  # right answers, each step less step 0, of both trainings
    apart: pd.DataFrame  # the two ways to tell a language, by training and step


def found(folder: Path = RESULTS) -> Found | None:
    """The results; None where the samples are not in the folder."""
    return analysed(of_trainings(folder)) if any(folder.glob(f"*{SUFFIX}.parquet")) else None


def of_trainings(folder: Path) -> pd.DataFrame:
    """Samples of both trainings as conditions of models ``step 0`` (the start of both) on, with shares of English."""
    import pandas as pd

    each = [of_training(DESIGN, folder, model, LANGUAGE_START, completion=True) for model in LANGUAGE]
    frame = pd.concat([f.assign(condition=c) for f, c in zip(each, (WITHOUT, WITH), strict=True)], ignore_index=True)
    said = zip(frame["completion"], frame["ending"], strict=True)
    listed = [english_share(split_reasoning(Completion(text, ending))[0]) for text, ending in said]
    shares: dict[str, Any] = {ENGLISH: 1 - frame["reasoning_foreign"], LISTED: listed}
    return frame.drop(columns="completion").assign(**shares)


def analysed(frame: pd.DataFrame) -> Found:
    """What was decided before the samples were taken."""
    later, starting = frame[frame["model"] != START], _by_training(frame)
    return Found(
        curves=curves(frame),
        rewarded=compare(_spoken(later), baseline=WITHOUT),
        price=compare(later, baseline=WITHOUT, margin=MARGIN),
        since_start=compare(_spoken(starting), baseline=START),
        learned=compare(starting, baseline=START),
        apart=apart(frame),
    )


def _by_training(frame: pd.DataFrame) -> pd.DataFrame:
    """With trainings as models and steps as conditions."""
    return frame.rename(columns={"model": "condition", "condition": "model"})


def _spoken(frame: pd.DataFrame) -> pd.DataFrame:
    """With the share of English in place of the score: an output that is cut has a language, too.

    Of a question whose own language cannot be told no sample has a share.
    """
    known = frame[frame[ENGLISH].notna()]
    return known.assign(score=known[ENGLISH], ending="complete", answered=True)


def curves(frame: pd.DataFrame) -> pd.DataFrame:
    """A row a measure, training and step: `value`, `low`, `high`; intervals hold for all steps of a curve together."""
    import pandas as pd

    design, rows, level = crossed(frame), [], ALPHA / frame["model"].nunique()
    for measure, (column, mean) in _DRAWN.items():
        means = design.means(design.samples[column].to_numpy(float))
        for (model, condition), values in zip(design.arms, means, strict=True):
            found = mean(values, design.clusters, level)
            place = {"measure": measure, "condition": condition, "model": model}
            ends = {"value": found.value, "low": found.low, "high": found.high}
            rows.append({**place, "step": float(model.removeprefix("step ")), **ends})
    return pd.DataFrame(rows)


def apart(frame: pd.DataFrame) -> pd.DataFrame:
    """Means of both shares of English by training and step, and how far they are apart for a sample, on average."""
    here = frame.assign(apart=np.abs(frame[ENGLISH] - frame[LISTED]))
    return here.groupby(["condition", "model"], sort=False)[[ENGLISH, LISTED, "apart"]].mean().reset_index()
