"""Every row of GSM8K and MATH-500: the gold answer in its usual surroundings is right, another value never is."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from promptlab.grading import maths, number
from promptlab.types import Question

SHARED = Path(__file__).parents[2] / "shared" / "questions"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared questions are not here")
if SHARED.is_dir():
    pytest.importorskip("math_verify")

SAME_VALUE = {"test/algebra/1837.json": "its answer is 5, the next one's is x=5"}
PLAIN = (
    "{}",
    "First 2 + 3 = 5, then I check it.\nThe answer is {}.",
    "There are 7 steps.\n\\boxed{{{}}}",
    "Work: 7 * 2 = 14.\n#### {}",
    "I try 12 first, then 15.\n\n**Answer:** {}",
    "We have x + 3 = 8.\nTherefore 17 - 4 = {}",
)
LATEX = (
    "<X>",
    "With $a = 2$ we get $a^2 = 4$.\nThe answer is $<X>$.",
    "Since $2 + 3 = 5$, we find\n\\[\n\\boxed{<X>}\n\\]",
    "As $x = 7$ and $y = 14$:\n#### <X>",
    "Let $x = 12$, as above.\n\n**Answer:** <X>",
    "We have $x + 3 = 8$, so $x = 5$.\nTherefore, the value that we look for is $z = <X>$.",
)


def rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (SHARED / name).read_text(encoding="utf-8").splitlines()]


def gsm8k() -> list[Question]:
    found = enumerate(rows("gsm8k_test.jsonl"))
    return [Question(str(i), row["question"], (row["answer"].rpartition("####")[2].strip(),)) for i, row in found]


def math500() -> list[Question]:
    return [Question(row["unique_id"], row["problem"], (row["answer"],), "math") for row in rows("math500.jsonl")]


def another(answer: str) -> str:
    """Another value that looks alike: the first digit is one more."""
    return re.sub(r"\d", lambda found: str((int(found.group()) + 1) % 10), answer, count=1)


def test_gsm8k():
    questions = gsm8k()
    assert len(questions) == 1319
    for question in questions:
        (gold,) = question.answers
        for surroundings in PLAIN:
            assert number(question, surroundings.format(gold)).score == 1, (question.id, surroundings, gold)
            assert number(question, surroundings.format(another(gold))).score == 0, (question.id, surroundings, gold)


def test_gsm8k_worked_solutions_are_right():
    for question, row in zip(gsm8k(), rows("gsm8k_test.jsonl"), strict=True):
        assert number(question, re.sub(r"<<.*?>>", "", row["answer"])).score == 1, question.id


def put(surroundings: str, answer: str) -> str:
    return surroundings.replace("<X>", answer)


def test_math500():
    questions = math500()
    assert len(questions) == 500
    for question in questions:
        (gold,) = question.answers
        for surroundings in LATEX:
            assert maths(question, put(surroundings, gold)).score == 1, (question.id, surroundings, gold)


def test_math500_a_value_that_looks_alike_is_wrong():
    for question in math500():
        (gold,) = question.answers
        for surroundings in LATEX if another(gold) != gold else ():
            assert maths(question, put(surroundings, another(gold))).score == 0, (question.id, surroundings, gold)


def test_math500_the_answer_of_another_question_is_wrong():
    for question, (gold, other) in zip(math500(), pairwise(q.answers[0] for q in math500()), strict=False):
        if gold != other and question.id not in SAME_VALUE:
            assert maths(question, f"\\boxed{{{other}}}").score == 0, (question.id, gold, other)


def test_math500_worked_solutions_are_right():
    wrong = [
        question.id
        for question, row in zip(math500(), rows("math500.jsonl"), strict=True)
        if maths(question, row["solution"]).score < 1
    ]
    assert wrong == []
