"""What several samples of a question are worth in each arm: pass@k and cons@k of runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from promptlab import given, stats
from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.comparison.options import check
from promptlab.errors import InputError
from promptlab.numerals import written
from promptlab.onenumber import one_number
from promptlab.textnorm import normalise

if TYPE_CHECKING:
    import pandas as pd

_PLAIN = re.compile(r"[1-9]\d*|0")  # a number written as every whole number is
_NUMBER = re.compile(r"[-+]?[$€£]?[-+]?(?:\d[\d.,]*|\.\d+)(?:/\d+)?\s?%?")


def pass_at_k(runs: Any, *, k: int | Iterable[int] = (1, 2, 4), alpha: float = 0.05) -> pd.DataFrame:
    """Chance that at least one of k samples of a question is right, in every arm (Chen et al. 2021).

    `promptlab.stats.pass_at_k` for each question (which names formula, source and check), from as many valid samples as
    the question has; then their mean, clustered, with the intervals of `promptlab.stats.bounded_mean`, which hold for
    all rows together (Bonferroni). A sample is right where its score is 1.

    Parameters
    ----------
    runs : Run, Comparison, DataFrame, or list of those
        As for `compare`, or a comparison itself.
    k : int or several
        A question with fewer than k valid samples is left out.
    alpha : float
        One minus the confidence of all intervals together.

    Returns
    -------
    DataFrame
        A row an arm and k: `value`, `se`, `low`, `high`, `questions` (with k samples or more), `clusters`, `left_out`
        (questions with fewer), `reason` where there is no interval.

    Raises
    ------
    InputError
        k is no whole number, or more than any question has samples; and as for `compare`.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("m", c, q, s, float((q + s) % (3 if c == "a" else 5) == 0)) for c in "ab" for q in range(30)
    ...         for s in range(4)]
    >>> frame = pd.DataFrame(rows, columns=["model", "condition", "question", "sample", "score"])
    >>> pass_at_k(frame, k=[1, 2, 4])["value"].round(3).tolist()
    [0.333, 0.611, 1.0, 0.2, 0.4, 0.8]
    """

    def values(design: Crossed, k: int) -> Floats:
        n = design.counted(~design.missing)
        right = design.counted(design.score >= 1)
        return stats.pass_at_k(n.ravel(), right.ravel(), k).reshape(n.shape)

    return _table("pass_at_k", runs, k, alpha, values)


def cons_at_k(runs: Any, *, k: int | Iterable[int], alpha: float = 0.05, seed: int = 0) -> pd.DataFrame:
    """Score of the majority vote of k samples of a question, in every arm (Wang et al. 2022).

    `promptlab.stats.consensus` for each question; the rest as in `pass_at_k`. Right answers are one class; wrong ones
    are the same where their numbers are, or their texts if they are none. Where k is all that a question has, that is
    one vote.

    Parameters
    ----------
    runs, k, alpha
        As for `pass_at_k`, with the column `answer`.
    seed : int
        Of the subsets that are drawn where a question has more than 64 samples.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("m", "a", q, s, float(s < 2), "7" if s < 2 else str(s)) for q in range(30) for s in range(4)]
    >>> frame = pd.DataFrame(rows, columns=["model", "condition", "question", "sample", "score", "answer"])
    >>> cons_at_k(frame, k=[1, 3, 4])["value"].round(3).tolist()
    [0.5, 0.667, 1.0]
    """

    def values(design: Crossed, k: int) -> Floats:
        has_answers(design, "cons_at_k")
        return votes(design, k, np.random.default_rng(seed))

    check("cons_at_k", alpha=alpha, seed=seed)
    return _table("cons_at_k", runs, k, alpha, values)


def has_answers(design: Crossed, what: str) -> None:
    """Raise unless samples can be asked which of them agree."""
    if "answer" not in design.samples:
        raise InputError(f"runs of {what} lack the column answer: nothing says which samples agree")


def _table(
    what: str, runs: Any, k: int | Iterable[int], alpha: float, values: Callable[[Crossed, int], Floats]
) -> pd.DataFrame:
    import pandas as pd

    check(what, alpha=alpha, seed=0)
    design = getattr(runs, "design", None)
    design = design if isinstance(design, Crossed) else crossed(runs)
    sizes = _sizes(what, k, int(design.counted(~design.missing).max(initial=0)))
    level = alpha / (len(design.arms) * len(sizes))
    asked = design.counts > 0
    columns = [values(design, size) for size in sizes]
    rows = [
        {"model": model, "condition": condition, "k": size, **estimated(design, column[i], level, asked[i])}
        for i, (model, condition) in enumerate(design.arms)
        for size, column in zip(sizes, columns, strict=True)
    ]
    return pd.DataFrame(rows)


def _sizes(what: str, k: int | Iterable[int], most: int) -> list[int]:
    several = list(k) if isinstance(k, Iterable) and not isinstance(k, str) else [k]
    sizes = [given.whole(f"k of {what}", one, 1) for one in several]
    if not sizes or max(sizes) > most:
        raise given.wrong(
            f"k of {what}", several, f"at least one number, none above the {most} valid samples there are"
        )
    return sizes


def estimated(design: Crossed, values: Floats, level: float, asked: NDArray[np.bool_]) -> dict[str, Any]:
    """The mean over questions of values in [0, 1] that may crowd at 1."""
    e = stats.bounded_mean(values, design.clusters, level)
    reason = "" if e.low == e.low else e.reason
    sizes = {"questions": e.n, "clusters": e.n_clusters, "left_out": int(asked.sum()) - e.n}
    return {"value": e.value, "se": e.se, "low": e.low, "high": e.high, **sizes, "reason": reason}


def votes(design: Crossed, k: int | None = None, rng: np.random.Generator | None = None) -> Floats:
    """cons@k of each cell, (arms, questions); by default one vote of all its samples."""
    here = ~design.missing
    shape = len(design.arms), len(design.questions)
    cell = design.arm * shape[1] + design.question
    size = shape[0] * shape[1]
    return stats.cons_at_k(cell[here], classes(design)[here], design.score[here], size, k, rng=rng).reshape(shape)


def classes(design: Crossed) -> NDArray[np.int64]:
    """Right answers are one class, equal wrong ones another; -1 where there is no answer."""
    import pandas as pd

    code, texts = pd.factorize(design.samples["answer"].astype(str))
    meaning = pd.factorize(np.array([_meant(text) for text in texts], dtype=object))[0]
    named = np.append(meaning + 1, -1)[code]  # an answer that is missing has the code -1
    return np.where(design.score >= 1, 0, np.where(design.answered, named, -1))


def _meant(text: str) -> str:
    """12, 12.0 and $12 are one answer, and so are Paris and paris: as the graders read numbers and texts.

    >>> _meant("12.0"), _meant(" 1,200 "), _meant("1/2"), _meant("B) 12"), _meant("007")
    ('12', '1200', '0.5', 'b) 12', '7')
    """
    plain = text.strip()
    if _PLAIN.fullmatch(plain) or len(plain) > 100:
        return plain
    found = one_number(plain) if _NUMBER.fullmatch(plain) else None
    return normalise(plain) if found is None or found.value is None else written(found.value)
