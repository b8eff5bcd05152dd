"""Where a benchmark's file is: where the caller says, in the user's data folder, or at the hub."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from promptlab import given
from promptlab.errors import InputError
from promptlab.hub import hub_file
from promptlab.questions.benchmarks.cards import Benchmark
from promptlab.questions.reading import Table, read_table

FOLDER = "PROMPTLAB_DATA"
_SUFFIXES = (".jsonl", ".parquet", ".csv")


def read_local(card: Benchmark, split: str, path: str | os.PathLike[str] | None) -> Table | None:
    """The rows of the file at `path`, else of ``gsm8k/test.jsonl`` (or .parquet, .csv) in the data folder, if any."""
    if path is not None:
        return _read(card, split, given.on_disk("path of load_questions", path))
    if not os.environ.get(FOLDER):
        return None
    place = Path(os.environ[FOLDER]).expanduser() / card.name
    found = next((place / f"{split}{s}" for s in _SUFFIXES if (place / f"{split}{s}").is_file()), None)
    return _read(card, split, found) if found else None


def read_hub(card: Benchmark, split: str) -> Table:
    """The rows of the pinned file, downloaded once into the hub's own cache, and checked.

    Raises
    ------
    InputError
        No package, no network, terms not accepted, another file: what is wrong, and which file to put where.
    """
    path, pinned = _download(card, split), card.splits[split].sha256
    if pinned and hashlib.sha256(path.read_bytes()).hexdigest() not in pinned:
        raise lacking(card, split, f"the file from the hub is not the pinned one (SHA-256): delete {path}")
    return _read(card, split, path)


def _download(card: Benchmark, split: str) -> Path:
    wanted = card.splits[split]
    try:
        return hub_file(wanted.repo, wanted.file, repo_type="dataset", revision=wanted.revision)
    except ImportError:
        raise lacking(card, split, "downloading needs the package huggingface_hub (extra 'hub')") from None
    except ConnectionError as problem:
        raise lacking(card, split, str(problem)) from None
    except Exception as problem:
        raise lacking(card, split, f"the hub did not give its file ({type(problem).__name__})") from problem


def _read(card: Benchmark, split: str, path: Path) -> Table:
    table = read_table(path)
    absent = [column for column in card.splits[split].columns.split(",") if column not in table.columns]
    if absent:
        listed = ", ".join(table.columns[:20])
        raise InputError(f"{table.head}: no column {absent[0]!r}, which {card.name} has (columns: {listed})")
    return table


def lacking(card: Benchmark, split: str, why: str) -> InputError:
    """What is wrong, and how to go on without the hub."""
    wanted = card.splits[split]
    url = f"https://huggingface.co/datasets/{wanted.repo}"
    terms = f" Its terms must be accepted first, at {url}, and HF_TOKEN must hold your token." if card.gated else ""
    place = Path(os.environ.get(FOLDER) or f"${FOLDER}") / card.name / f"{split}{wanted.suffix}"
    return InputError(
        f"{card.name}, split {split!r}: {why}.{terms} Without the hub, put {wanted.file} of "
        f"{url}/tree/{wanted.revision} at {place} (the environment variable {FOLDER} names the folder), or pass path=; "
        f"a .jsonl, .parquet or .csv file with the columns {wanted.columns.replace(',', ', ')} will do"
    )
