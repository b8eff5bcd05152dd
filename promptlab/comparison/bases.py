"""What a result was made of, as digests: the same samples and scores give the same ones, in any order of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from numbers import Number
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from promptlab.comparison.reading import scores_of

if TYPE_CHECKING:
    import pandas as pd

Arm = tuple[str, str]  # (model, condition)

_SAMPLE = ("question", "key")  # a key tells of model, prompt, sampling, seed, replicate and number
ASPECTS = {  # of what is judged; the columns that say it
    "samples": _SAMPLE,
    "scores or endings": (*_SAMPLE, "score", "ending", "answered"),
    "clusters": ("question", "cluster"),  # which questions stand together; no result knows their label
    "draws": (*_SAMPLE, "draw", "exemplar_seed", "shots", "select"),
}
COLUMNS = ("model", "condition", *dict.fromkeys(name for columns in ASPECTS.values() for name in columns))


@dataclass(frozen=True)
class Basis:
    """The samples of one arm.

    Attributes
    ----------
    questions
        Their ids.
    taken, lost
        How many count as taken (those without a grade do not), and how many of these an infrastructure failure lost.
    columns
        Those of `COLUMNS` that the samples have.
    digests
        By aspect, see `ASPECTS`.
    """

    questions: frozenset[str]
    taken: int
    lost: int
    columns: frozenset[str]
    digests: Mapping[str, str]


def bases(samples: pd.DataFrame, arms: Collection[Arm]) -> dict[Arm, Basis]:
    """The basis of each of these arms; of an arm without samples an empty one."""
    by_arm = samples.groupby([samples[name].astype(str).to_numpy() for name in ("model", "condition")], sort=False)
    rows, columns = by_arm.indices, frozenset(COLUMNS).intersection(samples)
    marks, questions = _marks(samples, by_arm.ngroup().to_numpy()), samples["question"].astype(str).to_numpy()
    error = (samples["ending"] == "error").to_numpy()
    ungraded = np.isnan(scores_of(samples)) & ~error
    found = {}
    for arm in arms:
        here = rows.get(arm, np.array([], dtype=np.intp))
        digests = {aspect: _digest(of[here]) for aspect, of in marks.items()}
        taken = len(here) - int(ungraded[here].sum())
        found[arm] = Basis(frozenset(questions[here]), taken, int(error[here].sum()), columns, digests)
    return found


def _marks(samples: pd.DataFrame, arm: NDArray[np.integer]) -> dict[str, NDArray[np.uint64]]:
    """A hash a row for each aspect; a column that the samples lack is one in which nothing stands."""
    import pandas as pd

    read = samples.assign(score=scores_of(samples), answered=samples["answered"].eq(True).fillna(False).astype(bool))
    nothing = np.zeros(len(read), dtype=np.uint64)
    hashed = {name: _hashed(read[name]) if name in read else nothing for name in COLUMNS[2:]}
    hashed["cluster"] = _together(arm, hashed["question"], samples["cluster"])
    parts = {aspect: pd.DataFrame({name: hashed[name] for name in columns}) for aspect, columns in ASPECTS.items()}
    rows = {aspect: pd.util.hash_pandas_object(part, index=False) for aspect, part in parts.items()}
    return {aspect: np.asarray(hashes, dtype=np.uint64) for aspect, hashes in rows.items()}


def _together(arm: NDArray[np.integer], question: NDArray[np.uint64], cluster: pd.Series) -> NDArray[np.uint64]:
    """The same mark for all of an arm's questions in one cluster; a question without a cluster is its own."""
    import pandas as pd

    codes, own = pd.factorize(cluster)[0], pd.factorize(question)[0]
    unit = np.where(codes < 0, -1 - own, codes)
    return np.asarray(pd.Series(question).groupby([arm, unit], sort=False).transform("min"), dtype=np.uint64)


def _hashed(column: pd.Series) -> NDArray[np.uint64]:
    """Whatever the column's type: a file that was read again may hold 0 for 0.0, 12 for "12", nothing for ""."""
    import pandas as pd

    codes, values = pd.factorize(column)
    plain = np.asarray(values, dtype=object)
    told = plain if isinstance(column.dtype, pd.StringDtype) else [_text(value) for value in plain]
    texts = np.array([*told, ""], dtype=object)  # the code of what is missing is -1
    return np.where(texts == "", np.uint64(0), pd.util.hash_array(texts, categorize=False))[codes]


def _text(value: object) -> str:
    if not isinstance(value, Number):
        return str(value)
    number = float(value)  # type: ignore[arg-type]
    return str(int(number)) if number.is_integer() else repr(number)


def _digest(marks: NDArray[np.uint64]) -> str:
    return hashlib.sha256(np.sort(marks).tobytes()).hexdigest()[:16]
