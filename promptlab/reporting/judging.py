"""A part's verdicts, by its registered design where it has one."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptlab.comparison import Comparison, Contrast, Control, Decisions, compare, contrasts, decisions
from promptlab.errors import InputError, PromptlabError
from promptlab.experiment import ALPHA
from promptlab.registering.design import ids_hash
from promptlab.reporting.gathering import Part

if TYPE_CHECKING:
    import pandas as pd

NOT_REGISTERED = "not registered: what is compared, and how, may have been chosen after a look at the samples"


@dataclass(frozen=True)
class Choices:
    """What the caller wants instead of the design, or where there is none."""

    baseline: str | None = None
    margin: float | None = None
    control: Control = ""


@dataclass(frozen=True)
class Judged:
    """A part with what was found; `problem` says why there is no verdict, if so."""

    part: Part
    stamp: str
    comparison: Comparison | None = None
    contrasts: tuple[Contrast, ...] = ()
    decisions: Decisions | None = None
    notes: tuple[str, ...] = ()
    problem: str = ""


def judge(part: Part, choices: Choices) -> Judged:
    """Never raises for what is wrong with the records of one part: the others are to be read all the same."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            found = _judged(part, choices)
    except PromptlabError as problem:
        return Judged(part, _stamp(part, ()), problem="; ".join(filter(None, [part.problem, str(problem)])))
    notes = dict.fromkeys(str(warning.message) for warning in caught if warning.category is UserWarning)
    return Judged(part, problem=part.problem, notes=tuple(notes), **found)


def _judged(part: Part, choices: Choices) -> dict[str, Any]:
    if not part.runs:
        raise InputError("no records: there is nothing to judge")
    if any(run.manifest.get("stopping") for run in part.runs):
        decided = decisions(list(part.runs))
        return {"decisions": decided, "stamp": _stamp(part, [*part.runs, decided])}
    design = part.registration.design if part.registration else {}
    samples = _designed(part.frames, design) if design else list(part.runs)  # `compare` says how these differ
    options = _options(part, design, choices)
    comparison = compare(samples, margin=_margin(design, choices), **options)
    control = choices.control or _control(design, comparison.design.models())
    against = tuple(contrasts(samples, control, **options))
    stamp = _stamp(part, [*part.runs, comparison, *against])
    return {"comparison": comparison, "contrasts": against, "stamp": stamp}


def _stamp(part: Part, made: Sequence[Any]) -> str:
    return part.registration.stamp(*made) if part.registration else NOT_REGISTERED


def _options(part: Part, design: Mapping[str, Any], choices: Choices) -> dict[str, Any]:
    tests = design.get("tests", {})
    baseline = choices.baseline or design.get("baseline") or part.runs[0].conditions[0]
    seed = tests.get("seed", part.runs[0].manifest["sampling"]["seed"])
    return {"baseline": baseline, "alpha": tests.get("alpha", ALPHA), "seed": seed, "label": part.title}


def _margin(design: Mapping[str, Any], choices: Choices) -> float | None:
    return design.get("margin") if choices.margin is None else choices.margin


def _control(design: Mapping[str, Any], models: Sequence[str]) -> dict[str, list[str]]:
    """Who is whose control: a design keeps it as ``model - control``."""
    pairs = [(m, c) for m in models for c in models if f"{m} - {c}" in design.get("control", ())]
    return {model: [c for m, c in pairs if m == model] for model, _ in pairs}


def _designed(frames: Sequence[pd.DataFrame], design: Mapping[str, Any]) -> list[pd.DataFrame]:
    """The samples of the design: its records may hold more, such as a check beside the comparison.

    A design keeps a digest of its questions; its own were the first to be asked.
    """
    n, ids = design["questions"]["n"], design["questions"]["ids"]
    chosen = [f[f["condition"].isin(list(design["conditions"])) & (f["sample"] < design["samples"])] for f in frames]
    first = [list(dict.fromkeys(f["question"]))[:n] for f in chosen]
    return [f[f["question"].isin(q)] if ids_hash(q) == ids else f for f, q in zip(chosen, first, strict=True)]
