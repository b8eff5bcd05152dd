"""A comparison as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptlab import tables

if TYPE_CHECKING:
    import pandas as pd

    from promptlab.comparison.comparing import Comparison

SCORES = ["model", "condition", "score", "low", "high", "reason", "cons", "cons_k", "completion_tokens"]
SCORES += ["truncated", "no_answer", "error", "coverage"]
COPIED = "copied_number"  # a feature of `promptlab.traces`
SHOWN = ["model", "condition", "difference", "low", "high", "questions", "lost", "gained"]
SHOWN += ["p_holm", "reason", "verdict", "validity"]


def markdown(found: Comparison, *, digest: bool) -> str:
    """`Comparison.to_markdown`."""
    notes = [*(found.digest if digest else found.verdicts), found.power, *found.warnings]
    parts = [
        tables.section(headed(found, "Scores by condition"), _scores(found.summary)),
        tables.section(headed(found, f"Differences to {found.baseline}"), differences(found), notes),
    ]
    if COPIED in found.design.samples and len(copied := _copied(found)):
        parts.append(tables.section(headed(found, "Share of outputs with a number found only in exemplars"), copied))
    return "\n\n".join(parts)


def _scores(summary: pd.DataFrame) -> pd.DataFrame:
    """With cons@K called what it is: one vote a question, of all its K samples."""
    shown = summary[[c for c in SCORES if c in summary]]
    votes = shown["cons_k"].map(lambda k: f"{k:.0f} samples" if k == k else "")
    return shown.assign(cons_k=votes).rename(columns={"cons": "cons@K", "cons_k": "one vote of K ="})


def differences(found: Comparison) -> pd.DataFrame:
    return tables.estimates(found.table[SHOWN], "difference")


def headed(found: Comparison, heading: str) -> str:
    return f"{found.label}: {heading[0].lower()}{heading[1:]}" if found.label else heading


def _copied(found: Comparison) -> pd.DataFrame:
    """A row a condition with exemplars, a column a model."""
    shown = found.feature(COPIED)
    if "shots" in found.summary:
        shown = shown[found.summary["shots"].to_numpy() > 0]
    names = {side: list(dict.fromkeys(shown[side])) for side in ("condition", "model")}
    wide = shown.pivot(index="condition", columns="model", values="value")
    return wide.loc[names["condition"], names["model"]].reset_index()
