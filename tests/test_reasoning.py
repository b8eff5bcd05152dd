"""Where the reasoning ends: servers' fields, tags that open in the prompt, tags that never close."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.reasoning import split_reasoning
from promptlab.types import Completion


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("The answer is 4.", "", ("", "The answer is 4.")),
        ("<think>2 + 2</think>4", "", ("2 + 2", "4")),
        ("2 + 2</think>\n4", "", ("2 + 2", "4")),  # the chat template opened it
        ("<think>2 + 2 is", "", ("2 + 2 is", "")),
        ("<THINK>a</Think>b", "", ("a", "b")),
        ("<thinking>a</thinking>b", "", ("a", "b")),
        ("4", "2 + 2", ("2 + 2", "4")),  # the server's own field
        ("<think>b</think>4", "a", ("a\nb", "4")),
        ("", "2 + 2", ("2 + 2", "")),
        ("", "", ("", "")),
        ("<think></think>4", "", ("", "4")),
        ("<think>a</think>first<think>b</think>last", "", ("afirstb", "last")),
        ("<think>a</think>4<think>and again", "", ("a\nand again", "4")),  # reopened after the answer
        ("4 <think>hm", "", ("hm", "4")),
    ],
)
def test_split(text: str, field: str, expected: tuple[str, str]):
    assert split_reasoning(Completion(text, "complete", reasoning=field)) == expected


PIECES = st.lists(st.sampled_from(["<think>", "</think>", "<thinking>", "</THINKING>", "a", " 4 ", "\n", "<", "é"]))


@settings(deadline=None)
@given(PIECES.map("".join))
def test_no_tag_reaches_the_answer_text(text: str):
    reasoning, answer = split_reasoning(Completion(text, "complete"))
    assert "<think>" not in answer
    assert "</think>" not in answer.lower()
    assert len(reasoning) + len(answer) <= len(text)


def test_a_million_tags_are_no_trouble():
    reasoning, answer = split_reasoning(Completion("<think>" * 300_000 + "</think>4", "complete"))
    assert (reasoning, answer) == ("", "4")
