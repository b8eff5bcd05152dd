"""`ImportedRun`: samples that somebody else produced, used like those of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from promptlab import markup, tables
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

_ENDINGS = ("error", "truncated", "empty", "refused")


@dataclass(frozen=True, eq=False, repr=False)
class ImportedRun:
    """One model under several conditions, as others recorded it: what `import_run` returns.

    Attributes
    ----------
    model : str
        The model's short name.
    notes : tuple of str
        What to know: rows left out, scores of failed samples, which questions do not align and why.
    origins : tuple of mapping
        What was read: file names and their SHA-256.
    """

    model: str
    samples: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()
    origins: tuple[Mapping[str, Any], ...] = ()

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions' names, in order of appearance."""
        return tuple(dict.fromkeys(self.samples["condition"]))

    def to_frame(self) -> pd.DataFrame:
        """One tidy frame, a row a sample, for `compare`, `contrast` or pandas.

        Returns
        -------
        pandas.DataFrame
            The columns that were mapped, and ``model, condition, question, sample, ending, answered``; ``score`` (NaN:
            missing, also where a sample ended in an error) beside ``as_scored``, which the source gave.
        """
        return self.samples.copy()

    def as_scored(self) -> ImportedRun:
        """The same with every score as the source gave it: errors and empty outputs count as what they were scored.

        To be put beside the run itself, not in its place.
        """
        frame = self.samples.assign(score=self.samples["as_scored"], ending="complete", answered=True)
        return replace(self, samples=frame, notes=(*self.notes, "scores are as the source gave them"))

    @property
    def bounds(self) -> pd.DataFrame:
        """A row a condition: its mean score over questions as scored, without missing samples, and at the bounds.

        Returns
        -------
        pandas.DataFrame
            ``questions, samples``, counts of ``error, truncated, empty, refused, no_answer, missing``, ``as_scored``,
            ``score``, and ``low`` to ``high``: missing samples as 0 and as 1, failed ones as scored and as 1. These
            are not confidence intervals; a comparison's validity is decided by the same bounds.
        """
        frame = self.samples
        missing = frame["score"].isna()
        failed = ~missing & (frame["ending"].isin(_ENDINGS) | ~frame["answered"])
        counts = {name: frame["ending"] == name for name in _ENDINGS}
        counts |= {"no_answer": failed & ~frame["ending"].isin(_ENDINGS), "missing": missing}
        values = {
            "as_scored": frame["as_scored"],
            "score": frame["score"],
            "low": frame["score"].fillna(0.0),
            "high": frame["score"].where(~missing & ~failed, 1.0),
        }
        by = frame["condition"]
        table = frame.groupby(by, sort=False).agg(questions=("question", "nunique"), samples=("score", "size"))
        table = table.assign(**{name: mask.groupby(by).sum() for name, mask in counts.items()})
        means = {name: column.groupby([by, frame["question"]]).mean() for name, column in values.items()}
        return table.assign(**{name: m.groupby(level=0).mean() for name, m in means.items()}).reset_index()

    def __repr__(self) -> str:
        size = counted(len(self.conditions), "condition"), counted(self.samples["question"].nunique(), "question")
        head = f"<ImportedRun {self.model}: {' x '.join(size)}, {counted(len(self.samples), 'sample')}"
        return markup.visible(f"{head}, {counted(len(self.notes), 'note')}>")

    def _repr_html_(self) -> str:
        return markup.muted(repr(self)) + tables.html(self.bounds) + markup.bullets(self.notes)
