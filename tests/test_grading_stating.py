"""A stated answer that is no option is no other option that the text mentions, unless the text takes it back."""

from __future__ import annotations

import pytest

from promptlab.grading import label
from promptlab.grading.stating import rest, value
from promptlab.types import Grade, Question

CHOICES = {"67": ("68", "850", "67", "66"), "Paris": ("London", "Oslo", "Paris", "Berlin")}


def graded(text: str) -> Grade:
    choices = next(options for said, options in CHOICES.items() if said in text)
    return label(Question("q", "Which?", ("C",), "label", choices), text)


@pytest.mark.parametrize(
    "text",
    [
        "The answer is 84 degrees, up from 67.", "The final answer is 84, which is 17 above 67.",
        "The answer is 84 degrees Fahrenheit exactly. It started at 67.", "Die Antwort ist 84; vorher waren es 67",
        "The answer is Rome, a city south of Paris.", "Answer: Rome, a city south of Paris.",
        "The answer is 84 degrees (it was 67).", "The answer is about 84, not far from 67.",
        "The answer is 84 because it rose from 67", "The answer is New York City, bigger than Paris.",
        "The answer is 84. Actually it started at 67.", "The answer is 84. The nearest city is 67 km away.",
        "The answer is Vienna. It is east of Paris.",
    ],
)  # fmt: skip
def test_a_stated_value_that_is_no_option_blocks_other_mentions(text: str):
    grade = graded(text)
    assert (grade.score, grade.answered) == (0, False), grade


@pytest.mark.parametrize(
    "text",
    [
        "The answer is not Rome. It is Paris.", "The answer isn't Rome. It is Paris.",
        "The answer is not 84. It is 67.",
        "Die Antwort ist nicht Rom. Es ist Paris.", "The answer is Madrid. Hmm, actually it should be Paris.",
        "The answer is 84. But 84 is not among the options; the closest is 67.", "The answer is 84. No, 67.",
        "The answer is Rome... wait, no. Paris.", "The answer is Rome, no wait, Paris",
        "The answer is 50% right: Paris",
        "The answer is 84. Let me check: I forgot the minus.\nSo 67.", "The answer is Rome. Sorry, I meant Paris.",
        "The answer is 84. That is not an option, so 67.", "The answer is 84. The closest option is 67.",
    ],
)  # fmt: skip
def test_a_denial_or_what_is_taken_back_blocks_nothing(text: str):
    grade = graded(text)
    assert (grade.score, grade.answer) == (1, "C"), grade


@pytest.mark.parametrize(
    "text",
    [
        "The answer is 67 degrees, up from 50.", "The answer is Paris, a city south of Lille.",
        "The answer is clear: 67.",
        "The answer is 84 - 17, so 67.", "The answer is 84 minus 17, which is 67.", "The answer is the capital, Paris.",
        "Answer: Tom had 84, lost 17, so 67.", "Answer: First, we subtract 17 from 84. 84 - 17 = 67.",
        "The answer is 84 - 17 degrees (C), hence 67.", "The answer is 67°F, option C",
    ],
)  # fmt: skip
def test_an_option_or_the_start_of_an_explanation_blocks_nothing(text: str):
    grade = graded(text)
    assert (grade.score, grade.answer) == (1, "C"), grade


def test_a_long_value_costs_little():
    assert value("A" * 50_000 + " b, c") is None
    assert value("The Of " * 10_000) is None
    assert rest("no, " * 25_000 + "Paris") == ", Paris"
