"""Of several numbers the one that a text comes to: corrections, conclusions, sentences in an answer's place."""

from __future__ import annotations

import pytest

from promptlab.grading import number
from promptlab.grading.concluding import LONGEST, conclusions, corrected
from promptlab.types import Grade, Question


def graded(text: str, gold: str = "12") -> Grade:
    return number(Question("q", "?", (gold,)), text)


@pytest.mark.parametrize(
    "text",
    [
        "The answer is 8. Wait, no, it is 12.", "The answer is 8. Wait, no: 12.", "The answer is 8... no, 12.",
        "The answer is 8, or rather 12.", "The answer is 8. Actually, 12.", "The answer is 8. Sorry, 12.",
        "The answer is 8. Let me check: 3 x 4 = 12. So it is 12.", "The answer is 8.\n\nHmm, I forgot 4. So 12.",
        "The answer is 8. Wait, no, it should be $12$ dollars.", "The answer is 8. Wait, no, it is 12 apples.",
        "The answer is **8**. Wait, that's wrong. The right total is **12**.",
        "<answer>8. Wait, no, it is 12</answer>", "<answer>I get 8. Wait, I forgot 4. So it is 12.</answer>",
    ],
)  # fmt: skip
def test_a_correction_overrules_what_was_said(text: str):
    assert graded(text).score == 1, graded(text)
    assert graded(text, "8").score == 0


@pytest.mark.parametrize(
    "text",
    [
        "The answer is 12. Wait, let me check: 3 + 9 = 12. Correct.", "The answer is 12. Wait, is it 8? No.",
        "The answer is 12. No wait, that's right.", "The answer is 12. Wait, no, it is not 8.",
        "The answer is 12. Let me check: 3 boxes. Actually, it is 4 for Tom. Yes.",
        "The answer is 12. Sorry for 3 typos.",
        "The answer is 12. Actually, Tom has 8 left.", "The answer is 12. No, 8 is too small.",
        "The answer is 12. Wait, if it is 8, he has none.", "The answer is 12. If not, it is 8.",
        "The answer is 12. Wait, is it 8?", "The answer is 12. Some say it is 8.",
        "The answer is 12. Let me check: he has 3. That makes 8. Then he gets 4 more, 12. Correct.",
        "Answer: 12\n\nLet me check: 3 a day.\nIn two days it is 6.\nTwice that is 12, so it is right.",
        "The answer is 12. Let me recheck: the total is 15. 15 - 3 = 12. OK.",
        "The answer is 12. Let me check by going back: 12 / 4 = 3. That is 3. Correct.",
        "The answer is 12. Let me check: 12 / 4. That is 3. This fits the problem.",
        "The answer is 12. Let me check: 12 divided by four. That is 3. ✓",
        "The answer is 12. No apples are left over: the number is 0.",
        "The answer is 12. Rather than adding, we multiplied 3 by 4. Adding: that gives 7.",
    ],
)  # fmt: skip
def test_what_is_asked_supposed_or_only_looked_at_corrects_nothing(text: str):
    assert graded(text).score == 1, graded(text)


@pytest.mark.parametrize(
    "text",
    [
        "<answer>x = 3, so the total is 12</answer>", r"\boxed{x = 3, \text{ so the total is } 12}",
        "<answer>between 3 and 5: 12</answer>", "<answer>Since 3 boxes hold 4 each, the answer is 12.</answer>",
        "<answer>3 boxes of 4 make 12.</answer>", "<answer>12 apples (3 boxes)</answer>",
        "<answer>12 hours (720 minutes)</answer>",
        "<answer>12 (3 × 4 = 12)</answer>", "<answer>3 x 4 gives 12</answer>",
        "The answer is 3 dozen minus 24, which is 12.", "The answer is 3 times 4, or 12.",
        "The answer is 3 * 4, i.e. 12.", "The answer is 3 + 9, so 12.", "The answer is 3 + 9: 12.",
        "The answer is 3 + 9. That is 12.", "The answer is 24/2 or 12.", "The answer is 12 or 24/2.",
    ],
)  # fmt: skip
def test_what_several_numbers_come_to(text: str):
    assert graded(text).score == 1, graded(text)


@pytest.mark.parametrize(
    "text",
    [
        "<answer>12 or 13</answer>", "<answer>3, 12</answer>", "<answer>Tom: 3, Ann: 12</answer>",
        "<answer>Tom makes 3, Ann makes 12</answer>", "<answer>x is 3 and y is 12</answer>",
        "<answer>x = 3, y = 12</answer>", "<answer>12 (or 13)</answer>", "<answer>12 (13 if he counts)</answer>",
        r"\boxed{12(5)}", r"\boxed{(3, 12)}", "<answer>between 3 and 12</answer>",
        "<answer>12 apples in 3 boxes</answer>",
        "<answer>12 hours 30 minutes</answer>", "The answer is 3 or 12.",
        "The answer is 12 + 3", "The answer is 3, 12.",
        "<answer>Tom has 3 and Ann makes 12</answer>", "<answer>Ann has 3, and Tom gives 12</answer>",
        "<answer>3 apples, which makes 12 per person</answer>", "<answer>3 apples, which is 12 more than Ann</answer>",
        "<answer>He needs 3 cups to make 12 muffins</answer>",
        "The answer is 3 + 9, not 12.", "The answer is 12 - 12 = 1.", "The answer is 12 - 12, so 1",
    ],
)  # fmt: skip
def test_several_that_come_to_nothing_are_wrong(text: str):
    grade = graded(text)
    assert (grade.score, grade.answered) == (0, True), grade


def test_a_long_place_is_not_searched():
    assert [*conclusions("1 or 2, so 3. " * LONGEST)] == []
    assert corrected("no, " * 10_000) is None


def test_a_place_without_a_number_ends_the_reading():
    grade = graded("It is 3. <answer></answer>\n\nQuestion: And now?\n<answer>12</answer>")
    assert (grade.score, grade.answered, grade.why) == (0, False, "the answer tag holds no number")
