"""Where the variance of scores comes from: the questions, the draws of exemplars, the samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from promptlab.stats import checking
from promptlab.stats.estimates import Floats

SOURCES = ("question", "draw", "question x draw", "sample")


@dataclass(frozen=True)
class Components:
    """Variances of one score from each of `sources`; they sum to its total variance.

    Attributes
    ----------
    raw, variance : array of shape (4,)
        The moment estimates, which may be negative, and the same with 0 for those (a variance is none). NaN where a
        component cannot be told apart: with one sample a cell, ``sample`` stands for ``question x draw`` too.
    mean_square, df : array of shape (4,)
        Of the analysis of variance.
    """

    raw: Floats
    variance: Floats
    mean_square: Floats
    df: Floats
    n_questions: int
    n_draws: int
    n_samples: int
    reason: str = ""
    sources: tuple[str, ...] = SOURCES


def variance_components(scores: ArrayLike) -> Components:
    """Variance components of a crossed design by the moments of the balanced analysis of variance.

    With Q questions, D draws, K samples a cell, all random: ``MS_sample`` estimates s, ``MS_qd`` s + K qd, ``MS_q``
    s + K qd + K D q and ``MS_d`` s + K qd + K Q d (Searle, Casella & McCulloch 1992, ch. 4.2; with K = 1 without the
    two terms of qd apart). Unbiased whatever the distribution, so for right and wrong as well. Balanced REML
    (statsmodels' ``MixedLM``) gives the same where no estimate is negative, and checks it.

    Parameters
    ----------
    scores : array of shape (questions, draws, samples)
        Without NaN: every question under every draw, equally often.

    Raises
    ------
    InputError
        Another shape, or a NaN.

    Examples
    --------
    >>> found = variance_components([[[1, 1], [0, 1]], [[0, 0], [0, 0]], [[1, 1], [1, 0]]])
    >>> found.raw.round(3).tolist(), found.variance.round(3).tolist()
    ([0.167, 0.042, -0.042, 0.167], [0.167, 0.042, 0.0, 0.167])
    """
    cells = checking.numbers("scores of variance_components", scores, "questions draws samples", nan=False)
    questions, draws, samples = cells.shape
    if questions < 2 or draws < 2:
        nothing, few = np.full(4, np.nan), "question" if questions < 2 else "draw"
        return Components(nothing, nothing, nothing, nothing, questions, draws, samples, f"fewer than two {few}s")
    df = np.array([questions - 1, draws - 1, (questions - 1) * (draws - 1), questions * draws * (samples - 1)], float)
    square = _squares(cells) / np.where(df > 0, df, np.nan)
    raw = _moments(square, questions, draws, samples)
    return Components(raw, np.maximum(raw, 0.0), square, df, questions, draws, samples)  # NaN stays NaN


def _squares(cells: Floats) -> Floats:
    """Sums of squares of question, draw, question x draw, and samples within a cell."""
    cell = cells.mean(axis=2, keepdims=True)
    question, draw, mean = cell.mean(axis=1, keepdims=True), cell.mean(axis=0, keepdims=True), cell.mean()
    parts = (question - mean, draw - mean, cell - question - draw + mean, cells - cell)
    return np.array([float((np.broadcast_to(part, cells.shape) ** 2).sum()) for part in parts])


def _moments(square: Floats, questions: int, draws: int, samples: int) -> Floats:
    by_question, by_draw, together, within = square
    apart = samples > 1
    question = (by_question - together) / (samples * draws)
    draw = (by_draw - together) / (samples * questions)
    return np.array([question, draw, (together - within) / samples if apart else np.nan, within if apart else together])
