"""Samples/s of promptlab beside a bare ``AsyncOpenAI`` loop, lm-evaluation-harness' API model and Inspect.

    python -m benchmarks.peers [--samples 1600] [--rounds 3] [--in-flight 64] [--peers PYTHON]

All talk to one trivial local server, one request a sample, and take turns, each in a process of its own whose clock
starts after a first round. ``--peers`` is the interpreter of an environment that has ``lm_eval[api]`` and
``inspect-ai`` (default: this one); what it does not have is told, and left out. They do not do the same work: the bare
loop and the harness' model only fetch the texts, Inspect grades and writes its log, promptlab grades, traces and
commits each sample before it counts.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from benchmarks.throughput import SAMPLES_A_QUESTION, measure, parsed, question, serving, tell

OURS = {"bare": "AsyncOpenAI, bare loop", "promptlab, n=1": "promptlab"}
THEIRS = {"lm_eval": "lm-evaluation-harness, API model", "inspect_ai": "Inspect"}


def lm_eval(base_url: str, questions: int, in_flight: int) -> None:
    from lm_eval.api.instance import Instance
    from lm_eval.models.api_models import JsonChatStr
    from lm_eval.models.openai_completions import LocalChatCompletion

    model = LocalChatCompletion(
        model="fake",
        base_url=f"{base_url}/chat/completions",
        num_concurrent=in_flight,
        tokenizer_backend=None,
        tokenized_requests=False,
    )
    settings = {"max_gen_toks": 64, "temperature": 0.6, "top_p": 0.95, "until": []}
    prompts = [JsonChatStr(json.dumps([{"role": "user", "content": question(i)}])) for i in range(questions)]
    requests = [
        Instance("generate_until", {}, (prompt, settings), i)
        for i, prompt in enumerate(prompts)
        for _ in range(SAMPLES_A_QUESTION)
    ]
    assert len(model.generate_until(requests, disable_tqdm=True)) == len(requests)


def inspect_ai(base_url: str, questions: int, in_flight: int) -> None:
    import inspect_ai as inspect
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import GenerateConfig, get_model
    from inspect_ai.scorer import match
    from inspect_ai.solver import generate

    settings = GenerateConfig(max_tokens=64, temperature=0.6, top_p=0.95, max_connections=in_flight)
    model = get_model("openai-api/local/fake", base_url=base_url, api_key="none", config=settings)
    asked = MemoryDataset([Sample(input=question(i), target=str(i + 1)) for i in range(questions)])
    task = inspect.Task(dataset=asked, solver=generate(), scorer=match(numeric=True))
    with tempfile.TemporaryDirectory() as folder:
        options: dict[str, Any] = {"epochs": SAMPLES_A_QUESTION, "max_samples": in_flight, "display": "none"}
        (log,) = inspect.eval(task, model=model, log_dir=folder, **options)
        assert log.status == "success"
        assert log.results.completed_samples == questions * SAMPLES_A_QUESTION


PEERS: dict[str, Callable[[str, int, int], None]] = {"lm_eval": lm_eval, "inspect_ai": inspect_ai}


def side(name: str, base_url: str, questions: int, samples: int, in_flight: int) -> None:
    """One peer in this process."""
    logging.disable(logging.WARNING)  # lm_eval warns that the model has no chat template
    tell(lambda questions: PEERS[name](base_url, questions, in_flight), questions, samples)


def versions(python: str) -> dict[str, str]:
    """The version of each peer that an interpreter has."""
    code = f"from benchmarks.peers import installed; print(installed({list(THEIRS)}))"
    done = subprocess.run([python, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def installed(packages: list[str]) -> str:
    """Names and versions as JSON; absent ones are left out."""
    found = {}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return json.dumps(found)


def table(samples: int, rounds: int, in_flight: int, python: str) -> Iterator[str]:
    """A row a side; the ratios are taken within a round."""
    peers = versions(python)
    for absent in THEIRS.keys() - peers.keys():
        yield f"{THEIRS[absent]} is not installed for {python}: left out."
    rows = OURS | {name: f"{THEIRS[name]} ({version})" for name, version in peers.items()}
    size = samples // SAMPLES_A_QUESTION, SAMPLES_A_QUESTION, in_flight
    with serving(0.0) as url:
        found = [{name: _measured(name, url, size, python) for name in rows} for _ in range(rounds)]
    yield "\n| client | samples/s | times the bare loop | CPU, ms a sample | peak memory, MB |"
    yield "|---|---:|---:|---:|---:|"
    for name, row in rows.items():
        speed, cpu, peak = (median(each[name][what] for each in found) for what in ("speed", "cpu", "peak"))
        ratios = sorted(each[name]["speed"] / each["bare"]["speed"] for each in found)
        shown = f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        yield f"| {row} | {speed:,.0f} | {shown} | {cpu:.2f} | {peak:.0f} |"


def _measured(name: str, url: str, size: tuple[int, int, int], python: str) -> dict[str, Any]:
    return measure(name, url, *size) if name in OURS else measure(name, url, *size, "benchmarks.peers", python)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--peers", default=sys.executable, metavar="PYTHON")
    if not (arguments := parsed(parser, side)):
        return
    for line in table(arguments.samples, arguments.rounds, arguments.in_flight, arguments.peers):
        print(line, flush=True)


if __name__ == "__main__":
    main()
