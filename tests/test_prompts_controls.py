"""Ready-made controls: one factor away from the base, with A/A arms, and none that sends another's samples."""

from __future__ import annotations

import pytest

from promptlab.errors import InputError
from promptlab.prompts import few_shot, few_shot_controls, zero_shot
from promptlab.prompts.controls import CONTROLS
from promptlab.questions import load_questions
from promptlab.runner.planning import plan
from promptlab.types import ModelId, Sampling

BASE = few_shot(k=3, layout="one-message", name="few")


def test_every_control_is_one_factor_away_from_the_base():
    zero, again, base, base_again, *controls = few_shot_controls(BASE)
    assert base is BASE
    assert (zero.factors(), zero.name) == (zero_shot().factors(), "zero-shot")
    assert [again.name, base_again.name] == ["zero-shot#1", "few#1"]
    assert [control.name for control in controls] == [f"few-{name}" for name in CONTROLS]
    for control in controls:
        changed = {name for name, value in control.factors().items() if value != base.factors()[name]}
        assert len(changed) == 1, control.name


def test_all_arms_of_a_real_pool_are_samples_of_their_own():
    questions = load_questions("arithmetic", n=12, seed=0, split="test")
    arms = few_shot_controls(BASE)
    options = {"samples": 1, "sampling": Sampling(max_tokens=9), "answer_format": None}
    planned = plan(ModelId("m"), arms, questions, **options)
    keys = {one.key for one in planned}
    assert len(keys) == len(planned) == 12 * len(arms)
    for question in questions:
        sent = {arm.name: arm.render(question, pool=questions.pool).hash for arm in arms}
        assert sent["few#1"] == sent["few"]
        assert len(set(sent.values())) == len(sent) - 2, "every control changes every prompt"


@pytest.mark.parametrize(("layout", "left_out"), [("turns", {"question-first"}), ("system", {"question-first"})])
def test_what_a_layout_has_no_room_for_is_left_out(layout: str, left_out: set[str]):
    names = {arm.name.removeprefix("few-") for arm in few_shot_controls(few_shot(k=3, layout=layout, name="few"))}
    assert set(CONTROLS) - names == left_out


def test_what_the_base_is_already_is_left_out():
    names = [arm.name for arm in few_shot_controls(few_shot(k=1, style="questions", name="few"))]
    assert not {"few-questions", "few-reordered"} & set(names)


def test_only_some_and_another_name_of_the_baseline():
    arms = few_shot_controls(BASE.but(instruction="Be brief."), only="note", baseline="zero")
    assert [arm.name for arm in arms] == ["zero", "zero#1", "few", "few#1", "few-note"]
    assert {arm.instruction for arm in arms} == {"Be brief."}


@pytest.mark.parametrize(
    ("base", "only", "says"),
    [
        (zero_shot(), None, "base of few_shot_controls is 'zero-shot', which shows no exemplars"),
        (BASE, ["notes"], "unknown control of few_shot_controls 'notes': did you mean 'note'"),
        (few_shot(k=3), ["question-first"], "question_first needs layout='one-message'"),
        (few_shot(k=1, name="few"), ["reordered"], "control 'reordered' of few_shot_controls changes nothing of 'few'"),
        ("few-shot", None, "'few-shot' is no condition"),
    ],
)
def test_what_cannot_be_made_is_one_error(base, only, says):
    with pytest.raises(InputError, match=says):
        few_shot_controls(base, only=only)
