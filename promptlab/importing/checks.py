"""Rows that cannot be what they claim: a sample that stands twice, an id that means two questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptlab.errors import InputError
from promptlab.textnorm import normalise

if TYPE_CHECKING:
    import pandas as pd

_KEY = ["condition", "question", "sample", "draw", "replicate"]


def check_repeats(rows: pd.DataFrame) -> None:
    """Raise where one sample has two rows; the column ``place`` says where each stood."""
    key = [name for name in _KEY if name in rows]
    again = rows.duplicated(key).to_numpy()
    if not again.any():
        return
    place = int(again.argmax())
    group = rows.groupby(key, dropna=False).ngroup().to_numpy()
    first, second = rows.iloc[int((group == group[place]).argmax())], rows.iloc[place]
    which = f"sample {second['sample']} of question {second['question']!r:.60} under {second['condition']!r:.60}"
    raise InputError(
        f"{second['place']}: found the same sample as {first['place']} ({which}): expected one row a sample; number "
        "repeats in a column and pass columns={'sample': its name}"
    )


def check_texts(rows: pd.DataFrame) -> None:
    """Ids are only names, and count differently in files of unlike length: their texts say what was asked."""
    if "question_text" not in rows:
        return
    texts = rows.drop_duplicates(["question", "question_text"])
    texts = texts.assign(key=texts["question_text"].map(normalise)).drop_duplicates(["question", "key"])
    if not (unlike := texts["question"].duplicated()).any():
        return
    second = texts[unlike].iloc[0]
    first = texts[texts["question"] == second["question"]].iloc[0]
    raise InputError(
        f"{second['place']}: found question {second['question']!r} with the text {second['question_text']!r:.60}, but "
        f"{first['question_text']!r:.60} in {first['place']}: expected one text an id; align by text alone (map "
        "question_text and not question)"
    )
