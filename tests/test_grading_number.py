"""The number grader: adversarial texts, hostile sizes, and real data where it lies beside the repository."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.grading import number
from promptlab.grading.numeric import final_number
from promptlab.grading.places import Refusal
from promptlab.types import Grade, Question

SHARED = Path(__file__).parents[2] / "shared"


def graded(text: str, *gold: str) -> Grade:
    return number(Question("q", "?", gold or ("12",)), text)


@pytest.mark.parametrize(
    "text",
    [
        "12", "12.", " 12 \n", "**12**", "x = 12", "12.0", "It costs $12.00.", "12 dollars", "7 + 5 = 12", "24/2",
        "5 + 3 = 8. 8 + 4 = 12", "<answer>12</answer>", "<answer> $12 </answer>", "<ANSWER>12</ANSWER>",
        "\\boxed{12}", "\\boxed{12 \\text{ apples}}", "$\\boxed{\\frac{24}{2}}$", "\\boxed {12}", "\\fbox{12}",
        "<answer>\\boxed{12}</answer>", "\\boxed{\\boxed{12}}",
        "The answer is 12.", "The answer is 12. That took 3 steps.", "The answer is 12 because 3 boxes of 4 make it.",
        "**Answer:** 12", "Answer:\n12", "Final answer: $12$", "The answer is $3 \\times 4 = 12$.", "#### 12",
        "The answer is: Tom has 12 apples.", "The answer is 20 - 8, which equals 12.", "The answer is not 5 but 12.",
        "The answer is 5. No, the answer is 12.",
        "The answer is 12. I hope this answer is helpful!",
        "<answer>5</answer> Wait. <answer>12</answer>", "\\boxed{5} or better \\boxed{12}",
        "<answer>12</answer> (5 steps)", "\\boxed{12}. Checked 3 times.", "The train leaves at 9:30 with 12 people",
        "The answer is a0. 12", "<answer>3 * 4 = 12</answer>", "<answer>12 = 12.0</answer>", "12 / 1 = 12", "१२",
        "12\u200b",
        "The answer is 12. I put it between <answer> and </answer>.",
    ],
)  # fmt: skip
def test_right(text: str):
    assert graded(text).score == 1, graded(text)


@pytest.mark.parametrize(
    "text",
    [
        "25", "125", "1.2", "-12", "12e3", "1,2", "13", "not 12 but 25", "It is 12? No: 25", "<answer>25</answer> 12",
        "<answer>12 or 13</answer>", "<answer>12, 13</answer>", "<answer>not 12 but 25</answer>", "\\boxed{12, 5}",
        "<answer>x=12 or x=5</answer>", "The answer is 12 or 13.", "The answer is 12 + 3.", "The answer is 12-15.",
        "The answer is 5. 12", "\\boxed{12\\sqrt{3}}", "\\boxed{12\\pi}", "\\boxed{12^2}",
        "<answer>12</answer><answer>5</answer>",
        "\\boxed{12} \\boxed{5}", "12 + 3 = 15", "12%3", "1/12", "12/0",
        "twelve hundred and one", "ten", "one two", "twelve and a half", "<answer>three or twelve</answer>",
    ],
)  # fmt: skip
def test_wrong(text: str):
    assert graded(text).score == 0, graded(text)


@pytest.mark.parametrize(
    "text",
    [
        "between 10 and 12", "10 to 12", "10-12", "10 - 12", "10–12", "10 or 12", "It takes 10 to 12 days.", "-2 to 12",
        "The answer is between 10 and 12.", "The answer is: Tom has 10 or 12 apples.", "from 10 to 12", "10, 11 or 12",
        "7 + 3 = 10. So it is 10 or 12.",
    ],
)  # fmt: skip
def test_a_range_or_an_alternative_is_no_answer(text: str):
    for gold in ("10", "11", "12"):
        grade = graded(text, gold)
        assert (grade.score, grade.answered) == (0, True), grade
        assert grade.why == "several numbers where one answer should be"


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("10 - 12 = -2", "-2"), ("12/10", "1.2"), ("from 10 to 12 is 2", "2"), ("It rises from 10 to 12.", "12"),
        ("Between 10 and 12 there is 11", "11"), ("5 feet or 60 inches", "60"), ("12 or 12.0", "12"),
        ("It is 0.5 or 50%.", "50"), ("10 boys and 12 girls: 22", "22"), ("3 to 4 hours, so 12", "12"),
        ("1. 10\n- 12", "12"), ("3 + 9, or 12", "12"), ("He has 10 and 12", "12"),
    ],
)  # fmt: skip
def test_the_last_number_counts_where_it_is_no_range(text: str, gold: str):
    assert graded(text, gold).score == 1, graded(text, gold)


@pytest.mark.parametrize(
    "text",
    [
        "not 12", "Not 12.", "It isn't 12", "It isn’t **12**.", "The answer is not 12", "The answer is not 12.",
        "12 is not the answer.", "So **12** isn't right", "12 000 was not the correct answer",
        "not twelve", "The answer can't be 12", "It cannot be 12", "never 12", "neither 10 nor 12", "not 12 or 10",
        "not between 10 and 12", "x ≠ 12", "x != 12", "not exactly 12", "not 12 000", "not 1 1/2", "not (12)",
        "<answer>not 12</answer>", "\\boxed{\\text{not } 12}", "Answer: not 12",
    ],
)  # fmt: skip
def test_a_denied_number_is_no_answer(text: str):
    for gold in ("12", "10", "0", "1/2", "12000"):
        assert (graded(text, gold).score, graded(text, gold).answered) == (0, False)


@pytest.mark.parametrize(
    "text",
    [
        "12, not 15", "It is 12 rather than 15.", "The answer is 12 and not 15.", "It's 12 instead of 15 or 16",
        "<answer>not 15 but 12</answer>", "7 + 5 = 12. The answer is not 15.", "If not, 12", "I think not: 12",
        "The answer is not 15. The answer is 12. It is not 5 + 6.",
    ],
)  # fmt: skip
def test_what_is_left_beside_a_denied_number_counts(text: str):
    assert graded(text).score == 1, graded(text)


@pytest.mark.parametrize(
    "text",
    [
        "12 or more", "12+", "12 boys or more", "12+ boys", "12 and up", "12 or fewer", "at least 12", "At most 12.",
        "more than 12", "no fewer than 12", "greater than or equal to 12", "up to 12", "It is up to 12.",
        "x > 12", "x >= 12", "≤ 12",
        "It is over 12", "over 12", "<answer>under 12</answer>", "Answer: above 12", "<answer>at least twelve</answer>",
        "<answer>12 or more</answer>", "\\boxed{12+}", "\\boxed{12 \\text{ or more}}",
        "\\boxed{\\geq 12}", "The answer is at least 12.",
        "The answer is 12 or more.", "7 + 5 = 12. So it is more than 12.", "5 million 12 thousand",
    ],
)  # fmt: skip
def test_a_bound_is_an_answer_but_no_number(text: str):
    for gold in ("12", "13", "12000"):
        assert (graded(text, gold).score, graded(text, gold).answered) == (0, True), graded(text, gold)


@pytest.mark.parametrize(
    "text",
    [
        "more than 5, namely 12", "<b>12</b>", "> 12", "She has left over 12", "about 12", "They add up to 12",
        "12, which is more than 5"
        " + 6 = 11; so it is 12", "The answer is 12, more than 5.", "5+7 = 12", "5 + 7 is 12", "-> 12", "left over\n12",
    ],
)  # fmt: skip
def test_what_is_no_bound(text: str):
    assert graded(text).score == 1, graded(text)


@settings(deadline=None)
@given(
    st.integers(-(10**9), 10**9).map(str) | st.decimals(-999, 999, places=2).map(str),
    st.sampled_from(["not {}", "isn't {}", "at least {}", "less than {}", "{} or more", "{}+", "{} apples or fewer"]),
    st.sampled_from(["{}", "The answer is {}.", "We see: {}", "<answer>{}</answer>", "\\boxed{{{}}}"]),
)
def test_a_denied_or_bounding_number_is_never_right(value: str, said: str, around: str):
    assert graded(around.format(said.format(value)), value).score == 0


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("5 million", "5000000"), ("1.5 million", "1500000"), ("3 thousand", "3000"), ("$2 billion.", "2e9"),
        ("The answer is 5 million dollars.", "5,000,000"), ("<answer>12 dozen</answer>", "144"), ("12 dozen", "144"),
        ("a dozen", "12"), ("two dozen eggs", "24"), ("\\boxed{5 \\text{ million}}", "5 million"), ("5k", "5000"),
        ("five million", "5 million"), ("1,5", "1.5"), ("1,5", "1,5"), ("1,500", "1500"), ("1,50 euros", "1.5"),
        ("The answer is 2,5.", "2.5"), ("\\boxed{12,5}", "12.5"),
    ],
)  # fmt: skip
def test_scales_and_decimal_commas(text: str, gold: str):
    assert graded(text, gold).score == 1, graded(text, gold)
    bare = re.match(r"\D*(\d+)", text)
    assert not bare or graded(text, bare[1]).score == 0


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("twelve", "12"), ("Twelve.", "12"), ("**twelve** apples", "12"), ("<answer>twenty-one</answer>", "21"),
        ("\\boxed{\\text{a hundred and five}}", "105"), ("The answer is twelve.", "12"), ("one", "1"),
        ("The answer is minus two thousand and six dollars. I checked it.", "-2006"), ("Answer: one", "1"),
        ("<answer>He has twelve apples left</answer>", "12"), ("<answer>one apple</answer>", "1"),
        ("1 000", "1000"), ("1 000 dollars", "1000"), ("<answer>12 000 000</answer>", "12000000"),
        ("The answer is 1 000 dollars.", "1000"), ("\\boxed{5 100}", "5100"), ("\\boxed{-1 234.50}", "-1234.5"),
        ("10 dollars and 50 cents", "10.5"), ("It costs $10 and 5 cents.", "10.05"), ("10 euros 50 cents", "10.5"),
        ("<answer>1,000 dollars and 50 cents</answer>", "1000.5"),
    ],
)  # fmt: skip
def test_words_spaces_and_cents_in_the_answers_place(text: str, gold: str):
    assert graded(text, gold).score == 1, graded(text, gold)


@pytest.mark.parametrize(
    "text",
    [
        "I do not know which one.", "One moment, please", "No one knows.", "The answer is one of them.",
        "There are two ways to see this. First, the", "<answer>half</answer>", "<answer>two and a half</answer>",
        "<answer>three quarters</answer>", "<answer>twenty twelve</answer>", "<answer>hundreds</answer>",
        "The answer is one that I like.",
    ],
)  # fmt: skip
def test_words_that_are_no_number(text: str):
    assert not graded(text, "1", "2").answered, graded(text, "1", "2")


@pytest.mark.parametrize(("text", "answer"), [("It is 5 100", "100"), ("<answer>1 00</answer>", "1 00")])
def test_spaces_separate_thousands_in_the_answers_place_only(text: str, answer: str):
    assert graded(text, "100").answer == answer


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("The answer is - 3", "-3"), ("\\boxed{- 3}", "-3"), ("<answer>− 3</answer>", "-3"), ("#### - 3", "-3"),
        ("negative 3", "-3"), ("It is negative 3.", "-3"), ("Answer: minus 3", "-3"), ("**Answer:** - 3", "-3"),
        ("5 - 3 = 2", "2"), ("- 3", "3"), ("The answer is:\n- 3", "3"), ("a non-negative 3", "3"), ("-3", "- 3"),
    ],
)  # fmt: skip
def test_a_sign_apart_from_its_number(text: str, gold: str):
    assert graded(text, gold).score == 1


@pytest.mark.parametrize(
    "text",
    [
        "The temperature falls to minus 12 degrees.", "It was minus 12", "drops to negative 12", "It's now minus 12.",
        "It goes from 3 down to minus 12", "a low of minus $12", "This gives minus 12.", "x is therefore minus 12",
        "The answer is about minus 12", "It reaches **minus 12** degrees",
    ],
)  # fmt: skip
def test_minus_is_a_sign_where_no_operand_stands_before_it(text: str):
    assert graded(text, "-12").score == 1, graded(text, "-12")
    assert graded(text, "12").score == 0


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("20 minus 12", "12"), ("The price minus 12", "12"), ("20 minus 8 is 12", "12"),
        ("The answer is 20 minus 8, which is 12.", "12"), ("The answer is 20 minus 8", ""), ("It is not minus 12.", ""),
        ("at least minus 12", ""), ("10 or minus 12", ""), ("between minus 14 and minus 12", ""),
    ],
)  # fmt: skip
def test_minus_between_operands_is_no_sign(text: str, answer: str):
    for gold in ("12", "-12", "20", "8", "10", "-14"):
        assert graded(text, gold).score == (gold == answer), graded(text, gold)


def test_a_difference_is_no_negative_number():
    assert graded("The answer is 10 - 3", "7", "10", "3", "-3").score == 0


@pytest.mark.parametrize(
    "text", ["答案是12", "最终答案：12。", "La respuesta es 12", "La réponse est 12", "Die Antwort ist 12"]
)
def test_other_languages_declare_an_answer_too(text: str):
    assert graded(f"{text}\n12 = 5 + 7").score == 1


def test_a_substring_never_counts():
    assert graded("25", "5").score == graded("5", "25").score == graded("2.5", "5").score == 0


def test_exact_and_equivalent():
    assert graded("0.5", "1/2").score == graded("2/4", "0.5").score == graded("1e-1", "0.10").score == 1
    assert graded("0.333", "1/3").score == 0  # no rounding
    assert graded("50%", "50").score == graded("50", "50%").score == 1
    assert graded("50%", "0.5").score == 0
    assert graded("3", "4", "3").score == 1  # any of several gold answers
    assert graded("1,234", "1234").score == graded("1 234\n1\u202f234", "1,234").score == 1
    assert graded("It is $1,\\! 234,\\!567$.", "1234567").score == 1


def test_equal_answers_are_equal_strings():
    assert {graded(text).answer for text in ("12", "12.0", "$12", "24/2", "1.2e1")} == {"12"}
    assert graded("2/6").answer == "1/3"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no number in the answer text"),
        ("I do not know.", "no number in the answer text"),
        ("3 + 4 = 7 <answer></answer>", "the answer tag holds no number"),
        ("so 12 <answer>N</answer>", "the answer tag holds no number"),
        ("the answer is", "no number in the answer text"),
        ("12 \\boxed{x}", "the box holds no number"),
    ],
)
def test_no_answer(text: str, why: str):
    grade = graded(text)
    assert (grade.score, grade.answered, grade.why) == (0, False, why)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1e999999999999", "an exponent beyond 30"),
        ("9" * 5000, "a number of more than 60 characters"),
        ("<answer>3 or 4</answer>", "the answer tag holds several numbers"),
        ("\\boxed{2\\sqrt{3}}", "the box holds not a plain number"),
    ],
)
def test_answered_but_not_readable(text: str, why: str):
    grade = graded(text)
    assert (grade.score, grade.answered, grade.why) == (0, True, why)
    assert len(grade.answer) <= 100


def test_the_models_own_next_question_is_not_read():
    text = "4 * 3 = 12. The answer is 12.\n\nQuestion: What is 1 + 1?\nAnswer: The answer is 2."
    assert graded(text).score == 1
    assert graded(text, "2").score == 0
    assert graded("Question: what is 3 * 4?\nAnswer: 12").score == 1  # it only repeats the question first
    assert graded("\nQuestion: what is 3 * 4?\nAnswer: 12\n\nQuestion: 1 + 1?\nAnswer: 2").score == 1
    assert graded("Let me restate.\nQuestion: what is 3 * 4?\nAnswer: 12").score == 1


def test_gold_that_is_no_number_is_an_error():
    for gold in ("cat", "3 or 4", "12:30", "10 to 12", "at least 5", "not 12", "1,2345"):
        with pytest.raises(InputError, match=r"question 'q': the answer .* is not one number"):
            graded("12", gold)
    with pytest.raises(InputError, match="has no gold answer"):
        number(Question("q", "?", ()), "12")


NUMBERS = st.one_of(
    st.integers(-(10**9), 10**9).map(str),
    st.decimals(-10000, 10000, places=2).map(str),
    st.builds("{}/{}".format, st.integers(-99, 99), st.integers(1, 99)),
)
SURROUNDINGS = ("{}", "The answer is {}.", "So 1 + 2 = 3.\n<answer>{}</answer>", "We get $\\boxed{{{}}}$.", "#### {}")


@settings(deadline=None)
@given(NUMBERS, NUMBERS, st.sampled_from(SURROUNDINGS))
def test_right_if_and_only_if_equal(said: str, gold: str, around: str):
    assert graded(around.format(said), gold).score == (Fraction(said) == Fraction(gold))


PIECES = ["<answer>", "</answer>", "\\boxed{", "}", "{", "12", "=", "the answer is", "####", "\n", "-", ".", ",", "/",
          "e9", "\\frac", "^", "√", "Question:", "\x00", "\u202e", "½", "⁹", " "]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_text_gets_a_grade(text: str):
    grade = graded(text)
    assert grade.score in (0, 1)
    assert grade.answered or grade.score == 0
    assert grade == graded(text)


SETTLED = {"\\boxed{1}": "1", "<answer>1</answer>": "1", "\nQuestion: 1": "1"}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit",
    [
        "1 is not ", "is - ", "negative ", "1 111 ", "not 1 or ", "not (",
        "1 or 1+ ", "1,5", "1 million ", "at least 1 ", "more than ", "1 x or more",
        "twelve ", "one hundred and ", "1 000 ", "1 or ", "1 dollar and ", "between 1 and ",
        "x", "1", "1 ", "12, ", "{", "\\boxed{", "\\boxed{1}", "<answer>", "</answer>", "<answer>1</answer>", "=1", "½",
        "the answer is ", "answer: 1 or ", "\\frac{1}", "\\text{", "-", "1/", "1:", "1e", "e9", "\n", " ", "\x00", "⁹",
        "^", "10^", "Question:", "\nQuestion: 1", "#### 1\n", "1,", "*", "A", "(A) ",
    ],
)  # fmt: skip
def test_a_million_characters_take_bounded_time(unit: str):
    endless = unit * (1_000_000 // len(unit))
    assert graded(endless).score in (0, 1)
    ended = graded(f"{endless}\nThe answer is 12.")
    settled = SETTLED.get(unit)  # by a tag, a box, or a question of its own
    assert (ended.score, ended.answer) == ((0, settled) if settled else (1, "12"))


def test_gsm8k_in_the_usual_surroundings():
    path = SHARED / "questions" / "gsm8k_test.jsonl"
    if not path.exists():
        pytest.skip("shared/questions is not here")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 1319
    for row in rows:
        steps, gold = (part.strip() for part in row["answer"].split("####"))
        other = str(Fraction(gold.replace(",", "")) + 1)
        assert graded(row["answer"], gold).score == 1
        for around in SURROUNDINGS:
            assert graded(f"{steps}\n{around.format(gold)}", gold).score == 1, (around, gold)
            assert graded(f"{steps}\n{around.format(other)}", gold).score == 0, (around, gold)


def test_agrees_with_real_samples_that_were_graded_by_another():
    """With unclosed reasoning and self-asked questions aside, both read the same answer from real outputs."""
    path = SHARED / "outputs" / "miniature_samples.parquet"
    if not path.exists():
        pytest.skip("shared/outputs is not here")
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(path, columns=["model", "sample", "answer", "correct", "completion"])
    closed = frame[(frame["sample"] == 0) & ~frame.completion.str.contains("Question:")].iloc[::10]
    texts = closed.completion.str.split("</think>").str[-1]
    kept = ~texts.str.contains("<think>")
    agree = [
        (final_number(text) == answer) == correct
        for text, answer, correct in zip(texts[kept], closed.answer[kept], closed.correct[kept], strict=True)
    ]
    assert len(agree) > 5000
    assert sum(agree) / len(agree) > 0.999


def test_refusals_are_plain_values():
    assert isinstance(final_number(""), Refusal)
    assert final_number("12") == 12


def test_one_hundred_is_a_number_and_one_dog_is_not_read():
    question = Question("q", "?", ("120",))
    assert number(question, "The answer is one hundred and twenty.").score == 1
    assert not number(question, "One dog").answered
