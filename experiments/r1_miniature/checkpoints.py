"""One training seen through its checkpoints: what changes over the steps, and what exemplars do at each.

Exploratory, of one training seed, and not registered; it was written before its samples were looked at, in words in
``notebooks/r1_zero_training.ipynb``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.r1_miniature.evidence import RESULTS
from experiments.r1_miniature.jobs import ZERO
from experiments.r1_miniature.joined import runs_in
from experiments.r1_miniature.record import BASE
from experiments.r1_miniature.registered import BASELINE
from experiments.r1_miniature.rewards import well_formed
from promptlab.comparison.attempted import votes
from promptlab.comparison.bounding import bounded
from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.errors import InputError
from promptlab.formats import ANSWER_TAGS
from promptlab.stats import Estimate, bounded_mean, mean_estimate, simultaneous

if TYPE_CHECKING:
    import pandas as pd

MODEL, START = "r1-short-1", "sft-short-1"
ALPHA = 0.05
PASS, VOTE, TOKENS, FORM = "pass@1", "cons@16", "tokens", "in form"
CHECKS, DOUBTS, MENDED, CHANGED = "checks", "doubts", "mended", "answer changed"
WORDS = {
    PASS: "right answers",
    VOTE: "right votes of all samples of a question",
    TOKENS: "tokens of an answer",
    FORM: "answers that end by themselves in the format asked for",
    CHECKS: "answers with a check",
    DOUBTS: "answers with a doubt (wait)",
    MENDED: "answers in which a calculation is done again with another result",
    CHANGED: "answers that state one answer and end with another",
}


def of_training(
    design: str, folder: Path = RESULTS, model: str = MODEL, start: str = START, *, completion: bool = False
) -> pd.DataFrame:
    """The samples of each checkpoint under a design (``attempts``, ``steps``), as models ``step 0`` (the start) on."""
    import pandas as pd

    runs = runs_in(folder, f"-{design}")
    steps = {name: int(name.partition("@")[2]) for name in runs if name.startswith(f"{model}@")}
    if not steps or start not in runs:
        raise InputError(f"{folder} holds no runs {start} and {model}@STEP of the design {design}: record them")
    ordered = [start, *sorted(steps, key=steps.__getitem__)]
    texts = {"completion": completion, "reasoning": False}
    frames = {steps.get(name, 0): runs[name].to_frame(**texts) for name in ordered}
    return pd.concat([f.assign(model=f"step {step}") for step, f in frames.items()], ignore_index=True)


def of_zero(folder: Path = RESULTS) -> pd.DataFrame | None:
    """The same of `zero`, from the bare base on, in its own template; None where its samples are not in the folder."""
    if not any(folder.glob("*-opened.parquet")):
        return None
    frame = of_training("opened", folder, ZERO, BASE, completion=True)
    return frame.assign(
        format_ok=[well_formed(text.strip(), ANSWER_TAGS.wrap) for text in frame["completion"].fillna("")]
    )


def steps_of(design: Crossed) -> Floats:
    """The step of each arm."""
    return np.array([float(model.removeprefix("step ")) for model, _ in design.arms])


def measured(design: Crossed) -> dict[str, Floats]:
    """Means of each measure by checkpoint and question, (steps, questions); of an answer that is missing none."""
    found, rows = design.samples, {PASS: design.score}
    rows[TOKENS] = found["completion_tokens"].to_numpy(float)
    rows[FORM] = np.asarray(found["ending"].eq("complete") & found["format_ok"].eq(True), dtype=np.float64)
    for name, column in ((CHECKS, "checks"), (DOUBTS, "doubts"), (MENDED, "redone_otherwise"), (CHANGED, "changed")):
        rows[name] = np.asarray(found[column].fillna(0) > 0, dtype=np.float64)
    means = {name: design.means(np.where(design.missing, np.nan, values)) for name, values in rows.items()}
    return {name: votes(design) if name == VOTE else means[name] for name in WORDS}


def curves(frame: pd.DataFrame) -> pd.DataFrame:
    """A row a measure and step: `value`, `low`, `high`; the intervals of one measure hold for all steps together."""
    import pandas as pd

    design, rows = crossed(frame), []
    for name, means in measured(design).items():
        interval, level = mean_estimate if name == TOKENS else bounded_mean, ALPHA / len(means)
        for (model, _), step, values in zip(design.arms, steps_of(design), means, strict=True):
            found = interval(values, design.clusters, level)
            ends = {"value": found.value, "low": found.low, "high": found.high}
            rows.append({"measure": name, "model": model, "step": step, **ends})
    return pd.DataFrame(rows)


def weights(steps: Floats) -> Floats:
    """What turns values at these steps into the change along their fitted line, from the first step to the last."""
    centred = steps - steps.mean()
    return np.asarray(np.ptp(steps) * centred / (centred @ centred))


def trends(frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Change of each measure along the fitted line: one family; tokens as a logarithm, so that 0.1 is about 10 %."""
    import pandas as pd

    design = crossed(frame)
    each = {name: np.log(np.maximum(m, 1)) if name == TOKENS else m for name, m in measured(design).items()}
    values = np.stack([weights(steps_of(design)) @ means for means in each.values()], axis=1)
    found = simultaneous(values, design.clusters, ALPHA, rng=np.random.default_rng(seed), bound=2)
    table = pd.DataFrame({"measure": list(each), "change": found.estimate, "low": found.low, "high": found.high})
    return table.assign(verdict=np.select([found.low > 0, found.high < 0], ["rises", "falls"], "open"))


class Trend(NamedTuple):
    """The change of a mean few-shot effect along its fitted line; shares of 1."""

    value: float
    low: float
    high: float
    validity: str
    why: str

    @property
    def verdict(self) -> str:
        return self.decide(self.low, self.high)

    @staticmethod
    def decide(low: float, high: float) -> str:
        return "rises" if low > 0 else "falls" if high < 0 else "open"


def effect_trend(frame: pd.DataFrame) -> Trend:
    """The one test of point 4: the mean effect of all conditions with exemplars against zero-shot, over the steps."""
    design = crossed(frame).completed()
    signs = _effect_signs(design)
    unit = np.maximum(signs, 0).sum()  # so that the contrast lies in [-1, 1]

    def estimate(values: Floats) -> Estimate:
        return mean_estimate(values[:, 0] * unit, design.clusters, ALPHA)

    def decided(values: Floats) -> str:
        found = estimate(values)
        return Trend.decide(found.low, found.high)

    values = design.differences(design.score, signs / unit)
    found = estimate(values)
    return Trend(found.value, found.low, found.high, *bounded(design, signs / unit, decided, decided(values)))


def _effect_signs(design: Crossed) -> Floats:
    steps, few = steps_of(design), np.array([condition != BASELINE for _, condition in design.arms])
    of_step = dict(zip(np.unique(steps), weights(np.unique(steps)), strict=True))
    shown = {step: (few & (steps == step)).sum() for step in of_step}
    each = [of_step[s] * (1 / shown[s] if is_few else -1) for s, is_few in zip(steps, few, strict=True)]
    return np.array([each])
