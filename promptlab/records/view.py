"""`Run`: the records of one run, in its directory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab import given, markup
from promptlab.errors import InputError, unknown
from promptlab.records.flagging import Flag, Place, change_flag, flags_of, with_flags
from promptlab.records.scoring import Scorer, grade_stored
from promptlab.records.showing import Card, Shown, cards_of, plain
from promptlab.store import Store
from promptlab.types import AnswerFormat, Grader, Question
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

STOPPED = "stopped"  # a column: the size of this sample was not fixed before, so nothing for a fixed size holds


def marked(frame: pd.DataFrame, manifest: Mapping[str, Any]) -> pd.DataFrame:
    """The same frame; that of a run under a rule says so in every row, and in its `attrs` for parts without the column.

    Files and joined frames lose `attrs`, and keep a column.
    """
    if _is_stopped(frame, manifest):
        frame.attrs[STOPPED] = True
        if STOPPED not in frame:
            frame.insert(list(frame).index("replicate") + 1, STOPPED, True)
    return frame


def _is_stopped(frame: pd.DataFrame, manifest: Mapping[str, Any]) -> bool:
    """Made under a rule, or with samples of such a run, not (yet) every condition of all that it might have asked."""
    caps = [entry["cap"] for entry in manifest.get("reused", ()) if "cap" in entry]
    asked = [set(of) for _, of in frame.groupby("condition", observed=True)["question"]] if caps else []
    return bool(manifest.get("stopping")) or not all(of.issuperset(cap) for cap in caps for of in asked)


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
            The columns ``model, condition, question, cluster, sample, draw, replicate, variant`` (0: the options as
            given; answers are in the letters of that order, whatever order was shown), ``stopped`` (of a run made with
            ``stop_when=``, or with samples of one and not all questions of its cap: `compare` refuses its samples,
            wherever they turn up), the conditions' factors,
            ``score`` (in [0, 1]; NaN: missing), ``status, ending, answered, format_ok, answer, gold, why``, the
            features of `promptlab.traces`, tokens, ``seconds, finish_reason, error, seed, key`` and the texts; where
            somebody has put any on samples, ``flag`` and ``flag_note``.
        """
        from promptlab.records.frames import to_frame

        wanted = {"completion": completion, "reasoning": reasoning, "prompt": False}
        without = [column for column, keep in wanted.items() if not keep]
        with Store(self.path) as store:
            frame = marked(to_frame(store, self.model, self.grader, without), self.manifest)
        return with_flags(frame, self.path)

    def to_parquet(self, path: str | Path, *, drop: str | Collection[str] = ()) -> Path:
        """Write the whole run into one Parquet file (needs pyarrow), which `load_run` opens again.

        It holds the columns of `to_frame`, flags included, the question (``question_text``, ...) and the ``prompt`` of
        every sample, and the manifest as metadata. It is made to be small and easily shared: compressing takes seconds.

        Parameters
        ----------
        path
            The file, for example ``r1.parquet``.
        drop
            Columns to leave out, one or several: tokens, ``seconds, finish_reason, error, seed, key, reasoning``.
            `load_run` gives them back empty, and `key`, which follows from the rest, as it was.

        Returns
        -------
        Path
            The same path.

        Raises
        ------
        InputError
            `drop` names a column that has to be there, `path` is no place on disk, or pyarrow is missing.
        StoreError
            The file cannot be written.
        """
        from promptlab.records import parquet

        name, version = self.grader
        manifest = {**self.manifest, "grader": {"name": name, "version": version}}
        place, without = given.to_write("path of to_parquet", path), given.texts("drop of to_parquet", drop)
        return parquet.write(place, self._whole(), manifest, without)

    def _whole(self) -> pd.DataFrame:
        """The frame with what was asked and sent."""
        from promptlab.records.frames import to_frame
        from promptlab.records.parquet import with_asked

        with Store(self.path) as store:
            frame = with_asked(to_frame(store, self.model, self.grader), self.questions, store.prompt)
        return with_flags(marked(frame, self.manifest), self.path)

    def regrade(self, grader: Grader) -> Run:
        """Grade every stored completion again and return the run with these grades; calls no model.

        Other graders' grades stay, and `load_run` goes on showing those of the grader that the run was made with
        unless it is asked for another one.

        Raises
        ------
        StoreError
            Another process writes to the run.
        """
        scorer = self._scorer(grader)
        with Store(self.path, write=True) as store:
            grade_stored(store, [key for (key,) in store.rows("SELECT key FROM samples ORDER BY rowid")], scorer)
        return replace(self, grader=scorer.identity)

    def retraced(self, conditions: str | Sequence[str] | None = None, n_questions: int | None = None) -> pd.DataFrame:
        """The frame with all features of `promptlab.traces` computed anew (needs pyarrow); calls no model.

        For runs that an older version wrote: the stored features stay as they are. To store new ones, `regrade`.

        Parameters
        ----------
        conditions
            One name or several; by default all.
        n_questions
            Only of the first questions; by default of all.
        """
        from promptlab.records.retracing import retraced

        names, whole = self._named(conditions), self._whole()
        n = len(self.questions) if n_questions is None else given.whole("n_questions of retraced", n_questions, 1)
        asked = {question.id: question for question in self.questions[:n]}
        wanted = whole["condition"].isin(names) & whole["question"].isin(list(asked))
        found = retraced(whole[wanted].reset_index(drop=True), asked.__getitem__)
        return marked(found, self.manifest) if STOPPED in whole else found

    def _scorer(self, grader: Grader) -> Scorer:
        from promptlab.grading import as_grader

        asked = self.manifest["answer_format"]
        return Scorer(as_grader(grader), AnswerFormat(**asked) if asked else None)

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
        names = self._named(conditions)
        asked, sample = self._question(question), given.whole("sample of show", sample, 0)
        cards = self._cards(asked.id, names, sample)
        if not cards:
            raise InputError(f"{self.path} has no sample {sample} of question {asked.id!r} under {', '.join(names)}")
        return Shown(self.model, asked, tuple(cards))

    def _named(self, conditions: str | Sequence[str] | None) -> Sequence[str]:
        names = self.conditions if conditions is None else given.texts("conditions of show", conditions)
        for name in names:
            if name not in self.conditions:
                raise unknown("condition", name, self.conditions)
        return names or self.conditions

    def _question(self, wanted: str | None) -> Question:
        if not self.questions:
            raise InputError(f"{self.path} holds no samples yet: there is nothing to show")
        found = [question for question in self.questions if wanted in (None, question.id)]
        if not found:
            raise unknown("question", wanted, [question.id for question in self.questions[:20]])
        return found[0]

    def index(self) -> pd.DataFrame:
        """A row a sample, in no order: its place, ``key, ending, status, score``. Large runs are read fast."""
        from promptlab.records.frames import index_of

        with Store(self.path) as store:
            return index_of(store, self.grader)

    def card(self, row: pd.Series) -> Card:
        """The sample of one row of `index`, with its texts and what was sent."""
        with Store(self.path) as store:
            (sample,) = store.samples([row["key"]])
            return Card(sample, store.prompt(sample.prompt), store.grade(sample.key, self.grader))

    @property
    def flags(self) -> dict[Place, Flag]:
        """What people have said of samples, by (condition, question, replicate, sample)."""
        return flags_of(self.path)

    def put_flag(self, place: Place, flag: bool = False, note: str = "") -> None:
        """Flag a sample, or put a note on it; both come back as columns of `to_frame`. Without either it is undone."""
        change_flag(self.path, place, flag=flag, note=note)

    def _cards(self, question: str, conditions: Sequence[str], sample: int) -> list[Card]:
        with Store(self.path) as store:
            return [card for name in conditions for card in cards_of(store, self.grader, question, name, sample)]

    def _endings(self) -> dict[tuple[str, str], int]:
        """How many samples have each condition and ending."""
        query = "SELECT condition, ending, count(*) FROM samples GROUP BY condition, ending"
        with Store(self.path) as store:
            return {(condition, ending): n for condition, ending, n in store.rows(query)}

    def _counts(self) -> tuple[list[str], list[list[object]]]:
        """Samples by condition and ending: headers and rows."""
        counts = self._endings()
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
