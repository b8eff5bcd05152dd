"""A whole run as one Parquet file: the tidy frame, what was asked and sent, and the manifest as metadata."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from promptlab.errors import InputError, StoreError, unknown
from promptlab.records.frames import ASKED, RESERVED, TAIL, VARIANT
from promptlab.records.view import STOPPED
from promptlab.store import question_row
from promptlab.types import Message, Prompt, Question

try:
    import pyarrow as pa
    from pyarrow import parquet as pq
except ImportError:
    raise InputError("a run in a Parquet file needs pyarrow: pip install pyarrow") from None

_METADATA = b"promptlab"
_FORMAT = 1  # a change of the columns or the metadata needs a new one
_MANIFEST = frozenset({"name", "model", "sampling", "answer_format", "grader", "conditions"})

# Columns that may be left out, and what stands in for them: (value, type).
OPTIONAL: dict[str, tuple[Any, str]] = {
    **dict.fromkeys(("prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens"), (pd.NA, "Int64")),
    "seconds": (float("nan"), "float64"),
    "finish_reason": ("", "category"),
    "seed": (pd.NA, "Int64"),
    **dict.fromkeys(("error", "key", "reasoning"), ("", "str")),
}
_NEEDED = RESERVED - OPTIONAL.keys() - {STOPPED, VARIANT}


def with_asked(frame: pd.DataFrame, questions: Sequence[Question], prompt: Callable[[str], Prompt]) -> pd.DataFrame:
    """Add the questions' columns, and replace the prompts' hashes by the prompts; each distinct text is held once."""
    texts = {question.id: _question_texts(question) for question in questions}
    asked = [pd.Categorical([texts[name][i] for name in frame["question"]]) for i in range(len(ASKED) - 1)]
    hashes = list(frame["prompt"].unique())  # in their order, so that much alike prompts stand together
    prompts = pd.Categorical(frame["prompt"], categories=hashes)
    sent = prompts.rename_categories({hash: _prompt_text(prompt(hash)) for hash in hashes})
    return frame.assign(**dict(zip(ASKED, [*asked, sent], strict=True)))[[*frame.columns[:-1], *ASKED]]


def write(path: Path, frame: pd.DataFrame, manifest: Mapping[str, Any], drop: Collection[str] = ()) -> Path:
    """Write the file as a whole: after a crash the old or the new one is there, never a half."""
    for column in drop:
        if column not in OPTIONAL:
            raise unknown("column that to_parquet can drop", column, OPTIONAL)
    table = pa.Table.from_pandas(frame.drop(columns=[c for c in drop if c in frame]), preserve_index=False)
    about = json.dumps({"format": _FORMAT, "manifest": dict(manifest)}, ensure_ascii=False).encode()
    new = path.with_name(f"{path.name}.new")
    try:
        _save(table.replace_schema_metadata({**table.schema.metadata, _METADATA: about}), new)
        os.replace(new, path)
    except OSError as problem:
        new.unlink(missing_ok=True)
        raise StoreError(f"{path} cannot be written: {problem.strerror or problem}") from None
    return path


def _save(table: pa.Table, path: Path) -> None:
    """One row group, dictionaries of any size, strong compression: the texts repeat and are much alike."""
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=19,
        row_group_size=max(len(table), 1),
        dictionary_pagesize_limit=2**26,
        write_page_checksum=True,
    )


def read_about(path: Path) -> dict[str, Any]:
    """The manifest of a file, after a look at whether it is a run and has every column.

    Raises
    ------
    StoreError
        There is no such file, it is damaged, no run, or of a newer promptlab.
    """
    with _opened(path) as file:
        about = json.loads((file.schema_arrow.metadata or {}).get(_METADATA, b"{}"))
        if about.get("format", 0) > _FORMAT:
            raise StoreError(f"{path} was written by a newer promptlab (format {about['format']}): upgrade")
        manifest = about.get("manifest", {})
        lacking = sorted(_NEEDED.difference(file.schema_arrow.names))
        if not manifest.keys() >= _MANIFEST or len(lacking) > len(_NEEDED) / 2:
            raise StoreError(f"{path} is not a run of promptlab: write one with Run.to_parquet")
        if lacking:
            raise StoreError(f"{path} lacks the column {', '.join(lacking)}: write it again with Run.to_parquet")
        return dict(manifest)


def read(path: Path, *, only: Collection[str] | None = None, without: Collection[str] = ()) -> pd.DataFrame:
    """The stored columns of a file, or some of them."""
    with _opened(path) as file:
        names = file.schema_arrow.names if only is None else only
        frame: pd.DataFrame = file.read([name for name in names if name not in without]).to_pandas()
        return frame


def complete(frame: pd.DataFrame, without: Collection[str] = ()) -> pd.DataFrame:
    """The frame with the columns that were left out, except those in `without`, empty in their places."""
    absent = {name: entry for name, entry in OPTIONAL.items() if name not in frame and name not in without}
    filled = {name: pd.Series([value] * len(frame), frame.index, kind) for name, (value, kind) in absent.items()}
    frame = frame.assign(**filled)
    if VARIANT not in frame:  # of a promptlab that had one order of the options only
        frame.insert(list(frame).index("replicate") + 1, VARIANT, 0)
    moved = [name for name in (*TAIL, *ASKED) if name in frame]
    return frame[[*(name for name in frame if name not in moved), *moved]]


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    """Every failure of the file is one StoreError of one line."""
    if not path.is_file():
        raise StoreError(f"{path} holds no run (there is no such file)")
    with explained(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        yield file


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """What is wrong inside a file is one StoreError of one line."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, AttributeError) as problem:
        reason = str(problem).partition("\n")[0]
        raise StoreError(f"{path} is not a run of promptlab, or damaged ({reason:.200})") from problem


# -- texts of questions and prompts ------------------------------------------------------------------------------------


def _question_texts(question: Question) -> tuple[str, ...]:
    """What stands in the question's columns, in the order of `ASKED`."""
    _, *texts, _, meta = question_row(question)
    return *texts, meta


def _prompt_text(prompt: Prompt) -> str:
    messages = [[m.role, m.content] for m in prompt.messages]
    parts = {"messages": messages, "text": prompt.text, "prefill": prompt.prefill, "exemplars": prompt.exemplars}
    return json.dumps(parts, ensure_ascii=False)


@lru_cache(maxsize=1_024)  # the samples of one cell follow one another
def prompt_of(text: str) -> Prompt:
    stored = json.loads(text)
    messages = tuple(Message(role, content) for role, content in stored["messages"])
    return Prompt(messages, stored["text"], stored["prefill"], tuple(stored["exemplars"]))
