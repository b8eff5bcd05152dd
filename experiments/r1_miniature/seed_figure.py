"""What is said over trained seeds as figures, one a hypothesis: each seed a point, their mean with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.r1_miniature.pooling import Pooled, pooled
from experiments.r1_miniature.registered import merged
from experiments.r1_miniature.rules import GAINED, PLAIN, THINKING, TRIPLE, Seeds, each_less, few, state_of_sameness
from promptlab import figures
from promptlab.comparison.crossed import crossed
from promptlab.figures import describing, drawing, legends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SEED, MEAN = "seed", "mean"
MARK = 0.026  # how wide a marker is, as a share of all that is drawn; it is 0.14 of a row high
START, RL, MIXED = few("sft-short"), few("r1-short"), few("r1-mixed")
SHOWN: dict[str, tuple[str, dict[str, Seeds]]] = {
    "h1-seeds": (
        "Zero-shot RL on eight robust starts",
        {
            "start: few-shot less zero-shot": START,
            "after RL: few-shot less zero-shot": RL,
            "H1: after RL less start": THINKING,
            "check: zero-shot accuracy gained": GAINED,
        },
    ),
    "h3-seeds": (
        "Exemplars in half of RL's prompts, eight seeds",
        {
            "RL without exemplars: few-shot less zero-shot": RL,
            "RL with exemplars: few-shot less zero-shot": MIXED,
            "H3: with less without": each_less(MIXED, RL),
            "beside it: with, less the start": each_less(MIXED, START),
        },
    ),
    "h4-seeds": (
        "What RL adds to the few-shot effect, eight seeds",
        {
            "without thinking: plain-rl less plain-short": PLAIN,
            "with thinking: r1-short less sft-short": THINKING,
            "H4: the first less the second": TRIPLE,
        },
    ),
}


def effects(frame: pd.DataFrame, shown: Mapping[str, Seeds]) -> dict[str, Pooled]:
    """Each quantity of a figure over its seeds; each interval for itself."""
    design = crossed(merged(frame))
    return {name: pooled(design, seeds, state_of_sameness, alpha=0.05) for name, seeds in shown.items()}


def table(found: Mapping[str, Pooled]) -> pd.DataFrame:
    """A row a mean and a row a seed; shares of 1."""
    import pandas as pd

    means = [
        {"series": name, "kind": MEAN, "value": p.value, "low": p.low, "high": p.high} for name, p in found.items()
    ]
    seeds = [
        {"series": name, "kind": SEED, "seed": seed, "value": value}
        for name, p in found.items()
        for seed, value in enumerate(p.each, start=1)
    ]
    return pd.DataFrame([*means, *seeds])


def draw(rows: pd.DataFrame, title: str) -> Axes:
    """A row a quantity, in points: squares are seeds, none upon another; the point is their mean with its interval."""
    names = list(dict.fromkeys(rows["series"]))
    drawn = rows[["value", "low", "high"]]
    wide = MARK * (drawn.max().max() - drawn.min().min())
    lower = rows.groupby(["kind", "series"])["value"].transform(lambda values: _lower(values.to_numpy(float), wide))
    ax = drawing.axes(height=1.2 + 0.6 * len(names))
    ax.axvline(0, color=drawing.GREY, linewidth=1)
    for kind, look, shift in ((SEED, 1, 0.12), (MEAN, 0, -0.12)):
        part = rows[rows["kind"] == kind]
        place = np.array([names.index(name) for name in part["series"]]) + shift + 0.14 * lower[part.index].to_numpy()
        value, low, high = (100 * part[column] for column in ("value", "low", "high"))
        drawing.dots(ax, value, place, low, high, drawing.style(look, kind))
    drawing.condition_axis(ax, names)
    ax.set_xlabel("points of accuracy (95 % intervals over seeds and questions, each for itself)")
    legends.legend_below(ax, title)
    means = rows[rows["kind"] == MEAN]
    told = describing.estimates("Dots with intervals: means over trained seeds", means, "value", "points")
    drawing.tell(ax, told, rows)
    return ax


def _lower(values: np.ndarray, wide: float) -> np.ndarray:
    """How many places down each stands, so that none is within `wide` of another one in its line."""
    places, ends = np.zeros(len(values)), [-np.inf] * len(values)
    for i in np.argsort(values, kind="stable"):
        places[i] = line = next(at for at, end in enumerate(ends) if values[i] - end >= wide)
        ends[line] = values[i]
    return places


def save(frame: pd.DataFrame, folder: Path, note: str) -> list[Path]:
    """``h1-seeds`` and so on as SVG, PNG, CSV and alt text: the hypotheses whose models are all there."""
    paths, there = [], set(frame["model"])
    for name, (title, shown) in SHOWN.items():
        needed = {model for seeds in shown.values() for arms in seeds for model, _ in arms}
        if needed <= there:
            rows = table(effects(frame[frame["model"].isin(needed)], shown))
            paths += figures.save(draw(rows, title), folder / name, note=note, width="blog")
    return paths
