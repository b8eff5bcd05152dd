"""What one exemplar to eight do to each model: the dose, kinds and layouts at equal k, models beside each other.

Exploratory, of one training of each model, and not registered; decided before a sample was seen, in words in
``notebooks/dose_and_mechanism.ipynb``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.r1_miniature.checkpoints import weights
from experiments.r1_miniature.dose_runs import Series, series_of
from experiments.r1_miniature.registered import BASELINE
from promptlab.comparison import dose
from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.stats import simultaneous
from promptlab.stats.twoway import two_way

if TYPE_CHECKING:
    import pandas as pd

ALPHA = 0.05
PAIRS = {  # (model, control): in what they differ
    ("r1-narrow", "sft-narrow"): "RL",
    ("sft-narrow", "plain"): "thinking",
    ("r1", "r1-narrow"): "exemplars in half of the start's prompts",
    ("r1", "sft"): "RL, from a start that met exemplars",
}
KINDS = (  # two series, compared at equal k
    ("answers, one message", "worked, one message"),
    ("answers, turns", "worked, turns"),
    ("think, one message", "worked, one message"),
    ("own-kind, one message", "worked, one message"),
    ("wrong-answers, one message", "answers, one message"),
    ("worked, one message", "worked, turns"),
    ("answers, one message", "answers, turns"),
)
MEAN, LINE = "mean over k", "change along the line"
ALL = "all series"

Signed = Mapping[tuple[str, str], float]  # what each arm (model, condition) counts


class Doses(NamedTuple):
    """What exemplars do to accuracy: tables with `difference`, `low` and `high`, in shares of 1."""

    differences: pd.DataFrame  # to zero-shot: a row a model, series and k
    shapes: pd.DataFrame  # a row a model and series
    effects: pd.DataFrame
    kinds: pd.DataFrame
    models: pd.DataFrame


def analysed(frame: pd.DataFrame) -> Doses:
    """All that was asked of the scores, before they were seen."""
    import pandas as pd

    design, ours = crossed(frame), series_of(frame)
    names = {condition: name for name, by_k in ours.items() for condition in by_k.values()}
    tables: list[pd.DataFrame] = []
    shapes: list[pd.DataFrame] = []
    for model in design.models():
        found = dose(frame[frame["model"] == model], baseline=BASELINE)
        table = found.table.assign(series=found.table["condition"].map(names))
        theirs = dict(zip(found.table["series"], table["series"], strict=True))
        tables.append(table)
        shapes.append(found.slopes.assign(series=found.slopes["series"].map(theirs)))
    return Doses(
        differences=pd.concat(tables, ignore_index=True),
        shapes=pd.concat(shapes, ignore_index=True),
        effects=pd.concat([effects(design, model) for model in design.models()], ignore_index=True),
        kinds=pd.concat([kinds(design, model) for model in design.models()], ignore_index=True),
        models=models(design),
    )


def summed(series: Series, model: str) -> dict[tuple[str, str], Signed]:
    """Of each series the mean effect over k, and the change along its line from 0 to the last k, fitted as a slope is.

    The last two are the means of all series.
    """
    found: dict[tuple[str, str], Signed] = {}
    for name, by_k in series.items():
        arms = [(model, condition) for condition in (BASELINE, *by_k.values())]
        mean = [-1.0, *[1 / len(by_k)] * len(by_k)]
        for what, each in ((MEAN, mean), (LINE, weights(np.array([0.0, *by_k])).tolist())):
            found[name, what] = dict(zip(arms, each, strict=True))
    return found | {(ALL, what): _averaged([found[name, what] for name in series]) for what in (MEAN, LINE)}


def _averaged(columns: Sequence[Signed]) -> Signed:
    arms = dict.fromkeys(arm for column in columns for arm in column)
    return {arm: sum(column.get(arm, 0.0) for column in columns) / len(columns) for arm in arms}


def effects(design: Crossed, model: str) -> pd.DataFrame:
    """What each series does to a model: a row a series and one of `MEAN`, `LINE`.

    `low` and `high` are simultaneous over the rows and speak of the exemplar sets that were shown; `drawn_low` and
    `drawn_high` of exemplars drawn like these (by template and by draw, Bonferroni), never narrower.
    """
    series = series_of(design.samples)
    columns = summed(series, model)
    values, largest = differences_of(design, columns.values())
    table = family(values, design.clusters, [{"model": model, "series": s, "what": w} for s, w in columns], largest)
    drawn = [
        two_way(values[:, j], design.clusters, _draws(design, model, name, series), ALPHA / len(columns))
        for j, (name, _) in enumerate(columns)
    ]
    wide = np.fmin(table["low"], [of.low for of in drawn]), np.fmax(table["high"], [of.high for of in drawn])
    return table.assign(drawn_low=wide[0], drawn_high=wide[1], draws=[of.n_draws for of in drawn])


def _draws(design: Crossed, model: str, name: str, series: Series) -> list[str]:
    """Each question's draw, the same at every k; exemplars of a question's own kind are drawn for each cluster."""
    by_k = series.get(name) or next(iter(series.values()))
    rows = design.arm == design.arms.index((model, next(iter(by_k.values()))))
    by_question = dict(zip(design.question[rows], design.samples["draw"].to_numpy()[rows], strict=True))
    own = name.startswith("own-kind")
    return [f"{by_question.get(i)}{f'/{c}' if own else ''}" for i, c in enumerate(design.clusters)]


def kinds(design: Crossed, model: str) -> pd.DataFrame:
    """Two kinds or layouts at equal k, and in the mean over k (`shots` is missing): one family."""
    series = series_of(design.samples)
    labels: list[dict[str, Any]] = []
    columns: list[Signed] = []
    for one, other in KINDS:
        shared = sorted(series.get(one, {}).keys() & series.get(other, {}).keys())
        if not shared:
            continue
        each = [{(model, series[one][k]): 1.0, (model, series[other][k]): -1.0} for k in shared]
        mean = {arm: sign / len(each) for signs in each for arm, sign in signs.items()}
        labels += [{"model": model, "contrast": f"{one} less {other}", "shots": k} for k in (*shared, np.nan)]
        columns += [*each, mean]
    values, largest = differences_of(design, columns)
    return family(values, design.clusters, labels, largest)


def models(design: Crossed) -> pd.DataFrame:
    """Effects of the series on one model less those on another, for the pairs that are there: one family."""
    series = series_of(design.samples)
    labels: list[dict[str, str]] = []
    columns: list[Signed] = []
    for (a, b), differ in PAIRS.items():
        if {a, b} <= set(design.models()):
            ours, theirs = summed(series, a), summed(series, b)
            pair = {"pair": f"{a} less {b}", "differ in": differ}
            labels += [{**pair, "series": s, "what": w} for s, w in ours]
            columns += [{**ours[row], **{arm: -sign for arm, sign in theirs[row].items()}} for row in ours]
    values, largest = differences_of(design, columns)
    return family(values, design.clusters, labels, largest)


def differences_of(design: Crossed, columns: Iterable[Signed]) -> tuple[Floats, Floats]:
    """Signed sums of arms for each question, (questions, columns), and the largest size that each can have."""
    each = [[column.get(arm, 0.0) for arm in design.arms] for column in columns]
    signs = np.array(each).reshape(-1, len(design.arms))
    return design.differences(design.score, signs), np.maximum(signs, 0).sum(axis=1)


def family(
    values: Floats, clusters: Any, labels: Sequence[Mapping[str, Any]], largest: Floats | float = 1
) -> pd.DataFrame:
    """A row a column of the values: its labels, `difference` (their mean), `low` and `high`, simultaneous over all."""
    import pandas as pd

    if not labels:
        return pd.DataFrame()
    found = simultaneous(values / largest, clusters, ALPHA, rng=np.random.default_rng(0))
    ends = {"difference": found.estimate, "low": found.low, "high": found.high}
    return pd.DataFrame(list(labels)).assign(**{name: largest * end for name, end in ends.items()})
