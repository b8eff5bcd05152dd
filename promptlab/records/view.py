"""`Run`: the records of one directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab import markup
from promptlab.errors import InputError, StoreError, unknown
from promptlab.records.showing import Shown, cards_of, plain
from promptlab.store import Store, read_manifest
from promptlab.types import AnswerFormat, Grader, Question
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Run:
    """One model under several conditions: what `promptlab.run` and `load_run` return.

    It reads its directory when it is asked; nothing in it can be changed, and nothing calls a model.

    Parameters
    ----------
    path
        The run's directory.
    manifest
        What made the run: model, sampling, answer format, grader, questions, versions, sessions.
    grader
        (name, version) of the grader whose grades are shown.
    """

    path: Path
    manifest: Mapping[str, Any] = field(compare=False)
    grader: tuple[str, str]

    @property
    def model(self) -> str:
        """The model's short name."""
        return str(self.manifest["name"])

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """The conditions' names, in the order in which they were added."""
        with Store(self.path) as store:
            return tuple(store.conditions())

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The questions, in the order in which they were added."""
        with Store(self.path) as store:
            return tuple(store.questions())

    def to_frame(self, *, completion: bool = True, reasoning: bool = True) -> pd.DataFrame:
        """One tidy frame, a row a sample, ordered by condition, question and sample.

        Parameters
        ----------
        completion, reasoning
            With the texts of the completions and of the server's reasoning field. They are most of the memory.

        Returns
        -------
        pandas.DataFrame
            The columns ``model, condition, question, cluster, sample, draw, replicate``, the conditions' factors,
            ``score`` (in [0, 1]; NaN: missing), ``status, ending, answered, format_ok, answer, gold, why``, the
            features of `promptlab.traces`, tokens, ``seconds, finish_reason, error, seed, key`` and the texts.
        """
        from promptlab.records.frames import to_frame

        wanted = {"completion": completion, "reasoning": reasoning}
        with Store(self.path) as store:
            return to_frame(store, self.model, self.grader, [column for column, keep in wanted.items() if not keep])

    def to_parquet(self, path: str | Path) -> Path:
        """Write the frame of `to_frame` as a Parquet file (needs pyarrow) and return its path."""
        target = Path(path)
        try:
            self.to_frame().to_parquet(target, index=False)
        except ImportError:
            raise InputError("to_parquet needs a Parquet library: pip install pyarrow") from None
        except OSError as problem:
            raise StoreError(f"{target} cannot be written: {problem.strerror or problem}") from None
        return target

    def regrade(self, grader: Grader) -> Run:
        """Grade every stored completion again and return the run with these grades; calls no model.

        Other graders' grades stay, and `load_run` goes on showing those of the grader that the run was made with
        unless it is asked for another one.

        Raises
        ------
        StoreError
            Another process writes to the run.
        """
        from promptlab.grading import as_grader
        from promptlab.records.scoring import Scorer, grade_stored

        asked = self.manifest["answer_format"]
        scorer = Scorer(as_grader(grader), AnswerFormat(**asked) if asked else None)
        with Store(self.path, write=True) as store:
            grade_stored(store, [key for (key,) in store.rows("SELECT key FROM samples ORDER BY rowid")], scorer)
        return replace(self, grader=scorer.identity)

    def show(
        self, question: str | None = None, conditions: str | Sequence[str] | None = None, sample: int = 0
    ) -> Shown:
        """What the model answered to one question, side by side for every condition.

        Parameters
        ----------
        question
            A question's id; by default the first.
        conditions
            One name or several; by default all.
        sample
            Which of the samples, 0..K-1.
        """
        names = [conditions] if isinstance(conditions, str) else list(conditions or self.conditions)
        for name in names:
            if name not in self.conditions:
                raise unknown("condition", name, self.conditions)
        asked = self._question(question)
        with Store(self.path) as store:
            cards = [card for name in names for card in cards_of(store, self.grader, asked.id, name, sample)]
        if not cards:
            raise InputError(f"{self.path} has no sample {sample} of question {asked.id!r} under {', '.join(names)}")
        return Shown(self.model, asked, tuple(cards))

    def _question(self, wanted: str | None) -> Question:
        found = [question for question in self.questions if wanted in (None, question.id)]
        if not found:
            raise unknown("question", wanted, [question.id for question in self.questions[:20]])
        return found[0]

    def _counts(self) -> tuple[list[str], list[list[object]]]:
        """Samples by condition and ending: headers and rows."""
        query = "SELECT condition, ending, count(*) FROM samples GROUP BY condition, ending"
        with Store(self.path) as store:
            counts = {(condition, ending): n for condition, ending, n in store.rows(query)}
        endings = sorted({ending for _, ending in counts})
        return ["condition", *endings], [[c, *(counts.get((c, e), 0) for e in endings)] for c in self.conditions]

    def __repr__(self) -> str:
        _, rows = self._counts()
        total = sum(n for _, *numbers in rows for n in numbers if isinstance(n, int))
        size = " x ".join([counted(len(self.conditions), "condition"), counted(len(self.questions), "question")])
        return plain(f"<Run {self.model}: {size}, {counted(total, 'sample')}, grader {self.grader[0]}, in {self.path}>")

    def _repr_html_(self) -> str:
        headers, rows = self._counts()
        return markup.muted(repr(self)) + markup.table(headers, rows)


def load_run(path: str | Path, *, grader: str | None = None) -> Run:
    """Open the records of a run.

    Parameters
    ----------
    path
        The run's directory.
    grader
        The name of a grader whose grades to show (see `Run.regrade`); by default the run's own.

    Raises
    ------
    StoreError
        There is no run, or its files are damaged or of a newer promptlab.
    InputError
        No grades of that grader are stored.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    with Store(folder) as store:
        if manifest is None:
            raise StoreError(f"{folder} holds no run (manifest.json is missing)")
        run = Run(folder, manifest, (manifest["grader"]["name"], manifest["grader"]["version"]))
        return run if grader is None else replace(run, grader=_stored_grader(store, grader))


def _stored_grader(store: Store, name: str) -> tuple[str, str]:
    """The grader of that name; of several versions the one that graded last."""
    query = "SELECT grader, version FROM grades GROUP BY grader, version ORDER BY max(rowid)"
    versions = dict(store.rows(query))
    if name not in versions:
        raise unknown("grader of this run", name, versions)
    return name, versions[name]
