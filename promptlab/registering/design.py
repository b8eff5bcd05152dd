"""An experiment's design as plain values: what is frozen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from promptlab.comparison import control_pairs
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
    contrasts = [f"{m} - {control}" for m, control in control_pairs(e.control, [m.name for m in models])]
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
        "control": contrasts,
        "tests": _tests(e, [model.name for model in models], contrasts),
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


def _tests(experiment: Experiment, models: Iterable[str], contrasts: Iterable[str]) -> dict[str, Any]:
    """The families: one of all differences, and one for each contrast of two models."""
    arms = [condition.name for condition in experiment.conditions if condition.name != experiment.baseline]
    return {
        "method": METHOD,
        "alpha": ALPHA,
        "seed": experiment.sampling.seed,
        "differences": [f"{model}: {arm}" for model in models for arm in arms],
        "contrasts": [f"{pair}: {arm}" for pair in contrasts for arm in arms],
    }


def _prompts(experiment: Experiment, condition: Condition) -> str:
    """Digest of everything that a condition will send: a factor may be a digest, and a release may render otherwise."""
    pool, asked = experiment.questions.pool, experiment.answer_format
    prompts = (
        condition.render(q, pool=pool, answer_format=asked, sample=sample)
        for q in experiment.questions
        for sample in range(condition.variants)
    )
    return digest([prompt.hash for prompt in prompts])
