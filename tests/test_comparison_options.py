"""What comparisons are given: whatever cannot be used is one `InputError` that names it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from promptlab.comparison import agree, compare, contrast, contrast_seeds, contrasts, decisions, dose, over_draws
from promptlab.errors import InputError


def frame(**columns: Any) -> pd.DataFrame:
    rows = [(m, c, q, float(q % 3 > (c == "b"))) for m in "mn" for c in "ab" for q in range(40)]
    return pd.DataFrame(rows, columns=["model", "condition", "question", "score"]).assign(**columns)


def two() -> pd.DataFrame:
    return pd.concat([frame(sample=0), frame(sample=0)])


SAID = {
    "margin of compare is '2': it must be a share": lambda: compare(frame(), baseline="a", margin="2"),
    "margin of dose is 2": lambda: dose(frame(shots=0), baseline="a", margin=2),
    "seed of compare is -1: it must be a whole number >= 0": lambda: compare(frame(), baseline="a", seed=-1),
    "seed of compare is 1.5": lambda: compare(frame(), baseline="a", seed=1.5),
    "alpha of agree is 'x'": lambda: agree(frame(), frame(), alpha="x"),
    "tolerance of agree is 'x'": lambda: agree(frame(), frame(), tolerance="x"),
    "score of a sample is 'good': it must be a number": lambda: compare(frame(score="good"), baseline="a"),
    "shots of a sample is 'many': it must be the number": lambda: dose(frame(shots="many"), baseline="a"),
    "conditions of compare is 3": lambda: compare(frame(), baseline="a", conditions=3),
    "unknown ending 3: Allowed: complete": lambda: compare(frame(ending=3), baseline="a"),
    "model 'm', condition 'a', question 0, sample 0": lambda: compare(two(), baseline="a"),
    "over_draws takes a Comparison .*, and got a DataFrame": lambda: over_draws(frame()),
    "decisions reports runs, and got a int": lambda: decisions(3),
    "models is 3; needed: a list": lambda: contrast_seeds(frame(), models=3, controls=3, baseline="a"),
    "control is 3: it must be a model's name": lambda: contrasts(frame(), 3, baseline="a"),
    "control of contrast is None": lambda: contrast(frame(), model="m", control=None, baseline="a"),
}


@pytest.mark.parametrize("says", SAID)
def test_it_is_refused(says: str):
    with pytest.raises(InputError, match=says):
        SAID[says]()


def test_what_can_be_meant_is_taken():
    whole = compare(frame(), baseline="a")
    pd.testing.assert_frame_equal(compare(frame(), baseline="a", conditions="b").table, whole.table)
    pd.testing.assert_frame_equal(compare(frame(), baseline="a", seed=np.int64(0)).table, whole.table)
    text = compare(frame(shots=["0"] * 40 + ["3"] * 40 + ["0"] * 40 + ["3"] * 40), baseline="a")
    assert text.summary["shots"].tolist() == [0, 3, 0, 3]
    place = contrast(frame(), model=np.int64(0), control=1, baseline="a")
    assert (place.model, place.control) == ("m", "n")
