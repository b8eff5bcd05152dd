"""What each way of going wrong takes from accuracy at which dose, and how often an exemplar's answer is repeated.

Exploratory, as `doses`; from answers that `dose_steps` has checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.r1_miniature.checkpoints import weights
from experiments.r1_miniature.dose_runs import series_of
from experiments.r1_miniature.dose_steps import AS_IF, PLACES, REPEATS, STEPS, checked
from experiments.r1_miniature.doses import ALL, ALPHA, LINE, MEAN, family
from experiments.r1_miniature.steps import RIGHT, WAYS
from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.records import Run
from promptlab.stats import mean_ratio

if TYPE_CHECKING:
    import pandas as pd

_ANSWERS = ("wrong-answers, one message", "answers, one message")
_LARGEST = 2.2  # of a part's change along the line: the sizes of `weights` without that of k = 0


class Steps(NamedTuple):
    """Where answers go wrong: tables with `difference`, `low` and `high`, in shares of 1."""

    parts: pd.DataFrame
    by_k: pd.DataFrame
    repeats: pd.DataFrame
    described: pd.DataFrame


def analysed(runs: Mapping[str, Run], effects: pd.DataFrame) -> Steps:
    """All that was asked of the steps, before they were seen; `effects` are those of `doses`."""
    import pandas as pd

    frame = pd.concat([checked(run, name) for name, run in runs.items()], ignore_index=True)
    design = crossed(frame)
    sizes = {name: effects[effects["model"] == name].set_index(["series", "what"]) for name in runs}
    return Steps(
        parts=pd.concat([parts(design, name, sizes[name]) for name in runs], ignore_index=True),
        by_k=pd.concat([parts_by_k(design, name) for name in runs], ignore_index=True),
        repeats=pd.concat([repeated(design, name) for name in runs], ignore_index=True),
        described=described(frame),
    )


def parts(design: Crossed, model: str, effects: pd.DataFrame) -> pd.DataFrame:
    """What each way of going wrong does in each series and in all, `MEAN` and `LINE`: one family of a model.

    Parts of a series sum to its effect. `share` is a part of the mean over the mean itself, at ALPHA over the number of
    ways (`mean_ratio`), where that is away from 0 in `effects` (`doses.effects` by series and `what`).
    """
    each = _summed(design, model)
    each |= {
        (ALL, what): np.mean([of for (_, one), of in each.items() if one == what], axis=0) for what in (MEAN, LINE)
    }
    away = (effects["low"] > 0) | (effects["high"] < 0)
    labels: list[dict[str, Any]] = []
    for (name, what), values in each.items():
        for way, part in zip(_lost(design, model), values, strict=True):
            shares = _share(part, values.sum(axis=0), design) if what == MEAN and away[name, what] else {}
            labels.append({"model": model, "series": name, "what": what, "way": way, **shares})
    largest = [1.0 if label["what"] == MEAN else _LARGEST for label in labels]
    return family(np.concatenate(list(each.values())).T, design.clusters, labels, np.array(largest))


def _summed(design: Crossed, model: str) -> dict[tuple[str, str], Floats]:
    """Parts of the mean effect and of the change along the line, (ways, questions), by series."""
    found = {}
    for name, by_k in series_of(design.samples).items():
        each = np.stack([_changes(design, model, lost, by_k.values()) for lost in _lost(design, model).values()])
        found[name, MEAN] = each.mean(axis=1)
        line = weights(np.array([0.0, *by_k]))[1:]  # at 0 nothing has changed
        found[name, LINE] = np.einsum("k,wkq->wq", line, each)
    return found


def _share(part: Floats, whole: Floats, design: Crossed) -> dict[str, float]:
    found = mean_ratio(part, whole, design.clusters, ALPHA / len(WAYS))
    return {"share": found.value, "share_low": found.low, "share_high": found.high}


def parts_by_k(design: Crossed, model: str) -> pd.DataFrame:
    """What each way of going wrong does at each k: one family of a model, for its table."""
    places = [(name, k, condition) for name, by_k in series_of(design.samples).items() for k, condition in by_k.items()]
    ways = _lost(design, model)
    labels = [{"model": model, "series": name, "shots": k, "way": way} for way in ways for name, k, _ in places]
    lost = [_changes(design, model, each, [condition for *_, condition in places]) for each in ways.values()]
    return family(np.concatenate(lost).T, design.clusters, labels)


def repeated(design: Crossed, model: str) -> pd.DataFrame:
    """How much more often than by chance an exemplar's answer is given as the own, wrong one: one family of a model.

    The last row is wrong answers shown less right ones, k >= 2: from there both series show the same numbers.
    """
    series = series_of(design.samples)
    places = [(name, k, condition) for name, by_k in series.items() for k, condition in by_k.items()]
    said = np.where(design.missing, np.nan, design.samples[REPEATS].to_numpy(float))
    labels: list[dict[str, Any]] = [{"model": model, "series": name, "shots": k} for name, k, _ in places]
    values = _changes(design, model, said, [condition for *_, condition in places])
    if set(_ANSWERS) <= set(series):
        two = [_changes(design, model, said, [c for k, c in series[name].items() if k > 1]) for name in _ANSWERS]
        values = np.vstack([values, two[0].mean(axis=0) - two[1].mean(axis=0)])
        labels.append({"model": model, "series": " less ".join(_ANSWERS), "shots": np.nan})
    return family(values.T, design.clusters, labels)


def _lost(design: Crossed, model: str) -> dict[str, Floats]:
    """What each way in which this model ever goes wrong takes from a sample's score; NaN where that is missing."""
    way, mine = design.samples["way"].to_numpy(), (design.samples["model"] == model).to_numpy()
    lost = np.where(way == RIGHT, 0.0, design.score - 1)
    each = {one: np.where(design.missing, np.nan, np.where(way == one, lost, 0.0)) for one in WAYS}
    return {one: taken for one, taken in each.items() if np.nan_to_num(taken[mine]).any()}


def _changes(design: Crossed, model: str, values: Floats, conditions: Iterable[str]) -> Floats:
    """Means with exemplars less those as if, (conditions, questions)."""
    means = design.means(values)
    pairs = [[design.arms.index((model, before + name)) for before in ("", AS_IF)] for name in conditions]
    shown, as_if = np.array(pairs).T
    return np.asarray(means[shown] - means[as_if])


def described(frame: pd.DataFrame) -> pd.DataFrame:
    """Means by model, series and k (0: zero-shot): steps done, left out, mended; where an answer first goes wrong."""
    import pandas as pd

    columns, rows = [*STEPS, *PLACES, REPEATS], []
    each = frame.groupby(["model", "condition"], sort=False)[columns].mean()
    for model in frame["model"].unique():
        for name, by_k in series_of(frame).items():
            arms = {0: AS_IF + by_k[max(by_k)], **by_k}
            rows += [{"model": model, "series": name, "shots": k, **each.loc[(model, arm)]} for k, arm in arms.items()]
    return pd.DataFrame(rows)
