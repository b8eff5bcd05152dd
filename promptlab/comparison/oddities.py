"""The longest and the oddest outputs, to look at: a mean tells nothing of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from promptlab import given, markup, tables
from promptlab.comparison.crossed import crossed
from promptlab.comparison.tested import Tested
from promptlab.errors import InputError, unknown
from promptlab.reasoning import split_reasoning
from promptlab.types import Completion

if TYPE_CHECKING:
    import pandas as pd

ODD = ("reasoning_words", "doubts", "redone_otherwise", "looped", "reasoning_script", "answer_script",
       "reasoning_foreign", "answer_foreign", "copied_span")  # fmt: skip
_ABOUT = ("model", "condition", "question", "sample")
_TERMINAL = 1_000  # characters of one output


@dataclass(frozen=True, eq=False)
class Oddities:
    """Outputs with the highest values of some features. Print it, or let Jupyter display it.

    Attributes
    ----------
    table : DataFrame
        A row an output: `feature` and its `value`, where it comes from, `status`, `answer`, `gold` and the texts.
    """

    table: pd.DataFrame

    tested: ClassVar[Tested] = Tested("oddest outputs")

    def to_markdown(self) -> str:
        """The table without the outputs' texts."""
        texts = [name for name in ("completion", "reasoning") if name in self.table]
        return tables.section("Longest and oddest outputs", self.table.drop(columns=texts))

    def __str__(self) -> str:
        parts = [f"=== {_title(row)}\n{_text(row)}" for row in self._rows]
        return "\n\n".join(markup.shortened(part, _TERMINAL) for part in parts) or "no output is odd in these features"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cards = [markup.card(_title(row), markup.muted(_facts(row)), markup.pre(_text(row))) for row in self._rows]
        return markup.columns(cards) if cards else markup.muted(str(self))

    @property
    def _rows(self) -> list[dict[Any, Any]]:
        return self.table.to_dict("records")


def oddest(runs: Any, features: Sequence[str] = ODD, n: int = 1) -> Oddities:
    """The outputs with the highest values of each feature; what no output has is left out.

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        As for `compare`, with the outputs' texts.
    features
        Numeric columns of the samples; by default those of `promptlab.traces` that tell of length, doubt, loops, other
        languages and copying, where the samples have them.
    n
        How many outputs of each.

    Raises
    ------
    InputError
        A feature is unknown, or the samples come without their texts.
    """
    import pandas as pd

    samples, n = crossed(runs).samples, given.whole("n of oddest", n, 1)
    if "completion" not in samples:
        raise InputError("runs of oddest have no column completion: there is nothing to look at")
    measured = samples.select_dtypes(["number", "bool", "boolean"]).columns
    for name in features:
        if name not in measured and features is not ODD:
            raise unknown("feature of oddest", name, measured)
    kept = [name for name in (*_ABOUT, "status", "answer", "gold", "completion", "reasoning") if name in samples]
    rows = [
        {"feature": name, "value": float(samples.loc[i, name]), **samples.loc[i, kept].to_dict()}
        for name in features
        if name in measured
        for i in samples[samples[name].fillna(0) > 0].sort_values(name, ascending=False, kind="stable").index[:n]
    ]
    return Oddities(pd.DataFrame(rows, columns=["feature", "value", *kept]))


def _title(row: dict[Any, Any]) -> str:
    where = ", ".join(f"{name} {row[name]}" for name in _ABOUT[1:] if name in row)
    return f"{row['feature'].replace('_', ' ')} {tables.cell(row['value'])}: {row['model']}, {where}"


def _facts(row: dict[Any, Any]) -> str:
    return "; ".join(f"{name}: {row[name]}" for name in ("status", "answer", "gold") if name in row)


def _text(row: dict[Any, Any]) -> str:
    """Reasoning and answer text, told apart however they came."""
    completion = Completion(row["completion"], "complete", row.get("reasoning") or "")
    reasoning, answer_text = split_reasoning(completion)
    return f"{reasoning}\n--- answer\n{answer_text}" if reasoning else answer_text
