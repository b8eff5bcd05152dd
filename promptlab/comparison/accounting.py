"""Where a difference of two arms comes from: exclusive classes of wrong outputs, questions that change sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from promptlab.comparison.crossed import Crossed, Floats
from promptlab.comparison.reading import as_numbers
from promptlab.stats import simultaneous

if TYPE_CHECKING:
    import pandas as pd

    Pair = tuple[str, str]

# Classes of wrong outputs; where several fit, the first counts. The last is there where bypassing cannot be told.
PARTS = ("truncated", "empty_or_refused", "no_answer", "bypassed_and_wrong", "wrong_after_reasoning", "wrong_answer")
RIGHT = "right"
LOST, GAINED = "right -> wrong", "wrong -> right"


def parts(design: Crossed, pairs: list[Pair], baseline: str, alpha: float, seed: int) -> pd.DataFrame:
    """Parts of each difference: exclusive classes of wrong outputs, which sum to it exactly.

    A part is the change of the score that is due to its class; parts may have opposite signs. Where several classes
    fit, the first of them counts. Missing samples belong to no class: they are not in the difference either.
    """
    names, wrong = _wrong(design)
    signs = design.signs({pair: 1, (pair[0], baseline): -1} for pair in pairs)
    columns = [-design.differences(loss, signs) for loss in wrong]
    return _table(design, pairs, baseline, [{"part": name} for name in names], columns, alpha, seed)


def changes(design: Crossed, pairs: list[Pair], baseline: str, alpha: float, seed: int) -> pd.DataFrame:
    """Questions that turn from right to wrong (negative) and from wrong to right, by the class of the wrong output.

    Shares of the questions; with several samples, expected ones when a sample of each arm is drawn at random. All of
    a comparison sum to its difference: ``b - c = (1 - c) b - (1 - b) c`` for chances c and b of a right answer.
    """
    names, shares = _statuses(design)
    after, before = ([design.arms.index(arm) for arm in side] for side in (pairs, [(m, baseline) for m, _ in pairs]))
    lost = [-(shares[0, before] * share[after]).T for share in shares[1:]]
    gained = [(share[before] * shares[0, after]).T for share in shares[1:]]
    labels = [{"change": way, "part": name} for way in (LOST, GAINED) for name in names[1:]]
    table = _table(design, pairs, baseline, labels, [*lost, *gained], alpha, seed)
    ways = table["change"] == LOST  # of one sign by definition: nothing on the other side of 0 is possible
    return table.assign(low=table["low"].where(ways, table["low"].clip(lower=0)),
                        high=table["high"].where(~ways, table["high"].clip(upper=0)))  # fmt: skip


def transitions(design: Crossed, pair: Pair, baseline: str) -> pd.DataFrame:
    """Counts of questions by their output under the baseline (rows) and the condition (columns)."""
    import pandas as pd

    names, shares = _statuses(design)
    before, after = (shares[:, design.arms.index(arm)] for arm in ((pair[0], baseline), pair))
    both = ~np.isnan(before + after).any(axis=0)
    before, after = before[:, both], after[:, both]
    used = [i for i in range(len(names)) if i == 0 or before[i].any() or after[i].any()]
    labels = [names[i] for i in used]
    counts = before[used] @ after[used].T
    return pd.DataFrame(counts, pd.Index(labels, name=baseline), pd.Index(labels, name=pair[1]))


def _statuses(design: Crossed) -> tuple[list[str], Floats]:
    """Names of right and each class of wrong outputs, and their shares of each cell, (names, arms, questions)."""
    names, wrong = _wrong(design)
    return [RIGHT, *names], np.stack([design.means(values) for values in (design.score, *wrong)])


def _wrong(design: Crossed) -> tuple[list[str], list[Floats]]:
    """The classes that occur, and for each what its samples lack to a full score; NaN for missing samples.

    A class that never occurs has no part in anything, and would widen the intervals of the others.
    """
    code, names = _classes(design)
    used = np.unique(code[design.score < 1]).tolist() or [len(names) - 1]
    nothing = np.where(design.missing, np.nan, 0.0)
    return [names[i] for i in used], [np.where(code == i, 1 - design.score, nothing) for i in used]


def _classes(design: Crossed) -> tuple[np.ndarray, list[str]]:
    tests = {
        "truncated": design.ending == "truncated",
        "empty_or_refused": np.isin(design.ending, ["empty", "refused"]),
    }
    tests["no_answer"] = ~design.answered
    last = "wrong_answer"
    if "bypassed" in design.samples:
        tests["bypassed_and_wrong"] = as_numbers(design.samples["bypassed"]) > 0
        last = "wrong_after_reasoning"
    code = np.select(list(tests.values()), list(range(len(tests))), len(tests))
    return np.where(design.missing, -1, code), [*tests, last]


def _table(
    design: Crossed,
    pairs: list[Pair],
    baseline: str,
    labels: list[dict[str, str]],
    columns: list[Floats],
    alpha: float,
    seed: int,
) -> pd.DataFrame:
    """A row a comparison and label, with intervals that hold for all rows together; `columns`: (questions, pairs)."""
    import pandas as pd

    found = simultaneous(np.hstack(columns), design.clusters, alpha, rng=np.random.default_rng(seed))
    rows = [{"model": m, "condition": c, "baseline": baseline, **label} for label in labels for m, c in pairs]
    table = pd.DataFrame(rows)
    table["difference"], table["low"], table["high"] = found.estimate, found.low, found.high
    table["reason"] = found.reason
    order = np.arange(len(table)).reshape(len(labels), len(pairs)).T.ravel()  # comparison after comparison
    return table.iloc[order].reset_index(drop=True)
