"""Statuses and errors of servers: what is tried again, what is one sample's affair, and what ends the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import promptlab as lab
from fake_server import FakeServer, Fault
from promptlab.errors import ModelError
from promptlab.models import OpenAIModel
from promptlab.models.failures import Failure, one_line, read_status
from promptlab.models.replies import read_replies
from promptlab.types import Question, Sampling


@pytest.mark.parametrize(
    ("status", "retry", "fatal"),
    [
        *[(status, False, True) for status in (401, 402, 404)],
        *[(status, False, False) for status in (400, 403, 413, 422)],
        *[(status, True, False) for status in (408, 409, 429, 500, 503, 529)],
    ],
)
def test_statuses(status: int, retry: bool, fatal: bool) -> None:
    failure = read_status(status, {"error": {"message": "why\nnot"}})
    assert (failure.retry, failure.fatal) == (retry, fatal)
    assert failure.message == f"status {status}: why not"


def test_an_address_without_v1() -> None:
    told = [read_status(404, "no such route", path=path).message for path in ("/chat/completions", "/v1/completions")]
    assert told == [
        "status 404: no such route (base_url has no path: most servers want one that ends with /v1)",
        "status 404: no such route",
    ]
    assert read_status(400, "too long", path="/chat/completions").message == "status 400: too long"


def test_an_unsupported_parameter_concerns_the_whole_run() -> None:
    error = {"message": "temperature is not supported", "code": "unsupported_value"}
    assert read_status(400, {"error": error}).fatal
    assert read_status(400, error).fatal  # the client hands over the inner object


AZURE = {  # https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter
    "message": "The response was filtered",
    "type": None,
    "param": "prompt",
    "code": "content_filter",
    "status": 400,
}


@pytest.mark.parametrize(
    "error", [AZURE, {"message": "Invalid prompt: your prompt was flagged", "code": "invalid_prompt"}]
)
def test_a_prompt_that_a_filter_stops_is_refused_for_good(error: dict[str, Any]) -> None:
    for body in (error, {"error": error}):
        failure = read_status(400, body)
        assert (failure.ending, failure.retry, failure.fatal, failure.perhaps) == ("refused", False, False, False)
    assert read_status(400, {"error": {**error, "code": 400}}).ending == "error"
    assert read_status(500, error).ending == "error"


@given(st.text(max_size=3000))
def test_one_line_is_one_bounded_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert len(one_line(text)) <= 300


QUOTA = "insufficient_quota"


@pytest.mark.parametrize("named", [{"code": QUOTA, "type": QUOTA}, {"code": QUOTA}, {"type": QUOTA}])
def test_an_account_without_credit_concerns_the_whole_run(named: dict[str, str]) -> None:
    error = {"message": "You exceeded your current quota", **named}
    assert read_status(429, error).fatal
    for body in ({"error": error}, {"choices": [{"error": error, "message": {"content": "The answ"}}]}):
        failure = read_replies(body)
        assert isinstance(failure, Failure)
        assert (failure.fatal, failure.retry) == (True, False)


def test_a_limit_of_the_rate_does_not() -> None:
    error = {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}
    assert not read_status(429, error).fatal
    failure = read_replies({"error": error})
    assert isinstance(failure, Failure)
    assert (failure.fatal, failure.retry) == (False, True)


@pytest.mark.parametrize("fault", [Fault(status=429, code=QUOTA), Fault("error body", code=QUOTA)])
def test_a_run_without_credit_ends_at_once(fault: Fault, tmp_path: Path) -> None:
    questions = [Question(f"q{i}", f"What is {i} + 1?", (str(i + 1),)) for i in range(9)]
    with FakeServer(reply=lambda body: fault) as server:
        model = OpenAIModel("fake", server.base_url, max_in_flight=1)
        with pytest.raises(ModelError, match=r"refuses every request: .*made to fail"):
            lab.run(
                model,
                [lab.zero_shot()],
                questions,
                samples=1,
                sampling=Sampling(max_tokens=9),
                path=tmp_path,
                progress=False,
            )
        assert len(server.bodies) == 1
