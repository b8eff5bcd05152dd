"""Digests of what a result was made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.comparison.bases import ASPECTS, bases

ARM = ("m", "a")
FRAME = pd.DataFrame(
    {
        **{"model": "m", "condition": "a", "question": ["1", "1", "2", "2"], "sample": [0, 1, 0, 1], "replicate": 0},
        **{"key": ["k1", "k2", "k3", "k4"], "score": [0.0, 1.0, np.nan, np.nan]},
        **{"answered": [True, True, False, False], "ending": ["complete", "complete", "error", "complete"]},
        **{"cluster": ["7", "7", None, None], "draw": [0, 1, 0, 1], "exemplar_seed": 0, "shots": 3, "select": ""},
    }
)  # fmt: skip
WHOLE = bases(FRAME, [ARM])[ARM]


def test_it_counts_what_was_taken_and_what_was_lost():
    """The last sample has no grade: nobody knows what it is worth, and nothing was lost."""
    assert (WHOLE.questions, WHOLE.taken, WHOLE.lost) == ({"1", "2"}, 3, 1)
    nothing = bases(FRAME, [("m", "b")])["m", "b"]
    assert (nothing.questions, nothing.taken, nothing.lost) == (frozenset(), 0, 0)


@given(order=st.permutations(range(4)), names=st.permutations(list(FRAME)))
@settings(deadline=None, max_examples=25)
def test_neither_order_nor_types_count(order: list[int], names: list[str]):
    kinds = {
        "question": int,
        "sample": float,
        "cluster": "Float64",
        "draw": str,
        "answered": "boolean",
        "key": "category",
    }
    same = FRAME.assign(select=None, notes="x").iloc[order][[*names, "notes"]].astype(kinds)
    assert bases(same, [ARM])[ARM] == WHOLE


@pytest.mark.parametrize(
    ("column", "value", "aspects"),
    [
        ("question", "3", set(ASPECTS)),
        ("key", "k9", {"samples", "scores or endings", "draws"}),
        ("score", 0.5, {"scores or endings"}),
        ("ending", "truncated", {"scores or endings"}),
        ("answered", False, {"scores or endings"}),
        ("draw", 5, {"draws"}),
        ("shots", 4, {"draws"}),
    ],
)
def test_a_change_in_one_row_is_seen_where_it_counts(column: str, value: object, aspects: set[str]):
    changed = FRAME.copy()
    changed.loc[0, column] = value
    found = bases(changed, [ARM])[ARM].digests
    assert {aspect for aspect in ASPECTS if found[aspect] != WHOLE.digests[aspect]} == aspects


@pytest.mark.parametrize(
    ("labels", "same"),
    [
        (["7", "7", None], True),
        (["b", "b", "a"], True),
        ([7, 7, 8], True),
        ([None, "7", "7"], False),
        (["7", "7", "7"], False),
        ([None, None, None], False),
    ],
)
def test_clusters_are_which_questions_stand_together_whatever_they_are_called(labels: list[object], same: bool):
    """In any arm: a question that another arm has besides is no part of it."""
    frame = pd.DataFrame({**FRAME.iloc[0].to_dict(), "question": ["1", "2", "3"], "cluster": ["7", "7", None]})
    other = frame.assign(condition="b", question=["0", "1", "2"], cluster="7")
    found = [
        bases(one, [ARM])[ARM].digests["clusters"] for one in (frame, pd.concat([other, frame.assign(cluster=labels)]))
    ]
    assert (found[0] == found[1]) is same
