"""Exact text, and a user's own pattern."""

from __future__ import annotations

import pytest

from promptlab.errors import InputError
from promptlab.grading import regex, text
from promptlab.types import Question

QUESTION = Question("q", "Where?", ("New York", "NYC"), "text")


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ("New York", 1), (" new  york. ", 1), ("nyc", 1), ("The answer is New York.", 1),
        ("Answer: NYC. It is big.", 1),
        ("<answer>New York</answer>", 1), ("\\boxed{NYC}", 1), ("ＮＹＣ", 1), ("NYC\n\nQuestion: Who?\nAnswer: me", 1),
        ("New York City", 0), ("I think New York", 0), ("", 0), ("<answer>Boston</answer> New York", 0), ("York", 0),
    ],
)  # fmt: skip
def test_text_is_compared_whole(said: str, score: int):
    assert text(QUESTION, said).score == score


def test_no_text_is_no_answer():
    assert text(QUESTION, " ").answered is False
    assert text(QUESTION, "Boston").answered is True
    assert text(Question("q", "?", ("",)), "").score == 0


def test_regex_takes_the_last_match_and_compares_numbers_as_numbers():
    grader = regex(r"^Total: (.+)$")
    question = Question("q", "?", ("1200",))
    assert grader(question, "Total: 3\nTotal: 1,200").score == 1
    assert grader(question, "Total: 1200\nTotal: 3").score == 0
    assert grader(question, "1200").answered is False
    assert grader(QUESTION, "Total: new york").score == 1


def test_regex_groups():
    assert regex(r"<<(?P<a>\d+)>>", group="a")(Question("q", "?", ("7",)), "<<7>>").score == 1
    assert regex(r"\d+", group=0)(Question("q", "?", ("7",)), "7").score == 1
    assert regex(r"(\d)?x")(Question("q", "?", ("7",)), "x").answered is False


@pytest.mark.parametrize(
    ("pattern", "group", "message"),
    [("(", 1, "not a regular expression"), (r"\d+", 1, "no group 1; group=0"), (r"(\d)", "a", "no group 'a'")],
)
def test_bad_patterns(pattern: str, group: int | str, message: str):
    with pytest.raises(InputError, match=message):
        regex(pattern, group)


def test_another_pattern_is_another_version():
    versions = {regex(r"a(.)").version, regex(r"b(.)").version, regex(r"a(.)", group=0).version}
    assert len(versions) == 3
    assert regex(r"a(.)").version == regex(r"a(.)").version


@pytest.mark.timeout(60)
def test_only_the_end_is_searched():
    grader = regex(r"(\w+) end")
    assert grader(Question("q", "?", ("x",)), "x end" + " " * 1_000_000).answered is False
    regex(r"(\d+)x")(Question("q", "?", ("1",)), "1" * 1_000_000)  # quadratic: bounded by the cut


@pytest.mark.parametrize(
    "said", ["I doubt that the answer is New York.", "Some say the answer is NYC", "Is the answer NYC? Hm."]
)
def test_what_is_doubted_or_asked_is_no_answer(said: str):
    assert text(QUESTION, said).score == text(QUESTION, f"<answer>{said}</answer>").score == 0
