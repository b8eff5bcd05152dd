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


@pytest.mark.parametrize(
    ("options", "left_out"),
    [
        (
            {"layout": "turns"},
            {"question-first": "needs layout", "questions": "changes style and layout, not one factor"},
        ),
        ({"layout": "system"}, {"question-first": "question_first needs layout='one-message'"}),
        ({"layout": "one-message", "style": "answers"}, {"think": "needs style='worked', not 'answers'"}),
        (
            {"layout": "one-message", "style": "questions", "k": 1},
            {"think": "needs style='worked'", "questions": "changes nothing", "reordered": "changes nothing"},
        ),
        (
            {"layout": "one-message", "exemplars": [(f"1 + {i}?", f"{i + 1}", "More.") for i in range(3)]},
            {"other-domain": "own exemplars"},
        ),
    ],
)
def test_what_is_left_out_is_said_and_why(options: dict, left_out: dict[str, str]):
    base = few_shot(**{"k": 3, "name": "few", **options})
    with pytest.warns(UserWarning, match="left out by few_shot_controls: ") as told:
        arms = few_shot_controls(base)
    names = {arm.name.removeprefix("few-") for arm in arms}
    assert set(CONTROLS) - names == set(left_out)
    reasons = str(told[0].message).removeprefix("left out by few_shot_controls: ").split("; control ")
    assert len(reasons) == len(left_out)
    for name, why in left_out.items():
        assert any(f"'{name}'" in reason and why in reason for reason in reasons)
    for control in arms[4:]:
        assert sum(value != base.factors()[name] for name, value in control.factors().items()) == 1, control.name


def test_nothing_is_said_where_nothing_is_left_out(recwarn):
    few_shot_controls(BASE)
    assert not recwarn.list


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
        (few_shot(k=1, name="few"), ["reordered"], "control 'reordered' of 'few' changes nothing"),
        (few_shot(k=3, name="few"), ["questions"], "control 'questions' of 'few' changes style and layout"),
        (few_shot(k=3, style="answers", name="few"), ["think"], "control 'think' of 'few' needs style='worked'"),
        ("few-shot", None, "'few-shot' is no condition"),
    ],
)
def test_what_cannot_be_made_is_one_error(base, only, says):
    with pytest.raises(InputError, match=says):
        few_shot_controls(base, only=only)
