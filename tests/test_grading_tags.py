"""An answer tag that holds more than the answer: a box, a sentence; or that a stop string has cut off."""

from __future__ import annotations

import pytest

from promptlab.grading import drop_f1, label, maths, number, text
from promptlab.grading.places import innermost
from promptlab.types import Grader, Question

GOLD: dict[str, tuple[Grader, Question, str]] = {
    "number": (number, Question("q", "?", ("864",)), "864"),
    "math": (maths, Question("q", "?", (r"\frac{1}{2}",), "math"), r"\frac{1}{2}"),
    "math of a number": (maths, Question("q", "?", ("864",), "math"), "864"),
    "text": (text, Question("q", "?", ("John Smith",), "text"), "John Smith"),
    "label": (label, Question("q", "?", ("B",), "label", ("x", "y", "z")), "B"),
    "drop": (drop_f1, Question("q", "?", ("John Smith",), "drop"), "John Smith"),
}


@pytest.mark.parametrize("name", GOLD)
@pytest.mark.parametrize(
    "said",
    [
        r"<answer>\boxed{GOLD}</answer>", r"<answer> $\boxed{GOLD}$ </answer>",
        "<answer>\n\\[\n\\boxed{GOLD}\n\\]\n</answer>", r"<answer>The final answer is $\boxed{GOLD}$.</answer>",
        r"<answer>We add 3 and 4. So it is \boxed{GOLD}. Done.</answer>", "<answer>The answer is GOLD.</answer>",
        "<answer>Final Answer: $GOLD$</answer>", "<answer>**GOLD**</answer>", "<answer>GOLD",
    ],
)  # fmt: skip
def test_the_answer_in_a_tag(name: str, said: str):
    if name == "text" and "$GOLD$" in said:
        pytest.skip("text is no formula")
    if name.startswith("math"):
        pytest.importorskip("math_verify")
    grader, question, gold = GOLD[name]
    grade = grader(question, said.replace("GOLD", gold))
    assert grade.score == 1, grade


def test_a_box_outside_the_tag_or_an_empty_one_in_it_is_none():
    found = [innermost(text) for text in (r"<answer>4</answer> \boxed{5}", r"<answer>4 \boxed{}</answer>")]
    assert [place and place.text for place in found] == ["4", r"4 \boxed{}"]


@pytest.mark.parametrize(
    "said",
    [
        "Since $x = 3$, the total is 5.", "There are 5 ways for $n = 3$.", "$5$, where $k=3$.", "$5$ rather than $3$",
        "Five, because $1+2=3$.",
    ],
)  # fmt: skip
def test_a_formula_on_the_way_is_not_the_result(said: str):
    pytest.importorskip("math_verify")
    grade = maths(Question("q", "?", ("3",), "math"), f"<answer>{said}</answer>")
    assert (grade.score, grade.answered) == (0, False), grade


@pytest.mark.parametrize(
    ("gold", "said", "right"),
    [
        ("A*", "A*", True), ("A*", "A", False), ("A*", "**A***", True), ("C", "C*", False), ("C", "*C*", True),
        ("**", "The answer is **", True), ("__init__", "`__init__`", True), ("__init__", "init", False),
        ("C", "__C__", True), ("Paris", "**Answer: Paris**", True), ("Paris", "**Answer:** Paris", True),
        ("Paris", "**Answer:** **Paris**.", True), ("Paris", "**The answer is Paris.**", True),
        ("John Smith", "<answer>John **Smith**</answer>", True),
    ],
)  # fmt: skip
def test_emphasis_is_no_part_of_a_text_and_signs_are(gold: str, said: str, right: bool):
    assert text(Question("q", "?", (gold,), "text"), said).score == right
