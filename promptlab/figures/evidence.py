"""What a forest plot draws: one's own results, and what others have published, in one table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from promptlab import given
from promptlab.errors import InputError
from promptlab.figures import drawing

if TYPE_CHECKING:
    import pandas as pd

    from promptlab.comparison import Comparison

    Sources = Comparison | Sequence[Comparison] | Mapping[str, Comparison]

OWN, QUOTED = "own", "published"
What = Literal["difference", "score"]
UNITS = {"difference": "points", "score": "%"}


def forest_table(
    comparisons: Sources,
    quoted: pd.DataFrame | None = None,
    *,
    what: What = "difference",
    conditions: Sequence[str] | None = None,
) -> pd.DataFrame:
    """What `forest` draws, a row a point: `origin` (own, published), names, `estimate`, `low`, `high`, `source`, ..."""
    import pandas as pd

    given.one_of("what of forest", what, UNITS)
    blocks = [_own(name, found, what, conditions) for name, found in named_comparisons(comparisons)]
    if quoted is not None:
        blocks.append(_quoted(quoted, what))
    table = pd.concat(blocks, ignore_index=True)
    return table.fillna({"verdict": "", "validity": "ok"}) if what == "difference" else table


def named_comparisons(comparisons: Sources) -> list[tuple[str, Comparison]]:
    from promptlab.comparison import Comparison

    if isinstance(comparisons, Comparison):
        comparisons = [comparisons]
    several = list(comparisons.items()) if isinstance(comparisons, Mapping) else [("", each) for each in comparisons]
    if not several:
        raise InputError("comparisons of figures.forest is empty: give {dataset: comparison}")
    for _, found in several:
        drawing.drawable("forest", found, Comparison)
    return [(name or found.label, found) for name, found in several]


def _own(dataset: str, found: Comparison, what: What, conditions: Sequence[str] | None) -> pd.DataFrame:
    table = found.table if what == "difference" else found.summary
    known = list(dict.fromkeys(table["condition"]))
    for condition in conditions or ():
        given.one_of("condition of forest", condition, known)
    table = table[table["condition"].isin(known if conditions is None else list(conditions))]
    kept = [name for name in ("model", "condition", "low", "high", "reason", "verdict", "validity") if name in table]
    return table[kept].assign(origin=OWN, dataset=dataset, estimate=table[what], source="")


def _quoted(quoted: pd.DataFrame, what: What) -> pd.DataFrame:
    needed = ["before", "after"] if what == "difference" else ["value"]
    lacking = [name for name in needed if name not in quoted]
    if lacking:
        raise InputError(f"quoted lacks the column {lacking[0]}, which a forest of {what}s draws: see lab.published")
    rows = quoted.dropna(subset=needed)
    estimate = (rows["after"] - rows["before"] if what == "difference" else rows["value"]) / 100
    dataset, condition = ("dataset", "shots") if what == "difference" else ("benchmark", "metric")
    found = rows[["model", "source"]].assign(
        origin=QUOTED, dataset=rows[dataset], condition=rows[condition].map(_in_shots), estimate=estimate, low=np.nan,
        high=np.nan, reason="none was published", level=rows.get("level", ""), direction=rows.get("direction", ""),
    )  # fmt: skip
    return found.sort_values("estimate", kind="stable") if what == "difference" else found


def _in_shots(condition: str) -> str:
    return f"{condition} shots" if re.fullmatch(r"\d+ to \d+", condition) else condition
