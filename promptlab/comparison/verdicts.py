"""Sentences from decisions. Every word of an outcome comes from the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

# With fewer clusters (or questions) the interval itself is rough: with 20, simulated coverage was down to 93.2 % where
# scores were near 1 (benchmarks/RESULTS.md).
FEW_UNITS = 25


def sentence(row: Mapping[Any, Any], *, margin: float | None, alpha: float, one_draw: bool) -> str:
    """One row of `Comparison.table` in words."""
    parts = (_negligible(row, margin), _edge(row, alpha), _few(row), doubts(row))
    return joined(_outcome(row, margin, one_draw), *parts)


def contrast_sentence(row: Mapping[Any, Any], *, model: str, control: str, baseline: str, alpha: float) -> str:
    """One row of `Contrast.table` in words; it speaks of these two models and no others."""
    each = f"{points(row['model_difference'])} on {model}, {points(row['control_difference'])} on {control}"
    what = f"{row['condition']} against {baseline}: {each}"
    size = f"contrast {interval(row['contrast'], row['low'], row['high'])} {_evidence(row)}"
    outcome = {
        "less favourable": f"{what}; less favourable to {model} than to {control}, {size}, for these two models.",
        "more favourable": f"{what}; more favourable to {model} than to {control}, {size}, for these two models.",
        "inconclusive": f"{what}; inconclusive, {size}.{_nothing(row, ' ')}",
    }
    return joined(outcome[row["verdict"]], flagged(row["flag"]), _edge(row, alpha), _few(row), doubts(row))


def contrast_digest(table: pd.DataFrame, *, model: str, control: str, baseline: str) -> str:
    """Rows of `Contrast.table` by verdict, in one sentence."""
    groups = {verdict: rows.to_dict("records") for verdict, rows in table.groupby("verdict", sort=False)}
    parts = [
        f"{_towards(str(verdict), model)}: {'; '.join(map(_contrasted, rows))}" for verdict, rows in groups.items()
    ]
    told = ". ".join(map(_capital, parts)) or "No condition is shared"
    return f"{model} less {control}, against {baseline}, for these two models, whatever they differ in. {told}."


def _towards(verdict: str, model: str) -> str:
    return "not told apart" if verdict == "inconclusive" else f"{verdict} to {model}"


def _contrasted(row: Mapping[Any, Any]) -> str:
    marks = ", ".join(filter(None, (row["flag"], row["validity"] if row["validity"] != "ok" else "")))
    return f"{row['condition']} {interval(row['contrast'], row['low'], row['high'])}{f' ({marks})' if marks else ''}"


def digest(table: pd.DataFrame, baseline: str) -> tuple[str, ...]:
    """A sentence a model, from `Comparison.table`: verdicts, each with its conditions and their differences."""
    sentences = []
    for model, rows in table.groupby("model", sort=False):
        parts = [f"{verdict}: {_listed(of)}" for verdict, of in rows.groupby("verdict", sort=False)]
        sentences.append(f"{model} against {baseline}, in points. {'. '.join(map(_capital, parts))}.")
    return tuple(sentences)


def power(table: pd.DataFrame, what: str = "comparison") -> str:
    """The range of the table's detectable differences, as a sentence."""
    found = table["detectable"].dropna()
    if found.empty:
        return f"No {what} has an interval, so nothing is known of what could be found."
    most = 2 if what == "contrast" else 1  # the largest that there can be: differences of differences go further
    if found.min() >= most:
        return f"With 80 % power, no {what} finds even a true difference of {100 * most} points: too few questions."
    low, high = _size(found.min()), _size(found.max()) if found.max() < most else f"more than {100 * most}"
    sizes = low if low == high else f"{low} to {high}"
    return f"With 80 % power, these {what}s find true differences of {sizes} points; smaller ones may be missed."


def _listed(rows: pd.DataFrame) -> str:
    marks = ["" if validity == "ok" else f" ({validity})" for validity in rows["validity"]]
    sizes = [_signed(d) if d == d else "not estimable" for d in rows["difference"]]
    return ", ".join(f"{name} {size}{mark}" for name, size, mark in zip(rows["condition"], sizes, marks, strict=True))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def points(share: float) -> str:
    """A share of 1 as signed points.

    >>> points(-0.4361), points(-0.0001), points(float("nan"))
    ('-43.6 points', '+0.0 points', 'not estimable')
    """
    return "not estimable" if share != share else f"{_signed(share)} points"


def _signed(share: float) -> str:
    return f"{100 * round(share, 3) + 0.0:+.1f}"  # rounded as the tables are


def interval(value: float, low: float, high: float) -> str:
    if value != value:
        return points(value)
    return f"{points(value)} [{'no interval' if low != low else f'{_signed(low)}, {_signed(high)}'}]"


def _outcome(row: Mapping[Any, Any], margin: float | None, one_draw: bool) -> str:
    condition, model, baseline = row["condition"], row["model"], row["baseline"]
    size = f"{interval(row['difference'], row['low'], row['high'])} {_evidence(row)}"
    scope = "for these questions and this exemplar set" if one_draw else "for these questions"
    if row["verdict"] == "inconclusive":
        return f"{condition} against {baseline} on {model} is inconclusive: {size}. {_learned(row)}"
    if row["verdict"] == "equivalent":
        within = f"within the margin of {100 * (margin or 0):g} points"
        return f"{condition} is equivalent to {baseline} on {model} {within}: {size}, {scope}."
    verb = {"degraded": "degrades", "improved": "improves"}[row["verdict"]]
    return f"{condition} {verb} {model} against {baseline}: {size}, {scope}."


def _evidence(row: Mapping[Any, Any]) -> str:
    clusters = "" if row["clusters"] == row["questions"] else f", {counted(row['clusters'], 'cluster')}"
    p = row["p_holm"]
    tested = "" if p != p else f"; Holm p {'under 0.001' if p < 0.001 else f'= {p:.3f}'}"
    return f"({counted(row['questions'], 'question')}{clusters}{tested})"


def _learned(row: Mapping[Any, Any]) -> str:
    """What an inconclusive comparison does say, and what it would take to say more."""
    if row["low"] != row["low"]:
        return _nothing(row)
    excluded = f"The interval excludes losses above {_size(row['low'])} and gains above {_size(row['high'])} points"
    power = f"a true difference of {_size(row['detectable'])} points would be found with 80 % power"
    if row["detectable"] >= 1:
        power = "at this size no true difference would be found with 80 % power"
    needed = row["questions_needed"]
    settle = "" if needed != needed else f"; one of the observed size would take about {needed:,.0f} questions"
    if settle and row["clusters"] < row["questions"]:  # more questions from the same templates would not do
        settle += f" from {needed * row['clusters'] / row['questions']:,.0f} clusters"
    return f"{excluded}; {power}{settle}."


def _nothing(row: Mapping[Any, Any], before: str = "") -> str:
    return f"{before}Nothing can be concluded: {row['reason']}." if row["low"] != row["low"] else ""


def _size(share: float) -> str:
    return f"{100 * abs(round(share, 3)):.1f}"


def _negligible(row: Mapping[Any, Any], margin: float | None) -> str:
    return f"Negligible: inside the margin of {100 * (margin or 0):g} points." if row["negligible"] else ""


def _edge(row: Mapping[Any, Any], alpha: float) -> str:
    """Two tests of one thing part at their edge; whoever sees both should know which one counts."""
    excluded = row["low"] > 0 or row["high"] < 0
    if row["low"] != row["low"] or row["p_holm"] != row["p_holm"] or (row["p_holm"] < alpha) == excluded:
        return ""
    return "Interval and p value, two different tests, disagree here: the interval decides."


def _few(row: Mapping[Any, Any]) -> str:
    if row["clusters"] >= FEW_UNITS:
        return ""
    if row["low"] != row["low"]:
        return ""  # there is no interval to be rough
    what = "question" if row["clusters"] == row["questions"] else "cluster"
    return f"Only {counted(row['clusters'], what)}: the interval is rough."


def few_units(table: pd.DataFrame) -> list[str]:
    """A warning where there are few clusters, or questions, or a few of many hold most of the questions."""
    rough = f"intervals are rough under {FEW_UNITS}"
    fewest, worth = table["clusters"].min(), table["df"].min() + 1  # df are those of so many clusters of one size
    if fewest < FEW_UNITS:
        return [f"only {counted(fewest, 'cluster')} (or questions without clusters): {rough}"]
    unlike = f"{counted(fewest, 'cluster')} of unlike sizes are worth {worth:.0f}: {rough}"
    return [unlike] if round(worth) < FEW_UNITS else []


def flagged(flag: str) -> str:
    """Why a contrast confirms nothing, as a sentence; nothing where it has no flag."""
    words = {
        "scale-dependent": "the sign changes on the log-odds scale",
        "floor/ceiling": "the control is under 10 % or over 90 %",
        "model at floor/ceiling": "the model is under 10 % or over 90 % both times",
    }
    reasons = [words[name] for name in flag.split("; ") if name]
    return f"It confirms nothing: {' and '.join(reasons)}." if reasons else ""


def doubts(row: Mapping[Any, Any]) -> str:
    """Why a row is fragile or invalid, as a sentence; nothing where it is not."""
    return "" if row["validity"] == "ok" else f"{row['validity'].capitalize()}: {row['validity_why']}."


def joined(*parts: str) -> str:
    """The sentences that say something."""
    return " ".join(part for part in parts if part)
