"""Several features of the outputs in one table, a row an arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from promptlab.comparison.comparing import Comparison
from promptlab.tables import cell

if TYPE_CHECKING:
    import pandas as pd


def feature_table(comparison: Comparison, features: Sequence[str]) -> pd.DataFrame:
    """Means of several features by model and condition, as texts ``mean [low, high]``.

    Each column is one of `Comparison.feature`, whose intervals hold for all its rows together; not across columns, so
    that the more features are looked at, the more of them stand out by chance.

    Parameters
    ----------
    comparison
        From `compare`.
    features
        Numeric columns of the samples, ``["checks", "doubts"]``; a mean is over the samples that have a value.
    """
    tables = {name: comparison.feature(name) for name in features}
    arms = comparison.summary[["model", "condition"]]
    return arms.assign(**{name: [_told(*row) for row in _values(table)] for name, table in tables.items()})


def _values(table: pd.DataFrame) -> list[tuple[float, float, float, str]]:
    return list(zip(table["value"], table["low"], table["high"], table["reason"], strict=True))


def _told(value: float, low: float, high: float, reason: str) -> str:
    if value != value:
        return "no sample has it"
    return f"{cell(value)} ({reason})" if low != low else f"{cell(value)} [{cell(low)}, {cell(high)}]"
