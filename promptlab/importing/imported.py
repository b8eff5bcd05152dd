"""`ImportedRun`: samples that somebody else produced, used like those of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from promptlab import markup, tables
from promptlab.importing.notes import SCORES, missing_of
from promptlab.types import Grader
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

    from promptlab.importing.regrading import Gold

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
    grader : tuple of str, optional
        (name, version) of our grader that scored the samples, see `regrade`; None: the source did.
    """

    model: str
    samples: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()
    origins: tuple[Mapping[str, Any], ...] = ()
    grader: tuple[str, str] | None = None

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
        return replace(self, samples=frame, notes=self._noted("as the source gave them"), grader=None)

    def regrade(self, grader: Grader, *, gold: Gold | None = None) -> ImportedRun:
        """The same with scores, answers and reasons of our grader, which sees completion and gold answer; no model.

        The source's own scores stay in ``as_scored`` and `bounds`, endings stay as they are, and a note says how many
        scores differ. `lab.maths` compares in processes that are killed when they take too long.

        Parameters
        ----------
        grader
            For the one kind of answer that the file holds (`lab.number`, `lab.label`, ... or a function of yours).
        gold
            Makes of a gold answer's text the answer itself, or several. By default the text is the answer; `` | ``
            stands between several.

        Raises
        ------
        InputError
            The samples have no completions or gold answers, or the grader cannot read a gold answer.

        Examples
        --------
        >>> from promptlab import grading, importing
        >>> row = {"model": "m", "condition": "c", "question": "q", "completion": "It is 72.", "score": 0}
        >>> run = importing.import_run([{**row, "gold": "48 + 24 = 72 #### 72"}])
        >>> again = run.regrade(grading.number, gold=lambda text: text.rpartition("#### ")[2])
        >>> again.to_frame()[["score", "as_scored", "answer"]].values.tolist(), again.notes[-1][:34]
        ([[1.0, 0.0, '72']], 'scores are ours (number, version 5')
        """
        from promptlab.grading import as_grader
        from promptlab.importing.regrading import differing, regraded

        made = as_grader(grader)
        frame, identity = regraded(self.samples, made, gold), (made.name, made.version)
        stale, now = missing_of(self.samples), missing_of(frame)
        kept = replace(self, samples=frame, notes=(*(note for note in self.notes if note not in stale), *now))
        said = f"ours ({made.name}, version {made.version}); {differing(frame)}"
        return replace(kept, notes=kept._noted(said), grader=identity)

    def _noted(self, said: str) -> tuple[str, ...]:
        """The notes with what is said of these scores, less what was said of others."""
        return (*(note for note in self.notes if not note.startswith(SCORES)), SCORES + said)

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
        ours = f", regraded by {self.grader[0]}" if self.grader else ""
        return markup.visible(f"{head}{ours}, {counted(len(self.notes), 'note')}>")

    def _repr_html_(self) -> str:
        return markup.muted(repr(self)) + tables.html(self.bounds) + markup.bullets(self.notes)
