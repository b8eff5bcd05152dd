"""From a benchmark's file to questions with their exemplar pool: whole, without repeats, and with its origin."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, cast

from promptlab.errors import InputError, unknown
from promptlab.questions.benchmarks.cards import Benchmark
from promptlab.questions.benchmarks.finding import lacking, read_hub, read_local
from promptlab.questions.checks import check_count, check_one, prompt_key
from promptlab.questions.reading import Row, Table
from promptlab.questions.sets import QuestionSet, shuffled
from promptlab.textnorm import normalise
from promptlab.types import Question
from promptlab.wording import counted

POOL = 2_000  # exemplars at most, always the same ones: a pool is part of what a run keeps
Placed = tuple[str, Question]


def load_benchmark(
    card: Benchmark,
    split: str,
    n: int | None = None,
    seed: int = 0,
    path: str | os.PathLike[str] | None = None,
    pool: bool = True,
) -> QuestionSet:
    """The questions of a split, all in the file's order or `n` at random, with the pool of their card.

    A question that repeats another, or whose gold answer cannot be read, is left out with a warning.

    Raises
    ------
    InputError
        An unknown split, or a file that is not there or not the right one.
    """
    if split not in card.splits:
        raise unknown(f"split of {card.name}", split, card.splits)
    table = read_local(card, split, path)
    questions, origin = _whole(card, split, table or read_hub(card, split), from_hub=table is None)
    exemplars: list[Question] = []
    if pool and card.exemplars and split != card.exemplars:
        exemplars, origin["pool"] = _exemplars(card, questions, online=path is None)
    if n is not None:
        check_count(n, f"{card.name}, split {split!r},", len(questions))
        questions = shuffled(questions, n, seed)
    return QuestionSet(tuple(questions), f"{card.name}-{split}", tuple(exemplars), origin | {"n": n, "seed": seed})


def _whole(card: Benchmark, split: str, table: Table, from_hub: bool) -> tuple[list[Question], dict[str, Any]]:
    placed = _questions(card, split, table, enumerate(table.rows))
    size = card.splits[split].size
    if len(placed) != size:
        differs = f"{table.name} has {counted(len(placed), 'question')} of {card.name}, but the split has {size:,}"
        if from_hub:
            raise lacking(card, split, differs)
        warnings.warn(f"{differs}: results are not those of the whole benchmark", stacklevel=4)
    questions, left_out = _usable(placed)
    if left_out:
        told = "; ".join(f"{len(ids)} {why} ({', '.join(ids[:3])})" for why, ids in left_out.items())
        warnings.warn(f"{card.name}: left out of {counted(len(placed), 'question')} are {told}", stacklevel=4)
    counts = {why: len(ids) for why, ids in left_out.items()}
    return questions, _origin(card, split, table) | {"rows": len(placed), "left_out": counts}


def _origin(card: Benchmark, split: str, table: Table) -> dict[str, Any]:
    wanted = card.splits[split]
    return dict(table.origin) | {
        "source": "benchmark",
        "benchmark": card.name,
        "split": split,
        "repo": wanted.repo,
        "revision": wanted.revision,
        "as_pinned": table.origin["sha256"] in wanted.sha256,  # False: a file of the user's own, or no digest is known
    }


def _questions(card: Benchmark, split: str, table: Table, rows: Iterable[tuple[int, tuple[str, Row]]]) -> list[Placed]:
    wanted = card.splits[split]
    placed = []
    for number, (place, row) in rows:
        cells = cast(dict[str, Any], row)  # a file has no ready questions
        try:
            name = f"{card.name}-{split}-{cells[wanted.key] if wanted.key else number}"
            question = wanted.read(cells, name)
        except (LookupError, TypeError, ValueError, AttributeError, SyntaxError) as problem:
            raise InputError(f"{place}: no row of {card.name} ({type(problem).__name__}: {problem})") from None
        if question:
            placed.append((place, question))
    return placed


def _usable(placed: Sequence[Placed]) -> tuple[list[Question], dict[str, list[str]]]:
    """The questions that can be asked, and by reason the ids of the others."""
    usable: dict[str, Question] = {}
    left_out: dict[str, list[str]] = {}
    for place, question in placed:
        key = prompt_key(question)
        why = "that repeat another" if key in usable else _flaw(question, place)
        if why:
            left_out.setdefault(why, []).append(question.id)
        else:
            usable[key] = question
    return list(usable.values()), left_out


def _flaw(question: Question, place: str) -> str:
    try:
        check_one(question, place)
    except InputError:
        return "with no answer that can be graded"
    return ""


def _exemplars(card: Benchmark, asked: Sequence[Question], online: bool) -> tuple[list[Question], dict[str, Any]]:
    """The pool: what repeats a question of the split is not in it, whether that is asked or not."""
    try:
        table = read_local(card, card.exemplars, None) or (read_hub(card, card.exemplars) if online else None)
    except InputError as problem:
        warnings.warn(f"no exemplar pool: {problem}", stacklevel=4)
        table = None
    if table is None:
        return [], {"absent": card.exemplars}
    rows = list(enumerate(table.rows))
    found, _ = _usable(_questions(card, card.exemplars, table, shuffled(rows, POOL, 0) if len(rows) > POOL else rows))
    texts = {normalise(question.text) for question in asked}
    fresh = [question for question in found if normalise(question.text) not in texts]
    return fresh, _origin(card, card.exemplars, table) | {"rows": len(rows), "exemplars": len(fresh)}
