"""Whether a model prefers a place among the options, whatever stands there."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from promptlab import given, markup, stats, tables
from promptlab.choices import gold_label
from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.comparison.options import check
from promptlab.comparison.tested import Tested
from promptlab.comparison.verdicts import interval
from promptlab.errors import InputError
from promptlab.prompts.shuffling import Shuffled, as_asked
from promptlab.records import Run
from promptlab.types import Question
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

_LETTERS = string.ascii_uppercase
_NONE = -1  # no option: none was named, or there are fewer

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PositionBias:
    """What `position_bias` found.

    Attributes
    ----------
    table : DataFrame
        A row an arm and place: `answers`, the share of answers that name it, `expected`, the share that would without a
        bias, `against` (what that is taken from: ``own answers`` or ``gold``), the difference `bias` with `low` and
        `high` (all rows together), `score` where the right answer stands there, `samples`, `questions`, and `reason`
        where there is no interval.
    verdicts : tuple of str
        A sentence an arm: its largest bias.
    """

    table: pd.DataFrame
    verdicts: tuple[str, ...]
    alpha: float

    tested: ClassVar[Tested] = Tested("position bias")

    def to_markdown(self) -> str:
        """The table and the verdicts as Markdown."""
        return tables.section("Answers by the place of the option", self.table, self.verdicts)

    def __repr__(self) -> str:
        return f"<PositionBias: {'; '.join(self.verdicts)}>"

    def _repr_html_(self) -> str:
        notes = markup.bullets(self.verdicts)
        return markup.card("Answers by the place of the option", tables.html(self.table), notes)


def position_bias(
    runs: Run | Sequence[Run], *, conditions: Sequence[str] | None = None, alpha: float = 0.05, seed: int = 0
) -> PositionBias:
    """How often each place among the options is answered, less how often it would be if places did not matter.

    Where a condition has `variants`, a question's own answers say what to expect: an option that has a share of them in
    all orders should have it in each, wherever it stands. That is 0 for every model that reads the options, and of m
    orders it shows ``(m - 1) / m`` of a bias at most; questions with one order do not count. Elsewhere the right
    answers' places are expected, and wrong options that attract may stand more in one place than in another. Samples of
    a question are averaged first; the intervals are those of `promptlab.stats.simultaneous`, clustered: a chi-square
    test would take the samples of a question for independent. Checked by models that answer by place alone and by
    content alone (tests/test_comparison_placing.py).

    Parameters
    ----------
    runs : Run, or list of those
        Of questions with choices; only a run knows the options.
    conditions : sequence of str, optional
        Only these.
    alpha, seed
        As for `compare`; the intervals of all rows hold together.

    Raises
    ------
    InputError
        Something that is no run, or no sample names one of its question's options.
    """
    import pandas as pd

    check("position_bias", alpha=alpha, seed=seed)
    several: list[Any] = list(runs) if isinstance(runs, list | tuple) else [runs]
    for run in several:
        given.instance("runs of position_bias", run, Run, "a Run, or a list of them: only a run knows the options")
    design = crossed(several, conditions)
    rows = list(_rows(design, _read(design, several), alpha, seed))
    return PositionBias(pd.DataFrame(rows), tuple(_sentences(rows)), alpha)


@dataclass(frozen=True, eq=False)
class _Read:
    """For each sample the option that it names, the right one, and which option stands in each place."""

    option: Ints
    gold: Ints
    order: Ints  # (samples, places)

    @property
    def counts(self) -> NDArray[np.bool_]:
        return self.option != _NONE

    def at(self, place: int) -> Ints:
        return self.order[:, place]


def _read(design: Crossed, runs: Sequence[Run]) -> _Read:
    questions = {(run.model, question.id): question for run in runs for question in run.questions}
    factors = [name for name in ("variants", "variant_seed") if name in design.samples]
    width = max((len(question.choices) for question in questions.values()), default=0)

    @cache
    def shown(model: str, name: str, sample: int, *made_with: int) -> tuple[Ints, int, int]:
        question = questions[model, name]
        asked = as_asked(question, dict(zip(factors, made_with, strict=True)), sample)
        order = asked.order if isinstance(asked, Shuffled) else tuple(range(len(asked.choices)))
        padded = np.array([*order, *(_NONE,) * (width - len(order))], dtype=np.int64)
        return padded, _gold(question), len(order)

    made = design.samples[["model", "question", "sample", *factors]].fillna(dict.fromkeys(factors, 0))
    made = made.astype(dict.fromkeys(factors, int))
    each = [shown(*row) for row in made.itertuples(index=False, name=None)]
    named = [_LETTERS.find(a) if len(a) == 1 else _NONE for a in design.samples["answer"].astype(str)]
    option = [o if o < n and ok else _NONE for o, (*_, n), ok in zip(named, each, design.answered, strict=True)]
    if not width or set(option) == {_NONE}:
        raise InputError("position_bias: no sample names an option of its question: there are no places to compare")
    return _Read(np.array(option), np.array([gold for _, gold, _ in each]), np.stack([order for order, *_ in each]))


def _gold(question: Question) -> int:
    return _LETTERS.index(gold_label(question.answers[0], question.choices)) if question.choices else _NONE


def _expected(design: Crossed, read: _Read) -> tuple[Floats, NDArray[np.bool_]]:
    """For each sample and place the chance that it is answered without a bias; and which arms have several orders."""
    import pandas as pd

    cell = design.arm * len(design.questions) + design.question
    share = np.zeros((cell.max() + 1, read.order.shape[1] + 1))  # the last column stays 0: no option stands there
    np.add.at(share, (cell[read.counts], read.option[read.counts]), 1.0)
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1)
    code = pd.factorize(pd.Series(map(bytes, read.order.astype(np.int8))))[0]
    orders = pd.Series(code[read.counts]).groupby(cell[read.counts]).nunique()
    several = orders.reindex(cell, fill_value=0).to_numpy() > 1
    shuffled = np.bincount(design.arm, several, len(design.arms)) > 0
    own = np.where(several[:, None], share[cell[:, None], read.order], np.nan)
    right = (read.order == read.gold[:, None]) * 1.0
    return np.where(shuffled[design.arm][:, None], own, right), shuffled


def _rows(design: Crossed, read: _Read, alpha: float, seed: int) -> Iterator[dict[str, Any]]:
    expected, shuffled = _expected(design, read)
    here = read.counts[:, None] & (read.order != _NONE) & ~np.isnan(expected)
    answered = (read.order == read.option[:, None]) * 1.0
    excess = np.where(here, answered - expected, np.nan)
    means = np.stack([design.means(column) for column in excess.T], axis=1)  # arms, places, questions
    columns = means.reshape(-1, means.shape[-1]).T
    family = stats.simultaneous(columns, design.clusters, alpha, rng=np.random.default_rng(seed))
    for j in range(columns.shape[1]):
        arm, place = divmod(j, means.shape[1])
        rows = here[:, place] & (design.arm == arm)
        right = rows & (read.at(place) == read.gold)
        yield {
            **dict(zip(("model", "condition"), design.arms[arm], strict=True)),
            **{"place": _LETTERS[place], "answers": _mean(answered[rows, place])},
            **{"expected": _mean(expected[rows, place]), "against": "own answers" if shuffled[arm] else "gold"},
            **{"bias": family.estimate[j], "low": family.low[j], "high": family.high[j]},
            **{"score": _mean(design.score[right]), "samples": int(rows.sum()), "questions": int(family.n[j])},
            "reason": "" if family.low[j] == family.low[j] else family.reason[j],
        }


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else float("nan")


def _sentences(rows: list[dict[str, Any]]) -> Iterator[str]:
    for arm in dict.fromkeys((row["model"], row["condition"]) for row in rows):
        own = [row for row in rows if (row["model"], row["condition"]) == arm]
        clear = [row for row in own if row["low"] > 0 or row["high"] < 0]
        most = max(clear or own, key=lambda row: abs(row["bias"]) if row["bias"] == row["bias"] else -1.0)
        found = "answers hang on the place" if clear else "no place is shown to be preferred"
        size = f"{interval(most['bias'], most['low'], most['high'])} ({counted(most['samples'], 'answer')})"
        yield f"{arm[0]} under {arm[1]}: {found}; largest at {most['place']}, {size}"
