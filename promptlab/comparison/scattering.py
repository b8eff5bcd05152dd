"""How much draws of exemplars matter: the variance of scores that comes from them, beside questions and samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.comparison.drawn import needed
from promptlab.comparison.series import KIND, PROMPT
from promptlab.errors import InputError
from promptlab.stats.components import variance_components
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

DRAW = ("draws", "exemplar_seed", "given")  # of the factors those that say which exemplars are drawn, and no more
ALIKE = ("shots", *(name for name in (*KIND, *PROMPT) if name not in DRAW))


def draw_components(runs: Any, *, conditions: Sequence[str] | None = None) -> pd.DataFrame:
    """How much of a score's variance comes from questions, draws, their interaction, and samples, for each model.

    Needs a crossed sub-design: questions that were all asked under the same draws. promptlab shows a question one draw
    a condition, so cross them by conditions that differ in their draws alone, on some of the questions:
    ``[few_shot(3, draws=1, seed=s, name=f"few-shot-3-{s}") for s in range(8)]``. The moments of the balanced analysis
    of variance (Searle, Casella & McCulloch 1992, chapter 4.2: `promptlab.stats.components.variance_components`, whose
    formulas statsmodels' ``MixedLM`` checks in tests/test_stats_components.py) need equally many samples everywhere: of
    all numbers K, the one is taken that leaves most samples.

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        As for `compare`, with the column `draw`.
    conditions : sequence of str, optional
        Those whose draws are crossed; by default all that show exemplars.

    Returns
    -------
    DataFrame
        A row a model and source: `variance` (a negative estimate is 0), its `share`, `raw`, `mean_square`, `df`, the
        sizes of the sub-design, a `note` on what is left out of it, and a `reason` where there are no shares.

    Raises
    ------
    InputError
        No two questions were asked under the same two draws; the conditions differ in more than their draws; none
        shows exemplars.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("m", "few-shot", q, d, s, float((q * 3 + s + d * (q > 3)) % 5 < 2)) for q in range(8) for d in range(3)
    ...         for s in range(2)]
    >>> frame = pd.DataFrame(rows, columns=["model", "condition", "question", "draw", "sample", "score"])
    >>> draw_components(frame)["source"].tolist()
    ['question', 'draw', 'question x draw', 'sample']
    """
    import pandas as pd

    design = crossed(runs, conditions)
    needed(design.samples, "draw")
    if conditions is None and "shots" in design.samples:
        shown = design.samples[design.samples["shots"] > 0]
        if not len(shown):
            raise InputError("no condition of runs shows exemplars: there are no draws")
        design = crossed(shown)
    return pd.concat([_components(design, model) for model in design.models()], ignore_index=True)


def _components(design: Crossed, model: str) -> pd.DataFrame:
    import pandas as pd

    rows = np.isin(design.arm, [i for i, arm in enumerate(design.arms) if arm[0] == model])
    _draws_alone(design.samples[rows], model)
    valid = rows & ~design.missing
    cells, note = _balanced(_lists(design, valid), model, len(np.unique(design.question[rows])))
    found = variance_components(cells)
    total = np.nansum(found.variance)
    share, reason = (found.variance / total, "") if total > 0 else (np.full(4, np.nan), "no score differs from another")
    columns = {"variance": found.variance, "share": share, "raw": found.raw, "mean_square": found.mean_square}
    sizes = {"questions": found.n_questions, "draws": found.n_draws, "samples": found.n_samples}
    said = {"df": found.df, **sizes, "note": note, "reason": reason}
    return pd.DataFrame({"model": model, "source": found.sources, **columns, **said})


def _draws_alone(samples: pd.DataFrame, model: str) -> None:
    """Whatever else differs between conditions would count as a difference of draws."""
    arms = samples.drop_duplicates("condition")
    for name in (factor for factor in ALIKE if factor in arms):
        values = list(dict.fromkeys(arms[name].dropna().astype(str)))
        if len(values) > 1:
            raise InputError(
                f"{model}: conditions differ in {name} ({', '.join(values)}), not in their draws alone: name those "
                "that do with conditions=[...]"
            )


def _lists(design: Crossed, rows: np.ndarray) -> pd.DataFrame:
    """The scores of each cell as a list: a row a question that has every draw, a column a draw."""
    samples = design.samples[rows]
    factors = [c for c in ("condition", "exemplar_seed", "draw") if c in samples]
    cells = samples.assign(row=design.question[rows], score=design.score[rows]).groupby(["row", *factors])["score"]
    return cells.apply(list).unstack(factors).dropna()


def _balanced(lists: pd.DataFrame, model: str, asked: int) -> tuple[Floats, str]:
    """Scores as (questions, draws, samples), and what of the samples this leaves out."""
    if lists.shape[0] < 2 or lists.shape[1] < 2:
        raise InputError(
            f"{model}: no two questions were asked under the same two draws: ask some under each, with conditions that "
            "differ in their draws alone (few_shot(k, draws=1, seed=s) for several s)"
        )
    sizes = lists.map(len).to_numpy()
    fewest = np.sort(sizes.min(axis=1))[::-1]  # the first n questions have at least fewest[n - 1] samples in each cell
    k = int(fewest[1 + np.argmax(fewest[1:] * np.arange(2, len(fewest) + 1))])
    whole = sizes.min(axis=1) >= k
    cells = np.array([[scores[:k] for scores in line] for line in lists.to_numpy()[whole]], dtype=float)
    if whole.sum() == asked and sizes.max() == k:
        return cells, ""
    return cells, f"{whole.sum()} of {counted(asked, 'question')}, with {counted(k, 'sample')} under every draw"
