"""Where a difference of two arms comes from: exclusive classes of wrong outputs, questions that change sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from promptlab.comparison.crossed import Crossed, Floats
from promptlab.comparison.reading import as_numbers
from promptlab.stats import simultaneous

if TYPE_CHECKING:
    import pandas as pd

    Pair = tuple[str, str]

# Classes of wrong outputs; where several fit, the first counts. A model that does not think can work in steps as well,
# and one that does can answer without any; the last class is there where that cannot be told.
WITHOUT_STEPS, AFTER_STEPS = "wrong_without_worked_steps", "wrong_after_worked_steps"
PARTS = ("truncated", "empty_or_refused", "no_answer", WITHOUT_STEPS, AFTER_STEPS, "wrong_answer")
NONE = "no wrong output of this model is of this class"  # of those sampled; nothing says that none could be
RIGHT = "right"
LOST, GAINED = "right -> wrong", "wrong -> right"


def parts(design: Crossed, pairs: list[Pair], baseline: str, alpha: float, seed: int) -> pd.DataFrame:
    """Parts of each difference: exclusive classes of wrong outputs, which sum to it exactly.

    A part is the change of the score that is due to its class; parts may have opposite signs. Where several classes
    fit, the first of them counts. Missing samples belong to no class: they are not in the difference either.
    """
    classes = _wrong(design)
    signs = design.signs({pair: 1, (pair[0], baseline): -1} for pair in pairs)
    columns = [-design.differences(of.lacking, signs) for of in classes]
    return _table(design, pairs, baseline, [({"part": of.name}, of) for of in classes], columns, alpha, seed)


def changes(design: Crossed, pairs: list[Pair], baseline: str, alpha: float, seed: int) -> pd.DataFrame:
    """Questions that turn from right to wrong (negative) and from wrong to right, by the class of the wrong output.

    Shares of the questions; with several samples, expected ones when a sample of each arm is drawn at random. All of
    a comparison sum to its difference: ``b - c = (1 - c) b - (1 - b) c`` for chances c and b of a right answer.
    """
    classes = _wrong(design)
    shares = _shares(design, classes)
    after, before = ([design.arms.index(arm) for arm in side] for side in (pairs, [(m, baseline) for m, _ in pairs]))
    lost = [-(shares[0, before] * share[after]).T for share in shares[1:]]
    gained = [(share[before] * shares[0, after]).T for share in shares[1:]]
    labels = [({"change": way, "part": of.name}, of) for way in (LOST, GAINED) for of in classes]
    table = _table(design, pairs, baseline, labels, [*lost, *gained], alpha, seed)
    ways = table["change"] == LOST  # of one sign by definition: nothing on the other side of 0 is possible
    return table.assign(low=table["low"].where(ways, table["low"].clip(lower=0)),
                        high=table["high"].where(~ways, table["high"].clip(upper=0)))  # fmt: skip


def transitions(design: Crossed, pair: Pair, baseline: str) -> pd.DataFrame:
    """Counts of questions by their output under the baseline (rows) and the condition (columns)."""
    import pandas as pd

    classes = _wrong(design)
    names, shares = [RIGHT, *(of.name for of in classes)], _shares(design, classes)
    before, after = (shares[:, design.arms.index(arm)] for arm in ((pair[0], baseline), pair))
    both = ~np.isnan(before + after).any(axis=0)
    before, after = before[:, both], after[:, both]
    used = [i for i in range(len(names)) if i == 0 or before[i].any() or after[i].any()]
    labels = [names[i] for i in used]
    counts = before[used] @ after[used].T
    return pd.DataFrame(counts, pd.Index(labels, name=baseline), pd.Index(labels, name=pair[1]))


class _Class(NamedTuple):
    """A class of wrong outputs: what its samples lack to a full score (NaN: missing), and which models have any."""

    name: str
    lacking: Floats
    models: frozenset[str]


def _shares(design: Crossed, classes: list[_Class]) -> Floats:
    """The shares of right outputs, and of each class of wrong ones, in each cell, (1 + classes, arms, questions)."""
    return np.stack([design.means(values) for values in (design.score, *(of.lacking for of in classes))])


def _wrong(design: Crossed) -> list[_Class]:
    """The classes that occur. For a model without a wrong output that is the last: its differences are of some class.

    A class that a model never has takes no part in its differences, and would widen the intervals of the others.
    """
    code, names = _classes(design)
    model = np.array([model for model, _ in design.arms])[design.arm]
    used = {name: set(code[(model == name) & (design.score < 1)]) or {len(names) - 1} for name in design.models()}
    nothing = np.where(design.missing, np.nan, 0.0)
    return [
        _Class(name, np.where(code == i, 1 - design.score, nothing), owners)
        for i, name in enumerate(names)
        if (owners := frozenset(model for model, codes in used.items() if i in codes))
    ]


def _classes(design: Crossed) -> tuple[np.ndarray, list[str]]:
    tests = {
        "truncated": design.ending == "truncated",
        "empty_or_refused": np.isin(design.ending, ["empty", "refused"]),
    }
    tests["no_answer"] = ~design.answered
    last = "wrong_answer"
    if "bypassed" in design.samples:
        tests[WITHOUT_STEPS] = as_numbers(design.samples["bypassed"]) > 0
        last = AFTER_STEPS
    code = np.select(list(tests.values()), list(range(len(tests))), len(tests))
    return np.where(design.missing, -1, code), [*tests, last]


def _table(
    design: Crossed,
    pairs: list[Pair],
    baseline: str,
    labels: list[tuple[dict[str, str], _Class]],
    columns: list[Floats],
    alpha: float,
    seed: int,
) -> pd.DataFrame:
    """A row a comparison and label, with intervals that hold for all rows together; `columns`: (questions, pairs).

    Where the model has no output of a class its part is 0 in these samples (others may have one): no interval.
    """
    import pandas as pd

    rows = [{"model": m, "condition": c, "baseline": baseline, **label} for label, _ in labels for m, c in pairs]
    table = pd.DataFrame(rows).assign(difference=0.0, low=np.nan, high=np.nan, reason=NONE)
    there = np.array([m in of.models for _, of in labels for m, _ in pairs])
    found = simultaneous(np.hstack(columns)[:, there], design.clusters, alpha, rng=np.random.default_rng(seed))
    table.loc[there, ["difference", "low", "high"]] = np.stack([found.estimate, found.low, found.high], axis=1)
    table.loc[there, "reason"] = found.reason
    order = np.arange(len(table)).reshape(len(labels), len(pairs)).T.ravel()  # comparison after comparison
    return table.iloc[order].reset_index(drop=True)
