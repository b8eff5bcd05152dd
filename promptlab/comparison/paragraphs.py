"""Controls of a loss in words: what can be said, and what cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from promptlab.comparison import verdicts
from promptlab.comparison.apart import TOO_EQUAL, UNKEYED
from promptlab.comparison.comparing import Comparison
from promptlab.comparison.explained import BASE, CONTROL, PLACEBO
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

_ENDS = {"": "difference", "_low": "low", "_high": "high"}
_LONGER = 0.05  # a prompt's length beyond which a control changes that as well
_NARROW = 0.05  # where no loss was shown: the difference that A/A arms must be able to rule out


def paragraph_of(rows: pd.DataFrame, found: Comparison) -> str:
    """What can be said of one model, and what cannot."""
    lost = rows[rows["role"] == BASE].iloc[0].to_dict()
    controls = rows[rows["role"] == CONTROL]
    parts = [_loss(lost, found), _classes(found, lost), *_removed(controls, lost), _copying(controls, lost)]
    placebo = rows[rows["role"] == PLACEBO]
    chance = (_chance(placebo, lost), _apart(placebo))
    return verdicts.joined(*parts, _lengths(controls, lost), *chance, _doubts(rows), _limits(controls, lost))


def _loss(lost: Mapping[Any, Any], found: Comparison) -> str:
    row = found.table.query("model == @lost['model'] and condition == @lost['condition']").iloc[0]
    size = verdicts.interval(lost["difference"], lost["low"], lost["high"])
    what = f"{lost['model']} under {lost['condition']} against {found.baseline}: {size}"
    units = "" if row["clusters"] == row["questions"] else f", {counted(row['clusters'], 'cluster')}"
    asked = f"({counted(row['questions'], 'question')}{units})"
    if lost["validity"] == "invalid":
        return f"{what} {asked}: invalid, since samples failed or are missing, so no shares are given."
    if lost["verdict"] == "degraded":
        return f"{what} {asked}: a loss."
    why = {"improved": "it is a gain", "equivalent": "it lies within the margin"}.get(lost["verdict"], "it may be none")
    return f"{what} {asked}: no loss was shown ({why}), so there is nothing to divide, and no shares are given."


def _is_shown(lost: Mapping[Any, Any]) -> bool:
    return bool(lost["verdict"] == "degraded" and lost["validity"] != "invalid")


def _classes(found: Comparison, lost: Mapping[Any, Any]) -> str:
    """Where the points went: the classes of wrong outputs whose part has an interval off 0."""
    if not _is_shown(lost):
        return ""
    own = found.accounting.query("model == @lost['model'] and condition == @lost['condition']")
    told = [
        f"{row['part'].replace('_', ' ')} {verdicts.interval(row['difference'], row['low'], row['high'])}"
        for row in own.sort_values("difference").to_dict("records")
        if row["low"] > 0 or row["high"] < 0
    ]
    return f"By class of output: {'; '.join(told)}." if told else "No class of wrong outputs has a part off 0."


def _removed(controls: pd.DataFrame, lost: Mapping[Any, Any]) -> list[str]:
    """Controls by what their difference to the base says."""
    base, shown = lost["condition"], _is_shown(lost)
    words = {
        "improved": "Removes a part of the loss" if shown else f"Above {base}",
        "degraded": "Adds to the loss" if shown else f"Below {base}",
        "equivalent": f"Equivalent to {base} within the margin",
        "inconclusive": f"Not told apart from {base}",
        "": "No verdict, for samples that failed or are missing",
    }
    ranked = controls.sort_values("removed", ascending=False)
    groups = {verdict: ranked[ranked["removed_verdict"] == verdict] for verdict in words}
    return [
        f"{words[verdict]}: {'; '.join(map(_part, of.to_dict('records')))}."
        for verdict, of in groups.items()
        if len(of)
    ]


def _part(row: Mapping[Any, Any]) -> str:
    size = verdicts.interval(row["removed"], row["removed_low"], row["removed_high"])
    if row["share"] != row["share"]:
        return f"{row['condition']} {size}"
    ends = f"{100 * row['share_low']:.0f} to {100 * row['share_high']:.0f} %"
    return f"{row['condition']} {size}, {100 * row['share']:.0f} % of the loss [{ends}]{_beyond(row)}"


def _beyond(row: Mapping[Any, Any]) -> str:
    """A control above the baseline cannot have removed a loss alone."""
    if row["verdict"] != "improved":
        return ""
    size = verdicts.interval(row["difference"], row["low"], row["high"])
    return f": more than the loss ({size} against the baseline), so it also adds something of its own"


def _copying(controls: pd.DataFrame, lost: Mapping[Any, Any]) -> str:
    if lost["copied"] != lost["copied"]:
        return ""
    rows = [row for row in (lost, *controls.to_dict("records")) if row["copied"] == row["copied"]]
    told = [f"{100 * row['copied']:.1f} % under {row['condition']}" for row in rows if row["copied"] > 0]
    for reason in dict.fromkeys(row["copied_reason"] for row in rows if row["copied"] == 0):
        names = [str(row["condition"]) for row in rows if row["copied"] == 0 and row["copied_reason"] == reason]
        told.append(f"{f'impossible ({reason})' if reason else 'none'} under {' and '.join(names)}")
    return f"Outputs with a number found only in the exemplars: {', '.join(told)}."


def _lengths(controls: pd.DataFrame, lost: Mapping[Any, Any]) -> str:
    """The controls that change the length of the prompt besides what they are there for."""
    others = controls[(controls["length"] - 1).abs() > _LONGER]
    told = [f"{row['condition']} {row['length']:.2f} times" for row in others.to_dict("records")]
    return f"Not of the length of {lost['condition']}, which is a second difference: {', '.join(told)}." if told else ""


def _chance(placebo: pd.DataFrame, lost: Mapping[Any, Any]) -> str:
    """What the A/A arms show: against the condition whose prompts they repeat."""
    rows = placebo.to_dict("records")
    own = [
        tuple(row[f"removed{end}"] if row["removed"] == row["removed"] else row[name] for end, name in _ENDS.items())
        for row in rows
    ]
    told = (
        f"{row['condition']} {verdicts.interval(*ends)}{_repeated(row)}" for row, ends in zip(rows, own, strict=True)
    )
    untested = any(row["same_texts"] == 1 or row["apart"].endswith(TOO_EQUAL) for row in rows)
    what = "no test, since the same outputs came again" if untested else _judged(own, lost)
    return f"A/A, the same prompts with other samples: {'; '.join(told)}: {what}."


def _repeated(row: Mapping[Any, Any]) -> str:
    return " (all outputs the same, word for word, as with temperature 0)" if row["same_texts"] == 1 else ""


def _judged(own: list[tuple[Any, ...]], lost: Mapping[Any, Any]) -> str:
    """Chance is shown only by intervals that rule out what would matter: half of the loss."""
    if any(low > 0 or high < 0 for _, low, high in own):
        return "more than chance: find what else differs before you trust the rest"
    shown = _is_shown(lost)
    most = abs(lost["difference"]) / 2 if shown else _NARROW
    bound = f"{100 * most:.1f} points" + (", half of the loss," if shown else "")
    if all(-most < low and high < most for _, low, high in own):
        return f"as by chance, differences of {bound} are ruled out"
    return f"too few to tell, differences of {bound} are not ruled out"


def _apart(placebo: pd.DataFrame) -> str:
    """Where nothing but outputs can show that A/A arms share no sample; and where keys say so, but outputs do not."""
    rows = placebo.to_dict("records")
    told = [f"{row['condition']}: {row['apart'].removeprefix(UNKEYED)}" for row in rows]
    if any(row["apart"].startswith(UNKEYED) for row in rows):
        return f"No keys show that these arms share no sample, only their outputs: {'; '.join(told)}."
    copied = [text for text in told if text.endswith(TOO_EQUAL)]
    return f"An A/A arm may hold samples of the arm that it repeats: {'; '.join(copied)}." if copied else ""


def _doubts(rows: pd.DataFrame) -> str:
    named = [f"{row['condition']} ({row['validity']})" for row in rows.to_dict("records") if row["validity"] != "ok"]
    return f"Failed or missing outputs could change the verdict of {', '.join(named)}." if named else ""


def _limits(controls: pd.DataFrame, lost: Mapping[Any, Any]) -> str:
    unsaid = ["anything of other models, of other questions, or of reasoning as such"]
    if (controls["removed_verdict"] == "inconclusive").any():
        unsaid.insert(0, f"that what is not told apart from {lost['condition']} removes nothing{_power(controls)}")
    if controls["share"].notna().any():
        unsaid.insert(0, "that shares add up: what the controls change overlaps")
    return f"Not concluded: {'; '.join(unsaid)}."


def _power(controls: pd.DataFrame) -> str:
    """What true parts would have been found under them, in points; none can be above 100."""
    untold = controls[controls["removed_verdict"] == "inconclusive"]
    least, most = (100 * untold["removed_detectable"].agg(end) for end in ("min", "max"))
    if not least < 100:
        return ""
    sizes = f"{least:.1f} to {most:.1f}" if most < 100 else f"at least {least:.1f}"
    sizes = f"{least:.1f}" if f"{least:.1f}" == f"{most:.1f}" else sizes
    return f" (with 80 % power true parts of {sizes} points are found here)"
