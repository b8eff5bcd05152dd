"""vLLM's offline engine called directly, and by `promptlab.run`: output tokens/s of the same samples.

    .venv-vllm/bin/python -m benchmarks.offline [--model MODEL] [--engine JSON] [--questions 16] [--rounds 3]

Two engines with the same options stand in one process, each with a warm cache of the prompts, and take turns on the
same prompts, sampling and seeds: ``LLM.generate`` with a request a sample; ``LLM.generate`` with n choices a request;
`promptlab.run`, which plans, grades, traces and commits as well. The ratios are taken within a round; both sides that
have the same seeds must write the same tokens. Without ``--model`` it runs the embedded base on the CPU, which
``make test-vllm`` has converted.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

# promptlab tells vLLM on a CPU to compute no prompt in parts: it dies of that where a request has a seed
CPU = {"dtype": "float32", "max_model_len": 1024, "enforce_eager": True, "enable_chunked_prefill": False}
QUIET = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
ON_CPU = {"VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
DIRECT, CHOICES, OURS = "LLM.generate", "LLM.generate, n choices a request", "promptlab.run"


def sides(model_name: str, options: dict[str, Any], questions: int, samples: int) -> dict[str, Callable[[], list[int]]]:
    """What takes turns; each gives the lengths of the outputs, in the order of the design."""
    import promptlab as lab

    model = lab.open_model(f"vllm:{model_name}", **options)
    asked = lab.load_questions("arithmetic", n=questions, seed=0)
    sampling = lab.Sampling(max_tokens=64)
    design: dict[str, Any] = {"samples": samples, "sampling": sampling, "answer_format": lab.BOXED, "progress": False}

    def ours() -> list[int]:
        with tempfile.TemporaryDirectory() as folder:
            frame = lab.run(model, [lab.zero_shot()], asked, path=Path(folder) / "run", **design).to_frame()
        assert not frame["error"].any()
        place = {question.id: n for n, question in enumerate(asked)}
        order = frame["question"].map(place) * samples + frame["sample"]
        return list(frame.assign(order=order).sort_values("order")["completion_tokens"])

    return {**_direct(model, model_name, options, asked, samples, sampling), OURS: ours}


def _direct(
    model: Any, model_name: str, options: dict[str, Any], asked: Any, samples: int, sampling: Any
) -> dict[str, Callable[[], list[int]]]:
    from vllm import LLM

    import promptlab as lab
    from promptlab.models.vllm_sampling import to_params
    from promptlab.types import request_key, request_seed

    llm = LLM(model_name, **options)
    prompts = [lab.zero_shot().render(question, answer_format=lab.BOXED) for question in asked]
    texts = [model.as_sent(prompt) for prompt in prompts]
    keys = [[request_key(model.id, prompt, sampling, 0, i) for i in range(samples)] for prompt in prompts]
    one_each = [to_params(sampling, request_seed(key)) for row in keys for key in row]
    several = [to_params(sampling, request_seed(row[0])) for row in keys]
    for params in several:
        params.n = samples

    def generate(texts: list[str], params: list[Any]) -> list[int]:
        found = llm.generate(texts, params, use_tqdm=False)
        return [len(choice.token_ids) for output in found for choice in output.outputs]

    return {
        DIRECT: lambda: generate([text for text in texts for _ in range(samples)], one_each),
        CHOICES: lambda: generate(texts, several),
    }


def table(model: str, options: dict[str, Any], questions: int, samples: int, rounds: int) -> Iterator[str]:
    turns = sides(model, options, questions, samples)
    for go in turns.values():
        go()  # the prompts are in both engines' caches
    found = [{name: _timed(go) for name, go in turns.items()} for _ in range(rounds)]
    assert all(each[DIRECT]["lengths"] == each[OURS]["lengths"] for each in found), "other seeds or other prompts"
    yield "| side | output tokens/s | times LLM.generate | CPU, s |\n|---|---:|---:|---:|"
    for name in turns:
        ratios = sorted(each[name]["speed"] / each[DIRECT]["speed"] for each in found)
        speed, cpu = (median(each[name][what] for each in found) for what in ("speed", "cpu"))
        yield f"| {name} | {speed:,.0f} | {median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f}) | {cpu:.2f} |"


def _timed(go: Callable[[], list[int]]) -> dict[str, Any]:
    start, cpu = time.perf_counter(), time.process_time()
    lengths = go()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"lengths": lengths, "speed": sum(lengths) / seconds, "cpu": cpu}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a folder, or a name of the Hugging Face hub")
    parser.add_argument("--engine", type=json.loads, default={}, help='options of vLLM: {"max_model_len": 4096}')
    parser.add_argument("--questions", type=int, default=16)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    os.environ |= QUIET | ({} if arguments.model else ON_CPU)  # before vLLM is imported
    from promptlab.models.fetching import cache_dir

    model = arguments.model or str(cache_dir() / "vllm-base")
    options = arguments.engine if arguments.model else CPU | arguments.engine
    for line in table(model, options, arguments.questions, arguments.samples, arguments.rounds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
