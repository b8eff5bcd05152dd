"""`import_run`: what others recorded becomes samples that `compare` and `contrast` accept like any run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from promptlab.errors import InputError, unknown
from promptlab.importing.cells import Columns, sample_of
from promptlab.importing.checks import check_repeats, check_texts
from promptlab.importing.imported import ImportedRun
from promptlab.importing.notes import notes_of
from promptlab.importing.sources import Keep, Read, Reader, Sources, is_path, no_column, parts

if TYPE_CHECKING:
    import pandas as pd


def import_run(
    source: Sources,
    *,
    columns: Columns | None = None,
    model: str | None = None,
    condition: str | None = None,
    keep: Keep | None = None,
    metric: str | None = None,
    answer_filter: str | None = None,
) -> ImportedRun:
    """Read one model's outputs that others recorded.

    Parameters
    ----------
    source : path, DataFrame, list of dicts, or mapping
        A ``.csv``, ``.jsonl`` or ``.parquet`` file, a sample file of lm-evaluation-harness (``--log_samples``), a log
        of Inspect (``.eval``, ``.json``; needs the package ``inspect-ai``), a list of such files, or
        ``{condition: any of these}``.
    columns : mapping, optional
        ``{our name: their column, or a function of a row}``. Needed: ``score`` (0 to 1, or true and false; nothing:
        missing), or ``completion`` and ``gold`` for `ImportedRun.regrade` to make one of; ``question`` (an id, taken as
        it is) or ``question_text`` (questions are then the same when their normalised texts are); ``model`` and
        ``condition`` where the parameters do not say them. Taken besides:
        ``sample`` (0 where there is none), ``cluster, draw, replicate, stopped, shots, style, select, layout, ending,
        answered, answer, gold, completion, reasoning, error, finish_reason, format_ok, prompt_tokens,
        completion_tokens, reasoning_tokens, seconds``. By default each of these bears our name. Not used for the
        files of the harness and of Inspect, which say what is what.
    model : str, optional
        Which of several models to take, or the name of the one.
    condition : str, optional
        The condition of every row.
    keep : callable, optional
        Of a row as it was read: whether it is a sample. What is left out is counted in the notes.
    metric : str, optional
        Of a harness file the metric, of an Inspect log the scorer, where there are several.
    answer_filter : str, optional
        Of a harness file the filter that extracted the answers (``strict-match``), where there are several.

    Returns
    -------
    ImportedRun
        To give to `compare` and `contrast`; read its ``notes`` first.

    Raises
    ------
    InputError
        A file is not what it should be, with file, line, what was found and what was expected: a line cut off, a column
        missing, a value of the wrong kind, a sample that stands twice, two models in one run.

    Notes
    -----
    A sample's `ending` is its own where mapped (a function may return None); else ``error`` where `error` has a text,
    ``refused`` and ``truncated`` by `finish_reason`, ``empty`` where `completion` is empty, ``complete``. An error is
    missing data whatever it was scored; `ImportedRun.as_scored` and `ImportedRun.bounds` show what that changes. A
    sample is unanswered where its mapped `answer` is empty.

    Examples
    --------
    >>> rows = [{"q": f"What is {i} + 1?", "shots": k, "right": k < 3, "out": ""} for i in range(40) for k in (0, 3)]
    >>> run = import_run(rows, model="theirs", columns={"question_text": "q", "score": "right", "completion": "out",
    ...                                                 "condition": lambda row: f"few-shot-{row['shots']}"})
    >>> run
    <ImportedRun theirs: 2 conditions x 40 questions, 80 samples, 1 note>
    >>> run.bounds[["condition", "empty", "as_scored", "low", "high"]].values.tolist()
    [['few-shot-0', 40, 1.0, 1.0, 1.0], ['few-shot-3', 40, 0.0, 0.0, 1.0]]
    """
    found = _collect(source, Reader(columns, keep, metric, answer_filter), condition, model)
    return _run(_of_one_model(found, model))


def import_runs(
    source: Sources,
    *,
    columns: Columns | None = None,
    condition: str | None = None,
    keep: Keep | None = None,
    metric: str | None = None,
    answer_filter: str | None = None,
) -> list[ImportedRun]:
    """Read the outputs of several models, a run each, in order of appearance.

    Parameters
    ----------
    source, columns, condition, keep, metric, answer_filter
        As for `import_run`; the column ``model`` says whose a row is.

    Raises
    ------
    InputError
        As for `import_run`, except that there may be several models.
    """
    found = _collect(source, Reader(columns, keep, metric, answer_filter), condition, None)
    return [_run(replace(found, rows=rows)) for _, rows in found.rows.groupby("model", sort=False)]


@dataclass(frozen=True)
class _Collected:
    """All samples that were read; the column ``place`` says where each stood."""

    rows: pd.DataFrame
    notes: tuple[str, ...]
    origins: tuple[Mapping[str, Any], ...]


def _collect(source: Sources, reader: Reader, condition: str | None, model: str | None) -> _Collected:
    import pandas as pd

    rows: list[dict[str, Any]] = []
    reads: list[Read] = []
    for name, one in parts(source, condition):
        read = reader(one)
        prefix = f"{name}: " if isinstance(source, Mapping) and not is_path(one) else ""  # a frame has no name
        said = {} if name is None else {"condition": name}
        said |= {"model": model} if model and "model" not in read.found else {}
        _all_there(read, said)
        placed = ((prefix + place, row) for place, row in read.rows)
        rows += [{"place": place, **sample_of(row, place, read.found, said)} for place, row in placed]
        reads.append(read)
    notes = tuple(dict.fromkeys(note for read in reads for note in read.notes))
    return _Collected(pd.DataFrame(rows), notes, tuple(read.table.origin for read in reads))


def _all_there(read: Read, said: Mapping[str, str]) -> None:
    """Raise unless model, condition, question and score are each said once."""
    where, found = read.table.head, read.found
    if "condition" in said and "condition" in found:
        raise InputError(f"{where}: the condition is {said['condition']!r}, but a column says it, too")
    for name in ("model", "condition"):
        if name not in found and name not in said:
            raise InputError(f"{where}: found no {name}: expected {name}='its name' or columns={{{name!r}: ...}}")
    if "question" not in found and "question_text" not in found:
        raise no_column(read.table, "question_text", "question_text")
    if "score" not in found and not {"completion", "gold"} <= set(found):  # `regrade` makes one of these two
        raise no_column(read.table, "score", "score")


def _of_one_model(found: _Collected, wanted: str | None) -> _Collected:
    """The rows of the wanted model; the only one there is may be called something else."""
    rows = found.rows
    names = list(map(str, rows["model"].unique()))
    if wanted in names:
        return replace(found, rows=rows[rows["model"] == wanted])
    if wanted and len(names) > 1:
        raise unknown("model", wanted, names)
    if len(names) > 1:
        first, other = rows.iloc[0], rows[rows["model"] != names[0]].iloc[0]
        raise InputError(
            f"{other['place']}: found the model {names[1]!r} after {names[0]!r} ({first['place']}): expected one model "
            "(take one with model=..., or all with import_runs)"
        )
    if not wanted:
        return found
    note = f"the model {names[0]!r} is called {wanted!r} here"
    return replace(found, rows=rows.assign(model=wanted), notes=(*found.notes, note))


def _run(found: _Collected) -> ImportedRun:
    """One model's samples, once they are found to be what they claim."""
    rows = found.rows.reset_index(drop=True)
    check_texts(rows)
    check_repeats(rows)
    frame = rows.drop(columns="place")
    return ImportedRun(str(frame["model"].iloc[0]), frame, (*found.notes, *notes_of(frame)), found.origins)
