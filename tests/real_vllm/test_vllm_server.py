"""`serve_vllm` with the real server: two of them, one that parses reasoning, one with an adapter."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from asking import SAMPLING, answers, chat, requests
from making import OPTIONS

import promptlab as lab
from promptlab.errors import InputError, ModelError
from promptlab.models.vllm_served import ServedModel
from promptlab.types import Model, Prompt, Sampling

CLOSE = 16  # the token </think>, and a bias that makes this model use it soon
BIAS = {"logit_bias": {str(CLOSE): 16}}


def family() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def runs(pid: int) -> bool:
    """A zombie does not; who is to reap it depends on the machine."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(true: Any, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.1)
    return bool(true())


def get(model: ServedModel, path: str) -> str:
    address = urlsplit(model.base_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    connection.request("GET", path)
    with contextlib.closing(connection):
        return connection.getresponse().read().decode()


@pytest.fixture(scope="module")
def parsing(thinker: Path) -> Iterator[ServedModel]:
    """Ended by Ctrl-C: the server goes, with all its children, and the port is free."""
    serving = lab.serve_vllm(str(thinker), reasoning_parser="deepseek_r1", **OPTIONS)
    model = serving.__enter__()
    pids = [process.pid for process in family()]
    yield model
    assert not serving.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not [pid for pid in pids if runs(pid)]
    with socket.socket() as found:
        found.bind(("127.0.0.1", urlsplit(model.base_url).port))
    with pytest.raises(ModelError, match="the vLLM server has ended"):
        answers(model, requests([chat("Hi")]))


@pytest.fixture(scope="module")
def adapted(base: Path, plain: Path) -> Iterator[ServedModel]:
    with lab.serve_vllm(str(base), lora={"plain": plain}, name="instruct", max_num_seqs=4, **OPTIONS) as model:
        yield model


def test_what_it_says_of_itself(parsing: ServedModel, thinker: Path) -> None:
    assert isinstance(parsing, Model)
    offline = lab.open_model(f"vllm:{thinker}", **OPTIONS).id
    served = parsing.id
    assert served.engine == f"{offline.engine}, server"
    assert (served.name, served.revision) == (offline.name, offline.revision)
    assert served.template_hash == offline.template_hash
    assert (parsing.name, parsing.kind, parsing.context) == ("thinker", "vllm", 1024)
    assert parsing.settings["flags"]["reasoning_parser"] == "deepseek_r1"
    assert str(thinker) not in str(parsing.settings)


def test_a_setting_that_the_server_would_ignore_is_an_error(parsing: ServedModel) -> None:
    """vLLM takes any key and obeys those of its schema, which it publishes."""
    parsing.check(Sampling(max_tokens=9, extra={"top_k": 5, "min_tokens": 2}), [chat("Hi"), Prompt(text="Hi")])
    assert parsing.settings["notes"] == []
    with pytest.raises(InputError, match="did you mean 'top_k'"):
        parsing.check(Sampling(max_tokens=9, extra={"topk": 5}), [chat("Hi")])
    with pytest.raises(InputError, match="'typical_p'"):  # of other engines
        parsing.check(Sampling(max_tokens=9, extra={"typical_p": 0.9}), [chat("Hi")])


def test_reasoning_is_kept_apart(parsing: ServedModel) -> None:
    """Without a closing tag all of it is reasoning, and there is no content."""
    prompts = [chat("What is 2 + 2?")]
    unclosed = answers(parsing, requests(prompts, samples=4))
    assert all(found.reasoning and not found.text and found.reasoning_tokens for found in unclosed.values())
    closed = answers(parsing, requests(prompts, samples=4, sampling=Sampling(max_tokens=24, extra=BIAS)))
    assert any(found.reasoning and found.text for found in closed.values())
    assert not [found for found in closed.values() if "</think>" in found.reasoning]
    assert all(found.prompt_tokens == parsing.count_tokens(prompts[0]) for found in closed.values())


def test_what_the_server_says_is_as_recorded(parsing: ServedModel) -> None:
    """tests/data/vllm/replies.json feeds the fast tests: here its shapes are seen to be the server's still."""
    for name, case in json.loads(Path("tests/data/vllm/replies.json").read_text(encoding="utf-8")).items():
        status, body = post(parsing, case["path"], {"model": parsing.model, **case["sent"]})
        assert (status, shape(body)) == (case["status"], shape(case["body"])), name


def post(model: ServedModel, path: str, sent: dict[str, Any]) -> tuple[int, Any]:
    address = urlsplit(model.base_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", f"/v1{path}", json.dumps(sent), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def shape(value: Any) -> Any:
    """Keys and kinds of values."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    return [shape(part) for part in value] if isinstance(value, list) else type(value).__name__


def test_a_prompt_that_is_too_long(parsing: ServedModel) -> None:
    with pytest.raises(InputError, match="over the context of 1024"):
        parsing.check(SAMPLING, [chat("a b " * 600)])
    found = answers(parsing, requests([chat("What is 2 + 2?"), chat("a b " * 600)]))
    assert (found["0-0"].ending, found["1-0"].ending) in {("complete", "error"), ("truncated", "error")}
    assert "maximum context length" in found["1-0"].error


def test_exemplars_are_read_once(parsing: ServedModel) -> None:
    questions = lab.load_questions("arithmetic", n=4, seed=0)
    prompts = [lab.few_shot(k=5).render(q, pool=questions.pool, answer_format=None) for q in questions]
    same = [prompt for prompt in prompts if prompt.exemplars == prompts[0].exemplars]
    answers(parsing, requests(same[:1]))
    again = answers(parsing, requests(same, samples=2, sampling=Sampling(max_tokens=2)))
    assert all((found.cached_tokens or 0) >= 128 for found in again.values())
    (line,) = (x for x in get(parsing, "/metrics").splitlines() if x.startswith("vllm:prefix_cache_hits_total"))
    assert float(line.split()[-1]) > 0


def test_a_server_that_dies_in_mid_run_loses_nothing(adapted: ServedModel, tmp_path: Path) -> None:
    """A whole run and comparison of base and adapter; then the engine is killed under the second run."""
    questions = lab.load_questions("arithmetic", n=8, seed=1)
    conditions = [lab.zero_shot(), lab.few_shot(k=2)]
    design: dict[str, Any] = {"samples": 2, "sampling": Sampling(max_tokens=32), "progress": False}
    models = [adapted, adapted.adapters["plain"]]
    done = [lab.run(m, conditions, questions, path=tmp_path / m.name, **design) for m in models]
    assert [len(run.to_frame()) for run in done] == [32, 32]
    assert (done[0].manifest["model"]["adapter"] == "") != (done[1].manifest["model"]["adapter"] == "")
    assert set(done[0].to_frame()["completion"]) != set(done[1].to_frame()["completion"])
    assert len(lab.compare(done, baseline="zero-shot").table) == 2
    more = {**design, "samples": 12}
    engine = next(process for process in family() if "EngineCore" in process.name())
    ended = pytest.raises(ModelError, match="the vLLM server has ended")
    with killed_when(engine, lambda: stored(tmp_path / "plain") > 40), ended as failed:
        lab.run(models[1], conditions, questions, path=tmp_path / "plain", **more)
    assert "the same call again goes on" in str(failed.value)
    kept = lab.load_run(tmp_path / "plain").to_frame()
    assert 40 < len(kept[kept["ending"] != "error"]) < 192


def stored(path: Path) -> int:
    return len(lab.load_run(path).to_frame())


@contextlib.contextmanager
def killed_when(process: psutil.Process, true: Any) -> Iterator[None]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(lambda: wait_until(true, 60) and process.kill())
        yield
        done.result()


def test_a_server_that_cannot_start_says_why(base: Path, tmp_path: Path) -> None:
    """First a vocabulary without <think>, which is seen before the start; then a flag that only the server knows of."""
    with pytest.raises(ModelError, match="could not locate think start/end tokens"):
        lab.serve_vllm(str(base), reasoning_parser="deepseek_r1", **OPTIONS).__enter__()
    log, before = tmp_path / "serve.log", family()
    with pytest.raises(ModelError, match="unrecognized arguments: --enable-prompt-details") as failed:
        lab.serve_vllm(str(base), log=log, enable_prompt_details=True, **OPTIONS).__enter__()
    assert str(log) in str(failed.value)
    assert set(family()) <= set(before)


def test_a_killed_caller_takes_its_server_along(base: Path, tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    code = f"import promptlab as lab\nwith lab.serve_vllm({str(base)!r}, log={str(log)!r}, **{OPTIONS!r}): pass"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as caller:
        below = psutil.Process(caller.pid)
        assert wait_until(lambda: len(below.children(recursive=True)) >= 2, 60), "no watchdog and server"
        servers = [server.pid for server in below.children(recursive=True)]
        os.kill(caller.pid, signal.SIGKILL)
    assert wait_until(lambda: not any(map(runs, servers)), 30)
