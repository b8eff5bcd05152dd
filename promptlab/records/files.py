"""`RunFile`: the records of one run, in one Parquet file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from promptlab.errors import unknown
from promptlab.prompts.shuffling import as_asked
from promptlab.records.flagging import with_flags
from promptlab.records.frames import ASKED, TAIL, typed
from promptlab.records.parquet import complete, explained, prompt_of, read, read_about
from promptlab.records.showing import Card
from promptlab.records.view import Run, marked
from promptlab.store import Sample, question_of, storable_grade
from promptlab.types import Completion, Grade, Grader, ModelId, Question, Sampling, request_keys, status

# As the store keeps a question: id, text, answers, kind, choices, cluster, meta.
_QUESTION = ("question", *ASKED[:4], "cluster", ASKED[4])
_PLACE = ("key", "question", "condition", "draw", "replicate", "sample", "seed")
_TOLD = [column for column in TAIL if column not in ("key", "seed", "completion")]  # of `Completion`, less its text


def open_file(path: Path, grader: str | None = None) -> RunFile:
    """Open a file of `Run.to_parquet`; it holds the grades of one grader."""
    manifest = read_about(path)
    with explained(path):
        name, version = manifest["grader"]["name"], manifest["grader"]["version"]
    if grader not in (None, name):
        raise unknown("grader of this run", grader, [name])
    return RunFile(path, manifest, (name, version))


@dataclass(frozen=True, repr=False)
class RunFile(Run):
    """A run in one Parquet file: read and used like any other.

    Parameters
    ----------
    regraded
        Grades and features of a grading in memory, a row a sample.
    """

    regraded: pd.DataFrame | None = field(default=None, compare=False)

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """The conditions' names, in the order in which they were added."""
        return tuple(self.manifest["conditions"])

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The questions of which the file has samples, in their order."""
        first = read(self.path, only=_QUESTION).drop_duplicates("question")
        with explained(self.path):
            return tuple(question_of(tuple(row[column] for column in _QUESTION)) for row in rows_of(first))

    def to_frame(self, *, completion: bool = True, reasoning: bool = True) -> pd.DataFrame:
        """One tidy frame, as `Run.to_frame` describes it; columns that the file was written without are empty.

        All but `key`: it is computed anew from the model, the prompt, the sampling settings, replicate and index.
        """
        texts = {"completion": completion, "reasoning": reasoning}
        without = [*ASKED, *(column for column, keep in texts.items() if not keep)]
        frame = marked(complete(self._with_grades(self._stored(without)), without), self.manifest)
        return with_flags(frame, self.path)

    def _stored(self, without: Sequence[str] = ()) -> pd.DataFrame:
        frame = read(self.path, without=without)
        return frame if "key" in frame else frame.assign(key=self._keys)

    @cached_property
    def _keys(self) -> list[str]:
        with explained(self.path):
            rows = read(self.path, only=["prompt", "replicate", "sample"])
            sent = {text: prompt_of(text) for text in rows["prompt"].unique()}
            key_of = request_keys(ModelId(**self.manifest["model"]), Sampling(**self.manifest["sampling"]))
            return [key_of(sent[text], *numbers) for text, *numbers in rows.itertuples(index=False, name=None)]

    def _whole(self) -> pd.DataFrame:
        return with_flags(marked(self._with_grades(self._stored()), self.manifest), self.path)

    def _with_grades(self, frame: pd.DataFrame) -> pd.DataFrame:
        if self.regraded is None:
            return frame
        return frame.assign(**{str(column): self.regraded[column] for column in self.regraded})

    def regrade(self, grader: Grader) -> RunFile:
        """Grade every completion again and return the run with these grades; calls no model.

        The file stays as it is. To keep the grades, write another with `to_parquet`.
        """
        scorer = self._scorer(grader)
        questions = {question.id: question for question in self.questions}
        rows = []
        for card in self._all_cards(self._whole()):
            sample, completion = card.sample, card.sample.completion
            asked = as_asked(questions[sample.question], self.manifest["conditions"][sample.condition], sample.sample)
            found, features = scorer(asked, card.prompt, completion)
            rows.append({**_grade_columns(found, completion), **features})
        return replace(self, grader=scorer.identity, regraded=typed(pd.DataFrame(rows)) if rows else None)

    @cached_property
    def _kept(self) -> pd.DataFrame:
        """The whole file: one of its rows cannot be read alone."""
        return complete(self._whole())

    def index(self) -> pd.DataFrame:
        """As `Run.index`, in the order of the file."""
        names = ["condition", "question", "replicate", "sample", "key", "ending", "status", "score"]
        return self.to_frame(completion=False, reasoning=False)[names]

    def card(self, row: pd.Series) -> Card:
        """The sample of one row of `index`, with its texts and what was sent."""
        with explained(self.path):
            return card_of(rows_of(self._kept.loc[[row.name]])[0])

    def _cards(self, question: str, conditions: Sequence[str], sample: int) -> list[Card]:
        frame = self._whole()
        cards = self._all_cards(frame[(frame["question"] == question) & (frame["sample"] == sample)])
        return [card for name in conditions for card in cards if card.sample.condition == name]

    def _all_cards(self, frame: pd.DataFrame) -> list[Card]:
        with explained(self.path):
            return [card_of(row) for row in rows_of(complete(frame))]

    def _endings(self) -> dict[tuple[str, str], int]:
        frame = read(self.path, only=["condition", "ending"])
        return Counter(zip(frame["condition"], frame["ending"], strict=True))


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of plain values; None for what is missing."""
    plain = frame.astype(object)
    return plain.where(frame.notna(), None).to_dict("records")  # type: ignore[return-value]


def card_of(row: Mapping[str, Any]) -> Card:
    prompt = prompt_of(row["prompt"])
    completion = Completion(row["completion"], row["ending"], **{name: row[name] for name in _TOLD})
    sample = Sample(prompt=prompt.hash, completion=completion, **{name: row[name] for name in _PLACE})
    return Card(sample, prompt, _grade(row))


def _grade(row: Mapping[str, Any]) -> Grade | None:
    if row["status"] == "ungraded":
        return None
    score = float("nan") if row["score"] is None else row["score"]
    return Grade(score, row["answer"], row["answered"], row["format_ok"], row["why"])


def _grade_columns(grade: Grade, completion: Completion) -> dict[str, Any]:
    found = storable_grade(grade)
    return {**asdict(found), "status": status(completion.ending, found.score, found.answered)}
