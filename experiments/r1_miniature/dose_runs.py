"""The runs of the design dose, and which of their conditions differ in the number of exemplars alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.r1_miniature.evidence import RESULTS
from experiments.r1_miniature.joined import runs_in
from promptlab.errors import InputError
from promptlab.records import Run

if TYPE_CHECKING:
    import pandas as pd

SUFFIX = "-dose"
MODELS = ("r1-narrow", "sft-narrow", "plain", "r1", "sft")  # in the order in which they are told of

Series = dict[str, dict[int, str]]  # conditions by kind and layout of their exemplars, then by k


def recorded(folder: Path = RESULTS, names: Sequence[str] = ()) -> dict[str, Run]:
    """The runs by model, these (or an error) or all that there are."""
    found = runs_in(folder, SUFFIX)
    lacking = [name for name in names if name not in found]
    if lacking or not found:
        which = f" of {', '.join(lacking)}" if lacking else ""
        raise InputError(f"{folder} holds no run{which} of the design dose: record it with --design dose")
    order = [*MODELS, *found]
    return {name: found[name] for name in sorted(names or found, key=order.index)}


def samples(runs: Mapping[str, Run]) -> pd.DataFrame:
    """All samples, without their texts."""
    import pandas as pd

    if len({tuple(run.conditions) for run in runs.values()}) > 1:
        raise InputError(f"runs of the design dose have different conditions: {', '.join(runs)}")
    frames = [run.to_frame(completion=False, reasoning=False).assign(model=name) for name, run in runs.items()]
    return pd.concat(frames, ignore_index=True)


def series_of(samples: pd.DataFrame) -> Series:
    """The conditions of these samples that show exemplars."""
    names = ["condition", "shots", "style", "select", "content", "layout"]
    found: Series = {}
    for condition, k, style, select, content, layout in samples[names].drop_duplicates().itertuples(index=False):
        unusual = [name for name, usual in ((content, "own"), (select, "random")) if name != usual]
        kind = unusual[0] if unusual else style.partition(" ")[0]  # "think <think>" names its tag
        if k:
            found.setdefault(f"{kind}, {layout.replace('-', ' ')}", {})[int(k)] = condition
    return {name: dict(sorted(by_k.items())) for name, by_k in found.items()}
