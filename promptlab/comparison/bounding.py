"""Validity of one decision of whatever form: could failed or missing samples have made it another?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from promptlab.comparison.crossed import Crossed, Floats
from promptlab.comparison.validity import validity_of


def bounded(design: Crossed, signs: Floats, decided: Callable[[Floats], str], verdict: str) -> tuple[str, str]:
    """`validity` and its reason for a decision on the weighted differences of arms, as `judge` gives them.

    Parameters
    ----------
    design
        Completed: what was never taken counts as missing.
    signs : array of shape (rows, arms)
        Weights, real numbers; no arm has weights of unlike sign in two rows.
    decided
        From differences, (questions, rows), to a verdict.
    verdict
        The decision itself.
    """

    def otherwise(mask: NDArray[np.bool_], worst: Floats) -> set[str]:
        if not (mask & (np.abs(signs).sum(axis=0) > 0)[design.arm]).any():
            return set()
        sign = signs.sum(axis=0)[design.arm]
        bounds = (np.where(mask, np.where(sign * way > 0, 1.0, worst), design.score) for way in (1, -1))
        return {decided(design.differences(score, signs)) for score in bounds} - {verdict}

    missing = otherwise(design.missing, np.zeros(len(design.score)))
    return validity_of(design, signs.sum(axis=0), missing, otherwise(design.failed, design.score))
