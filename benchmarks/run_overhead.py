"""What promptlab costs on top of the client: samples/s and peak memory, against a trivial local server.

    python -m benchmarks.run_overhead [--samples 3000] [--rounds 5] [--latency 0.0]

Each round runs both sides one after the other, each in a process of its own (so that peak memory is its own), against
one server process: a bare ``AsyncOpenAI`` loop that forgets its answers, and `promptlab.run` with grading, features and
the crash-safe store. The ratio is taken within a round; quote the median.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

IN_FLIGHT = 64


async def bare(base_url: str, samples: int) -> None:
    """The loop that people write themselves: as many requests in flight, nothing kept."""
    from openai import AsyncOpenAI

    client, gate = AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0), asyncio.Semaphore(IN_FLIGHT)

    async def one(i: int) -> None:
        async with gate:
            await client.chat.completions.create(
                model="fake",
                messages=[{"role": "user", "content": f"What is {i} + 1?"}],
                max_tokens=64,
                temperature=0.6,
                top_p=0.95,
                seed=i,
            )

    await asyncio.gather(*(one(i) for i in range(samples)))


def through_promptlab(base_url: str, samples: int) -> None:
    """The same prompts as a run: planned, sent, graded, traced, committed."""
    import promptlab as lab

    questions = lab.load_questions([{"question": f"What is {i} + 1?", "answer": i + 1} for i in range(samples)])
    model = lab.open_model(f"openai:fake@{base_url}", max_in_flight=IN_FLIGHT)
    with tempfile.TemporaryDirectory() as folder:
        run = lab.run(
            model,
            [lab.zero_shot()],
            questions,
            sampling=lab.Sampling(max_tokens=64),
            path=Path(folder) / "run",
            progress=False,
        )
        assert len(run.to_frame()) == samples


def side(name: str, base_url: str, samples: int) -> None:
    """One side in this process: prints seconds and peak memory as JSON."""
    import openai  # noqa: F401  (its import, 0.3 s, is on neither side's clock)

    import promptlab.runner  # noqa: F401

    start = time.perf_counter()
    if name == "bare":
        asyncio.run(bare(base_url, samples))
    else:
        through_promptlab(base_url, samples)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": time.perf_counter() - start, "peak_mb": peak}))


def measure(name: str, base_url: str, samples: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.run_overhead", "--side", name, "--url", base_url]
    done = subprocess.run([*command, "--samples", str(samples)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


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


def table(samples: int, rounds: int, latency: float) -> str:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.fake_server", "--port", "0", "--latency", str(latency)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        pairs = [(measure("bare", url, samples), measure("promptlab", url, samples)) for _ in range(rounds)]
    finally:
        server.terminate()
        server.wait()
    names = ("bare AsyncOpenAI loop", "promptlab.run: graded and stored")
    lines = ["| side | samples/s (median) | peak memory, MB (median) |", "|---|---|---|"]
    for name, rows in zip(names, zip(*pairs, strict=True), strict=True):
        speed = statistics.median(samples / row["seconds"] for row in rows)
        lines.append(f"| {name} | {speed:,.0f} | {statistics.median(row['peak_mb'] for row in rows):,.0f} |")
    ratios = sorted(ours_and_bare[0]["seconds"] / ours_and_bare[1]["seconds"] for ours_and_bare in pairs)
    lines += ["", f"Speed of promptlab as a share of the bare loop: median {statistics.median(ratios):.2f}"]
    lines[-1] += f" (rounds: {', '.join(f'{r:.2f}' for r in ratios)}), {samples} samples, {IN_FLIGHT} in flight."
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that the server waits before each answer")
    parser.add_argument("--side", choices=["bare", "promptlab"], help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        side(arguments.side, arguments.url, arguments.samples)
        return
    print(table(arguments.samples, arguments.rounds, arguments.latency))
    print(f"\n`import promptlab`: {import_seconds():.3f} s on top of an empty process (best of five).")


if __name__ == "__main__":
    main()
