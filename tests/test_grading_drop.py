"""DROP's F1: bags of words, numbers, several spans."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptlab.grading import drop_f1
from promptlab.grading.spans import _aligned, _f1, bag
from promptlab.types import Grade, Question


def graded(text: str, *gold: str) -> Grade:
    return drop_f1(Question("q", "?", gold, "drop"), text)


@pytest.mark.parametrize(
    ("gold", "text", "score"),
    [
        ("42", "42", 1), ("42", "42.0", 1), ("42", "The answer is 42.", 1), ("42", r"\boxed{42}", 1), ("42", "43", 0),
        ("1,000", "1000", 1), ("42 yards", "42", 0.67), ("42", "42 yards", 0.67), ("42 yards", "43 yards", 0),
        ("The Germans", "germans", 1), ("Tom Brady", "Brady", 0.67), ("Tom Brady", "tom brady!", 1), ("Al", "Bo", 0),
        ("17 March 1916", "March 17, 1916", 1), ("17 March 1916", "March 1916", 0.8), ("17 March 1916", "March", 0),
        ("17-yard", "17 yard", 1), ("St. Louis", "The answer is St. Louis", 1),
        ("Germany; Italy", "Italy and Germany", 1), ("Peru; Italy", "Italy, Peru", 1), ("Chad; Mali", "Mali", 0.5),
        ("Germany; Italy", "<answer>Italy; Germany; Spain</answer>", 0.67), ("Germany; Italy", "Germany\nItaly", 1),
        ("Rome and Paris", "Paris and Rome", 1), ("Italy", "Italy; Spain", 0.5), ("Italy", "", 0),
        ("A long story", "He was there.\nSo it is clear.\n\nA long story", 1),
    ],
)  # fmt: skip
def test_scores(gold: str, text: str, score: float):
    assert graded(text, gold).score == score


def test_the_last_line_of_a_long_text_is_read():
    assert graded("He ran and ran. " * 30 + "\nTom Brady", "Tom Brady").score == 1


def test_the_best_gold_answer_counts():
    grade = graded("3 field goals", "three", "3", "3 field goals")
    assert (grade.score, grade.answered, grade.why) == (1, True, "")


def test_no_answer():
    grade = graded(" ", "3")
    assert (grade.score, grade.answered, grade.why) == (0, False, "no answer text")
    assert graded("4", "3", "5").why == "expected 3 or 5"


words = st.sampled_from(["tom", "brady", "7", "12", "yard", "run"])
bags = st.lists(st.frozensets(words, min_size=1, max_size=3), min_size=1, max_size=4)


@given(bags, bags)
def test_the_alignment_is_the_best_one(gold: list[frozenset[str]], said: list[frozenset[str]]):
    gold, said = ([bag(" ".join(each)) for each in side] for side in (gold, said))
    size = max(len(gold), len(said))
    padded = said + [frozenset()] * (size - len(said))
    every = (sum(_f1(g, s) if s else 0 for g, s in zip(gold, order, strict=False)) for order in permutations(padded))
    assert _aligned(gold, said) == pytest.approx(max(every) / size)


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_score_is_a_share(gold: str, text: str):
    assert 0 <= graded(text, gold).score <= 1


@given(st.lists(words, min_size=1, max_size=5))
def test_a_span_is_itself(span: list[str]):
    assert graded(" ".join(span), " ".join(span)).score == 1
