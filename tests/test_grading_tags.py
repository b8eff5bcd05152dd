"""An answer tag that holds more than the answer: a box, a sentence; or that a stop string has cut off."""

from __future__ import annotations

import pytest

from promptlab.grading import drop_f1, label, maths, text
from promptlab.grading.places import innermost
from promptlab.types import Grader, Question

GOLD: dict[str, tuple[Grader, Question, str]] = {
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
