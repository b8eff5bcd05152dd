from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.textnorm import normalise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 7 + 1?", "  what IS\n7 + 1 "),
        ("Tom's cat, and a dog.", "tom’s cat and a dog"),
        ("\u0043afe\u0301 costs 3", "CAFÉ costs 3"),
        ("３ apples", "3 apples"),
    ],
)
def test_same_question(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("7 + 1", "7 - 1"),
        ("(2 + 3) * 4", "2 + 3 * 4"),
        ("1.5 liters", "15 liters"),
        ("10% of 50", "10 of 50"),
        ("6 / 2", "6 * 2"),
    ],
)
def test_different_question(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@settings(deadline=None)
@given(st.text())
def test_white_space_and_case_never_matter(text: str) -> None:
    assert normalise(f"  {text}\n") == normalise(text)
    assert normalise(text) == " ".join(normalise(text).split())
