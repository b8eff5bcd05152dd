"""Steps that build on one another: what each scores, what it adds to the step before, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from promptlab import given, markup, tables
from promptlab.comparison import verdicts
from promptlab.comparison.crossed import Crossed, crossed
from promptlab.comparison.differences import one_draw, table_of, warnings_of
from promptlab.comparison.options import check
from promptlab.comparison.reading import TOKENS, as_numbers
from promptlab.comparison.summaries import summary
from promptlab.comparison.tested import Tested
from promptlab.comparison.validity import decide, judge
from promptlab.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

SHOWN = ["model", "condition", "score", "low", "high", "gain", "gain_low", "gain_high", "verdict", "validity"]
SHOWN += [*TOKENS, "times"]


@dataclass(frozen=True, eq=False)
class Ablation:
    """What `ablation` found.

    Attributes
    ----------
    table : DataFrame
        A row a model and step: `score` with `low` and `high` (Wilson; all rows together); `gain` over the step before
        with `gain_low` and `gain_high` (paired by question; all gains together), `verdict`, `validity`;
        `prompt_tokens` and `completion_tokens` a question (of a vote, of all its samples together), and `times`, their
        sum as a multiple of the first step's.
    gains : DataFrame
        A row a model and step but the first, with the columns of `Comparison.table`.
    """

    table: pd.DataFrame
    gains: pd.DataFrame
    verdicts: tuple[str, ...]
    warnings: tuple[str, ...]
    steps: tuple[str, ...]
    alpha: float
    design: Crossed = field(repr=False)
    label: str = ""

    tested: ClassVar[Tested] = Tested("gains step by step")

    def to_markdown(self) -> str:
        """The steps and the verdicts as Markdown."""
        return tables.section(self.heading, self.table[SHOWN], [*self.verdicts, *self.warnings])

    @property
    def heading(self) -> str:
        what = "Step by step: score, gain over the step before, tokens a question"
        return f"{self.label}: {what[0].lower()}{what[1:]}" if self.label else what

    def __repr__(self) -> str:
        return f"<Ablation of {len(self.steps)} steps on {', '.join(self.design.models())}>"

    def _repr_html_(self) -> str:
        notes = markup.bullets([*self.verdicts, *self.warnings])
        return markup.card(self.heading, tables.html(self.table[SHOWN]), notes)


def ablation(
    runs: Any, *, steps: Sequence[str], margin: float | None = None, alpha: float = 0.05, seed: int = 0, label: str = ""
) -> Ablation:
    """Compare each step with the one before it, within each question, for every model.

    Gains are judged as `compare` judges differences, as one family over all steps and models. The order matters: what a
    step adds is what it adds to those before it.

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        As for `compare`; with votes among the steps ``vote(runs, with_samples=True)``.
    steps : sequence of str
        Conditions, the first one first. Every model must have all of them.
    margin, alpha, seed, label
        As for `compare`.

    Raises
    ------
    InputError
        Fewer than two steps, one that is named twice or that a model lacks; and as for `compare`.

    Examples
    --------
    >>> import pandas as pd
    >>> right = {"a": 2, "a+b": 5, "a+b+c": 5}
    >>> rows = [("m", c, q, float(q % 10 < right[c])) for c in right for q in range(60)]
    >>> frame = pd.DataFrame(rows, columns=["model", "condition", "question", "score"])
    >>> ablation(frame, steps=list(right)).table[["score", "gain", "verdict"]].values.tolist()[1:]
    [[0.5, 0.3, 'improved'], [0.5, 0.0, 'inconclusive']]
    """
    check("ablation", alpha=alpha, seed=seed, margin=margin)
    names = _checked(steps)
    design = crossed(runs, names).completed()
    pairs = [(model, step, before) for model in design.models() for before, step in pairwise(names)]
    _all_there(design, names)
    signs = design.signs({(model, step): 1, (model, before): -1} for model, step, before in pairs)
    judged = judge(design, signs, partial(decide, margin=margin), alpha=alpha, seed=seed, bound=1)
    gains = table_of([pair[:2] for pair in pairs], [before for *_, before in pairs], judged, margin)
    scores = summary(design, alpha)
    sentences = tuple(
        verdicts.sentence(row, margin=margin, alpha=alpha, one_draw=one_draw(design, pair[:2]))
        for row, pair in zip(gains.to_dict("records"), pairs, strict=True)
    )
    notes = tuple(warnings_of(design, gains, scores))
    return Ablation(_table(design, names, scores, gains), gains, sentences, notes, names, alpha, design, label)


def _checked(steps: Sequence[str]) -> tuple[str, ...]:
    names = given.texts("steps of ablation", steps)
    if len(names) < 2 or len(set(names)) < len(names):
        raise given.wrong(
            "steps of ablation", list(names), "two conditions or more, each named once, the first one first"
        )
    return names


def _all_there(design: Crossed, names: Sequence[str]) -> None:
    for model in design.models():
        lacking = [name for name in names if name not in design.conditions(model)]
        if lacking:
            raise InputError(f"steps of ablation: model {model!r} has no samples of {', '.join(map(repr, lacking))}")


def _table(design: Crossed, names: Sequence[str], scores: pd.DataFrame, gains: pd.DataFrame) -> pd.DataFrame:
    """A row a model and step, in the order of the steps."""
    import pandas as pd

    renamed = gains.rename(columns={"difference": "gain", "low": "gain_low", "high": "gain_high"})
    cost = _cost(design)
    rows = scores[["model", "condition", "score", "low", "high", "questions", "samples"]].join(cost)
    new = ["model", "condition", "gain", "gain_low", "gain_high", "verdict", "validity"]
    table = rows.merge(renamed[new], how="left", on=["model", "condition"])
    order = {name: i for i, name in enumerate(names)}
    models = {name: i for i, name in enumerate(design.models())}
    place = table["model"].map(models) * len(names) + table["condition"].map(order)
    table = table.iloc[np.argsort(place.to_numpy(), kind="stable")].reset_index(drop=True)
    total = table[list(TOKENS)].sum(axis=1, skipna=False)
    first = total.groupby(table["model"], sort=False).transform("first")
    return table.assign(times=pd.Series(total / first).round(2))


def _cost(design: Crossed) -> pd.DataFrame:
    """Mean tokens of one answer to a question, a row an arm; NaN where no sample says."""
    import pandas as pd

    columns = {}
    for name in TOKENS:
        known = as_numbers(design.samples[name]) if name in design.samples else np.full(len(design.arm), np.nan)
        columns[name] = pd.Series(known).groupby(design.arm).mean()
    return pd.DataFrame(columns).round(1)
