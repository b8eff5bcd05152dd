"""Samples as they are given: joined, and checked for what no comparison could be made of."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from promptlab import given
from promptlab.errors import InputError, unknown
from promptlab.records.view import STOPPED
from promptlab.stats.checking import Floats
from promptlab.types import Ending

if TYPE_CHECKING:
    import pandas as pd

REQUIRED = ("model", "condition", "question", "score")
EXEMPLARS = ("shots", "style", "select", "layout", "order", "content", "note", "question_first")
TOKENS = ("prompt_tokens", "completion_tokens")  # what a sample costs
FACTORS = (*EXEMPLARS, "instruction", "system", "template", "prefill", "variants")
DEFAULTS = {"cluster": None, "sample": 0, "ending": "complete", "answered": True}


def joined_samples(runs: Any) -> pd.DataFrame:
    import pandas as pd

    several = runs if isinstance(runs, list | tuple) else [runs]
    frames = [_frame(run) for run in several]
    _say_what_differs(several)
    if not frames:
        raise InputError("runs is empty: give at least one run or DataFrame")
    names = [name for frame in frames for name in frame["model"].astype(str).unique()]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"model {name!r} occurs in more than one run: give each its own model name, or join them")
    frame = pd.concat(frames, ignore_index=True)
    _same_meaning(frame)
    _no_repeats(frame)
    for column, value in DEFAULTS.items():
        if column not in frame:
            frame[column] = value
    if not len(frame):
        raise InputError("runs hold no samples yet")
    if "shots" in frame and not pd.api.types.is_numeric_dtype(frame["shots"]):
        frame["shots"] = _numeric(frame["shots"], "the number of exemplars that were shown")
    for ending in frame["ending"].unique().tolist():
        if ending not in get_args(Ending):
            raise unknown("ending", ending, get_args(Ending))
    return frame


def _frame(run: Any) -> pd.DataFrame:
    import pandas as pd

    frame = run if isinstance(run, pd.DataFrame) else getattr(run, "to_frame", lambda: None)()
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"runs holds {type(run).__name__}: allowed are a Run, a DataFrame, or a list of those")
    if _stopped(frame):
        raise InputError(
            "runs holds samples of a run with stop_when=: its size hangs on its outcome; decisions(run) reports it, "
            "and one that copied some (reuse=) is compared once it has asked all questions of that run's cap"
        )
    lacking = [column for column in REQUIRED if column not in frame]
    if lacking:
        raise InputError(f"runs lack the column {', '.join(lacking)}; needed: {', '.join(REQUIRED)}")
    return frame


def _stopped(frame: pd.DataFrame) -> bool:
    """Whether any row comes from a run under a rule; a file that was read again may say so as text or as a number."""
    said = frame[STOPPED].unique() if STOPPED in frame else ()
    return bool(frame.attrs.get(STOPPED)) or any(str(one).lower() in ("true", "1", "1.0") for one in said)


def _say_what_differs(runs: Sequence[Any]) -> None:
    """Runs that were not made alike may be compared (a profile may ask for it), but not without a word."""
    manifests = [run.manifest for run in runs if isinstance(getattr(run, "manifest", None), Mapping)]
    for what in ("sampling", "answer_format", "grader"):
        kinds = {str({k: v for k, v in (m.get(what) or {}).items() if k != "seed"}) for m in manifests}
        if len(kinds) > 1:
            warnings.warn(f"these runs differ in {what}: {' and '.join(sorted(kinds))}", stacklevel=5)


def _same_meaning(frame: pd.DataFrame) -> None:
    """Names are all that joins rows: under one name there must be one question, and one kind of prompt."""
    factors = [name for name in FACTORS if name in frame]
    for what, columns in (("question", ["gold", "cluster"]), ("condition", factors)):
        for column in (name for name in columns if name in frame):
            pairs = frame[[what, column]].dropna().astype(str).drop_duplicates()
            twice = pairs[pairs.duplicated(what, keep=False)]
            if len(twice):
                name, (one, other) = twice.iloc[0][what], twice[twice[what] == twice.iloc[0][what]][column].iloc[:2]
                raise InputError(
                    f"{what} {name!r} has the {column} {one!r} and {other!r}: under one name there must be one {what}"
                )


def _no_repeats(frame: pd.DataFrame) -> None:
    """A sample counted twice makes every interval too narrow (a frame without `sample` cannot be checked)."""
    key = [c for c in ("model", "condition", "question", "sample", "replicate", "draw") if c in frame]
    if "sample" in frame and frame.duplicated(key).any():
        first = frame.loc[frame.duplicated(key), ["model", "condition", "question", "sample"]].iloc[0]
        plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in first.items()}
        raise InputError(f"a sample occurs twice: {', '.join(f'{k} {v!r}' for k, v in plain.items())}")


def scores_of(frame: pd.DataFrame) -> Floats:
    score = _numeric(frame["score"], "a number from 0 to 1; NaN stands for a missing sample").copy()
    outside = (score < 0) | (score > 1)
    if outside.any():
        raise InputError(f"score {score[outside][0]} is outside [0, 1]; NaN stands for a missing sample")
    score[(frame["ending"] == "error").to_numpy()] = np.nan  # an error is missing data, whatever its score says
    return score


def _numeric(column: pd.Series, allowed: str) -> Floats:
    try:
        return as_numbers(column)
    except (TypeError, ValueError):
        wrong = next(value for value in column if not isinstance(value, int | float))
        raise given.wrong(f"{column.name} of a sample", wrong, allowed) from None


def as_numbers(column: pd.Series) -> Floats:
    """A numeric or yes/no column as floats; NaN where there is nothing."""
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
