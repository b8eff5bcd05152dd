"""Accuracy over the length of the reasoning: among the samples of one question, and over all samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from promptlab import given, markup, tables
from promptlab.comparison.associating import length_of, values_of
from promptlab.comparison.crossed import Crossed, crossed
from promptlab.comparison.tested import Tested
from promptlab.errors import unknown
from promptlab.stats import Estimate, checking, mean_estimate

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class ByLength:
    """What `by_length` found. It says what goes together, not what causes what.

    Attributes
    ----------
    table : DataFrame
        A row an arm, `kind` and `bin` (1 holds the shortest): mean `length` (geometric), `score` with `low` and `high`
        (intervals hold for all rows of one kind together), `samples`, `questions`, `reason` where there is no interval.
        Kinds: ``within`` (samples of one question by rank, so that every question is in every bin) and ``raw`` (all
        samples, so that hard questions fill the bins of long reasoning).
    """

    table: pd.DataFrame
    feature: str
    bins: int
    alpha: float
    label: str = ""

    tested: ClassVar[Tested] = Tested("score by length")

    def to_markdown(self) -> str:
        """The table as Markdown."""
        return tables.section(self.heading, tables.estimates(self.table, "score"))

    @property
    def heading(self) -> str:
        what = f"Score by {self.feature.replace('_', ' ')}, {self.bins} bins"
        return f"{self.label}: {what[0].lower()}{what[1:]}" if self.label else what

    def __repr__(self) -> str:
        return f"<ByLength: score by {self.feature} in {self.bins} bins, {len(self.table) // (2 * self.bins)} arms>"

    def _repr_html_(self) -> str:
        return markup.card(self.heading, tables.html(tables.estimates(self.table, "score")))


def by_length(
    runs: Any,
    feature: str | None = None,
    *,
    bins: int = 4,
    conditions: Sequence[str] | None = None,
    alpha: float = 0.05,
    label: str = "",
) -> ByLength:
    """Accuracy in bins of the reasoning's length, among the samples of each question and over all samples.

    Hard questions make long reasoning and wrong answers, so that accuracy falls with length over all samples whatever
    length does. Within a question its n samples are ranked, and rank r is in bin ``floor(bins (r - 1/2) / n) + 1``; a
    bin's score is the mean over questions of what they deviate from their own mean there, put on the level of the
    overall mean, and its interval is the deviation's. Every question is in each bin; tied lengths share their scores.
    Only samples that ended by themselves count, and, within, questions that have as many of them as there are bins.

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        As for `compare`, with several samples a question.
    feature : str, optional
        A numeric column; by default ``reasoning_tokens`` where every sample has it, else ``reasoning_words``.
    bins : int
        How many, at most the samples of a question.
    conditions : sequence of str, optional
        Only these.
    alpha : float
        One minus the confidence of all intervals of one kind together (Bonferroni).
    label : str
        Stands in headings and figures.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("m", "a", q, s, float(q < 20), 9 * q + s) for q in range(40) for s in range(4)]
    >>> samples = pd.DataFrame(rows, columns=["model", "condition", "question", "sample", "score", "words"])
    >>> found = by_length(samples, "words", bins=2).table.pivot(index="bin", columns="kind", values="score")
    >>> found["raw"].tolist(), found["within"].tolist()  # long questions are wrong; long samples of one are not
    ([1.0, 0.0], [0.5, 0.5])
    """
    checking.level("by_length", alpha)
    given.whole("bins of by_length", bins, 2)
    design = crossed(runs, conditions)
    feature = length_of(design) if feature is None else feature
    measured = design.samples.select_dtypes(["number", "bool", "boolean"]).columns.drop("score")
    if feature not in measured:
        raise unknown("feature of by_length", feature, measured)
    return ByLength(_table(design, feature, bins, alpha), feature, bins, alpha, label)


def _table(design: Crossed, feature: str, bins: int, alpha: float) -> pd.DataFrame:
    import pandas as pd

    samples = pd.DataFrame({"arm": design.arm, "question": design.question, "score": design.score})
    samples = samples.assign(value=values_of(design, feature, ratio=True)).dropna()
    each = alpha / (bins * len(design.arms))
    kinds = {"within": _within(samples, bins), "raw": _raw(samples, bins)}
    rows = [row for kind, binned in kinds.items() for row in _rows(design, binned, kind, bins, each)]
    return pd.DataFrame(rows)


def _within(samples: pd.DataFrame, bins: int) -> pd.DataFrame:
    """Bins by rank among the samples of a question; questions with too few are left out."""
    ordered = samples.sort_values(["arm", "question", "value"], kind="stable")
    cell = ordered.groupby(["arm", "question"])
    place, n = cell.cumcount(), cell["value"].transform("size")
    shared = ordered.groupby(["arm", "question", "value"])["score"].transform("mean")
    own = shared - cell["score"].transform("mean")  # what the question itself scores says nothing of length
    ranked = ordered.assign(bin=((place + 0.5) / n * bins).astype(int), own=own)[n >= bins]
    ranked = ranked.assign(score=ranked["own"] + ranked.groupby("arm")["score"].transform("mean"))
    means = {"score": ("score", "mean"), "value": ("value", "mean"), "samples": ("score", "size")}
    return ranked.groupby(["arm", "bin", "question"], as_index=False).agg(**means)


def _raw(samples: pd.DataFrame, bins: int) -> pd.DataFrame:
    """Bins by rank among all samples of the arm; equal lengths are in one bin."""
    rank = samples.groupby("arm")["value"].rank(method="average")
    n = samples.groupby("arm")["value"].transform("size")
    return samples.assign(bin=((rank - 0.5) / n * bins).astype(int), samples=1)


def _rows(design: Crossed, binned: pd.DataFrame, kind: str, bins: int, alpha: float) -> Iterator[dict[str, Any]]:
    for i, (model, condition) in enumerate(design.arms):
        for b in range(bins):
            part = binned[(binned["arm"] == i) & (binned["bin"] == b)]
            e = _mean(design, part, alpha)
            yield {
                **{"model": model, "condition": condition, "kind": kind, "bin": b + 1},
                "length": float(np.exp(part["value"].mean())),
                **{"score": e.value, "low": max(e.low, 0.0), "high": min(e.high, 1.0)},
                **{"samples": int(part["samples"].sum()), "questions": part["question"].nunique()},
                "reason": e.reason if len(part) else "no question has so many samples, or lengths are equal",
            }


def _mean(design: Crossed, part: pd.DataFrame, alpha: float) -> Estimate:
    """Mean score of the rows; its interval from each question's part in it (linearised, by cluster)."""
    size, question = len(design.questions), part["question"].to_numpy(int)
    rows = np.bincount(question, minlength=size)
    mean = part["score"].mean()
    parts = np.bincount(question, part["score"] - mean, size) * (rows > 0).sum() / max(len(part), 1)
    return mean_estimate(np.where(rows > 0, mean + parts, np.nan), design.clusters, alpha)
