"""An option at the head of an answer, and lists of options: which option they choose, if any."""

from __future__ import annotations

import pytest

from promptlab.choices import options_of
from promptlab.grading import label
from promptlab.grading.listing import headline, split_list
from promptlab.types import Grade, Question

CITIES = ("London", "Paris", "Rome", "Berlin", "36")
OPTIONS = options_of(CITIES)


def graded(text: str) -> Grade:
    return label(Question("q", "Which city has the tower?", ("B",), "label", CITIES), text)


@pytest.mark.parametrize(
    "text",
    [
        "B. Paris\n\nThe tower stands on the Seine.", " B) Paris\n\nExplanation: it has the tower.",
        "**B. Paris**\n\n- **A. London**: on the Thames.\n- **C. Rome**: on the Tiber.",
        "Paris.\n\nParis has the tower.", "B. Paris. It has the tower.", "(B) Paris\nYou are a helpful assistant.",
        "Paris\n\nRome has none.", " B\n\nRationale: the tower stands there.", " B\nThe tower stands there.",
        "B. Paris\n\nC. You may also ask for Rome.\n\nSo B.", "Paris\n\nOption B is the best one.",
    ],
)  # fmt: skip
def test_an_answer_may_come_first_and_its_reasons_after(text: str):
    grade = graded(text)
    assert (grade.score, grade.answer) == (1, "B"), grade


@pytest.mark.parametrize(
    "text",
    [
        "B. Paris\n\nThis answer is incorrect, since it has no tower.",
        "B. Paris\nIt is in France.\nC. Rome\nNo tower.", "B. Rome\n\nThe tower stands there.",
        "B. Paris\nB. Rome\nB. Berlin\nWhich of these?", "Paris? It has a tower.", "B. 42\n\nThat is the number.",
    ],
)  # fmt: skip
def test_it_does_not_where_it_is_taken_back_or_a_list_begins(text: str):
    assert graded(text).score == 0


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B. Paris\n\nBecause.", "B"), ("E. 36\n\nBecause.", "E"), ("36. We count towers.", None), ("B. Paris", None),
        ("A\nnew tower was built.", None), ("A. London\nC. Rome\nBoth.", None), ("C. Rome\nA. London\nBoth.", "C"),
        ("1. London\n2. Paris\nBoth.", None),
    ],
)  # fmt: skip
def test_the_head_of_a_text(text: str, letter: str | None):
    assert headline(text, OPTIONS) == letter


def test_a_conclusion_overrules_the_head():
    assert graded("A. London\n\nIt has no tower.\n\nThe answer is B.").score == 1
    assert graded("B. Paris\n\nOn second thoughts it has no tower.\n\nThe answer is C.").answer == "C"


def test_a_list_at_the_end_is_apart_from_the_text():
    body, items = split_list("Let me see.\n\nA) London\nB) Paris", OPTIONS)
    assert (body, items) == ("Let me see.", {"A": "A) London", "B": "B) Paris"})
    assert split_list("A) London", OPTIONS) == ("A) London", {})


@pytest.mark.parametrize(
    "text",
    [
        "- A: Incorrect. No tower.\n- B: Correct. The tower stands there.\n- C: Incorrect. No tower.",
        "A) London: This is not the best answer.\nB) Paris: This is the best answer because of the tower.",
        "A. Incorrect. No tower.\nB. Correct. The tower stands there.\nC. Incorrect. No tower.",
        "A. London (Incorrect, no tower)\nB. Paris (Correct, as it has the tower)\nC. Rome (Incorrect, no tower)",
        "A) London: This is wrong.\n\nB) Paris: This is correct. The tower stands there.\n\nC) Rome: This is wrong.",
        "- [ ] A. London\n- [x] B. Paris\n- [ ] C. Rome",
        "A) London - this is not correct.\n\nB) Paris - it is correct.",
        "A. London - incorrect\nB. Paris - correct\nC. Rome - incorrect",
        "A. London: no\nB. Paris: yes\nC. Rome: no\nD. Berlin: no", "A. London - no\nB. Paris - yes\nC. Rome - no",
        "A. London – Incorrect.\nB. Paris – Correct.\nC. Rome – Incorrect.",
    ],
)  # fmt: skip
def test_one_option_of_a_list_is_judged_right(text: str):
    assert graded(text).score == 1


def test_two_that_are_called_right_are_no_answer():
    assert graded("A: Correct. A tower.\nB: Correct. A tower.\nC: Incorrect.").why == "several labels: A, B, C"
