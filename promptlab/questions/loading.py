"""`load_questions`: one door to the built-in generator and to the user's own files, frames and lists."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from promptlab.errors import InputError, unknown
from promptlab.questions import arithmetic
from promptlab.questions.benchmarks import BENCHMARKS
from promptlab.questions.benchmarks.assembling import load_benchmark
from promptlab.questions.benchmarks.cards import Benchmark
from promptlab.questions.checks import check_count, check_questions
from promptlab.questions.columns import Columns, questions_from
from promptlab.questions.held_out import HELD_OUT
from promptlab.questions.reading import Source, Table, read_table
from promptlab.questions.sets import QuestionSet, shuffled
from promptlab.questions.templates import SEEN
from promptlab.types import Question, digest

_DEFAULT_N = 400


def load_questions(
    source: Source,
    *,
    split: str = "test",
    n: int | None = None,
    seed: int = 0,
    levels: int | Iterable[int] | None = None,
    templates: str = "seen",
    choices: int | None = None,
    pool: Source | None = None,
    columns: Columns | None = None,
    kind: str | None = None,
    name: str | None = None,
    path: str | os.PathLike[str] | None = None,
) -> QuestionSet:
    """Load and check questions.

    Parameters
    ----------
    source
        ``"arithmetic"`` (built-in word problems), a benchmark's name (``"gsm8k"``: see `available_benchmarks`), a path
        to a .jsonl, .csv or .parquet file, a DataFrame, or a list of dicts or `Question` objects. Columns:
        ``question`` (or ``text``) and ``answer`` (or ``answers``, a list); optional ``id``, ``kind``, ``choices``,
        ``cluster``, ``rationale``; all others go to ``meta``.
    split
        Of arithmetic ``pool``, ``train``, ``dev`` or ``test``; no text is in two of them. Of a benchmark ``test``, or
        the split that its exemplars come from.
    n
        How many questions; by default 400 of arithmetic, and all rows, in their order, of anything else.
    seed
        Which questions, if `n` is given. With the same seed, ``n=100`` is a prefix of ``n=200``.
    levels
        Arithmetic only: 1 (one step), 2 (two), 3 (two to four, small numbers), 4 (as 3, larger); default all.
    templates
        Arithmetic only: ``seen``, ``held-out`` (never trained on) or ``all``.
    choices
        Arithmetic only: the same questions with so many labelled options, made from slips on the way to the answer.
    pool
        The exemplar pool, as `source` with the same columns; arithmetic has its own (eight for each template), and so
        have most benchmarks (at most 2,000 of another split).
    columns
        What the columns are called, ``{"question": "prompt_text"}``, or how a field is made from a row,
        ``{"answer": lambda row: row["solution"].split("####")[1]}``.
    kind
        ``number``, ``label`` or ``text`` for rows that do not say; by default ``label`` where there are choices,
        ``number`` where the answers are numbers, else ``text``.
    name
        Name of the set; by default the file's, or ``arithmetic-test``, ``gsm8k-test``.
    path
        Benchmarks only: a file of the split's rows, with the columns of the published one. Without it the file comes
        from the folder that the environment variable ``PROMPTLAB_DATA`` names (``gsm8k/test.jsonl``), else from the
        hub (extra ``hub``), pinned by revision. With `path` the pool comes from that folder or from `pool`.

    Raises
    ------
    InputError
        With file and line, what was found, what was expected and the nearest name.

    Examples
    --------
    >>> questions = load_questions("arithmetic", n=3, levels=1)
    >>> questions[0].id, questions[0].kind
    ('arithmetic-test-0-L1-0', 'number')
    >>> load_questions([{"question": "What is 2 + 2?", "answer": 4}])[0].answers
    ('4',)
    """
    _check_whole("seed", seed)
    if isinstance(source, str) and source == "arithmetic":
        _refuse("the source 'arithmetic'", pool=pool, columns=columns, kind=kind, path=path)
        return _arithmetic(split, n, seed, levels, templates, choices, name)
    generated = {"levels": levels, "templates": None if templates == "seen" else templates, "choices": choices}
    if isinstance(source, str) and source in BENCHMARKS:
        _refuse("a benchmark", columns=columns, kind=kind, **generated)
        return _benchmark(load_benchmark(BENCHMARKS[source], split, n, seed, path, pool is None), source, pool, name)
    if path is not None or split != "test":
        _check_named(source)
    _refuse("a file, frame or list: it belongs to a benchmark", path=path)
    _refuse(
        "a file, frame or list: it belongs to the source 'arithmetic'",
        split=None if split == "test" else split,
        **generated,
    )
    if pool is None and isinstance(source, QuestionSet):
        pool = source.pool or None  # a set keeps its exemplars
    return _from_rows(read_table(source), n, seed, pool, columns, kind, name)


def _check_named(source: object) -> None:
    """Who gives `path` or `split` means a benchmark: its name may be misspelt."""
    if isinstance(source, str) and not Path(source).suffix:
        raise unknown("source", source, ["arithmetic", *BENCHMARKS])


def _refuse(where: str, **given: Any) -> None:
    for key, value in given.items():
        if value is not None:
            raise InputError(f"{key}={value!r:.60} has no meaning for {where}")


def _check_whole(key: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{key}={value!r}: expected a whole number")


def _arithmetic(
    split: str,
    n: int | None,
    seed: int,
    levels: int | Iterable[int] | None,
    templates: str,
    choices: int | None,
    name: str | None,
) -> QuestionSet:
    n = _DEFAULT_N if n is None else n
    check_count(n, "arithmetic")
    wanted: Sequence[int] = arithmetic.LEVELS
    if levels is not None:
        wanted = tuple(levels) if isinstance(levels, Iterable) else (levels,)
    questions = arithmetic.generate(split, n, seed, wanted, templates, choices)
    exemplars = [] if split == "pool" else arithmetic.exemplar_pool(seed, wanted, templates, choices)
    origin = {
        "source": "arithmetic",
        "split": split,
        "n": n,
        "seed": seed,
        "levels": sorted(set(wanted)),
        "templates": templates,
        "templates_hash": digest([SEEN, HELD_OUT]),
    }
    origin |= {} if choices is None else {"choices": choices}
    return QuestionSet(tuple(questions), name or f"arithmetic-{split}", tuple(exemplars), origin)


def _benchmark(questions: QuestionSet, source: str, pool: Source | None, name: str | None) -> QuestionSet:
    """With the caller's own pool and name, if there are any."""
    if pool is not None:
        questions = questions.with_pool(_own_pool(BENCHMARKS[source], pool))
    return replace(questions, name=name or questions.name)


def _own_pool(card: Benchmark, pool: Source) -> QuestionSet:
    """A file with the benchmark's columns, which no `columns` would describe, is told how it is opened."""
    try:
        return load_questions(pool)
    except InputError:
        own = card.splits.get(card.exemplars)
        if not own or not isinstance(pool, str | os.PathLike):
            raise
        if not set(own.columns.split(",")) <= set(read_table(pool).columns):
            raise
    path = os.fspath(pool)
    raise InputError(
        f"pool={path!r} has the columns of {card.name} itself ({own.columns}): pass pool=load_questions({card.name!r}, "
        f"split={card.exemplars!r}, path={path!r})"
    )


def _from_rows(
    table: Table,
    n: int | None,
    seed: int,
    pool: Source | None,
    columns: Columns | None,
    kind: str | None,
    name: str | None,
) -> QuestionSet:
    name = name or table.name
    questions = _checked(table, columns, kind, name)
    origin: dict[str, Any] = {**table.origin, "rows": len(questions), "n": n, "seed": seed, "kind": kind}
    origin["columns"] = {key: value if isinstance(value, str) else "function" for key, value in (columns or {}).items()}
    if n is not None:
        check_count(n, repr(name), len(questions))
        questions = shuffled(questions, n, seed)
    exemplars: list[Question] = []
    if pool is not None:
        other = read_table(pool)
        exemplars = _checked(other, columns, kind, f"{name}-pool")
        origin["pool"] = {**other.origin, "rows": len(exemplars)}
    return QuestionSet(tuple(questions), name, tuple(exemplars), origin)


def _checked(table: Table, columns: Columns | None, kind: str | None, prefix: str) -> list[Question]:
    questions = questions_from(table, columns, kind, prefix)
    check_questions(questions, [place for place, _ in table.rows])
    return questions
