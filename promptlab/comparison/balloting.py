"""Votes as rows: the samples of a question that vote together, as one sample that compares like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from promptlab import given, stats
from promptlab.comparison.attempted import classes, has_answers
from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.comparison.reading import FACTORS, TOKENS, as_numbers
from promptlab.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

KEPT = ("model", "condition", "question", "cluster", "gold", "draw", "replicate", *FACTORS, "variant_seed")


def vote(
    runs: Any, *, k: int | None = None, conditions: Sequence[str] | None = None, with_samples: bool = False
) -> pd.DataFrame:
    """The majority votes of k samples of a question, as tidy samples: `compare`, `ablation` and `contrast` take them.

    Samples 0..k-1 of a question vote, then the next k, and so on; samples that are left over do not. Where a condition
    has `variants`, that is a choice-shuffle ensemble (Nori et al. 2023, arXiv 2311.16452, section 4.3): answers are in
    the letters of the order as given, and each order votes equally often. Elsewhere it is self-consistency (Wang et al.
    2022, arXiv 2203.11171). Which answers agree, and what a tie is worth (the mean score of the tied), is
    `cons_at_k`'s rule, checked there.

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        As for `compare`, with the columns `sample` and `answer`.
    k : int, optional
        Samples in a vote; by default all that a question has, for each condition.
    conditions : sequence of str, optional
        Only these.
    with_samples : bool
        The samples too, in the same columns: single answers and votes in one frame.

    Returns
    -------
    DataFrame
        A row a vote: `condition` with ``+vote-k`` at its end, `sample` (the vote's number), `score`, `answer` (several,
        where they tie), `answered`, `ending` (``error`` where a sample is missing: there is no vote of the others),
        the tokens of all its samples together, `votes` (k), and the condition's factors.

    Raises
    ------
    InputError
        k is no multiple of a condition's variants, or more than its samples; and as for `compare`.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("m", "a", q, s, float(s < 2), "7" if s < 2 else str(s)) for q in range(2) for s in range(4)]
    >>> frame = pd.DataFrame(rows, columns=["model", "condition", "question", "sample", "score", "answer"])
    >>> vote(frame)[["condition", "sample", "score", "answer"]].values.tolist()[0]
    ['a+vote-4', 0, 1.0, '7']
    >>> vote(frame, k=2)[["sample", "score", "answer"]].values.tolist()[:2]
    [[0, 1.0, '7'], [1, 0.0, '2 | 3']]
    """
    import pandas as pd

    design = crossed(runs, conditions)
    has_answers(design, "vote")
    sizes = _sizes(design, k)
    number = design.samples["sample"].to_numpy(int) // sizes[design.arm]
    whole = number < (design.counts.max(axis=1) // sizes)[design.arm]
    votes = _votes(_only(design, whole), sizes, number[whole])
    samples = design.samples.filter(items=list(votes)).assign(votes=1)
    return pd.concat([samples, votes], ignore_index=True) if with_samples else votes


def _sizes(design: Crossed, k: int | None) -> NDArray[np.int64]:
    """How many samples vote together, for each arm."""
    most = design.counts.max(axis=1)
    sizes = most if k is None else np.full(len(most), given.whole("k of vote", k, 2))
    for (model, condition), size, samples, of in zip(design.arms, sizes, most, _variants(design), strict=True):
        if size < 2 or size > samples:
            raise InputError(
                f"vote: {condition!r} has {samples} samples a question on {model!r}: needed are {max(size, 2)}"
            )
        if size % of:
            raise InputError(
                f"vote: k={size} of {condition!r} must be a multiple of its {of} variants: each votes alike"
            )
    return sizes


def _variants(design: Crossed) -> list[int]:
    if "variants" not in design.samples:
        return [1] * len(design.arms)
    column = design.samples["variants"].fillna(1).astype(int)
    return [int(column[design.arm == i].max()) for i in range(len(design.arms))]


def _only(design: Crossed, here: NDArray[np.bool_]) -> Crossed:
    rows = {name: getattr(design, name)[here] for name in ("arm", "question", "score", "ending", "answered")}
    return replace(design, samples=design.samples[here].reset_index(drop=True), **rows)


def _votes(design: Crossed, sizes: NDArray[np.int64], number: NDArray[np.int64]) -> pd.DataFrame:
    import pandas as pd

    cell = pd.DataFrame({"arm": design.arm, "question": design.question, "sample": number})
    group = cell.groupby(["arm", "question", "sample"], sort=True).ngroup().to_numpy(np.int64)
    first = design.samples.groupby(group).first()
    k = sizes[design.arm[np.unique(group, return_index=True)[1]]]
    whole = np.bincount(group, ~design.missing) == k
    votes = first[[name for name in KEPT if name in first]].assign(sample=cell.groupby(group)["sample"].first())
    tokens = {name: np.bincount(group, as_numbers(design.samples[name])) for name in TOKENS if name in design.samples}
    return votes.assign(
        condition=[f"{name}+vote-{size}" for name, size in zip(votes["condition"], k, strict=True)],
        score=np.where(whole, _scores(design, group), np.nan),
        ending=np.where(whole, "complete", "error"),
        answer=_answers(design, group).reindex(votes.index, fill_value=""),
        answered=np.bincount(group, design.answered) > 0,
        votes=k,
        **tokens,
    ).reset_index(drop=True)


def _scores(design: Crossed, group: NDArray[Any]) -> Floats:
    here = ~design.missing
    return stats.cons_at_k(group[here], classes(design)[here], design.score[here], int(group.max()) + 1)


def _answers(design: Crossed, group: NDArray[Any]) -> pd.Series:
    """The answer of the largest class; of all of them, where several tie."""
    import pandas as pd

    ballots = pd.DataFrame({"group": group, "of": classes(design), "answer": design.samples["answer"].astype(str)})
    counted = ballots[ballots["of"] >= 0].groupby(["group", "of"])["answer"].agg(["size", "first"]).reset_index("of")
    top = counted[counted["size"] == counted.groupby("group")["size"].transform("max")]
    return top.groupby("group")["first"].agg(lambda texts: " | ".join(sorted(texts)))
