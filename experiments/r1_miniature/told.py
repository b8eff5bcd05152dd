"""What the checkpoints of one training show, in sentences computed from the numbers, beside what R1's report shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import expm1
from typing import TYPE_CHECKING, Any

from experiments.r1_miniature.checkpoints import CHECKS, DOUBTS, FORM, PASS, TOKENS, VOTE, WORDS, Trend
from experiments.r1_miniature.consistency import ENGLISH, LISTED, RIGHT, WITH, WITHOUT, Found
from experiments.r1_miniature.distilled import STUDENT, Distilled
from experiments.r1_miniature.thoughts import RARE, Turns
from promptlab.comparison.verdicts import interval, points
from promptlab.quoting import published

if TYPE_CHECKING:
    import pandas as pd

    from promptlab.comparison import Association, Comparison
    from promptlab.stats import Estimate

GREW = "The report's answers grow all through training (a figure of it, without numbers)"
REFLECTED = "In the report such reflection arises during training (with an example, without numbers)"


def reported() -> pd.DataFrame:
    """The report's points for R1-Zero on AIME 2024, in percent: `measure`, `when` (start, end), `value`."""
    found = published("deepseek_r1").query("table == 'zero' and benchmark == 'AIME 2024'")
    found = found[found["model"].str.startswith("deepseek-r1-zero")]
    before = found["model"].str.contains("before")
    return found.assign(measure=found["metric"], when=before.map({True: "start", False: "end"}))[
        ["measure", "when", "value", "source"]
    ]


def like_and_unlike(curve: pd.DataFrame, trend: pd.DataFrame) -> list[str]:
    """A sentence a measure that the report speaks of, and one each for form, checks and doubts."""
    own, theirs = _ends(curve), reported().set_index(["measure", "when"])["value"]
    verdict = trend.set_index("measure")["verdict"]
    start, end = theirs["pass@1", "start"], theirs["pass@1", "end"]
    gained, vote = theirs["cons@64", "end"] - end, own[VOTE][1] - own[PASS][1]
    there = f"In the report {PASS} of R1-Zero on AIME 2024 goes from {start:g} to {end:g} %"
    return [
        f"{_change(PASS, curve, trend)} {there}: {_like(verdict[PASS])}.",
        f"A vote of 16 gains {points(vote)} at the last step, from {points(own[VOTE][0] - own[PASS][0])} at the first; "
        f"a vote of 64 there {gained:+.1f} at the end.",
        f"{_change(TOKENS, curve, trend)} {GREW}: {_like(verdict[TOKENS], 'no growth is seen, unlike it')}; "
        f"growth above {_percent(max(0.0, float(trend.set_index('measure')['high'][TOKENS])))} is excluded.",
        *(_change(name, curve, trend) for name in (FORM, CHECKS)),
        f"{_change(DOUBTS, curve, trend)} {REFLECTED}: {_like(verdict[DOUBTS])}.",
    ]


def of_zero(curve: pd.DataFrame | None, trend: pd.DataFrame | None, read: pd.DataFrame | None) -> list[str]:
    """The same of RL alone from the bare base, and by `thoughts.at_all` what its rise begins with."""
    if curve is None or trend is None or read is None:
        return ["RL alone, from the bare base (`zero`): its samples are not in the folder."]
    (first, second, last), then = (100 * read.iloc[[0, 1, -1]]).to_dict("records"), read.index[1]
    seen = (
        f"Looked at afterwards: {first['read']:.1f} % of the answers could be read at the first step and"
        f" {last['read']:.1f} % at the last; the thought is empty in {first['empty']:.1f} % at the first,"
        f" {second['empty']:.1f} % at {then} and {last['empty']:.1f} % at the last."
    )
    return [f"RL alone, from the bare base: {sentence}" for sentence in (*like_and_unlike(curve, trend), seen)]


def _like(verdict: str, undecided: str = "like or unlike is open") -> str:
    return {"rises": "like it in direction", "falls": "unlike it"}.get(verdict, undecided)


def _ends(curve: pd.DataFrame) -> dict[str, tuple[float, float]]:
    return {str(name): (rows["value"].iloc[0], rows["value"].iloc[-1]) for name, rows in curve.groupby("measure")}


def _change(name: str, curve: pd.DataFrame, trend: pd.DataFrame) -> str:
    first, last = _ends(curve)[name]
    row = trend.set_index("measure").loc[name]
    what = f"{WORDS[name][0].upper()}{WORDS[name][1:]} ({name})"
    if name == TOKENS:
        size = f"{_percent(row['change'])} [{_percent(row['low'])}, {_percent(row['high'])}]"
        return f"{what}: {first:.1f} to {last:.1f}, along the line {size}: {row['verdict']}."
    change, low, high = (f"{round(100 * row[end], 2) + 0.0:+.2f}" for end in ("change", "low", "high"))
    size = f"{100 * first:.2f} to {100 * last:.2f} %, along the line {change} points [{low}, {high}]"
    return f"{what}: {size}: {row['verdict']}."


def _percent(logarithm: Any) -> str:
    return f"{100 * expm1(logarithm):+.1f} %"


def of_length(within: Association, grown: Estimate) -> list[str]:
    """Whether longer is better, among samples of one question and among questions that grew."""
    table = within.table
    ways = Counter(
        "longer" if row["within_low"] > 0 else "shorter" if row["within_high"] < 0 else "neither"
        for row in table.to_dict("records")
    )
    counts = ", ".join(f"{way} at {ways[way]}" for way in ("longer", "shorter", "neither"))
    size = interval(grown.value, grown.low, grown.high)
    verdict = "growth goes with a gain" if grown.low > 0 else "with a loss" if grown.high < 0 else "nothing is shown"
    return [
        f"Within a question, the right answers of {len(table)} checkpoints are: {counts}.",
        f"A question whose answers grew by 10 % from the first to the last step gained {size}: {verdict}.",
    ]


def of_turns(found: Turns) -> str:
    """Whether checks and doubts are followed by another, better answer."""
    said = {
        "for the better": "changed answers are more often mended than spoiled",
        "for the worse": "changed answers are more often spoiled than mended",
        "theatre": "hardly an answer changes: theatre",
        "open": "whether that helps is open",
    }[found.verdict]
    said = f"{said}, and too few state one for that to say anything of checks" if found.stated < RARE else said
    changed = f"{100 * found.changed.value:.2f} % [{100 * found.changed.low:.2f}, {100 * found.changed.high:.2f}]"
    net = interval(found.net.value, found.net.low, found.net.high)
    doubting = f"{100 * found.doubting_mended:.1f} % do a calculation again with another result"
    return (
        f"Of {found.answers:,} answers {100 * found.stated:.1f} % state an answer before their last check or doubt, "
        f"{changed} end with another; changed to right less changed to wrong {net}: {said}. "
        f"{found.doubting:,} answers hold a doubt (wait); of these {doubting}, "
        f"{100 * found.doubting_changed:.1f} % change a stated answer."
    )


def of_checks(accepted: Mapping[str, Estimate]) -> str:
    """How well the checks tell right answers from wrong ones."""
    shares = {name: f"{100 * e.value:.1f} % [{100 * e.low:.1f}, {100 * e.high:.1f}]" for name, e in accepted.items()}
    return (
        f"Added after looking: the last check finds right {shares['right']} of the right answers and "
        f"{shares['wrong']} of the wrong ones."
    )


def of_effect(comparison: Comparison, trend: Trend) -> str:
    """What exemplars do over the steps: the declared trend, then how many of the family are decided."""
    ways = comparison.table["verdict"].value_counts()
    counts = ", ".join(f"{ways[name]} {name}" for name in sorted(ways.index))
    doubt = "" if trend.validity == "ok" else f" {trend.validity.capitalize()}: {trend.why}."
    return (
        f"The mean few-shot effect changes by {interval(trend.value, trend.low, trend.high)} along its line, from the "
        f"first step to the last: {trend.verdict}.{doubt} Of {len(comparison.table)} differences to zero-shot, as one "
        f"family: {counts}."
    )


def of_languages(found: Found | None) -> list[str]:
    """What the reward for English words did: each training over its steps, then what the reward brought and cost."""
    if found is None:
        return ["Two languages: their samples are not in the folder; the campaign's part `language` records them."]
    price = _last(found.price.table)
    return [
        *(_trained(found, training) for training in (WITHOUT, WITH)),
        f"{ENGLISH}, with less without at the last step: {_size(_last(found.rewarded.table))}.",
        f"{RIGHT}, with less without at the last step: {_size(price)}: {price['verdict']} "
        f"(margin {100 * (found.price.margin or 0):g} points; {price['validity']}). R1's report says that its reward "
        f"costs a little (arXiv 2501.12948v1, section 2.3.2): {_slight(price['verdict'])}.",
        f"Two ways to tell English, by sentences (promptlab.traces) and by the chains' own words, are "
        f"{100 * found.apart['apart'].max():.1f} points apart for a sample at most, in the mean of a checkpoint; their "
        f"means by {100 * (found.apart[ENGLISH] - found.apart[LISTED]).abs().max():.1f} at most.",
    ]


def of_distilled(found: Distilled | None) -> list[str]:
    """What the right answers of another model taught, and what exemplars do to the one that learned from them."""
    if found is None:
        return ["Distillation: the samples of `distill` are not in the folder."]
    own, *others = found.effects.to_dict("records")
    return [
        f"Zero-shot, {STUDENT} is right in {100 * found.accuracy[STUDENT]:.1f} %; "
        + "; ".join(f"less {row['model']} {_size(row)}" for row in found.right.to_dict("records"))
        + ".",
        f"Exemplars change that by {_size(own)} in the mean of all few-shot conditions; "
        + "; ".join(f"less what they do to {row['model']} {_size(row)}" for row in others)
        + ".",
    ]


def _trained(found: Found, training: str) -> str:
    """A training from its start to its last step."""
    each = found.curves[found.curves["condition"] == training].groupby("measure")["value"]
    first, last = each.first(), each.last()
    parts = []
    for measure, comparison in ((ENGLISH, found.since_start), (RIGHT, found.learned)):
        row = _last(comparison.table[comparison.table["model"] == training])
        ends = f"{100 * first[measure]:.1f} to {100 * last[measure]:.1f} %"
        parts.append(f"{measure} {ends}, {_size(row)}: {Trend.decide(row['low'], row['high'])}")
    return f"RL {training}: {'; '.join(parts)}; tokens of an answer {first[TOKENS]:.1f} to {last[TOKENS]:.1f}."


def _last(table: pd.DataFrame) -> Any:
    return table.iloc[-1]


def _size(row: Any) -> str:
    return interval(row["difference"], row["low"], row["high"])


def _slight(verdict: str) -> str:
    return {"degraded": "like it", "improved": "unlike it", "equivalent": "within the margin none"}.get(verdict, "open")
