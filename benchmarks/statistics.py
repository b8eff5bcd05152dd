"""What the intervals cover and the tests let through, on populations whose truth is known, and on equal conditions.

    python -m benchmarks.statistics [--replications 10000] [--seconds 600] [--jobs 32] [--only dose,seeds] [--undecided]

All cells advance together, a chunk of replications at a time, until each has its number or the time is over. Chunks are
written as they come; a second call with the same file does what the first one left (`--undecided`: first the cells of
which it does not show yet whether a result in use is right in 94 %), and one with a file that has all only sums up: by
result the share of replications that were right, beside its Monte Carlo standard error.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.grid import TRIALS, cells
from benchmarks.populations import Cell
from benchmarks.summaries import CELL, FLOOR, NOT_IN_USE, recorded, summary

CHUNK = 250
COLUMNS = [*CELL, "result", "chunk", "replications", "right"]
Job = tuple[Cell, int, int, float]


def replicated(job: Job) -> list[dict[str, Any]]:
    """A chunk of a cell: a row a result, or nothing if time runs out. The seed is the cell's and the chunk's."""
    cell, chunk, replications, deadline = job
    rng = np.random.default_rng([zlib.crc32(repr(cell).encode()), chunk])
    counts: dict[str, list[int]] = {}
    for _ in range(replications):
        if time.time() > deadline:
            return []
        for result, right in TRIALS[cell.method](cell, rng).items():
            made = counts.setdefault(result, [0, 0])
            made[0], made[1] = made[0] + 1, made[1] + bool(right)
    key = asdict(cell)
    return [{**key, "result": r, "chunk": chunk, "replications": n, "right": k} for r, (n, k) in counts.items()]


def jobs(
    made: Iterable[Cell],
    replications: int,
    done: set[tuple[str, int]],
    deadline: float,
    first: frozenset[str] = frozenset(),
) -> list[Job]:
    """Chunks in rounds: the first of every cell, the second of every cell, ...; cells in `first` before all."""
    found = []
    for place, cell in enumerate(made):
        most = min(replications, cell.most)
        for chunk in range(-(-most // CHUNK)):
            if (repr(cell), chunk) not in done:
                job = (cell, chunk, min(CHUNK, most - chunk * CHUNK), deadline)
                found.append((repr(cell) not in first, chunk, place, job))
    return [job for *_, job in sorted(found, key=lambda x: x[:3])]


def results(todo: list[Job], processes: int) -> Iterator[list[dict[str, Any]]]:
    """As they come, from processes with one thread each."""
    if processes == 1:
        yield from map(replicated, todo)
        return
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    with get_context("spawn").Pool(processes) as pool:  # each imports NumPy anew, with these settings
        yield from pool.imap_unordered(replicated, todo)


def record(path: Path, rows: Iterable[list[dict[str, Any]]]) -> None:
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if fresh:
            writer.writeheader()
        for chunk in rows:
            writer.writerows(chunk)
            file.flush()


def done_before(path: Path) -> set[tuple[str, int]]:
    """The chunks that the file has."""
    if not path.exists():
        return set()
    rows = pd.read_csv(path)[[*CELL, "chunk"]].drop_duplicates().astype(object)
    return {(repr(Cell(*row[:-1])), row[-1]) for row in rows.itertuples(index=False, name=None)}


def undecided(path: Path) -> frozenset[str]:
    """The cells where a result in use may still lie under the floor: its share is not two standard errors above it."""
    if not path.exists():
        return frozenset()
    table = recorded(path)
    near = table[(table["share"] < FLOOR + 2 * table["se"]) & ~table["result"].isin(NOT_IN_USE)]
    rows = near[CELL].drop_duplicates().astype(object)
    return frozenset(repr(Cell(*row)) for row in rows.itertuples(index=False, name=None))


def methods(asked: str) -> list[str]:
    """Names divided by commas."""
    names = asked.split(",")
    if unknown := set(names) - set(TRIALS):
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: none of {', '.join(TRIALS)}")
    return names


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=10_000, help="of a cell")
    parser.add_argument("--seconds", type=float, default=600, help="for all together")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--only", type=methods, default=list(TRIALS), help=f"some of {','.join(TRIALS)}")
    parser.add_argument("--undecided", action="store_true", help="first the cells that may lie under 94 %%")
    parser.add_argument("--out", type=Path, default=Path("out/statistics.csv"))
    options = parser.parse_args(arguments)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    chosen = [cell for cell in cells() if cell.method in options.only]
    first = undecided(options.out) if options.undecided else frozenset()
    todo = jobs(chosen, options.replications, done_before(options.out), time.time() + options.seconds, first)
    record(options.out, results(todo, options.jobs))
    print(summary(recorded(options.out)))


if __name__ == "__main__":
    main()
