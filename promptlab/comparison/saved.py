"""What a run under a rule found, and what its rule saved, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptlab.comparison.sequences import Asked
from promptlab.comparison.verdicts import points
from promptlab.wording import counted


def decision_sentence(row: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    word = {"inconclusive": "is not decided", "equivalent": "is equivalent within the margin"}
    outcome = word.get(row["verdict"], f"is {row['verdict']}")
    size = counted(row["questions"], "question")
    size += f", {counted(row['units'], 'cluster')}" if row["units"] < row["questions"] else ""
    level = f"{100 * (1 - rule['alpha']):g} %"
    level += f" for {counted(rule['family'], 'comparison')} together" if rule["family"] > 1 else ""
    scope = "questions like these" + (" and this exemplar set" if row["one_set"] else "")
    fragile = "truncated, empty, refused or unanswered samples could change the verdict"
    return (
        f"{row['condition']} {outcome} on {row['model']} against {row['baseline']}: the difference lies between "
        f"{points(row['low'])} and {points(row['high'])} for {scope} ({size}; {level}, whenever one looks)."
        + (f" Fragile: {fragile}." if row["validity"] != "ok" else "")
    )


def saving(model: str, part: Asked, undecided: bool) -> str:
    """What was asked, beside the fixed design."""
    n, cap, each = len(part.ids), part.rule["cap"], (len(part.rule["conditions"]) + 1) * part.rule["samples"]
    if n == cap:
        return f"{model}: all {counted(cap, 'question')} were asked, as in a fixed design."
    state = "so far" if undecided else "stopped early after"
    samples = f"{n * each:,} of {counted(cap * each, 'sample')}"
    less = f"{100 * (1 - n / cap):.0f} % less than the fixed design"
    return f"{model}: {state} {n:,} of {counted(cap, 'question')}; {samples}, {less}."
