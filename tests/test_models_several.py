"""Several samples a request: each is its own sample, with its own ending."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import promptlab as lab
from fake_server import FakeServer, Fault, answer_is, completion
from promptlab.errors import InputError, ModelError
from promptlab.models import OpenAIModel
from promptlab.models.calling import Policy
from promptlab.models.transport import Blocks, together
from promptlab.records import Run
from promptlab.types import Completion, Message, Prompt, Request, Sampling

SAMPLING = Sampling(max_tokens=50)
CHAT = "/v1/chat/completions"


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Policy, "pause", lambda self, attempt, after: after or 0.0)


def requests(n: int, text: str = "2 + 2?", sampling: Sampling = SAMPLING) -> list[Request]:
    prompt = Prompt((Message("user", text),))
    return [Request(f"{text} {i}", prompt, sampling, seed=100 * i, index=i) for i in range(n)]


def answers(server: FakeServer, asked: Sequence[Request], n: int = 16, **options: Any) -> dict[str, Completion]:
    model = OpenAIModel("fake", server.base_url, samples_per_request=n, **options)

    async def collect() -> list[tuple[str, Completion]]:
        return [item async for group in model.generate(asked) for item in group]

    items = asyncio.run(collect())
    assert sorted(key for key, _ in items) == sorted(request.key for request in asked)
    return dict(items)


def said(text: str, seed: int) -> str:
    return answer_is({"messages": [{"role": "user", "content": text}], "seed": seed})


def test_one_request_asks_for_many():
    with FakeServer() as server:
        got = answers(server, [*requests(20), *requests(1, "3 + 3?")])
        assert sorted((body.get("n", 1), body["seed"]) for body in server.bodies) == [(1, 0), (4, 1600), (16, 0)]
    texts = [got[f"2 + 2? {i}"].text for i in range(20)]
    seeds = [*range(16), *range(1600, 1604)]  # of the first sample of a request, and those after it, as vLLM counts
    assert texts == [said("2 + 2?", seed) for seed in seeds]
    assert {completion.ending for completion in got.values()} == {"complete"}


def test_the_prompt_counts_once_and_what_is_not_known_is_not_said():
    with FakeServer() as server:
        got = answers(server, [*requests(3), *requests(1, "3 + 3?")])
    first, *others, alone = got["2 + 2? 0"], got["2 + 2? 1"], got["2 + 2? 2"], got["3 + 3? 0"]
    assert [c.prompt_tokens for c in (first, *others)] == [4, 0, 0]
    assert [c.completion_tokens for c in (first, *others)] == [None] * 3
    assert (alone.prompt_tokens, alone.completion_tokens) == (4, 4)


def test_a_server_that_lists_tokens_says_what_each_took():
    def reply(body: dict[str, Any]) -> dict[str, Any]:
        whole = completion(CHAT, body, "4", others=["four", "it is 4"])
        for tokens, choice in enumerate(whole["choices"]):
            choice["token_ids"] = [7] * (tokens + 5)
        return whole

    with FakeServer(owned_by="vllm", reply=reply) as server:
        got = answers(server, requests(3))
        assert server.bodies[0]["return_token_ids"] is True
    assert [completion.completion_tokens for completion in got.values()] == [5, 6, 7]


@pytest.mark.parametrize(("most", "asked"), [(3, [8, 5, 2]), (1, [8, 7, 6, 5, 4, 3, 2, 1])])
def test_fewer_choices_than_asked(most: int, asked: list[int]):
    """As of a server that has a limit of its own, or one that does not know n."""

    def reply(body: dict[str, Any]) -> dict[str, Any]:
        seeds = [body["seed"] + i for i in range(min(most, body.get("n", 1)))]
        text, *others = [said("2 + 2?", seed) for seed in seeds]
        return completion(CHAT, body, text, others=others)

    with FakeServer(reply=reply) as server:
        got = answers(server, requests(8))
        assert [body.get("n", 1) for body in server.bodies] == asked
    assert [c.text for c in got.values()] == [said("2 + 2?", 100 * (i - i % most) + i % most) for i in range(8)]


def test_more_choices_than_asked_are_not_read():
    with FakeServer(reply=lambda body: completion(CHAT, body, "a", others=["b", "c", "d"])) as server:
        assert [c.text for c in answers(server, requests(2)).values()] == ["a", "b"]


def test_each_choice_has_its_own_ending_and_a_broken_one_is_asked_again():
    def reply(body: dict[str, Any]) -> dict[str, Any]:
        whole = completion(CHAT, body, "one", others=["two", "", "four"])
        for choice, reason in zip(whole["choices"], ("length", "error", "stop", "content_filter"), strict=True):
            choice["finish_reason"] = reason
        return whole if body.get("n") == 4 else completion(CHAT, body, "again")

    with FakeServer(reply=reply) as server:
        got = answers(server, requests(4))
        assert [body.get("n", 1) for body in server.bodies] == [4, 1]
    endings = [(c.text, c.ending) for c in got.values()]
    assert endings == [("one", "truncated"), ("", "empty"), ("four", "refused"), ("again", "complete")]


def test_a_request_that_fails_is_a_failure_of_each_sample():
    with FakeServer(reply=lambda _: Fault(status=500)) as server:
        got = answers(server, requests(5), retries=1)
        assert [body["n"] for body in server.bodies] == [5, 5]
    assert {(c.ending, c.error[:10], c.text) for c in got.values()} == {("error", "status 500", "")}


def test_in_flight_counts_requests():
    with FakeServer(latency=0.05) as server:
        answers(server, requests(64), n=4, max_in_flight=3)
        assert server.peak == 3
        assert len(server.bodies) == 16


def test_without_chance_there_is_one_sample_a_request():
    with FakeServer() as server:
        answers(server, requests(3, sampling=Sampling(max_tokens=50, temperature=0)))
        assert ["n" in body for body in server.bodies] == [False] * 3


@pytest.mark.parametrize("n", [0, 129, 1.5, True])
def test_what_no_server_takes(n: Any):
    with pytest.raises(InputError, match="samples_per_request"):
        OpenAIModel("fake", "http://127.0.0.1:1/v1", samples_per_request=n)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 2)), max_size=30), st.integers(1, 5))
def test_groups_are_neighbours_that_ask_the_same(asked: list[tuple[int, int]], most: int):
    all_requests = [
        Request(str(i), Prompt(text=str(text)), Sampling(max_tokens=tokens), i, 0)
        for i, (text, tokens) in enumerate(asked)
    ]
    blocks = Blocks(range(len(asked)), 1)
    groups = list(iter(lambda: together(all_requests, blocks, 0, most), []))
    assert [request for group in groups for request in group] == all_requests
    assert all(len({(r.prompt, r.sampling.max_tokens) for r in group}) == 1 for group in groups)
    assert all(1 <= len(group) <= most for group in groups)
    asks = [(group[0].prompt, group[0].sampling.max_tokens) for group in groups]
    assert all(len(a) == most for a, x, y in zip(groups, asks, asks[1:], strict=False) if x == y)


# -- through a run -----------------------------------------------------------------------------------------------------


def go(server: FakeServer, path: Path, samples: int, n: int) -> Run:
    questions = [lab.Question(f"q{i}", f"What is {i} + 1?", (str(i + 1),)) for i in range(5)]
    model = OpenAIModel("fake", server.base_url, samples_per_request=n)
    arms = [lab.zero_shot(), lab.concise()]
    return lab.run(model, arms, questions, samples=samples, sampling=SAMPLING, path=path, progress=False)


def test_a_run_is_the_same_twice_and_can_be_extended(tmp_path: Path):
    with FakeServer() as server:
        first, second = (go(server, tmp_path / name, 6, 4) for name in "ab")
        assert len(server.bodies) == 2 * 10 * 2
        before, again = first.to_frame(), second.to_frame()
        pd.testing.assert_frame_equal(before.drop(columns="seconds"), again.drop(columns="seconds"))
        more = go(server, tmp_path / "a", 10, 4).to_frame()
    assert len(server.bodies) == 2 * 10 * 2 + 10
    assert more["key"].nunique() == 100
    kept = more[more["sample"] < 6].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before)
    assert first.manifest["settings"]["samples_per_request"] == 4
    assert first.manifest["sessions"][0]["paid"]["tokens_not_told"] == 60


# -- whose answer it is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", ["fake", "FAKE", "fake-2024-08-06", "fake-0613", "folder/fake", "fake:latest", None])
def test_names_that_mean_the_same(told: str | None):
    with FakeServer(reply=lambda body: {**completion(CHAT, body, "4"), "model": told}) as server:
        assert answers(server, requests(1))["2 + 2? 0"].ending == "complete"


@pytest.mark.parametrize("told", ["other", "fake-mini", "fakes", "fake-turbo-2024-04-09", "fake.1"])
def test_another_models_answer_stops_the_run_at_its_start(told: str):
    with FakeServer(reply=lambda body: {**completion(CHAT, body, "4"), "model": told}) as server:
        with pytest.raises(ModelError, match=f"another model.*{told!r}, not from 'fake'.*answers_as={told!r}"):
            answers(server, requests(1))
        assert len(server.bodies) == 1
        assert answers(server, requests(1), answers_as=told)["2 + 2? 0"].ending == "complete"
    with FakeServer(owned_by="llamacpp", reply=lambda body: {**completion(CHAT, body, "4"), "model": told}) as server:
        assert answers(server, requests(1))["2 + 2? 0"].ending == "complete"
