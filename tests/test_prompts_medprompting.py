"""Medprompt as conditions: each step adds one thing, and no two steps send the same sample."""

from __future__ import annotations

import pytest

import promptlab as lab
from local_models import SAMPLING
from promptlab.errors import InputError
from promptlab.prompts import condition_from, medprompt, medprompt_followup, medprompt_steps
from promptlab.runner.planning import plan
from promptlab.types import ModelId

QUESTIONS = lab.load_questions("arithmetic", n=12, choices=4, levels=[1, 2])
POOL = QUESTIONS.pool[:40]


def test_it_is_a_few_shot_condition_with_variants():
    found = medprompt(k=3, ensemble=4, exemplars=POOL, layout="one-message")
    assert (found.shots, found.variants, found.layout, found.exemplars.selected) == (3, 4, "one-message", "nearest")
    prompts = [found.render(QUESTIONS[0], sample=sample) for sample in range(4)]
    assert len({prompt.exemplars for prompt in prompts}) == 1, "the options are shuffled, not the exemplars"
    assert len({prompt.hash for prompt in prompts}) == 4


def test_each_step_changes_one_thing():
    zero, answers, worked, nearest, whole = (
        step.factors() for step in medprompt_steps(k=3, ensemble=4, exemplars=POOL)
    )
    changed = [
        {name for name in one if one[name] != other[name]}
        for one, other in ((answers, worked), (worked, nearest), (nearest, whole))
    ]
    assert zero["shots"] == 0
    assert answers["shots"] == 3
    assert changed[0] == {"style"}
    assert changed[1] - {"draws", "embedding"} == {"select"}
    assert changed[2] == {"variants"}


@pytest.mark.parametrize("steps", [medprompt_steps, medprompt_followup])
def test_no_sample_counts_in_two_steps(steps):
    conditions = steps(k=2, ensemble=3, exemplars=POOL)
    planned = plan(ModelId("m"), conditions, QUESTIONS, samples=3, sampling=SAMPLING, answer_format=lab.ANSWER_IS)
    assert len({sample.key for sample in planned}) == len(planned) == len(conditions) * 12 * 3


def test_no_sample_counts_in_two_steps_where_every_choice_is_the_same():
    """A pool of k: random and nearest exemplars are the same ones."""
    lists = [steps(k=1, ensemble=2, exemplars=POOL[:1]) for steps in (medprompt_steps, medprompt_followup)]
    conditions = [*lists[0], *lists[1][1:]]
    planned = plan(ModelId("m"), conditions, QUESTIONS, samples=2, sampling=SAMPLING, answer_format=lab.ANSWER_IS)
    assert len({sample.key for sample in planned}) == len(conditions) * 12 * 2
    assert len({condition.replicate for condition in conditions}) == len(conditions)


@pytest.mark.parametrize("steps", [medprompt_steps, medprompt_followup])
def test_an_ensemble_of_one_is_refused_before_anything_is_paid_for(steps):
    with pytest.raises(InputError, match=f"ensemble of {steps.__name__} is 1"):
        steps(ensemble=1)
    assert medprompt(k=3, ensemble=1).variants == 1, "for free answers: votes of the same prompt"


def test_both_lists_share_the_minimal_prompt():
    every = {condition.name: condition for condition in [*medprompt_steps(), *medprompt_followup()]}
    assert every["zero-shot"] == lab.zero_shot()
    assert list(every) == [
        *("zero-shot", "few-shot-5-answers", "few-shot-5", "few-shot-5-nearest", "medprompt-5x5"),
        *("few-shot-5-answers-nearest", "ensemble-5"),
    ]


def test_factors_reach_every_step():
    assert {step.system for step in medprompt_steps(system="Be brief.")} == {"Be brief."}


def test_a_notebook_can_say_it():
    spec = {"few-shot": {"k": 2, "select": "nearest", "variants": 3, "name": "medprompt-2x3"}}
    assert condition_from(spec) == medprompt(k=2, ensemble=3)
