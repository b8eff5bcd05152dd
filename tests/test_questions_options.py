"""Word problems with options: the same questions, gradable, with wrong options that differ."""

from __future__ import annotations

import pytest

import promptlab as lab
from promptlab.errors import InputError
from promptlab.grading import by_kind
from promptlab.questions.arithmetic import SPLITS


@pytest.mark.parametrize("split", [split for split in SPLITS if split != "pool"])
def test_they_are_the_same_questions_with_the_same_answers(split: str):
    plain = lab.load_questions("arithmetic", split=split, n=120)
    asked = lab.load_questions("arithmetic", split=split, n=120, choices=4)
    for old, new in zip([*plain, *plain.pool], [*asked, *asked.pool], strict=True):
        assert (new.id, new.text, new.cluster, new.meta) == (f"{old.id}-of-4", old.text, old.cluster, old.meta)
        assert new.choices["ABCD".index(new.answers[0])] == old.answers[0]


@pytest.mark.parametrize("n", [2, 3, 5, 10, 26])
def test_options_are_different_positive_whole_numbers(n: int):
    for question in lab.load_questions("arithmetic", n=60, choices=n):
        values = [int(choice) for choice in question.choices]
        assert len(set(values)) == len(values) == n
        assert min(values) > 0
        assert [str(value) for value in values] == list(question.choices)


def test_letter_and_number_are_graded_alike():
    for question in lab.load_questions("arithmetic", n=40, choices=4):
        number = question.choices["ABCD".index(question.answers[0])]
        for text in (f"So {number} it is. The answer is {number}.", f"The answer is {question.answers[0]}."):
            assert by_kind(question, text).score == 1
        wrong = next(choice for choice in question.choices if choice != number)
        assert by_kind(question, f"The answer is {wrong}.").score == 0


def test_right_answers_stand_in_every_place_and_order_and_choice_follow_from_the_question():
    asked = lab.load_questions("arithmetic", n=400, choices=4)
    places = [sum(q.answers == (letter,) for q in asked) for letter in "ABCD"]
    assert min(places) > 70  # of 100 expected; a place with fewer by chance: p < 0.001
    assert asked[:50] == lab.load_questions("arithmetic", n=50, choices=4)


def test_most_wrong_options_come_from_the_steps_or_a_slip():
    question = next(q for q in lab.load_questions("arithmetic", n=50, levels=3, choices=26) if len(q.meta["steps"]) > 1)
    assert str(question.meta["steps"][-2]["value"]) in question.choices


def test_the_manifest_says_so_and_other_sources_refuse_it():
    assert lab.load_questions("arithmetic", n=1, choices=3).origin["choices"] == 3
    assert "choices" not in lab.load_questions("arithmetic", n=1).origin
    for wrong in (1, 27, 2.0, True):
        with pytest.raises(InputError, match="choices of arithmetic"):
            lab.load_questions("arithmetic", n=1, choices=wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="choices=4 has no meaning for a file"):
        lab.load_questions([{"question": "1 + 1?", "answer": 2}], choices=4)
