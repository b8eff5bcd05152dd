"""The numbers of an agreement: live less recorded by cell, by model and over all, from permutations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from promptlab.comparison.crossed import Floats
from promptlab.comparison.pairing import Ints, Pairing
from promptlab.stats import Estimate, Exchange, exchanged

if TYPE_CHECKING:
    import pandas as pd

NOTHING_VARIES = "all samples of each question are equal"
NOTHING_SHARED = "no question has valid samples on both sides"


def permuted(pairing: Pairing, live: Ints, recorded: Ints, groups: Ints, alpha: float, seed: int) -> Exchange:
    """With `live` and `recorded` the column to which each of their samples belongs."""
    sides, size = (pairing.live, pairing.recorded), len(pairing.questions)
    return exchanged(
        np.concatenate([side.score for side in sides]),
        np.repeat([True, False], [len(live), len(recorded)]),
        np.concatenate([side.cell * size + side.question for side in sides]),
        np.concatenate([live, recorded]),
        groups,
        alpha,
        rng=np.random.default_rng(seed),
    )


def pooled_estimate(pairing: Pairing, alpha: float, seed: int) -> Estimate:
    """All cells as one column."""
    live, recorded = (np.zeros_like(side.cell) for side in (pairing.live, pairing.recorded))
    found = permuted(pairing, live, recorded, np.zeros(1, dtype=np.int64), alpha, seed)
    value, se, low, high = (float(x[0]) for x in (found.estimate, found.se, found.low, found.high))
    return Estimate(
        value, se, np.inf, low, high, int(found.n[0]), int(found.n[0]), "" if low == low else NOTHING_VARIES
    )


def cell_table(pairing: Pairing, found: Exchange) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(pairing.cells, columns=["model", "condition"])
    table["questions"] = found.n
    both = ~np.isnan(pairing.live.means) & ~np.isnan(pairing.recorded.means)
    table["live"], table["recorded"] = (_mean(s.means, both) for s in (pairing.live, pairing.recorded))
    table["difference"], table["low"], table["high"] = found.estimate, found.low, found.high
    table["missing"] = pairing.missing.sum(axis=0)
    table["reason"] = np.select([found.n == 0, np.isnan(found.low)], [NOTHING_SHARED, NOTHING_VARIES], "")
    differs = (found.low > 0) | (found.high < 0)
    table["flag"] = np.select([found.n == 0, differs], ["not estimable", "differs"], "")
    return table


def model_table(models: list[str], groups: Ints, differences: Floats, found: Exchange) -> pd.DataFrame:
    import pandas as pd

    here = ~np.isnan(differences)
    rows = [groups == i for i in range(len(models))]
    table = pd.DataFrame({"model": models})
    table["cells"] = [int(mine.sum()) for mine in rows]
    table["difference"] = [_mean(differences[mine].reshape(1, -1), here[mine].reshape(1, -1))[0] for mine in rows]
    table["scatter"], table["limit"] = found.scatter, found.limit
    table["flag"] = np.where(found.scatter > found.limit, "differs", "")
    return table


def _mean(values: Floats, here: NDArray[np.bool_]) -> Floats:
    """Mean of each row where `here`; NaN where that is nowhere."""
    n = here.sum(axis=1)
    return np.where(n > 0, np.where(here, values, 0.0).sum(axis=1) / np.maximum(n, 1), np.nan)
