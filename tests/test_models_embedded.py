from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from promptlab.errors import InputError, ModelError
from promptlab.models import EmbeddedModel, OpenAIModel, available_models, fetching, open_model, serve_embedded
from promptlab.models.chatml import CONTROL_TOKENS, DEFAULT_SYSTEM, render
from promptlab.models.engine import engine_version
from promptlab.models.gguf import check_adapter, read_header
from promptlab.types import Completion, Message, Model, Prompt, Request, Sampling

ADAPTERS = Path(__file__).resolve().parents[2] / "shared" / "adapters"
ENGINE = {"workers": 2, "slots": 4, "context": 1024}
GREEDY = Sampling(max_tokens=16, temperature=0.0)
SAMPLED = Sampling(max_tokens=16, temperature=0.6)


@pytest.fixture(scope="module")
def weights() -> Path:
    try:
        engine_version()
        return fetching.base_path()
    except ModelError as missing:
        pytest.skip(f"no embedded model: {missing}")


@pytest.fixture(scope="module")
def instruct(weights: Path) -> Iterator[EmbeddedModel]:
    with EmbeddedModel(**ENGINE) as model:
        yield model


@pytest.fixture(scope="module")
def r1(weights: Path) -> Path:
    if not (ADAPTERS / "r1.gguf").is_file():
        pytest.skip("no bootstrap adapter in ../shared/adapters")
    return ADAPTERS / "r1.gguf"


def chat(text: str, system: str | None = None, prefill: str = "") -> Prompt:
    first = () if system is None else (Message("system", system),)
    return Prompt(messages=(*first, Message("user", text)), prefill=prefill)


def questions(n: int) -> list[Prompt]:
    return [chat(f"Hugo has {i + 3} coins and gets {2 * i + 1} more. How many are there?") for i in range(n)]


def ask(model: Model, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, seed: int = 1) -> list[Completion]:
    """The completions in the order of the prompts; prompt i has seed + i."""
    asked = [Request(str(i), prompt, sampling, seed + i, 0) for i, prompt in enumerate(prompts)]

    async def collect() -> dict[str, Completion]:
        return {key: completion async for group in model.generate(asked) for key, completion in group}

    got = asyncio.run(collect())
    return [got[str(i)] for i in range(len(prompts))]


def texts(model: Model, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, seed: int = 1) -> list[str]:
    return [completion.text for completion in ask(model, prompts, sampling, seed)]


# --- the template: what is sent is known to the letter


def test_render() -> None:
    turn = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    assert render(chat("hi")) == f"<|im_start|>system\n{DEFAULT_SYSTEM}<|im_end|>\n{turn}"
    assert render(chat("hi", system="Be brief.")) == f"<|im_start|>system\nBe brief.<|im_end|>\n{turn}"
    assert render(chat("hi", system="", prefill="<think>")) == f"{turn}<think>"
    assert render(Prompt(text="2 + 2 =", prefill=" ")) == "2 + 2 = "


def test_braces_are_text() -> None:
    assert "{role} {0}" in render(chat("{role} {0}"))


@pytest.mark.embedded
@pytest.mark.parametrize("system", [None, "Be brief."])
def test_render_is_the_models_own_template(instruct: EmbeddedModel, system: str | None) -> None:
    turns = (Message("user", " Hello\n"), Message("assistant", "Hi! "), Message("user", "2 + 2?"))
    prompt = Prompt(messages=turns if system is None else (Message("system", system), *turns))
    messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
    assert instruct.as_sent(prompt) == instruct._engine().post("/apply-template", {"messages": messages})["prompt"]


@pytest.mark.embedded
def test_nothing_is_added_to_what_is_sent(instruct: EmbeddedModel) -> None:
    prompts = [chat("hi"), chat("hi", system=""), chat("hi", system="Be brief.", prefill="So"), Prompt(text="2 + 2 =")]
    counts = [instruct.count_tokens(prompt) for prompt in prompts]
    assert [completion.prompt_tokens for completion in ask(instruct, prompts)] == counts
    assert counts[0] - counts[1] == instruct.count_tokens(
        Prompt(text=f"<|im_start|>system\n{DEFAULT_SYSTEM}<|im_end|>\n")
    )


@pytest.mark.embedded
def test_the_control_tokens_are_all_there_are(instruct: EmbeddedModel) -> None:
    for token in CONTROL_TOKENS:
        assert instruct.count_tokens(Prompt(text=token)) == 1
    pieces = instruct._engine().post("/tokenize", {"content": "<think></think><answer>", "with_pieces": True})
    assert len(pieces["tokens"]) > 3  # reasoning tags are text to this model


@pytest.mark.embedded
def test_prefill_starts_the_text(instruct: EmbeddedModel) -> None:
    (plain,) = texts(instruct, [chat("What is 2 + 3?")])
    start = plain[:10]
    assert texts(instruct, [chat("What is 2 + 3?", prefill=start)])[0].startswith(start)


# --- settings mean what they say


@pytest.mark.embedded
def test_the_engines_sampling_defaults_are_off(instruct: EmbeddedModel) -> None:
    def hot(**extra: object) -> list[str]:
        sampling = Sampling(max_tokens=6, temperature=1.5, top_p=1.0, extra=extra)
        return texts(instruct, questions(10), sampling)

    plain = hot()
    assert plain == hot(top_k=0, min_p=0.0)
    assert plain != hot(top_k=40)
    assert plain != hot(min_p=0.05)


@pytest.mark.embedded
def test_top_p_cuts_after_the_temperature(instruct: EmbeddedModel) -> None:
    """As everywhere else: at a very high temperature half of the mass is thousands of tokens, not two."""
    sampling = Sampling(max_tokens=1, temperature=50.0, top_p=0.5)
    first = texts(instruct, [chat("What is 2 + 3?")] * 24, sampling)
    assert len(set(first)) > 15


@pytest.mark.embedded
def test_endings_and_counts(instruct: EmbeddedModel) -> None:
    (cut,) = ask(instruct, [chat("Count from 1 to 100.")])
    assert (cut.ending, cut.finish_reason, cut.completion_tokens) == ("truncated", "length", 16)
    assert cut.seconds is not None
    assert cut.seconds > 0
    extra = {"grammar": 'root ::= "Yes."'}  # goes to the engine as it is
    (whole,) = ask(instruct, [chat("Is it?")], Sampling(max_tokens=64, extra=extra))
    assert (whole.text, whole.ending, whole.finish_reason) == ("Yes.", "complete", "stop")


@pytest.mark.embedded
def test_same_seed_same_text_in_sequence_and_in_parallel(instruct: EmbeddedModel) -> None:
    prompts = questions(8)
    parallel = texts(instruct, prompts, SAMPLED)
    assert parallel == texts(instruct, prompts, SAMPLED)
    assert parallel == [texts(instruct, [prompt], SAMPLED, seed=1 + i)[0] for i, prompt in enumerate(prompts)]
    assert parallel != texts(instruct, prompts, SAMPLED, seed=100)


def few_shot(n: int) -> list[Prompt]:
    """Prompts of some 200 tokens, long enough for several blocks, with a common beginning."""
    shown = "".join(f"Question: What is {i} + {i + 7}? Answer: {2 * i + 7}.\n" for i in range(8))
    return [chat(f"{shown}Question: What is {i} + {3 * i}?") for i in range(11, 11 + n)]


def scores(model: EmbeddedModel, prompt: Prompt, **extra: object) -> object:
    """Log-probabilities of the first token, to the last bit: they differ long before a text does."""
    body = {"prompt": model.as_sent(prompt), "n_predict": 1, "n_probs": 20, "temperature": 1.0, "seed": 1, **extra}
    (first,) = model._engine().post("/completion", body)["completion_probabilities"]
    return first["top_logprobs"]


def check_that_the_cache_does_not_matter(model: EmbeddedModel) -> None:
    first, second = few_shot(2)
    cold = scores(model, first, cache_prompt=False)
    assert scores(model, first) == cold  # all but the last token is cached
    scores(model, second)
    assert scores(model, first) == cold  # the common beginning is cached
    scores(model, chat("Something else."))
    assert scores(model, first) == cold  # next to nothing is


@pytest.mark.embedded
@pytest.mark.parametrize("slots", [1, 4])
def test_what_is_cached_changes_no_bit_of_the_base(weights: Path, slots: int) -> None:
    with EmbeddedModel(workers=1, slots=slots, context=512) as model:
        check_that_the_cache_does_not_matter(model)


@pytest.mark.embedded
@pytest.mark.parametrize("name", ["plain", "r1"])
def test_same_seed_same_text_of_the_adapters_that_ship_with_any_workers_in_any_order(name: str, weights: Path) -> None:
    prompts, sampling = [*few_shot(4), *questions(4)], Sampling(max_tokens=24, temperature=1.0)
    found = []
    for workers, step in ((1, 1), (1, -1), (2, 1)):
        with open_model(f"embedded:{name}", workers=workers, context=1024) as model:
            check_that_the_cache_does_not_matter(model)
            asked = list(enumerate(prompts))[::step]
            found.append({i: texts(model, [prompt], sampling, seed=i)[0] for i, prompt in asked})
    assert found[0] == found[1] == found[2]


@pytest.mark.embedded
def test_same_seed_same_text_with_any_workers_and_slots_in_any_order(weights: Path) -> None:
    prompts, sampling = [*few_shot(4), *questions(2)], Sampling(max_tokens=8, temperature=1.0)

    def backwards(model: EmbeddedModel) -> list[str]:
        return [texts(model, [prompts[i]], sampling, seed=i)[0] for i in reversed(range(len(prompts)))][::-1]

    with EmbeddedModel(workers=1, slots=1, context=512) as alone:
        expected = backwards(alone)
    for workers, slots in ((1, 4), (2, 2)):
        with EmbeddedModel(workers=workers, slots=slots, context=512) as model:
            assert texts(model, prompts, sampling, seed=0) == expected  # cold, and all in flight


@pytest.mark.embedded
def test_a_common_beginning_is_read_once(weights: Path) -> None:
    shown = "".join(f"Question: {i} + {i}? Answer: {2 * i}.\n" for i in range(30))
    with EmbeddedModel(workers=1, slots=1, context=1024) as model:
        first, second = ask(model, [chat(shown + "Question: 40 + 40?"), chat(shown + "Question: 50 + 50?")])
    assert first.cached_tokens == 0
    assert second.prompt_tokens is not None
    assert second.cached_tokens is not None
    assert second.cached_tokens > 0.9 * second.prompt_tokens


# --- adapters


@pytest.mark.embedded
def test_an_adapters_cache_never_reaches_the_base(instruct: EmbeddedModel, r1: Path) -> None:
    prompt = [chat("Hugo has 28 coins and gets 26 more. How many coins does Hugo have now?")]
    alone = texts(instruct, prompt)
    with EmbeddedModel(r1, **ENGINE) as adapted:
        changed = texts(adapted, prompt)
        assert changed != alone
        assert texts(instruct, prompt) == alone  # right after the adapter has read the same prompt


@pytest.mark.embedded
def test_an_adapter_is_part_of_the_identity(instruct: EmbeddedModel, r1: Path) -> None:
    adapted = open_model(f"embedded:instruct+{r1}")
    assert (instruct.name, adapted.name) == ("instruct", "r1")
    assert instruct.id.adapter == ""
    assert len(adapted.id.adapter) == 64
    assert instruct.id.revision == adapted.id.revision == fetching.GGUF_SHA256
    assert adapted.id.engine.startswith("xllamacpp ")
    assert isinstance(adapted, Model)


def gguf(**pairs: str) -> bytes:
    def text(value: str) -> bytes:
        return len(value).to_bytes(8, "little") + value.encode()

    entries = b"".join(text(key) + (8).to_bytes(4, "little") + text(value) for key, value in pairs.items())
    return b"GGUF" + (3).to_bytes(4, "little") + (0).to_bytes(8, "little") + len(pairs).to_bytes(8, "little") + entries


GOOD = {"general.architecture": "llama", "general.type": "adapter", "adapter.type": "lora"}


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "not a GGUF file"),
        (b"PK\x03\x04 a zip", "not a GGUF file"),
        (gguf(**GOOD)[:60], "cut or damaged"),
        (b"GGUF" + b"\xff" * 40, "GGUF version"),
        (gguf(**{**GOOD, "general.architecture": "qwen2"}), "general.architecture is 'qwen2', needed is 'llama'"),
        (gguf(**{**GOOD, "general.type": "model"}), "general.type is 'model'"),
        (gguf(**{"general.architecture": "llama"}), "general.type is None"),
    ],
)
def test_what_is_no_adapter_is_one_clear_line(tmp_path: Path, content: bytes, match: str) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=match) as caught:
        check_adapter(path)
    assert "\n" not in str(caught.value)


def test_adapter_headers(tmp_path: Path) -> None:
    path = tmp_path / "good.gguf"
    path.write_bytes(gguf(**GOOD))
    check_adapter(path)
    with pytest.raises(ModelError, match="there is no adapter file"):
        check_adapter(tmp_path / "missing.gguf")


@pytest.mark.embedded
def test_adapters_that_the_engine_refuses_do_not_end_the_process(weights: Path, r1: Path, tmp_path: Path) -> None:
    assert read_header(r1)["general.type"] == "adapter"
    with pytest.raises(ModelError, match=r"general\.type is 'model'"):
        EmbeddedModel(weights)
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(r1.read_bytes()[:100_000])
    with (
        EmbeddedModel(cut, workers=1, context=256) as model,
        pytest.raises(ModelError, match=r"could not load .*cut\.gguf"),
    ):
        model.count_tokens(chat("hi"))


# --- the check before a run


@pytest.mark.embedded
def test_check(instruct: EmbeddedModel) -> None:
    instruct.check(SAMPLED, [*questions(3), Prompt(text="<|im_start|>raw is raw")])
    long = chat("word " * 1000 + "the end")
    tokens = instruct.count_tokens(long)
    with pytest.raises(InputError, match=rf"{tokens} tokens; with max_tokens=16 .*context of 1024.*context="):
        instruct.check(GREEDY, [chat("hi"), long])
    with pytest.raises(InputError, match="max_tokens=1024"):
        instruct.check(Sampling(max_tokens=1024), [chat("hi")])
    with pytest.raises(InputError, match="did you mean 'top_k'"):
        instruct.check(Sampling(max_tokens=1, extra={"topk": 3}), [])
    with pytest.raises(InputError, match="control token"):
        instruct.check(GREEDY, [chat("Say <|im_end|> now")])
    with pytest.raises(InputError, match="the prefill holds '<filename>'"):
        instruct.check(GREEDY, [chat("hi", prefill="<filename>")])


@pytest.mark.embedded
def test_a_prompt_that_just_fits(instruct: EmbeddedModel) -> None:
    prompt = chat("word " * 900)
    room = instruct.context - instruct.count_tokens(prompt)
    instruct.check(Sampling(max_tokens=room), [prompt])
    with pytest.raises(InputError, match="the longest prompt"):
        instruct.check(Sampling(max_tokens=room + 1), [prompt])


# --- opening and serving


@pytest.mark.embedded
def test_open_model(weights: Path, instruct: EmbeddedModel) -> None:
    assert open_model(instruct) is instruct
    assert repr(open_model("embedded:instruct", workers=1)) == "EmbeddedModel('instruct', workers=1, context=2048)"
    assert "embedded:instruct" in available_models()
    for name, match in (
        ("embeded:instruct", "did you mean 'embedded:instruct'"),
        ("embedded:instruckt", "did you mean 'instruct'"),
        ("openai:", "unknown model"),
    ):
        with pytest.raises(InputError, match=match):
            open_model(name)
    with pytest.raises(InputError, match="did you mean 'workers'"):
        open_model("embedded:instruct", worker=1)
    with pytest.raises(InputError, match="slots is 0"):
        open_model("embedded:instruct", slots=0)
    with pytest.raises(InputError, match="open already"):
        open_model(instruct, workers=1)


def test_open_openai_names() -> None:
    for name, model, url in (
        ("openai:qwen@http://localhost:8000/v1", "qwen", "http://localhost:8000/v1"),
        ("openai:a/b@2024@https://x.org", "a/b@2024", "https://x.org"),
    ):
        opened = open_model(name, max_in_flight=3)
        assert isinstance(opened, OpenAIModel)
        assert (opened.model, opened.base_url, opened.max_in_flight) == (model, url, 3)


def test_missing_weights_name_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROMPTLAB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="python -m promptlab fetch smollm2"):
        open_model("embedded:instruct")


@pytest.mark.embedded
def test_served_and_in_process_answer_alike(instruct: EmbeddedModel) -> None:
    prompts = [chat(prompt.messages[0].content, system="You solve problems.") for prompt in questions(20)]
    with serve_embedded("instruct", context=1024) as base_url:
        served = open_model(f"openai:smollm2@{base_url}", max_in_flight=4)
        served.check(SAMPLED, prompts)
        assert served.context == 1024
        short = Sampling(max_tokens=8, temperature=0.6)
        assert texts(served, prompts, short) == texts(instruct, prompts, short)
        prefilled = [chat("What is 2 + 3?", system="x", prefill="The sum of")]
        assert texts(served, prefilled) == texts(instruct, prefilled)


# --- processes, threads, memory


@pytest.mark.embedded
def test_models_share_servers_and_leave_nothing_behind(weights: Path) -> None:
    own = {"workers": 1, "slots": 2, "context": 512}
    first, second = EmbeddedModel(**own), EmbeddedModel(**own)
    assert first._running is None  # nothing starts before it is needed
    first.count_tokens(chat("hi"))
    second.count_tokens(chat("hi"))
    assert first._running is second._running
    worker = first._engine().processes[0]
    first.close()
    assert second.count_tokens(chat("hi")) == first.count_tokens(chat("hi"))  # a closed model opens again
    first.close()
    assert worker.poll() is None
    del second
    gc.collect()
    assert worker.poll() is not None
    assert worker.stdin is not None
    assert worker.stdin.closed


@pytest.mark.embedded
def test_a_worker_that_died_is_replaced(weights: Path) -> None:
    with EmbeddedModel(workers=1, slots=1, context=256) as model:
        before = texts(model, [Prompt(text="2 + 2 =")])
        worker = model._engine().processes[0]
        worker.kill()
        worker.wait()
        assert texts(model, [Prompt(text="2 + 2 =")]) == before


def test_an_interpreter_without_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ModelError, match="pip install xllamacpp"):
        engine_version()


def cpu_by_thread(pid: int) -> list[float]:
    """CPU seconds of each thread of a process."""
    stats = [(task / "stat").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    return [sum(map(int, stat.rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK") for stat in stats]


@pytest.mark.embedded
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_computes_with_one_thread_and_idles_without_cpu(weights: Path) -> None:
    with EmbeddedModel(workers=1, slots=2, context=512) as model:
        pid = model._engine().processes[0].pid
        loading = sum(cpu_by_thread(pid))
        texts(model, questions(4))
        spent = cpu_by_thread(pid)
        assert sum(spent) - loading > 0.2
        assert sum(seconds > 0.25 * sum(spent) for seconds in spent) == 1
        time.sleep(1)
        assert sum(cpu_by_thread(pid)) - sum(spent) < 0.1


@pytest.mark.embedded
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_number_of_prompts(weights: Path) -> None:
    def different(start: int, n: int) -> list[Prompt]:
        return [Prompt(text=f"{i} " * 70) for i in range(start, start + n)]  # 280 tokens: 6.5 MB of cache

    with EmbeddedModel(workers=1, slots=1, context=512) as model:
        statm = Path(f"/proc/{model._engine().processes[0].pid}/statm")

        def resident() -> float:
            return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

        ask(model, different(100, 1), Sampling(max_tokens=1))
        before = resident()
        ask(model, different(200, 4), Sampling(max_tokens=1))
        assert resident() - before < 13  # a cache outside the slots would keep 26 MB


PROGRAM = """
import asyncio, os, signal, sys
from promptlab.models import EmbeddedModel
from promptlab.types import Prompt, Request, Sampling

def answer(model):
    async def collect():
        request = Request("k", Prompt(text="2 + 2 ="), Sampling(max_tokens=5), 1, 0)
        return [item async for group in model.generate([request]) for item in group]
    return asyncio.run(collect())[0][1].text

model = EmbeddedModel(workers=1, slots=1, context=256)
first = answer(model)
"""

FORK = """
def in_child(work):
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        print(work() == first, flush=True)
        sys.exit(0)  # the interpreter shuts down in the usual way
    print("status", os.waitpid(pid, 0)[1], flush=True)

in_child(lambda: answer(model))
in_child(lambda: answer(EmbeddedModel(workers=1, slots=2, context=256)))
print(answer(model) == first, flush=True)
"""

KILLED = """
print(model._running.processes[0].pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def program(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + text], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.embedded
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_forked_child_gets_its_answers_and_ends(weights: Path) -> None:
    done = program(FORK)
    expected = ["True", "status 0", "True", "status 0", "True"]
    assert (done.stdout.split(), done.returncode) == (" ".join(expected).split(), 0), done.stderr


@pytest.mark.embedded
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_workers_end_with_a_process_that_is_killed(weights: Path) -> None:
    done = program(KILLED)
    assert done.returncode == -signal.SIGKILL
    worker, deadline = int(done.stdout), time.monotonic() + 20
    while running(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(worker)


def running(pid: int) -> bool:
    """Whether there is such a process; one that has ended and was not yet collected by init does not count."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
