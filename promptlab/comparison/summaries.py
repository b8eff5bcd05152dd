"""What each arm did: scores, counts, shares of failures, features of the completions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.comparison.attempted import votes
from promptlab.comparison.crossed import FAILURES, Crossed, Floats, crossed
from promptlab.comparison.options import check
from promptlab.comparison.reading import as_numbers
from promptlab.errors import unknown
from promptlab.stats import bounded_mean, mean_estimate

if TYPE_CHECKING:
    import pandas as pd

FACTORS = ("shots", "style", "select", "layout")
MEANS = ("format_ok", "reasoning_words", "bypassed", "copied_number")
COPIED_NUMBERS = ("copied_number", "exemplar_numbers")  # features of what comes from the exemplars alone
COPIED = (*COPIED_NUMBERS, "copied_span", "copied_answer")
NO_EXEMPLARS, NO_NUMBERS = "no exemplars to copy from", "no numbers in the exemplars"


def summarise(runs: Any, *, conditions: Sequence[str] | None = None, alpha: float = 0.05) -> pd.DataFrame:
    """What each condition of each model did, without a comparison: also for a run with one condition.

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        As for `compare`.
    conditions : sequence of str, optional
        Only these.
    alpha : float
        One minus the confidence of all intervals together.

    Returns
    -------
    DataFrame
        A row a model and condition: `score` (pass@1) with `low` and `high`, cons@K (one vote of all K samples), median
        `completion_tokens`, shares of truncated, empty, refused, unanswered, failed and absent samples; the table that
        `Comparison.summary` holds.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("m", "a", q, float(q % 4 == 0)) for q in range(40)]
    >>> found = summarise(pd.DataFrame(rows, columns=["model", "condition", "question", "score"]))
    >>> found[["score", "low", "high"]].round(3).values.tolist()
    [[0.25, 0.138, 0.409]]
    """
    check("summarise", alpha=alpha, seed=0)
    return summary(crossed(runs, conditions).completed(), alpha)


def summary(design: Crossed, alpha: float) -> pd.DataFrame:
    """A row an arm: score with Wilson intervals that hold for all rows together (Bonferroni), counts and shares."""
    import pandas as pd

    valid = ~design.missing
    columns: dict[str, Floats] = {"coverage": design.share(valid)}
    columns["completion_tokens"] = _by_arm(design, "completion_tokens", "median")
    columns |= {name: design.share((design.ending == name) & valid) for name in ("truncated", "empty", "refused")}
    columns["no_answer"] = design.share(design.failed & ~np.isin(design.ending, FAILURES))
    columns |= {"error": design.share(design.missing & ~design.absent), "absent": design.share(design.absent)}
    columns |= {name.removesuffix("_number"): _by_arm(design, name, "mean") for name in MEANS}
    arms = pd.DataFrame(design.arms, columns=["model", "condition"])
    scores = arms.join(_factors(design)).join(_scores(design, alpha))
    return scores.join(_cons(design, alpha)).join(pd.DataFrame(columns))


def _factors(design: Crossed) -> pd.DataFrame:
    """Those factor columns that have one value in every arm."""
    present = [name for name in FACTORS if name in design.samples]
    groups = design.samples.loc[~design.absent, present].groupby(design.arm[~design.absent])
    constant = [name for name in present if groups[name].nunique(dropna=False).max() == 1]
    return groups[constant].first() if constant else design.samples[[]].head(0)


def _scores(design: Crossed, alpha: float) -> pd.DataFrame:
    import pandas as pd

    means = design.means(design.score)
    counts = np.bincount(design.arm, ~design.missing, len(design.arms)).astype(int)
    rows = []
    for row, samples in zip(means, counts, strict=True):
        e = mean_estimate(row, design.clusters, alpha / len(means), proportion=True)
        reason = "" if e.low == e.low else e.reason
        rows.append((e.value, e.low, e.high, e.se, e.n, samples, e.n_clusters, reason))
    return pd.DataFrame(rows, columns=["score", "low", "high", "se", "questions", "samples", "clusters", "reason"])


def _cons(design: Crossed, alpha: float) -> pd.DataFrame:
    """cons@K, one vote a question, with its interval; NaN where an arm has one sample a question, or no answers."""
    import pandas as pd

    names = ["cons", "cons_low", "cons_high", "cons_se", "cons_k"]
    table = pd.DataFrame(np.nan, range(len(design.arms)), names)
    if "answer" not in design.samples:
        return table
    counts = design.counted(~design.missing)
    for i, row in enumerate(votes(design)):
        if (most := counts[i].max()) > 1:
            e = bounded_mean(row, design.clusters, alpha / len(counts))
            table.loc[i] = [e.value, e.low, e.high, e.se, most]
    return table


def feature(design: Crossed, name: str, alpha: float) -> pd.DataFrame:
    """Mean of a numeric column of the samples in every arm, over questions, with intervals that hold for all arms.

    An arm in which nothing can be copied has a mean of 0 without an interval, and takes no part in those of others.
    """
    import pandas as pd

    measured = design.samples.select_dtypes(["number", "bool", "boolean"]).columns.drop("score")
    if name not in measured:
        raise unknown("feature", name, measured)
    means = design.means(_valid(design, name))
    proportion = bool(np.nanmin(means, initial=0) >= 0 and np.nanmax(means, initial=1) <= 1)
    none = [_nothing_to_copy(design, arm, name) if not mean.any() else "" for arm, mean in enumerate(means)]
    level = alpha / max(1, none.count(""))
    found = [mean_estimate(row, design.clusters, level, proportion=proportion) for row in means]
    values = [
        (e.value, np.nan, np.nan, e.n, why)
        if why
        else (e.value, e.low, e.high, e.n, "" if e.low == e.low else e.reason)
        for e, why in zip(found, none, strict=True)
    ]
    arms = pd.DataFrame(design.arms, columns=["model", "condition"])
    return arms.join(pd.DataFrame(values, columns=["value", "low", "high", "questions", "reason"]))


def _nothing_to_copy(design: Crossed, arm: int, name: str) -> str:
    """Why a feature of copying can be nothing but 0 under this arm's prompts; empty where it can, or is no such one."""
    if name not in COPIED:
        return ""
    row = design.samples[(design.arm == arm) & ~design.absent].iloc[0]
    if row.get("shots") == 0:
        return NO_EXEMPLARS
    foreign = row.get("content") in ("unrelated", "other-domain")  # promptlab's own, without a number
    return NO_NUMBERS if foreign and name in COPIED_NUMBERS else ""


def _by_arm(design: Crossed, column: str, how: str) -> Floats:
    """Mean or median of a numeric column by arm; NaN where the samples do not have it."""
    import pandas as pd

    if column not in design.samples:
        return np.full(len(design.arms), np.nan)
    return np.asarray(pd.Series(_valid(design, column)).groupby(design.arm).agg(how))


def _valid(design: Crossed, column: str) -> Floats:
    """A numeric column; NaN for missing samples: an error has no length and copies nothing."""
    return np.where(design.missing, np.nan, as_numbers(design.samples[column]))
