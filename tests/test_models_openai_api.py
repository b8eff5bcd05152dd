from __future__ import annotations

import asyncio
import gc
import threading
import time
import warnings
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_server import FakeServer, Fault, Kind, answer_is, completion
from promptlab.errors import InputError, ModelError, PromptlabError
from promptlab.models import OpenAIModel, open_model
from promptlab.models.calling import _retry_after
from promptlab.models.transport import Blocks, Pace, Policy, is_loopback
from promptlab.types import Completion, Message, Model, Prompt, Request, Sampling

SECRET = "sk-very-secret-0123456789"
SAMPLING = Sampling(max_tokens=50, temperature=0.6, top_p=0.95)


def chat(text: str, prefill: str = "") -> Prompt:
    return Prompt(messages=(Message("user", text),), prefill=prefill)


def requests(n: int, prompt: Prompt | None = None, sampling: Sampling = SAMPLING) -> list[Request]:
    return [Request(f"key-{i}", prompt or chat(f"question {i}"), sampling, seed=i, index=0) for i in range(n)]


async def collect(model: Model, asked: Sequence[Request]) -> list[tuple[str, Completion]]:
    return [item async for group in model.generate(asked) for item in group]


def answers(model: Model, asked: Sequence[Request]) -> dict[str, Completion]:
    items = asyncio.run(collect(model, asked))
    assert len(items) == len(dict(items)) == len(asked)
    return dict(items)


def one(server: FakeServer, prompt: Prompt | None = None, **options: Any) -> Completion:
    return answers(model_of(server, **options), requests(1, prompt))["key-0"]


def model_of(server: FakeServer, **options: Any) -> OpenAIModel:
    return OpenAIModel("fake", server.base_url, **{"patience": 5.0, **options})


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses without the exponential part, so that tests do not wait; Retry-After stays."""
    monkeypatch.setattr(Policy, "pause", lambda self, attempt, after: after or 0.0)


def test_it_is_a_model_and_answers_each_request_once() -> None:
    with FakeServer() as server:
        model = model_of(server)
        assert isinstance(model, Model)
        got = answers(model, requests(200))
        assert max(server.counts.values()) == 1
    for i in range(200):
        body = {"messages": [{"role": "user", "content": f"question {i}"}], "seed": i}
        assert got[f"key-{i}"].text == answer_is(body)
        assert got[f"key-{i}"].ending == "complete"


def test_what_is_sent() -> None:
    with FakeServer() as server:
        prompt = Prompt(messages=(Message("system", ""), Message("user", "hi")))
        one(server, prompt)
        sampling = Sampling(max_tokens=9, extra={"stop": ["x"]})
        answers(model_of(server), requests(1, Prompt(text="2 + 2 =", prefill=" "), sampling))
    chat_body, text_body = server.bodies
    messages = [{"role": "system", "content": ""}, {"role": "user", "content": "hi"}]
    settings = {"temperature": 0.6, "top_p": 0.95, "max_tokens": 50, "seed": 0}
    assert chat_body == {"model": "fake", "messages": messages, **settings}
    assert text_body == {"model": "fake", "prompt": "2 + 2 = ", **settings, "max_tokens": 9, "stop": ["x"]}


@pytest.mark.parametrize(("owned_by", "added"), [("vllm", {"top_k": -1, "min_p": 0.0}), ("llamacpp", {"top_k": 0})])
def test_server_defaults_that_nobody_asked_for_are_off(owned_by: str, added: dict[str, Any]) -> None:
    with FakeServer(owned_by=owned_by) as server:
        model = model_of(server)
        answers(model, requests(1))
        assert added.items() <= server.bodies[0].items()
        assert added.items() <= model.settings["added"].items()
        answers(model, requests(1, sampling=Sampling(max_tokens=9, extra={"top_k": 7})))
        assert server.bodies[1]["top_k"] == 7  # the user's own word wins


def test_prefill_by_kind_of_server() -> None:
    prompt = chat("2 + 2?", prefill="<think>")
    with FakeServer(owned_by="vllm", reply=lambda _: "hm") as server:
        assert one(server, prompt).text == "<think>hm"
        assert server.bodies[0]["messages"][-1] == {"role": "assistant", "content": "<think>"}
        assert server.bodies[0]["continue_final_message"] is True
        assert server.bodies[0]["add_generation_prompt"] is False
    with FakeServer(owned_by="llamacpp", reply=lambda _: "<think>hm") as server:
        assert one(server, prompt).text == "<think>hm"
    with FakeServer(owned_by="someone") as server:
        model = model_of(server)
        with pytest.raises(InputError, match="does not continue"):
            model.check(SAMPLING, [prompt])
        model.check(SAMPLING, [chat("hi"), Prompt(text="2 + 2 =", prefill=" ")])
        assert not server.bodies  # a check makes no paid call


def test_context_where_the_server_tells() -> None:
    for meta, expected in (({"max_model_len": 512}, 512), ({"meta": {"n_ctx": 2048}}, 2048), ({}, None)):
        with FakeServer(meta=meta) as server:
            assert model_of(server).context == expected
    with FakeServer(meta={"max_model_len": 50}) as server, pytest.raises(InputError, match="no room"):
        model_of(server).check(SAMPLING, [chat("hi")])


@pytest.mark.parametrize(
    ("kind", "ending"),
    [("length", "truncated"), ("content filter", "refused"), ("empty", "empty"), ("none", "empty")],
)
def test_answers_that_are_final(kind: Kind, ending: str) -> None:
    with FakeServer(script=[Fault(kind)]) as server:
        got = one(server)
        assert got.ending == ending
        assert len(server.bodies) == 1  # what a model did is not asked again
        assert got.finish_reason == {"length": "length", "content filter": "content_filter"}.get(kind, "stop")


TRANSIENT = [
    Fault(status=429),
    Fault(status=429, retry_after=0.05),
    Fault(status=500),
    Fault(status=503),
    Fault("reset"),
    Fault("cut"),
    Fault("no choices"),
    Fault("error body"),
]


@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda fault: f"{fault.kind} {fault.status}")
def test_transient_faults_are_tried_again(fault: Fault) -> None:
    with FakeServer(script=[fault, fault]) as server:
        got = one(server)
        assert (got.ending, got.error) == ("complete", "")
        assert len(server.bodies) == 3


@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda fault: f"{fault.kind} {fault.status}")
def test_faults_that_last_end_as_error(fault: Fault) -> None:
    with FakeServer(reply=lambda _: fault) as server:
        got = one(server, retries=2)
        assert (got.ending, got.text) == ("error", "")
        assert got.error.endswith("(after 3 attempts)")
        assert "\n" not in got.error
        assert len(server.bodies) == 3


def test_a_server_that_never_answers() -> None:
    with FakeServer(reply=lambda _: Fault("hang")) as server:
        got = one(server, timeout=0.2, retries=1)
        assert (got.ending, got.error) == ("error", "no answer in time (after 2 attempts)")


def test_one_refused_prompt_does_not_stop_the_others() -> None:
    def reply(body: dict[str, Any]) -> str | Fault:
        return Fault(status=400, message="too long") if "question 3" in str(body["messages"]) else "fine"

    with FakeServer(reply=reply) as server:
        got = answers(model_of(server), requests(6))
        assert len(server.bodies) == 6
    assert {key: value.ending for key, value in got.items() if value.ending != "complete"} == {"key-3": "error"}
    assert got["key-3"].error == "status 400: too long"


def test_one_prompt_that_a_server_forbids_is_that_samples_error() -> None:
    flagged = Fault(status=403, message="your input was flagged")
    with FakeServer(reply=lambda body: flagged if "number 2" in str(body) else "fine", latency=0.05) as server:
        asked = [replace(each, prompt=chat(f"number {i}")) for i, each in enumerate(requests(20))]
        got = answers(model_of(server, max_in_flight=8), asked)
    assert [key for key, each in got.items() if each.ending == "error"] == ["key-2"]
    assert got["key-2"].error.startswith("status 403: your input was flagged")
    assert len(got) == 20


def test_a_server_that_forbids_everything_stops_the_run() -> None:
    with FakeServer(reply=lambda _: Fault(status=403, message="no right")) as server:
        with pytest.raises(ModelError, match="refuses every request: status 403: no right"):
            answers(model_of(server, max_in_flight=2), requests(50))
        assert len(server.bodies) <= 6


@pytest.mark.parametrize("status", [401, 402, 404])
def test_what_concerns_every_request_stops_the_run(status: int) -> None:
    fault = Fault(status=status, message="no such model")
    with FakeServer(reply=lambda _: fault if len(server.bodies) > 5 else "fine") as server:
        model, got = model_of(server, max_in_flight=1), []

        async def read() -> None:
            async for group in model.generate(requests(100)):
                got.extend(group)

        with pytest.raises(ModelError, match=f"status {status}: no such model"):
            asyncio.run(read())
        assert len(got) == 5  # nothing that was paid for is lost
        assert len(server.bodies) == 6


def test_a_mode_behind_the_address_is_no_mode() -> None:
    with pytest.raises(InputError, match="a mode stands behind the model's name"):
        open_model("openai:Qwen/Qwen3-8B@http://localhost:8000/v1#no-think")


def test_an_address_without_v1_is_told_so() -> None:
    with FakeServer() as server:
        model = OpenAIModel("fake", server.base_url.removesuffix("/v1"))
        with pytest.raises(ModelError, match=r"status 404: .* \(base_url has no path: most servers want .*/v1\)"):
            answers(model, requests(1))


def test_a_key_in_the_place_of_its_variable_is_refused_and_not_shown() -> None:
    with pytest.raises(InputError, match="key_env is not the name") as caught:
        OpenAIModel("fake", "http://localhost:1/v1", key_env="sk-abc-123")
    assert "sk-abc" not in str(caught.value)


def test_retry_after_is_honoured_up_to_the_patience() -> None:
    with FakeServer(script=[Fault(status=429, retry_after=0.3)]) as server:
        started = time.monotonic()
        assert one(server).ending == "complete"
        assert time.monotonic() - started >= 0.3
    with FakeServer(script=[Fault(status=429, retry_after=3600)]) as server:
        started = time.monotonic()
        assert one(server).ending == "error"
        assert time.monotonic() - started < 5


def test_backoff_grows_is_bounded_and_jitters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    policy = Policy()
    pauses = [policy.pause(attempt, None) for attempt in range(12)]
    assert all(0.25 * 2**n <= pause <= 0.5 * 2**n for n, pause in enumerate(pauses[:7]))
    assert max(pauses) <= 60
    assert len({policy.pause(3, None) for _ in range(5)}) > 1
    assert policy.pause(0, after=7.0) == 7.0


def test_retry_after_forms() -> None:
    assert _retry_after({"retry-after": "2.5"}) == 2.5
    assert _retry_after({"retry-after": "-1"}) == 0
    assert _retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert _retry_after({"retry-after": "soon"}) is None
    assert _retry_after({}) is None


def test_in_flight_is_bounded_and_used() -> None:
    with FakeServer(latency=0.05) as server:
        answers(model_of(server, max_in_flight=7), requests(35))
        assert server.peak == 7


def test_requests_per_minute() -> None:
    with FakeServer() as server:
        started = time.monotonic()
        answers(model_of(server, requests_per_minute=1200), requests(11))
        assert time.monotonic() - started >= 0.5

    async def two() -> float:
        pace, start = Pace(600), time.monotonic()
        await asyncio.gather(pace.turn(), pace.turn(), pace.turn())
        return time.monotonic() - start

    assert 0.2 <= asyncio.run(two()) < 1


def test_the_number_of_tasks_does_not_grow_with_the_requests() -> None:
    async def most_tasks() -> int:
        most = 0
        async for _ in model.generate(requests(500)):
            most = max(most, len(asyncio.all_tasks()))
        return most

    with FakeServer() as server:
        model = model_of(server, max_in_flight=8)
        assert asyncio.run(most_tasks()) < 30


def test_closing_and_cancelling_leave_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    async def close_early() -> int:
        async with aclosing(model.generate(requests(200))) as items:
            async for _ in items:
                break
        return len(asyncio.all_tasks())

    async def cancel() -> int:
        task = asyncio.create_task(collect(model, requests(200)))
        while not server.in_flight:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        return len(asyncio.all_tasks())

    def hang_after_20(_: dict[str, Any]) -> str | Fault:
        return Fault("hang") if len(server.bodies) > 20 else "fine"

    with warnings.catch_warnings(), FakeServer(reply=hang_after_20) as server:
        warnings.simplefilter("error")
        model = model_of(server)
        for scenario in (close_early, cancel):
            assert asyncio.run(scenario(), debug=True) == 1  # the scenario itself
        gc.collect()
    assert "destroyed" not in capfd.readouterr().err


def test_no_requests_no_calls() -> None:
    with FakeServer() as server:
        assert answers(model_of(server), []) == {}
        assert not server.bodies


def test_the_key_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", SECRET)
    seen: list[str] = []
    for fault in (
        Fault(status=401, message="bad key {key}"),
        Fault(status=500, message="key {key} failed"),
        Fault(status=400, message="{key}?"),
        Fault("error body", message="{key}!"),
        Fault("reset"),
    ):
        with FakeServer(reply=lambda _, fault=fault: fault) as server:
            model = model_of(server, key_env="MY_KEY", retries=0)
            try:
                seen.append(str(answers(model, requests(1))))
            except ModelError as error:
                seen += [str(error), repr(error), repr(error.__context__), repr(error.__cause__)]
            seen += [repr(model), str(vars(model)), str(model.id), str(model.settings)]
    assert any("[key]" in text for text in seen)
    assert not any(SECRET in text for text in seen)


def test_a_refused_key_at_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", SECRET)
    refuses = FakeServer(models_fault=Fault(status=401, message="bad key {key}"))
    with refuses as server, pytest.raises(ModelError, match=r"refuses the key.*\[key\]"):
        model_of(server, key_env="MY_KEY").check(SAMPLING, [chat("hi", prefill="x")])
    with FakeServer(models_fault=Fault(status=404)) as server:  # no such route: an unknown kind of server, no more
        model_of(server).check(SAMPLING, [chat("hi")])
        assert one(server).ending == "complete"


def test_a_missing_key_is_named_before_any_call(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OPENAI_API_KEY", "MY_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    model = OpenAIModel("gpt-x")
    assert model.kind == "openai"
    with pytest.raises(InputError, match="environment variable OPENAI_API_KEY"):
        model.check(SAMPLING, [chat("hi")])
    with FakeServer() as server:
        with pytest.raises(InputError, match="MY_KEY"):
            answers(model_of(server, key_env="MY_KEY"), requests(1))
        assert not server.bodies


def test_a_local_server_is_not_sent_the_key_for_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with FakeServer(reply=lambda _: Fault(status=400, message="got {key}")) as server:
        assert one(server).error == "status 400: got none"


def test_loopback_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with FakeServer() as server:
        assert one(server).ending == "complete"


def test_nobody_there() -> None:
    with FakeServer() as server:
        url = server.base_url
    model = OpenAIModel("m", url, retries=0)
    with pytest.raises(ModelError, match="cannot be reached"):
        model.check(SAMPLING, [chat("hi", prefill="x")])
    with pytest.raises(ModelError, match="cannot be reached"):
        answers(model, requests(1))


def test_settings_that_are_refused() -> None:
    with FakeServer() as server, pytest.raises(InputError, match="must not set 'n'"):
        model_of(server).check(Sampling(max_tokens=1, extra={"n": 2}), [chat("hi")])


@pytest.mark.parametrize(
    "prompt", [Prompt(), Prompt(messages=(Message("user", "a"),), text="b"), Prompt(messages=(Message("system", "a"),))]
)
def test_prompts_that_are_refused(prompt: Prompt) -> None:
    with FakeServer() as server, pytest.raises(InputError, match="Prompt"):
        model_of(server).check(SAMPLING, [prompt])


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://x/v1", f"https://me:{SECRET}@x/v1", f"https://x/v1?api-key={SECRET}"]
)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(InputError, match="base_url") as caught:
        OpenAIModel("m", url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"max_in_flight": 0}, {"timeout": 0}, {"requests_per_minute": -1}, {"retries": -1}]
)
def test_options_that_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(PromptlabError, match=next(iter(options))):
        OpenAIModel("m", "http://localhost:1/v1", **options)


def test_openai_itself_gets_its_newer_name_for_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    body = OpenAIModel("gpt-x")._prepare(requests(1)[0]).body
    assert body["max_completion_tokens"] == 50
    assert "max_tokens" not in body


def test_names() -> None:
    model = OpenAIModel("Qwen/Qwen2.5-7B-Instruct", "http://localhost:8000/v1/")
    assert (model.name, model.id.name) == ("Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct")
    assert repr(model) == "OpenAIModel('Qwen/Qwen2.5-7B-Instruct', 'http://localhost:8000/v1')"
    assert model.as_sent(chat("hi", prefill="<think>")) == "[user]\nhi\n\n[assistant]\n<think>"
    assert model.count_tokens(chat("hi")) is None


def test_is_loopback() -> None:
    assert all(is_loopback(f"http://{host}:1/v1") for host in ("127.0.0.1", "localhost", "[::1]"))
    assert not any(is_loopback(url) for url in ("https://api.openai.com/v1", "http://127.example.com:80@evil/", None))


@given(st.integers(0, 60), st.integers(1, 5), st.lists(st.integers(0, 4), max_size=200))
def test_blocks_give_each_item_once_and_leave_no_lane_idle(n: int, lanes: int, order: list[int]) -> None:
    blocks, taken = Blocks(range(n), lanes), []
    for lane in [lane % lanes for lane in order] + [0] * n:
        item = blocks.take(lane)
        assert (item is None) == (len(taken) == n)
        taken += [] if item is None else [item]
    assert sorted(taken) == list(range(n))


def test_blocks_are_contiguous() -> None:
    blocks = Blocks(range(10), 2)
    assert [[blocks.take(lane) for _ in range(5)] for lane in (0, 1)] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_two_batches_at_once_in_threads() -> None:
    with FakeServer() as server:
        model = model_of(server)
        got: list[dict[str, Completion]] = []
        threads = [threading.Thread(target=lambda: got.append(answers(model, requests(50)))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {key: value.text for key, value in got[0].items()} == {key: value.text for key, value in got[1].items()}


def test_reply_with_reasoning_field() -> None:
    def reply(body: dict[str, Any]) -> dict[str, Any]:
        whole = completion("/v1/chat/completions", body, None)
        whole["choices"][0]["message"]["reasoning"] = "2 + 2"
        return whole

    with FakeServer(reply=reply) as server:
        got = one(server)
    assert (got.reasoning, got.text, got.ending) == ("2 + 2", "", "complete")


@pytest.mark.parametrize("place", ["localhost:8000/v1", "HTTP://host/v1", " http://host/v1", "http:/host", ""])
def test_a_mistyped_address_is_refused_and_never_sent_elsewhere(place: str) -> None:
    with pytest.raises(InputError, match="must be an address that begins with http"):
        open_model(f"openai:my-model@{place}")
