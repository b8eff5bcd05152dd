"""What an analysis of many saved samples costs: seconds and peak memory.

    python -m benchmarks.analysis [--questions 5000] [--rounds 3]

Reads simulated samples (10 conditions, 20 samples a question, 200 clusters) from a Parquet file, summarises and
compares them; half as many questions show how the time grows. Each size runs in a process of its own, so that peak
memory is its own; the best of the rounds counts. Last, what one recalculation costs where somebody waits for it: 5,000
questions under two conditions with one sample each.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

CONDITIONS, SAMPLES, CLUSTERS = 10, 20, 200


def simulated(questions: int, conditions: int, samples: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    question, condition, sample = np.indices((questions, conditions, samples)).reshape(3, -1)
    chance = rng.beta(1, 1, questions)[question] * (1 - 0.02 * condition)
    columns = {
        "model": "m",
        "condition": np.array([f"c{i}" for i in range(conditions)])[condition],
        "question": np.array([f"q{i:05d}" for i in range(questions)])[question],
        "cluster": np.array([f"t{i % CLUSTERS}" for i in range(questions)])[question],
        "sample": sample,
        "score": (rng.random(len(question)) < chance).astype(float),
        "ending": "complete",
        "answered": True,
        "answer": rng.integers(0, 9, len(question)).astype(str),
    }
    return pd.DataFrame(columns)


def analyse(path: Path) -> dict[str, float]:
    """Read, summarise and compare; in this process."""
    from promptlab.comparison import compare

    started = time.perf_counter()
    found = compare(pd.read_parquet(path), baseline="c0")
    assert len(found.summary) == len(found.table) + 1
    seconds = time.perf_counter() - started
    unit = 1 if sys.platform == "darwin" else 1024
    return {"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6}


def measured(path: Path, rounds: int) -> dict[str, float]:
    """The best of several processes."""
    command = [sys.executable, "-m", "benchmarks.analysis", "--of", str(path)]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(rounds)]
    return {key: min(run[key] for run in runs) for key in runs[0]}


def recalculated(questions: int, rounds: int) -> float:
    from promptlab.comparison import compare

    frame = simulated(questions, 2, 1)
    compare(frame, baseline="c0")  # imports
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        compare(frame, baseline="c0")
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--of", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.of:
        print(json.dumps(analyse(options.of)))
        return
    print("| samples | seconds | peak memory, MB |\n|---:|---:|---:|")
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for questions in (options.questions // 2, options.questions):
            path = Path(folder) / f"{questions}.parquet"
            simulated(questions, CONDITIONS, SAMPLES).to_parquet(path)
            cost = measured(path, options.rounds)
            seconds.append(cost["seconds"])
            print(f"| {questions * CONDITIONS * SAMPLES:,} | {cost['seconds']:.1f} | {cost['megabytes']:.0f} |")
    print(f"\nTwice the samples take {seconds[1] / seconds[0]:.2f} times the time.")
    print(f"Recalculation, 5,000 questions x 2 conditions: {1000 * recalculated(5000, options.rounds):.0f} ms.")


if __name__ == "__main__":
    main()
