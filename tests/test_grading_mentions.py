"""Options that a text mentions: which is its answer, and which a number on the way, or what a claim is about."""

from __future__ import annotations

import pytest

from promptlab.grading import label
from promptlab.types import Grade, Question

NUMBERS = ("68", "850", "67", "66")
WORDS = ("a photon", "an electron", "Paris", "St. Petersburg")


def graded(text: str, choices: tuple[str, ...], asked: str = "What happens to the atom?") -> Grade:
    return label(Question("q", asked, ("C",), "label", choices), text)


@pytest.mark.parametrize(
    "text",
    [
        "Temperature: 67 + 17 = 84. The answer is 84.", "Temperature: 67 + 17 = 84.", "The answer is 67 + 17 = 84.",
        "The answer is 84. It began at 67.", "So 67. The answer is 84", "The answer is 84.\nIt began at 67.",
        "67 + 17", "67 = 84 - 17", "67 kg + 17 kg = 84 kg", "It began at 67. 67 + 17 = 84.", "84 - 17 = 69, not 67",
        "Answer: 84. It began at 67.", "67 degrees on 5 May", "7, which is 60 less than 67 = 7",
        "The answer is 142. 67 is too few.", "\\boxed{84} with 67", "142. The answer is 999. 67 is not.",
        "67 is too low", "67 kg is far too low.", "67 isn't right", "67 would be wrong", "It can't be 67",
        "It cannot be 67.", "It's not quite 67.", "more than 67", "at least 67", "between 60 and 67",
        "84 degrees (was 67)", "It started at 67.",
    ],
)  # fmt: skip
def test_a_number_on_the_way_is_no_answer(text: str):
    grade = graded(text, NUMBERS)
    assert (grade.score, grade.answered) == (0, False), grade


@pytest.mark.parametrize(
    "text",
    [
        "84 - 17 = 67", "So 84 - 17 = 67.", "84 - 17 = 67 kg.", "x = 67", "It is 67 now.", "It was 84, now it is 67.",
        "68 - 1 = 67", "The answer is 84 - 17 = 67.", "The answer is 67.",
        "The answer is 84, no: it is C.", "The answer is 84.\n\nC",
        "The answer is clear: 67.", "Answer: It began at 84 and fell by 17. 84 - 17 = 67.", "At 5 pm it is 67 degrees.",
        "Not 84 but 67", "It is clearly 67.",
    ],
)  # fmt: skip
def test_the_result_is_the_answer(text: str):
    grade = graded(text, NUMBERS)
    assert (grade.score, grade.answer) == (1, "C"), grade


@pytest.mark.parametrize(
    "text",
    [
        "Paris is bigger than that.", "The answer is Berlin. Paris is bigger.",
        "The answer is Berlin.\nIt is not Paris.",
        "Paris lies to the west, where an electron goes.", "The answer is Berlin, and Paris has no such thing.",
        "(C) Paris is wrong.", "(A) a photon is incorrect", "It can't be Paris.", "Berlin is bigger than Paris.",
        "Another one could be Paris.", "It might be Paris.", "To find Paris, we go west.",
        "Berlin has trams, Paris, and an electron.",
    ],
)  # fmt: skip
def test_what_a_sentence_is_about_is_no_answer(text: str):
    assert graded(text, WORDS).score == 0


def test_a_subject_is_the_answer_where_it_restates_the_question():
    particle = ("an electron", "a neutron", "a photon", "a proton")
    assert graded("A photon is emitted.", particle, "Which particle is emitted?").score == 1
    assert not graded("A photon is emitted.", particle).answered
    assert graded("Paris is the capital of France.", WORDS, "What is the capital of France?").score == 1


@pytest.mark.parametrize(
    "text",
    [
        "I think it is Paris.", "It is Paris because of the tower.", "Paris is correct.",
        "Paris, since it is in France",
        "The answer is obvious. It is Paris.", "Paris", "The tower stands in Paris.", "The answer is easy: Paris.",
        "Not St. Petersburg but Paris", "The tower is old.\nSo Paris, not a photon.",
    ],
)  # fmt: skip
def test_what_a_sentence_comes_to_is_the_answer(text: str):
    grade = graded(text, WORDS)
    assert (grade.score, grade.answer) == (1, "C"), grade


def test_a_stop_within_a_name_ends_no_sentence():
    assert graded("The answer is St. Petersburg.", WORDS).answer == "D"


def test_a_stated_answer_that_is_no_option_says_so():
    assert graded("67 + 17 = 84. The answer is 84.", NUMBERS).why == "the stated answer is none of the options"
