"""Questions that one arm answers and another does not, with an output of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from promptlab.comparison.crossed import Crossed

if TYPE_CHECKING:
    import pandas as pd


def turned(design: Crossed, model: str, baseline: str, condition: str, lost: bool) -> pd.DataFrame:
    """`Comparison.discordant`."""
    import pandas as pd

    means = design.means(design.score)
    before, after = (means[design.arms.index((model, c))] for c in (baseline, condition))
    names = np.array(design.questions, dtype=object)
    table = pd.DataFrame({"question": names, "baseline_score": before, "condition_score": after})
    drop = before - after if lost else after - before
    table = table.assign(drop=drop)[drop > 1e-12].sort_values("drop", ascending=False, kind="stable")
    for side, arm, right in (("baseline", baseline, lost), ("condition", condition, not lost)):
        table = table.join(_examples(design, (model, arm), right).add_prefix(f"{side}_"), on="question")
    return table.drop(columns="drop").reset_index(drop=True)


def _examples(design: Crossed, arm: tuple[str, str], right: bool) -> pd.DataFrame:
    """The best (or worst) sample of each question in one arm, the first of them where several are equal."""
    rows = design.samples[(design.arm == design.arms.index(arm)) & ~design.missing]
    rows = rows.assign(question=rows["question"].astype(str)).sort_values("sample", kind="stable")
    rows = rows.sort_values("score", ascending=not right, kind="stable").drop_duplicates("question")
    return rows.set_index("question")[[c for c in ("answer", "completion") if c in rows]]
