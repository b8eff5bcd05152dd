"""A comparison at equal cost as rows and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.comparison import verdicts
from promptlab.comparison.attempted import votes
from promptlab.comparison.crossed import Crossed, Floats
from promptlab.comparison.validity import MAX_MISSING, decide
from promptlab.stats import pass_at_k, simultaneous
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd


def scores_of_row(design: Crossed, row: dict[str, Any], condition: str, baseline: str, seed: int) -> list[Floats]:
    """A value a question: votes of either arm, and what a perfect judge of the same samples would get."""
    n, right = design.counted(~design.missing), design.counted(design.score >= 1)
    found = []
    for name, k in ((condition, row["k"]), (baseline, row["k_baseline"])):
        arm = design.arms.index((row["model"], name))
        none = np.full(len(design.questions), np.nan)
        found.append(votes(design, k, np.random.default_rng(seed))[arm] if k else none)
        found.append(pass_at_k(n[arm], right[arm], k) if k else none)
    return found


def cost_table(
    design: Crossed, rows: list[dict[str, Any]], scores: list[list[Floats]], alpha: float, seed: int
) -> pd.DataFrame:
    """`CostMatched.table`."""
    import pandas as pd

    values = np.stack([ours - theirs for ours, _, theirs, _ in scores], axis=1)
    f = simultaneous(values, design.clusters, alpha, rng=np.random.default_rng(seed))
    both = [~np.isnan(ours + theirs) for ours, _, theirs, _ in scores]
    means = np.array(
        [[one[here].mean() if here.any() else np.nan for one in four] for four, here in zip(scores, both, strict=True)]
    )
    names = ("score", "oracle", "baseline_score", "baseline_oracle")
    lost = [
        design.share(design.missing)[[arm for arm, (model, _) in enumerate(design.arms) if model == row["model"]]].max()
        for row in rows
    ]
    return pd.DataFrame(rows).assign(
        **dict(zip(names, means.T, strict=True)),
        difference=f.estimate, low=f.low, high=f.high, questions=f.n, clusters=f.n_clusters, reason=f.reason,
        verdict=[decide(low, high, None) for low, high in zip(f.low, f.high, strict=True)],
        validity=["invalid" if share > MAX_MISSING else "ok" for share in lost],
    )  # fmt: skip


def cost_sentence(row: Mapping[Any, Any], condition: str, baseline: str) -> str:
    ours, theirs = (
        f"{name} with {counted(k, 'sample')} ({'pass@1' if k == 1 else f'cons@{k}'} {100 * score:.1f} %)"
        for name, k, score in (
            (condition, row["k"], row["score"]),
            (baseline, row["k_baseline"], row["baseline_score"]),
        )
    )
    if not row["k_baseline"]:
        return f"{row['model']}: nothing to compare, {row['short']}."
    size = verdicts.interval(row["difference"], row["low"], row["high"])
    outcome = {"degraded": "worse", "improved": "better"}.get(row["verdict"], "not told apart")
    short = f" {row['short']}: what the rest would add is not known." if row["short"] else ""
    doubt = " Invalid: samples are missing." if row["validity"] == "invalid" else ""
    return f"{row['model']}: {ours} against {theirs}: {size}, {outcome}.{short}{doubt}"
