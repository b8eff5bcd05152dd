"""What of a text is read for labels: nothing that is struck out; an article ends with its line."""

from __future__ import annotations

import pytest

from promptlab.grading import label
from promptlab.grading.marking import marked, readable
from promptlab.types import Question

CITIES = ("London", "Paris", "Rome", "Berlin")


def answer(text: str) -> str:
    found = label(Question("q", "?", ("B",), "label", CITIES), text)
    return found.answer if found.answered else ""


@pytest.mark.parametrize(
    "text",
    [
        "~~C~~ B", "~~The answer is C.~~ The answer is B.", "The answer is <s>C</s> B.", "<del>C) Rome</del>\nB) Paris",
        "The answer is B ~~or C~~.", "~~A) London~~\nB) Paris\n~~C) Rome~~",
    ],
)  # fmt: skip
def test_what_is_struck_out_is_not_there(text: str):
    assert answer(text) == "B"


@pytest.mark.parametrize("tag", ["</s>", "<|im_end|>", "<|eot_id|>", " <eoa>", "</p>", "\n</div>\n</body>"])
def test_a_tag_at_the_end_is_no_part_of_the_answer(tag: str):
    assert answer(f"B{tag}") == answer(f"The answer is B{tag}") == "B"


def test_a_tilde_alone_strikes_nothing_out():
    assert readable("~5 km or ~6 km, B").endswith("B")
    assert readable("~~5 km\nB~~") == "5 km\nB"


def test_boxes_are_ticked_at_a_line_s_start_only():
    assert readable("- [ ] A\n  * [X] B\n[x] = C") == "- A\n  ✓ B\n[x] = C"


def test_an_article_stands_on_the_line_of_its_word():
    assert marked("A\nThe tower", "ABC") == "⟨A⟩\nThe tower"
    assert marked("A tower. A\ntower", "ABC") == "A tower. A\ntower"


@pytest.mark.parametrize("text", ["B, Paris, is not correct.", "Option B, Paris, does not seem to be correct."])
def test_a_label_is_denied_behind_its_text(text: str):
    assert marked(text, "ABC").count("⟬B⟭") == 1
    assert answer(text) == ""


@pytest.mark.parametrize("text", ["The answer is not (B) Paris.", "It is not (B) Paris, nor Rome."])
def test_the_text_of_a_denied_label_is_denied(text: str):
    assert answer(text) == ""


def test_what_follows_a_comma_may_be_about_something_else():
    assert answer("The answer is B, of course, not C.") == answer("B, since Rome, a city, is not it.") == "B"


@pytest.mark.parametrize(
    "text",
    [
        "A car travels 60 miles. It takes an hour.", "A son inherits the house.", "A rather large city has it.",
        "The answer is A rather large city.", "A so-called city is one.", "A can of paint is on the tower.",
    ],
)  # fmt: skip
def test_an_english_word_is_no_little_word_of_another_language(text: str):
    assert answer(text) == ""


@pytest.mark.parametrize(
    "text", ["La réponse est A car la tour est là.", "La réponse est A, car B est fausse.", "A car Berlin n'en a pas."]
)
def test_in_that_language_it_is(text: str):
    assert answer(text) == "A"
