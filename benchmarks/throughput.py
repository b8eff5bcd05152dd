"""Graded and stored samples/s of `promptlab.run`, against a bare ``AsyncOpenAI`` loop that forgets its answers.

    python -m benchmarks.throughput [--samples 4000] [--rounds 5] [--memory]

Both talk to one trivial local server, which can answer n choices. In a round the sides take turns, each in a process of
its own (so that peak memory is its own) that has imported everything and made one request before its clock starts. The
ratios are taken within a round; quote the medians. ``--memory`` adds the peaks of runs with 10,000 and 200,000 samples
of the same 1,000 questions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

SAMPLES_A_QUESTION = 16
CASES = [(latency, in_flight) for latency in (0.0, 0.2) for in_flight in (64, 512)]
SIDES = ("bare", "promptlab, n=1", "promptlab, n=16")


def question(i: int) -> str:
    return f"What is {i} + 1?"


async def bare(base_url: str, samples: int, in_flight: int) -> None:
    """The loop that people write themselves: as many requests in flight, nothing kept."""
    from openai import AsyncOpenAI

    gate = asyncio.Semaphore(in_flight)

    async def one(client: AsyncOpenAI, i: int) -> None:
        async with gate:
            await client.chat.completions.create(
                model="fake",
                messages=[{"role": "user", "content": question(i // SAMPLES_A_QUESTION)}],
                max_tokens=64,
                temperature=0.6,
                top_p=0.95,
                seed=i,
            )

    async with AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0, timeout=600) as client:
        await asyncio.gather(*(one(client, i) for i in range(samples)))


def through_promptlab(base_url: str, questions: int, samples: int, in_flight: int, n: int) -> None:
    """The same prompts as a run: planned, sent, graded, traced, committed."""
    import promptlab as lab

    asked = lab.load_questions([{"question": question(i), "answer": i + 1} for i in range(questions)])
    model = lab.open_model(f"openai:fake@{base_url}", max_in_flight=in_flight, samples_per_request=n)
    options = {"samples": samples, "sampling": lab.Sampling(max_tokens=64), "progress": False}
    with tempfile.TemporaryDirectory() as folder:
        run = lab.run(model, [lab.zero_shot()], asked, path=Path(folder) / "run", **options)
        assert run.manifest["sessions"][0]["paid"]["requests"] == questions * samples


def side(name: str, base_url: str, questions: int, samples: int, in_flight: int) -> None:
    """One side in this process."""

    def go(questions: int) -> None:
        if name == "bare":
            asyncio.run(bare(base_url, questions * samples, in_flight))
        else:
            through_promptlab(base_url, questions, samples, in_flight, int(name.rpartition("=")[2]))

    tell(go, questions, samples)


def tell(go: Callable[[int], object], questions: int, samples: int) -> None:
    """Print as JSON what `go` takes after a first call: peak memory in MB, samples/s, ms of a core a sample."""
    go(1)  # imports, and whatever else happens once
    start, cpu = time.perf_counter(), time.process_time()
    go(questions)
    seconds, cpu, all_samples = time.perf_counter() - start, time.process_time() - cpu, questions * samples
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"peak": peak, "speed": all_samples / seconds, "cpu": 1000 * cpu / all_samples}))


def measure(
    name: str,
    base_url: str,
    questions: int,
    samples: int,
    in_flight: int,
    module: str = "benchmarks.throughput",
    python: str = sys.executable,
) -> dict[str, Any]:
    """What one side tells, in a process of its own."""
    numbers = [str(number) for number in (questions, samples, in_flight)]
    command = [python, "-m", module, "--side", name, base_url, *numbers]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def serving(latency: float) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.fake_server", "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def speeds(samples: int, rounds: int) -> Iterator[str]:
    """A row a case: samples/s of the bare loop, the others as a multiple of it, and what all take of their core."""
    yield "| latency, ms | in flight | bare loop, samples/s | n=1, times bare | n=16, times bare | CPU, ms a sample |"
    yield "|---:|---:|---:|---|---|---|"
    for latency, in_flight in CASES:
        with serving(latency) as url:
            sizes = (samples // SAMPLES_A_QUESTION, SAMPLES_A_QUESTION, in_flight)
            found = [{name: measure(name, url, *sizes) for name in SIDES} for _ in range(rounds)]
        ratios = {name: sorted(row[name]["speed"] / row["bare"]["speed"] for row in found) for name in SIDES}
        shown = [f"{median(ratios[n]):.2f} ({ratios[n][0]:.2f} to {ratios[n][-1]:.2f})" for n in SIDES[1:]]
        speed = median(row["bare"]["speed"] for row in found)
        shown.append(" / ".join(f"{median(row[name]['cpu'] for row in found):.2f}" for name in SIDES))
        yield f"| {1000 * latency:.0f} | {in_flight} | {speed:,.0f} | {' | '.join(shown)} |"


def peaks() -> Iterator[str]:
    yield "\n| samples | peak memory, MB |\n|---:|---:|"
    with serving(0.0) as url:
        for samples in (10, 200):
            yield f"| {1000 * samples:,} | {measure('promptlab, n=16', url, 1000, samples, 64)['peak']:.0f} |"


def import_seconds() -> float:
    """The best of five fresh processes that import promptlab, less the best of five empty ones."""

    def best(code: str) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times.append(time.perf_counter() - start)
        return min(times)

    return best("import promptlab") - best("pass")


def parsed(parser: argparse.ArgumentParser, side: Callable[..., None]) -> argparse.Namespace | None:
    """The arguments; None in a process that is one side of a comparison, once that is done."""
    parser.add_argument("--side", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.side:
        return arguments
    name, url, *numbers = arguments.side
    side(name, url, *map(int, numbers))
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", action="store_true")
    if not (arguments := parsed(parser, side)):
        return
    for line in speeds(arguments.samples, arguments.rounds):
        print(line, flush=True)
    for line in peaks() if arguments.memory else ():
        print(line, flush=True)
    print(f"\n`import promptlab`: {import_seconds():.3f} s on top of an empty process (best of five).")


if __name__ == "__main__":
    main()
