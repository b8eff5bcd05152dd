"""An experiment's design as plain values: what is frozen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any

from promptlab.comparison import control_pairs
from promptlab.comparison.placebos import AGAIN
from promptlab.comparison.series import series_of
from promptlab.comparison.tested import contrasted, difference, removed, slope
from promptlab.errors import InputError
from promptlab.experiment import ALPHA, Experiment
from promptlab.grading import grader_named
from promptlab.prompts import Condition
from promptlab.questions import QuestionSet
from promptlab.runner.sessions import plain_json
from promptlab.types import Model, digest

METHOD = "difference to the baseline within each question; the intervals of a family hold together at 1 - alpha"


def design_of(experiment: Experiment) -> dict[str, Any]:
    """What is frozen; equal designs are equal mappings, also after they were read from a file."""
    e, models, grader = experiment, experiment.open_models(), grader_named(experiment.grader)
    pairs = control_pairs(e.control, [model.name for model in models])
    design = {
        "models": {model.name: weights(model) for model in models},
        "conditions": {c.name: {**c.factors(), "replicate": c.replicate} for c in e.conditions},
        "baseline": e.baseline,
        "questions": _questions(e.questions),
        "samples": e.samples,
        "sampling": asdict(e.sampling),
        "answer_format": asdict(e.answer_format) if e.answer_format else None,
        "grader": {"name": grader.name, "version": grader.version},
        "margin": e.margin,
        "stop_every": e.stop_every,
        "control": [f"{model} - {control}" for model, control in pairs],
        "tests": _tests(e, [model.name for model in models], pairs),
        "prompts": {condition.name: _prompts(e, condition) for condition in e.conditions},
    }
    plain: dict[str, Any] = plain_json(design)
    return plain


def weights(model: Model) -> dict[str, str]:
    """Which weights; what runs them is no part of a design."""
    return {name: value for name, value in asdict(model.id).items() if name != "engine"}


def ids_hash(ids: Iterable[str]) -> str:
    """Digest of the questions' ids in any order: a comparison knows no more of them."""
    return digest(sorted(ids))


def _questions(asked: QuestionSet) -> dict[str, Any]:
    return {"name": asked.name, "n": len(asked), "hash": asked.hash, "ids": ids_hash(q.id for q in asked)}


def _tests(experiment: Experiment, models: Sequence[str], pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Every family that follows from the design without a further choice; each has its own alpha.

    One of all differences, one for each contrast of two models; where the design has what they need, one of slopes over
    shots, one of the differences over draws of exemplars, one of the contrast over paired seeds, and one of the
    controls of a loss.
    """
    e, others = experiment, [c for c in experiment.conditions if c.name != experiment.baseline]
    arms = [(model, condition.name) for model in models for condition in others]
    shown = [(model, c.name) for model in models for c in others if c.shots]
    drawn = any(int(c.factors()["draws"]) > 1 for c in others)
    seeds = pairs if len(pairs) > 1 and len(set(chain(*pairs))) == 2 * len(pairs) else []
    families = {
        "slopes": _slopes(e, models),
        "over_draws": [difference(arm) for arm in shown if drawn],
        "seed_contrasts": [contrasted(seeds) + c.name for c in others if seeds],
        "loss_controls": _loss_controls([c.name for c in e.conditions], e.baseline, arms),
    }
    return {
        "method": METHOD,
        "alpha": ALPHA,
        "seed": e.sampling.seed,
        "differences": [difference(arm) for arm in arms],
        "contrasts": [contrasted([pair]) + c.name for pair in pairs for c in others],
        **{name: tests for name, tests in families.items() if tests},
    }


def _loss_controls(names: Sequence[str], baseline: str, arms: Sequence[tuple[str, str]]) -> list[str]:
    """Those of `explain_loss`, where one condition besides the baseline has A/A arms, as the baseline has."""
    repeated = [name for name in names if any(other.startswith(f"{name}{AGAIN}") for other in names)]
    if baseline not in repeated or len(repeated) != 2:
        return []
    (base,) = set(repeated) - {baseline}
    again = [arm for arm in arms if arm[1] != base and not arm[1].startswith(f"{baseline}{AGAIN}")]
    return [*map(difference, arms), *(removed(arm, base) for arm in again)]


def _slopes(experiment: Experiment, models: Iterable[str]) -> list[str]:
    """Those that `dose` would find; where it would find none, it says why when it is asked."""
    import pandas as pd

    arms = [{"model": m, "condition": c.name, **c.factors()} for m in models for c in experiment.conditions]
    try:
        series, _ = series_of(pd.DataFrame(arms), experiment.baseline)
    except InputError:
        return []
    return [slope(one.model, [condition for _, condition in one.arms[1:]]) for one in series]


def _prompts(experiment: Experiment, condition: Condition) -> str:
    """Digest of everything that a condition will send: a factor may be a digest, and a release may render otherwise."""
    pool, asked = experiment.questions.pool, experiment.answer_format
    prompts = (
        condition.render(q, pool=pool, answer_format=asked, sample=sample)
        for q in experiment.questions
        for sample in range(condition.variants)
    )
    return digest([prompt.hash for prompt in prompts])
