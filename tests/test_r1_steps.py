"""Each step of an answer checked against the true ones, and the accounting of a loss by the first step gone wrong."""

from __future__ import annotations

import doctest
from dataclasses import replace
from random import Random
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.r1_miniature import mechanism, steps
from experiments.r1_miniature.chains import thinking, worked
from experiments.r1_miniature.mechanism import accounting, checked, described
from experiments.r1_miniature.registered import BASELINE, FEW, merged
from promptlab.errors import InputError
from promptlab.grading import number
from promptlab.prompts import few_shot
from promptlab.questions import load_questions
from promptlab.reasoning import split_reasoning
from promptlab.records import load_run
from promptlab.types import Completion, Prompt, Question

QUESTIONS = load_questions("arithmetic", split="dev", n=120, seed=7, templates="all")
TRUE = [
    {"expression": "9 * 12", "value": 108},
    {"expression": "108 - 14", "value": 94},
    {"expression": "94 / 2", "value": 47},
]
PACKS = Question("q", "9 packs of 12 stickers, 14 go to Tom, half of the rest to Ann.", ("47",), meta={"steps": TRUE})
SHOWN = Prompt(exemplars=("Q: 77 + 13 pens? A: 77 + 13 = 90.",))


def found(text: str, question: Question = PACKS, prompt: Prompt = SHOWN) -> steps.Checked:
    completion = Completion(text, "complete" if text else "empty")
    grade = number(question, split_reasoning(completion)[1])
    return steps.check(question, prompt, completion, grade)


@pytest.mark.parametrize(
    ("text", "way", "first"),
    [
        ("9 * 12 = 108. 108 - 14 = 94. 94 / 2 = 47. The answer is 47.", steps.RIGHT, None),
        ("12 * 9 = 108. 108 - 14 = 94. 94 / 2 = 47. The answer is 47.", steps.RIGHT, None),
        ("", steps.UNANSWERED, 1),
        ("The answer is 12.", steps.BYPASSED, 1),
        ("9 * 12 = 98. 98 - 14 = 84. 84 / 2 = 42. The answer is 42.", steps.SLIPPED, 1),
        ("9 * 12 = 108. 108 - 14 = 96. 96 / 2 = 48. The answer is 48.", steps.SLIPPED, 2),
        ("9 * 12 = 108. 108 - 13 = 95. The answer is 95.", steps.COPIED, 2),
        ("9 * 12 = 108. 108 + 14 = 122. The answer is 122.", steps.OPERATED, 2),
        ("9 * 12 = 108. 108 - 12 = 96. The answer is 96.", steps.OPERANDS, 2),
        ("9 * 12 = 108. 12 / 4 = 3. The answer is 3.", steps.ASTRAY, 2),
        ("9 * 12 = 108. 108 - 14 = 94. The answer is 94.", steps.SKIPPED, 3),
        ("9 * 12 = 108. 108 - 14 = 94. 94 / 2 = 47. 47 + 9 = 56. The answer is 56.", steps.WENT_ON, None),
        ("9 * 12 = 108. 108 - 14 = 94. 94 / 2 = 47. The answer is 74.", steps.AFTER, None),
    ],
)
def test_the_first_step_gone_wrong(text: str, way: str, first: int | None) -> None:
    checked = found(text)
    assert (checked.way, checked.first_wrong, checked.steps) == (way, first, 3)


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(steps) == (0, 7)


def test_an_exemplars_number_counts_only_as_an_operand_and_only_where_it_was_brought_in() -> None:
    assert not found("9 * 12 = 77. 77 - 14 = 63. The answer is 63.").copied  # a slip that happens to be 77
    assert found("9 * 77 = 693. The answer is 693.").copied
    assert not found("9 * 77 = 693. The answer is 693.", prompt=Prompt()).copied


def test_a_mended_slip_is_done_right_and_a_spoilt_step_is_not() -> None:
    mended = found("9 * 12 = 98. Wait, that is wrong. 9 * 12 = 108. 108 - 14 = 94. 94 / 2 = 47. The answer is 47.")
    assert (mended.mended, mended.done, mended.first_wrong) == (1, 3, None)
    spoilt = found("9 * 12 = 108. 9 * 12 = 98. 98 - 14 = 84. The answer is 84.")
    assert (spoilt.mended, spoilt.way) == (0, steps.SLIPPED)


def test_a_step_done_in_the_head_is_skipped_and_not_wrong() -> None:
    checked = found("108 - 14 = 94. 94 / 2 = 45. The answer is 45.")
    assert (checked.skipped, checked.first_wrong, checked.way) == (1, 3, steps.SLIPPED)


@pytest.mark.parametrize("before", ["", "94 are left. "])
def test_steps_skipped_in_a_row_are_all_skipped(before: str) -> None:
    slipped = found(before + "94 / 2 = 45. The answer is 45.")  # 94 took both steps before it
    assert (slipped.skipped, slipped.first_wrong, slipped.way) == (2, 3, steps.SLIPPED)
    right = found(before + "94 / 2 = 47. The answer is 47.")
    assert (right.skipped, right.first_wrong, right.way) == (2, None, steps.RIGHT)


def test_the_last_step_alone_says_which_went_wrong() -> None:
    for question in QUESTIONS:
        last = question.meta["steps"][-1]
        checked = found(f"{last['expression']} = {last['value'] + 1}. The answer is {last['value'] + 1}.", question)
        assert (checked.way, checked.skipped, checked.first_wrong) == (
            steps.SLIPPED,
            checked.steps - 1,
            checked.steps,
        ), question.text


def test_a_product_in_another_order_is_no_wrong_step() -> None:
    true = [{"expression": "7 * 5", "value": 35}, {"expression": "35 * 3", "value": 105}]
    lamps = Question("q", "3 days, 7 hours each, 5 lamps an hour; 3 are thrown away.", ("102",))
    lamps = replace(lamps, meta={"steps": [*true, {"expression": "105 - 3", "value": 102}]})
    checked = found("3 * 7 = 21. 21 * 5 = 105. 105 - 3 = 98. The answer is 98.", lamps)
    assert (checked.skipped, checked.first_wrong, checked.way) == (2, 3, steps.SLIPPED)


def test_an_equation_may_stand_the_other_way_round() -> None:
    checked = found("108 = 9 * 12. 94 = 108 - 14. 45 = 94 / 2. The answer is 45.")
    assert (checked.done, checked.first_wrong, checked.way) == (2, 3, steps.SLIPPED)


def test_a_check_undoes_the_last_step_and_is_no_step() -> None:
    checked = found("<think>\n9 * 12 = 108.\nCheck: 108 - 14 = 94. Right.\n</think>\nThe answer is 108.")
    assert (checked.calculations, checked.done, checked.way) == (1, 1, steps.SKIPPED)


@pytest.mark.parametrize("slips", [0.0, 1.0])
def test_the_chains_that_models_are_trained_on_are_done_in_every_step(slips: float) -> None:
    for question in QUESTIONS:
        checked = found(thinking(question, None, Random(question.id), slips), question)
        assert (checked.way, checked.done, checked.first_wrong) == (steps.RIGHT, checked.steps, None), question.text
        assert checked.mended == bool(slips), question.text
        assert found(worked(question, None), question).done == checked.steps


def test_one_wrong_result_in_a_true_chain_is_found_where_it_was_put() -> None:
    for question in QUESTIONS:
        for place, step in enumerate(question.meta["steps"], start=1):
            right, wrong = (f"{step['expression']} = {step['value'] + more}" for more in (0, 1))
            text = question.meta["rationale"].replace(right, wrong) + " The answer is 99999."
            assert (found(text, question).way, found(text, question).first_wrong) == (steps.SLIPPED, place), text


@given(st.text(alphabet="0123456789+-*/=., x\nCheck", max_size=400))
def test_any_text_is_read(text: str) -> None:
    checked = found(text)
    assert 0 <= checked.done + checked.skipped <= checked.steps
    assert (checked.way == steps.RIGHT) or checked.way in steps.WAYS


@pytest.mark.parametrize("unit", ["1", "1 + ", "1 = ", "1 + 1 = ", "1,111", "check ", "1.1 * "])
def test_endless_output_is_bounded(unit: str) -> None:
    assert found(unit * 100_000).steps == 3


# -- the accounting ----------------------------------------------------------------------------------------------------


def test_parts_sum_to_the_effect_and_are_found_where_they_were_put() -> None:
    """Exemplars that make one answer in five copy, on top of slips that are the same in both arms."""
    rng, rows = np.random.default_rng(0), []
    for q in range(200):
        for condition in (BASELINE, "few-shot-3", "few-shot-3-answers"):
            for sample in range(4):
                way = steps.SLIPPED if rng.random() < 0.3 else steps.RIGHT
                way = steps.COPIED if condition != BASELINE and rng.random() < 0.2 else way
                place = {"model": "m", "condition": condition, "question": f"q{q}", "cluster": f"c{q % 40}"}
                said = {"sample": sample, "score": float(way == steps.RIGHT), "ending": "complete", "answered": True}
                checks = {"steps": 2, "done": 1, "skipped": 0, "mended": 0, "copied": False, "calculations": 2}
                rows.append({**place, **said, **checks, "way": way})
    frame = pd.DataFrame(rows)
    table = accounting(frame).set_index("way")
    means = merged(frame).groupby("condition")["score"].mean()
    assert table["part"].sum() == pytest.approx(means[FEW] - means[BASELINE])
    assert table.loc[steps.COPIED, "high"] < 0
    assert table.loc[steps.COPIED, "part"] == pytest.approx(-0.2, abs=0.03)
    assert table.loc[steps.SLIPPED, "low"] < 0.06 < table.loc[steps.SLIPPED, "high"]  # 0.3 of the fifth that copied
    assert (table["after"] - table["before"]).to_numpy() == pytest.approx(-table["part"].to_numpy())
    assert described(frame)["done"].tolist() == [0.5, 0.5]


def test_recorded_samples_are_checked_and_chance_is_counted_on_both_sides() -> None:
    run = load_run("recorded:r1-narrow")
    frame = checked(run, n_questions=12)
    assert len(frame) == 12 * 5 * 4
    assert ((frame["way"] == steps.RIGHT) == (frame["score"] == 1)).all()
    by_arm = frame.groupby(frame["condition"] == BASELINE)["copied"].mean()
    assert by_arm[False] > by_arm[True]
    assert accounting(frame)["part"].sum() == pytest.approx(
        merged(frame).groupby("condition")["score"].mean().diff().abs().iloc[-1] * -1
    )


def test_zero_shot_answers_are_checked_against_exemplars_that_were_not_shown() -> None:
    (question,) = load_questions("arithmetic", split="dev", n=1, seed=3)
    shown = few_shot(k=3).render(question, pool=load_questions("arithmetic", n=1, seed=0).pool)
    foreign = next(iter(steps.copied_numbers(question, shown, " ".join(map(str, range(11, 2000))))))
    text = f"{foreign} + 1 = 5. The answer is 5."
    assert found(text, question, shown).copied
    assert not found(text, question, replace(shown, exemplars=())).copied


def test_questions_without_steps_are_refused() -> None:
    run = load_run("recorded:r1")
    stepless = SimpleNamespace(path=run.path, questions=(replace(run.questions[0], meta={}),))
    with pytest.raises(InputError, match="without steps"):
        checked(stepless)  # type: ignore[arg-type]


def test_the_command_prints_the_parts_and_draws_them(tmp_path, capsys) -> None:
    assert mechanism.main(["recorded:plain", "--questions", "20", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "by the first step gone wrong" in printed
    assert steps.COPIED in printed
    drawn = pd.read_csv(tmp_path / "loss-by-step.csv")
    assert set(drawn["part"]) < set(steps.WAYS)  # those that never occur are left out
    assert "Exploratory" in (tmp_path / "loss-by-step.txt").read_text()
    assert mechanism.main(["recorded:nothing"]) == 2
