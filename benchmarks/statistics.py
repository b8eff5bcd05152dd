"""What the intervals cover and the tests let through, on populations whose truth is known, and on equal conditions.

    python -m benchmarks.statistics [--replications 10000] [--seconds 600] [--jobs 32] [--only NAME] [--out FILE.csv]

All cells advance together, some replications at a time, until each has its number or the time is over. Rows are written
as they come; a second call with the same file goes on where the first one ended, and a file that has all is only
summed up: a row a cell with the share of replications that were right, beside its Monte Carlo standard error.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.populations import ALONE, FIVES, TWENTY, Cell
from benchmarks.trials import TRIALS

CHUNK = 250
CELL = [field.name for field in fields(Cell)]
COLUMNS = [*CELL, "result", "chunk", "replications", "right"]
WANTED, FLOOR = 0.95, 0.94
ACCURACIES = (0.05, 0.2, 0.5, 0.8, 0.95)
Job = tuple[Cell, int, int, float]


def cells() -> list[Cell]:
    """What is simulated: the whole grid for differences, of the others what tells them apart."""
    single, family, either = [(1, False)], [(1, False), (1, True), (6, False), (6, True)], [(1, False), (1, True)]
    made = [*_grid("score", single), *_grid("differences", family), *_grid("sign-flips", [family[0], *family[2:]])]
    made += _grid("contrasts", [(1, False), (6, True)], layouts=(ALONE, FIVES))
    made += _grid("log-odds", either, layouts=(ALONE, FIVES))
    made += _grid("betting", [(1, False), (1, True), (6, True)], layouts=(ALONE, FIVES), sizes=(100, 500))
    made += _grid("exchanged", [(1, False), (6, False)], layouts=(ALONE,), sizes=(12, 30, 100))
    for draws in (8, 20):
        made += _grid("two-way", either, layouts=(ALONE, FIVES), sizes=(100, 500), draws=draws)
    made += _grid("as-shipped", family[::3], layouts=(ALONE,), sizes=(30, 100), most=2000)
    made += _grid("A/A", [(6, False)], layouts=(ALONE, FIVES), sizes=(100,), samples=(2,), most=1000)
    return made + [Cell("A/A-recorded", 400, 2, np.nan, "recorded", m, most=200) for m in (1, 6)]


def _grid(
    method: str,
    families: list[tuple[int, bool]],
    layouts: tuple[str, ...] = (ALONE, FIVES, TWENTY),
    sizes: tuple[int, ...] = (30, 100, 500),
    samples: tuple[int, ...] = (1, 8),
    **options: int,
) -> list[Cell]:
    every = product(sizes, samples, ACCURACIES, layouts, families)
    return [
        Cell(method, n, k, accuracy, layout, family, moved, **options)
        for n, k, accuracy, layout, (family, moved) in every
        if (n, layout) != (100, TWENTY)  # the same as clusters of 5
        and (moved or accuracy <= 0.5 or method == "score")  # equal conditions: 0.8 is the mirror image of 0.2
    ]


def replicated(job: Job) -> list[dict[str, Any]]:
    """Some replications of a cell, fewer if time runs out: a row a result. The seed is the cell's and the chunk's."""
    cell, chunk, replications, deadline = job
    rng = np.random.default_rng([zlib.crc32(repr(cell).encode()), chunk])
    counts: dict[str, list[int]] = {}
    for _ in range(replications):
        if time.time() > deadline:
            break
        for result, right in TRIALS[cell.method](cell, rng).items():
            made = counts.setdefault(result, [0, 0])
            made[0], made[1] = made[0] + 1, made[1] + bool(right)
    key = asdict(cell)
    return [{**key, "result": r, "chunk": chunk, "replications": n, "right": k} for r, (n, k) in counts.items()]


def jobs(made: Iterable[Cell], replications: int, done: dict[str, int], deadline: float) -> list[Job]:
    """Chunks in rounds: the first of every cell, the second of every cell, ..."""
    found = []
    for place, cell in enumerate(made):
        most = min(replications, cell.most)
        for chunk in range(done.get(repr(cell), -1) + 1, -(-most // CHUNK)):
            found.append((chunk, place, (cell, chunk, min(CHUNK, most - chunk * CHUNK), deadline)))
    return [job for *_, job in sorted(found, key=lambda x: x[:2])]


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


def recorded(path: Path) -> pd.DataFrame:
    """A row a cell and result: the sums over its chunks, the last of them, the share that was right."""
    frame = pd.read_csv(path)
    sums = {"chunk": "max", "replications": "sum", "right": "sum"}
    table = frame.groupby([*CELL, "result"], dropna=False).agg(sums).reset_index()
    n, share = table["replications"], table["right"] / table["replications"]
    smoothed = (table["right"] + 2) / (n + 4)  # so that 100 % of few is not certain
    return table.assign(share=share, se=np.sqrt(smoothed * (1 - smoothed) / n))


def done_before(table: pd.DataFrame) -> dict[str, int]:
    """The last chunk of each cell."""
    last = table.groupby(CELL, dropna=False)["chunk"].max().reset_index().astype(object)
    return {repr(Cell(*row[:-1])): row[-1] for row in last.itertuples(index=False, name=None)}


def summary(table: pd.DataFrame) -> str:
    """By result the lowest share and where, all cells below 94 %, and the A/A studies against their limit."""
    often = table["replications"] >= table.groupby(CELL, dropna=False)["replications"].transform("max") / 10
    table = table[often]  # a method that a cell takes now and then says little about the cell
    low = table[(table["share"] < FLOOR) & ~table["method"].str.startswith("A/A")].sort_values(["result", "share"])
    parts = [
        "| result | cells | replications a cell | mean right, % | lowest, % | where | cells under 94 % |",
        "|---|---:|---:|---:|---:|---|---:|",
        *(_result_row(name, rows) for name, rows in table.groupby("result", sort=False)),
        f"\n{len(low)} rows under 94 %:\n",
        "| result | where | replications | right, % |\n|---|---|---:|---:|",
        *(f"| {r.result} | {_where(r)} | {r.replications:,} | {_share(r)} |" for r in low.itertuples()),
        "",
        *(_false_verdicts(name, rows) for name, rows in table.groupby("result") if str(name).startswith("A/A")),
    ]
    return "\n".join(parts)


def _result_row(name: Any, rows: pd.DataFrame) -> str:
    worst = next(rows.sort_values("share").head(1).itertuples())
    least, most, under = rows["replications"].min(), rows["replications"].max(), (rows["share"] < FLOOR).sum()
    each = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    mean = 100 * rows["share"].mean()
    return f"| {name} | {len(rows)} | {each} | {mean:.1f} | {_share(worst)} | {_where(worst)} | {under} |"


def _share(row: Any) -> str:
    return f"{100 * row.share:.1f} ± {100 * row.se:.1f}"


def _where(row: Any) -> str:
    truth = "some moved" if row.moved else "all equal"
    drawn = f", {row.draws} draws" if row.draws else ""
    right = "" if np.isnan(row.accuracy) else f", {row.accuracy:g} right"
    return f"n {row.n}, K {row.samples}{right}, {row.layout}, family of {row.family}, {truth}{drawn}"


def _false_verdicts(name: Any, rows: pd.DataFrame) -> str:
    n, wrong = rows["replications"].sum(), (rows["replications"] - rows["right"]).sum()
    limit = 1 - WANTED + 2 * np.sqrt(WANTED * (1 - WANTED) / n)
    kept = "within" if wrong / n <= limit else "ABOVE"
    share = f"{100 * wrong / n:.1f} %, {kept} {100 * limit:.1f} %"
    return f"{name}: {wrong:,} of {n:,} families with a false verdict: {share}."


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=10_000, help="of a cell")
    parser.add_argument("--seconds", type=float, default=600, help="for all together")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--only", choices=TRIALS, help="one method")
    parser.add_argument("--out", type=Path, default=Path("out/statistics.csv"))
    options = parser.parse_args(arguments)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    done = done_before(recorded(options.out)) if options.out.exists() else {}
    chosen = [cell for cell in cells() if options.only in (None, cell.method)]
    todo = jobs(chosen, options.replications, done, time.time() + options.seconds)
    record(options.out, results(todo, options.jobs))
    table = recorded(options.out)
    table.to_csv(options.out, index=False)
    print(summary(table))


if __name__ == "__main__":
    main()
