"""The steps of every answer of the design dose, checked.

Exploratory, as `doses`. A zero-shot answer is checked once for each condition, as if it had been shown that condition's
exemplars, so that their numbers count by chance on both sides of a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from experiments.r1_miniature.registered import BASELINE
from experiments.r1_miniature.steps import ASTRAY, OPERANDS, OPERATED, RIGHT, Checked, check, with_steps
from promptlab.errors import InputError
from promptlab.numerals import clean, numerals
from promptlab.records import Run
from promptlab.records.files import card_of, rows_of
from promptlab.records.parquet import complete, read
from promptlab.records.showing import Card
from promptlab.types import Completion, Grade, Prompt, Question

if TYPE_CHECKING:
    import pandas as pd

AS_IF = "as if "  # and a condition's name: the zero-shot answers, checked against its exemplars
STEPS = ("done", "skipped", "mended")  # shares of the true steps
PLACES = ("wrong at step 1", "wrong at step 2", "wrong at step 3 or 4", "wrong, no step wrong")
REPEATS = "repeats"
_KEPT = (
    "question",
    "cluster",
    "sample",
    "score",
    "ending",
    "answered",
    "shots",
    "style",
    "select",
    "content",
    "layout",
)
_OWN = (OPERATED, OPERANDS, ASTRAY)  # where an exemplar's number could be the reason instead

Checking = Callable[[Question, tuple[str, ...], Completion, Grade], Checked]


def checked(run: Run, name: str) -> pd.DataFrame:
    """A row a sample with exemplars, and a row a zero-shot sample and condition; `name` is the model's."""
    import pandas as pd

    asked = with_steps(run.questions, run.path)
    rows, seen = rows_of(complete(read(run.path))), _checking()
    each = [_row(row, condition, card, asked, seen) for row, condition, card in _with_exemplars(rows)]
    return pd.DataFrame(each).assign(model=name)


def _with_exemplars(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str, Card]]:
    """Each sample, with the exemplars that it was shown or might have been."""
    cards = [(row, card_of(row)) for row in rows]
    shown = {(row["question"], row["condition"]): card.prompt for row, card in cards}
    conditions = [name for name in dict.fromkeys(row["condition"] for row in rows) if name != BASELINE]
    for row, card in cards:
        if row["condition"] != BASELINE:
            yield row, row["condition"], card
            continue
        for name in conditions:
            if prompt := shown.get((row["question"], name)):
                yield row, AS_IF + name, Card(card.sample, prompt, card.grade)


def _row(row: Mapping[str, Any], condition: str, card: Card, asked: Mapping[str, Question], seen: Checking
) -> dict[str, Any]:  # fmt: skip
    question, grade, sample = asked[row["question"]], card.grade, card.sample.completion
    if grade is None:
        raise InputError(f"a sample of {row['condition']} has no grade: Run.regrade gives it one")
    exemplars = card.prompt.exemplars
    found = seen(question, exemplars, Completion(sample.text, sample.ending), grade)
    shares = {name: getattr(found, name) / found.steps for name in STEPS}
    place = {} if found.way == RIGHT else {_place(found): 1.0}
    told = {"way": found.way, REPEATS: float(repeats(question, exemplars, grade)), **shares}
    kept = {name: row[name] for name in _KEPT}
    return {"condition": condition, **kept, **told, **dict.fromkeys(PLACES, 0.0), **place}


def _place(found: Checked) -> str:
    return PLACES[3 if found.first_wrong is None else min(found.first_wrong, 3) - 1]


def _checking() -> Checking:
    """`check`, done once for the same text; again with the exemplars only where they could change what it says."""

    @cache
    def alone(identity: int, completion: Completion, grade: Grade) -> Checked:
        return check(known[identity], Prompt(), completion, grade)

    def seen(question: Question, exemplars: tuple[str, ...], completion: Completion, grade: Grade) -> Checked:
        known[id(question)] = question
        found = alone(id(question), completion, grade)
        return check(question, Prompt(exemplars=exemplars), completion, grade) if found.way in _OWN else found

    known: dict[int, Question] = {}  # by identity: a question's meta cannot be hashed
    return seen


def repeats(question: Question, exemplars: tuple[str, ...], grade: Grade) -> bool:
    """Whether an answer is wrong, and the answer of an exemplar (its last number), which the question does not hold."""
    if grade.score >= 1 or not grade.answered:
        return False
    theirs = {last for shown in exemplars for last in _numbers(shown)[-1:]}
    return any(answer in theirs - {*_numbers(question.text)} for answer in _numbers(grade.answer)[:1])


@cache
def _numbers(text: str) -> tuple[Any, ...]:
    return tuple(n.value for n in numerals(clean(text)) if n.value is not None)
