"""Features of stored completions, computed anew: grades stay, nothing is stored, no model is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from promptlab import traces
from promptlab.prompts.shuffling import Shuffled, as_asked
from promptlab.records.files import card_of, rows_of
from promptlab.records.frames import ASKED, typed
from promptlab.records.parquet import complete
from promptlab.types import Question

if TYPE_CHECKING:
    import pandas as pd


def retraced(whole: pd.DataFrame, question_of: Callable[[str], Question]) -> pd.DataFrame:
    """The frame with this version's features, less what was asked and sent; an ungraded sample has none."""
    import pandas as pd

    frame = complete(whole)
    found = pd.DataFrame([_features(row, question_of) for row in rows_of(frame)], frame.index)
    tidy = typed(found[[name for name in traces.DESCRIPTIONS if name in found]])
    rest = frame.drop(columns=[name for name in (*ASKED, *tidy) if name in frame])
    place = list(rest).index("why") + 1  # where `to_frame` has them
    return pd.concat([rest.iloc[:, :place], tidy, rest.iloc[:, place:]], axis=1)


def _features(row: dict[str, Any], question_of: Callable[[str], Question]) -> dict[str, Any]:
    card = card_of(row)
    if card.grade is None:
        return {}
    question = as_asked(question_of(card.sample.question), row, card.sample.sample)
    grade = question.as_read(card.grade) if isinstance(question, Shuffled) else card.grade
    return traces.features(question, card.prompt, card.sample.completion, grade)
