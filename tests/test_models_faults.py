"""Every fault of a server, from the wire to the verdict: no sample is lost, none is scored for what it did not say."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, formatdate
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import promptlab as lab
from fake_server import FakeServer, Fault, prompt_of
from promptlab.models import OpenAIModel
from promptlab.models.calling import Policy, _retry_after
from promptlab.records import Run
from promptlab.types import Question, Sampling

ARMS = [lab.zero_shot(), lab.concise()]
QUESTIONS = [Question(f"q{i}", f"What is {i} + 1?", (str(i + 1),)) for i in range(30)]
SHORT = lab.concise().instruction or ""


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses without the exponential part, so that tests do not wait; Retry-After stays."""
    monkeypatch.setattr(Policy, "pause", lambda self, attempt, after: after or 0.0)


def right(body: dict[str, Any]) -> str:
    (number,) = re.findall(r"What is (\d+)", prompt_of(body))
    return f"The answer is {int(number) + 1}."


def go(server: FakeServer, path: Path, **options: Any) -> Run:
    model = OpenAIModel("fake", server.base_url, **{"retries": 2, "timeout": 60, "patience": 2.0, **options})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*samples failed")
        return lab.run(model, ARMS, QUESTIONS, samples=2, sampling=Sampling(max_tokens=50), path=path, progress=False)


def frame(run: Run) -> pd.DataFrame:
    return run.to_frame().drop(columns="seconds")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    with FakeServer(reply=right) as server:
        return frame(go(server, tmp_path_factory.mktemp("undisturbed")))


def soon() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


# Infrastructure: the fault, how often it is asked again, and what the sample says in the end.
BROKEN: dict[str, tuple[Callable[[], Fault], int, str]] = {
    "429": (lambda: Fault(status=429), 2, "status 429"),
    "429 with seconds": (lambda: Fault(status=429, retry_after=0.05), 2, "status 429"),
    "429 with a date": (lambda: Fault(status=429, retry_after=formatdate(usegmt=True)), 2, "status 429"),
    "500": (lambda: Fault(status=500), 2, "status 500"),
    "503": (lambda: Fault(status=503), 2, "status 503"),
    "400": (lambda: Fault(status=400), 0, "status 400"),
    "reset in mid-body": (lambda: Fault("reset"), 2, "no connection"),
    "cut JSON": (lambda: Fault("cut"), 2, "not JSON"),
    "nested JSON": (lambda: Fault("nested"), 2, "not JSON"),
    "no choices": (lambda: Fault("no choices"), 2, "no choices"),
    "a page of HTML": (lambda: Fault("page"), 2, "the answer is not a JSON object: <html>Welcome"),
    "200 that holds an error": (lambda: Fault("error body"), 2, "holds an error"),
    "slow drip": (lambda: Fault("drip"), 2, "no answer in time"),
    "never answers": (lambda: Fault("hang"), 2, "no answer in time"),
    "huge body": (lambda: Fault("huge"), 0, "status 200: the answer has more than"),
    "another model": (lambda: Fault("stranger"), 2, "comes from 'another-model', not from 'fake'"),
}
SLOW = {name: {"timeout": 0.8} for name in ("slow drip", "never answers")}  # others of their answers may be late too
# What the model did, as far as anyone can tell: final, never asked again.
FINAL = {
    "length": (Fault("length"), "truncated", "length"),
    "content filter": (Fault("content filter"), "refused", "content_filter"),
    "tool calls": (Fault("tool calls"), "empty", "tool_calls"),
    "empty content": (Fault("empty"), "empty", "stop"),
    "no content": (Fault("none"), "empty", "stop"),
}


@pytest.mark.parametrize("name", [name for name, (_, again, _) in BROKEN.items() if again])
def test_a_fault_that_passes_leaves_no_trace(name: str, tmp_path: Path, undisturbed: pd.DataFrame):
    (fault, _, _), alone = BROKEN[name], name == "another model"  # which stops a run that had no answer before
    with FakeServer(script=[None] + [fault() for _ in range(4)], reply=right) as server:
        run = go(server, tmp_path, retries=4, **SLOW.get(name, {}), **({"max_in_flight": 1} if alone else {}))
        assert len(server.bodies) == 2 * 30 * 2 + 4 or name in SLOW
    pd.testing.assert_frame_equal(frame(run), undisturbed)
    assert set(lab.compare(run, baseline="zero-shot").table["validity"]) == {"ok"}


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_that_lasts_is_missing_data_and_the_comparison_invalid(name: str, tmp_path: Path):
    fault, again, told = BROKEN[name]
    with FakeServer(reply=lambda body: fault() if in_the_third(body) else right(body)) as server:
        run = go(server, tmp_path, **SLOW.get(name, {}))
        assert len(server.bodies) == 2 * 30 * 2 + 18 * again or name in SLOW
    samples = run.to_frame()
    lost = samples[samples["ending"] == "error"]
    assert len(samples) == 120
    assert len(lost) == 18
    assert lost["error"].str.contains(told).all()
    assert lost["error"].str.contains(r"\(after 3 attempts\)").all() == bool(again)
    assert lost["score"].isna().all()
    assert (samples.drop(lost.index)["score"] == 1).all()
    comparison = lab.compare(run, baseline="zero-shot")
    assert comparison.summary["condition"].tolist() == ["zero-shot", "concise"]
    assert comparison.summary["error"].tolist() == [0, pytest.approx(0.3)]
    assert comparison.summary["score"].tolist() == [1, 1]
    assert comparison.table["validity"].tolist() == ["invalid"]
    assert "30.0 % of concise" in comparison.table["validity_why"][0]


def in_the_third(body: dict[str, Any]) -> bool:
    """Nine of thirty questions under one condition."""
    return SHORT in prompt_of(body) and right(body).rstrip(".").endswith(("1", "4", "7"))


@pytest.mark.parametrize("name", FINAL)
def test_what_the_model_did_counts_and_makes_the_verdict_fragile(name: str, tmp_path: Path):
    fault, ending, reason = FINAL[name]
    with FakeServer(reply=lambda body: fault if in_the_third(body) else right(body)) as server:
        run = go(server, tmp_path)
        assert len(server.bodies) == 2 * 30 * 2
    samples = run.to_frame()
    failed = samples[samples["ending"] == ending]
    third = samples["condition"].eq("concise") & samples["gold"].str.endswith(("1", "4", "7"))
    assert failed.index.tolist() == samples.index[third].tolist()
    assert set(failed["finish_reason"]) == {reason}
    assert failed["score"].eq(0).all()
    comparison = lab.compare(run, baseline="zero-shot")
    assert comparison.summary[ending].tolist() == [0, pytest.approx(len(failed) / 60)]
    assert comparison.table[["verdict", "validity"]].values.tolist() == [["degraded", "fragile"]]


def test_a_prompt_that_a_filter_stops_is_refused_and_the_run_goes_on(tmp_path: Path):
    """Azure answers it with status 400: no error of the server, and the model's failure under this prompt."""
    filtered = Fault(status=400, message="The response was filtered", code="content_filter")
    with FakeServer(reply=lambda body: filtered if in_the_third(body) else right(body)) as server:
        samples = go(server, tmp_path).to_frame()
        assert len(server.bodies) == 2 * 30 * 2, "asked once"
    refused = samples[samples["ending"] == "refused"]
    assert len(refused) == 18
    assert set(refused["status"]) == {"refused"}
    assert refused["error"].str.contains("status 400: The response was filtered").all()
    assert refused["score"].eq(0).all()
    assert (samples.drop(refused.index)["score"] == 1).all()


def test_json_under_another_content_type_is_read_and_ids_need_not_differ(tmp_path: Path, undisturbed: pd.DataFrame):
    with FakeServer(reply=right, script=[Fault("plain")] * 200) as server:
        assert {str(server.card["id"])} == {"fake"}
        got = go(server, tmp_path).to_frame()
    assert len(got) == got["key"].nunique() == len(undisturbed)
    assert set(got["ending"]) == {"complete"}


def test_a_date_is_waited_for(tmp_path: Path):
    with FakeServer(script=[Fault(status=429, retry_after=soon())], reply=right) as server:
        started = time.time()
        run = go(server, tmp_path, max_in_flight=1)
        assert time.time() >= int(started) + 1
    assert set(run.to_frame()["ending"]) == {"complete"}


@given(st.text(max_size=40) | st.floats().map(str) | st.datetimes().map(lambda when: format_datetime(when)))
def test_no_header_breaks_the_policy(value: str):
    found = _retry_after({"retry-after": value})
    assert found is None or found >= 0


def test_a_huge_answer_takes_little_memory():
    """In a process of its own, whose peak is its own: 64 answers of 8 MB, 32 at a time."""
    with FakeServer(reply=lambda _: Fault("huge")) as server:
        command = [sys.executable, "-c", HUGE, server.base_url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 120, "megabytes"


HUGE = """
import asyncio, resource, sys
import openai
from promptlab.models import OpenAIModel
from promptlab.types import Prompt, Request, Sampling

async def endings():
    requests = [Request(str(i), Prompt(text="hi"), Sampling(max_tokens=50), i, 0) for i in range(64)]
    return {completion.ending async for group in model.generate(requests) for _, completion in group}

model = OpenAIModel("fake", sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert asyncio.run(endings()) == {"error"}
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
