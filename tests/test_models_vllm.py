"""What needs no vLLM: the files, the command line, the watchdog, and replies as the real server gave them."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import promptlab as lab
from promptlab.errors import InputError, ModelError
from promptlab.models import vllm_process
from promptlab.models.failures import Failure, read_status
from promptlab.models.opening import options_in
from promptlab.models.replies import read_replies
from promptlab.models.vllm_files import find_adapter, find_weights
from promptlab.models.vllm_process import Server, serving
from promptlab.reasoning import split_reasoning

REPLIES: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "vllm" / "replies.json").read_text(encoding="utf-8")
)
needs_no_vllm = pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is here")


@needs_no_vllm
@pytest.mark.parametrize("use", [lambda: lab.open_model("vllm:x"), lambda: lab.serve_vllm("x").__enter__()])
def test_without_vllm_one_error_names_the_extra(use: Callable[[], object]) -> None:
    with pytest.raises(ModelError, match=r"its extra `vllm`.*openai:MODEL@"):
        use()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Qwen/Qwen3-8B", ("Qwen/Qwen3-8B", {})),
        ("Qwen/Qwen3-8B#no-think?max_model_len=20000", ("Qwen/Qwen3-8B#no-think", {"max_model_len": 20_000})),
        ("/a/b?dtype=float16&enforce_eager=True", ("/a/b", {"dtype": "float16", "enforce_eager": True})),
        (
            'm?hf_overrides={"a": 1}&gpu_memory_utilization=0.9',
            ("m", {"hf_overrides": {"a": 1}, "gpu_memory_utilization": 0.9}),
        ),
    ],
)
def test_options_in_a_name(name: str, expected: tuple[str, dict[str, Any]]) -> None:
    """For a notebook's parameters and for sweeps, which know models by name alone."""
    assert options_in(name) == expected


def test_a_mode_behind_the_options_is_an_error_that_says_where_it_stands():
    with pytest.raises(InputError, match=r"the mode stands before the options: vllm:m#no-think\?max_model_len=2\Z"):
        options_in("m?max_model_len=2#no-think")


@pytest.mark.parametrize(
    "name", ["m?", "m?max_model_len", "m?=4", "m?a=1&", "m?thinking=false", "m?lora=x", "m?name=x"]
)
def test_options_that_cannot_stand_in_a_name(name: str) -> None:
    with pytest.raises(InputError, match=r"behind \? stand options of vLLM's engine"):
        lab.open_model(f"vllm:{name}")


def test_a_model_with_options_needs_the_output_of_its_family() -> None:
    names = ["vllm:deepseek-ai/DeepSeek-R1-Distill-Qwen-7B?max_model_len=40000", "embedded:r1"]
    assert lab.longest_output(names) == 32_768


def model_folder(folder: Path, weights: bytes = b"w") -> Path:
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "README.md").write_text(str(folder), encoding="utf-8")
    return folder


def test_a_folder_is_known_by_its_content(tmp_path: Path) -> None:
    first, same = model_folder(tmp_path / "one"), model_folder(tmp_path / "two")
    other = model_folder(tmp_path / "three", b"v")
    revisions = [find_weights(str(folder)).revision for folder in (first, same, other)]
    assert revisions[0] == revisions[1] != revisions[2]
    assert find_weights(str(first)).name == "one"
    (first / "model.safetensors").write_bytes(b"changed")
    assert find_weights(str(first)).revision != revisions[0]


def test_folders_that_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no config\.json"):
        find_weights(str(tmp_path))
    with pytest.raises(InputError, match="whose content is its revision"):
        find_weights(str(model_folder(tmp_path / "m")), "main")
    with pytest.raises(InputError, match="no adapter in peft's form"):
        find_adapter(tmp_path)


def test_an_adapter(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"r": 7}', encoding="utf-8")
    (tmp_path / "adapter_model.safetensors").write_bytes(b"w")
    adapter = find_adapter(tmp_path, "tuned")
    assert (adapter.name, adapter.rank) == ("tuned", 8)
    before = adapter.hash
    (tmp_path / "adapter_model.safetensors").write_bytes(b"v2")
    assert find_adapter(tmp_path).hash != before


def test_replies_with_reasoning() -> None:
    all_reasoning = read_replies(REPLIES["all is reasoning"]["body"])
    assert isinstance(all_reasoning, list)
    (found,) = all_reasoning
    assert (found.ending, found.text, found.reasoning) == ("complete", "", "Two and two equals two.")
    assert split_reasoning(found) == ("Two and two equals two.", "")
    assert (found.prompt_tokens, found.completion_tokens, found.cached_tokens) == (38, 7, 0)
    both = read_replies(REPLIES["reasoning and content"]["body"])
    assert isinstance(both, list)
    assert (both[0].ending, both[0].reasoning, bool(both[0].text)) == ("truncated", "Two and two equals two.", True)
    text = read_replies(REPLIES["text"]["body"], prefill="4,")
    assert isinstance(text, list)
    assert (text[0].text, text[0].ending) == ("4, 3 + ", "truncated")


def test_three_choices_of_one_request() -> None:
    found = read_replies(REPLIES["three choices"]["body"], 3)
    assert isinstance(found, list)
    assert [choice.ending for choice in found] == ["complete", "truncated", "complete"]
    assert len({choice.reasoning for choice in found}) == 3


@pytest.mark.parametrize(
    ("case", "fatal", "words"),
    [
        ("unknown model", True, "does not exist"),
        ("prompt too long", False, "maximum context length is 1024"),
        ("max_tokens too large", False, "max_tokens=5000"),
        ("negative temperature", False, "temperature must be non-negative"),
    ],
)
def test_refusals(case: str, fatal: bool, words: str) -> None:
    failure = read_status(REPLIES[case]["status"], REPLIES[case]["body"])
    assert isinstance(failure, Failure)
    assert (failure.retry, failure.fatal) == (False, fatal)
    assert words in failure.message


# A stand-in for `vllm serve`: HTTP on the port that is given last, with a child of its own, deaf to SIGTERM if asked.
STAND_IN = """
import http.server, signal, subprocess, sys, time
if "--mute" in sys.argv: time.sleep(600)
if "--broken" in sys.argv: sys.exit("ValueError: no such model")
if "--deaf" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
class Well(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[-1])), Well).serve_forever()
"""


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm_process, "SERVE", (sys.executable, "-c", STAND_IN))


def running(pids: list[int]) -> list[int]:
    """Zombies left out: who reaps an orphan depends on the machine."""
    alive = [pid for pid in pids if psutil.pid_exists(pid)]
    return [pid for pid in alive if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


def end_of(pids: list[int], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while running(pids) and time.monotonic() < end:
        time.sleep(0.05)
    return not running(pids)


def family(pid: int) -> list[int]:
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def serve(log: Path, *arguments: str, **options: Any) -> Any:
    return serving(arguments, 0, log, **{"timeout": 20.0, "progress": False, **options})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serve(tmp_path / "log") as found:
        yield found


def test_a_server_and_its_children_go_with_the_block(tmp_path: Path) -> None:
    block = serve(tmp_path / "log")
    server = block.__enter__()
    server.check()
    pids = family(server.process.pid)
    assert len(pids) == 3
    assert not block.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not running(pids)
    with pytest.raises(ModelError, match="has ended"):
        server.check()


def test_a_server_that_does_not_heed_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm_process, "_PATIENCE", 0.5)
    with serve(tmp_path / "log", "--deaf") as server:
        pids = family(server.process.pid)
    assert not running(pids)


def test_a_server_that_dies_takes_its_children_along(server: Server) -> None:
    pids = family(server.process.pid)
    os.kill(pids[1], signal.SIGKILL)
    assert end_of(pids)
    server.process.wait(20)
    with pytest.raises(ModelError, match="has ended with status -9"):
        server.check()


def test_a_server_that_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"ended before it was ready(.|\n)*ValueError: no such model"):
        serve(tmp_path / "log", "--broken").__enter__()
    with pytest.raises(ModelError, match=r"not ready after 0\.1 s \(startup_timeout\)"):
        serve(tmp_path / "log", "--mute", timeout=0.1).__enter__()


@pytest.mark.parametrize("signal_sent", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_ends_with_its_caller(tmp_path: Path, signal_sent: signal.Signals) -> None:
    code = f"""
import sys, pathlib
from promptlab.models import vllm_process
vllm_process.SERVE = (sys.executable, "-c", {STAND_IN!r})
with vllm_process.serving([], 0, pathlib.Path({str(tmp_path / "log")!r}), 20, progress=False):
    print("up", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as caller:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "up\n"
        pids = family(caller.pid)[1:]
        caller.send_signal(signal_sent)
    assert len(pids) == 3
    assert end_of(pids)
