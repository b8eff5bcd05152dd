"""What goes out to which server, in which mode; what it would reject or ignore is told before any call."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import promptlab as lab
from fake_server import FakeServer, completion
from promptlab.errors import InputError
from promptlab.models import OpenAIModel, open_model, serve_embedded
from promptlab.models.counting import counting
from promptlab.models.dialects import Dialect
from promptlab.models.modes import Way, mode_of
from promptlab.types import Completion, Message, Prompt, Request, Sampling, request_key

CHAT = Prompt(messages=(Message("system", "Be brief."), Message("user", "2 + 2?")))
SAMPLING = Sampling(max_tokens=50, temperature=1.0, top_p=1.0)


def dialect(model: str, kind: str, **options: Any) -> Dialect:
    return Dialect(mode_of(model)[1], kind, "http://host/v1", **options)


def body(model: str, kind: str, prompt: Prompt = CHAT, **options: Any) -> dict[str, Any]:
    return dict(dialect(model, kind, **options).call("m", Request("k", prompt, SAMPLING, 7, 0)).body)


def complete(model: OpenAIModel, prompt: Prompt = CHAT) -> Completion:
    async def ask() -> Completion:
        async for group in model.generate([Request("k", prompt, SAMPLING, 7, 0)]):
            return group[0][1]
        raise AssertionError

    return asyncio.run(ask())


def test_openai_reasoning_models():
    sent = body("o3-mini#high", "openai")
    assert sent == {
        "model": "m",
        "messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "2 + 2?"}],
        "max_completion_tokens": 50,
        "reasoning_effort": "high",
        "seed": 7,
    }
    told = {"temperature": "not sent", "top_p": "not sent", "max_tokens": "sent as max_completion_tokens"}
    assert dialect("o3-mini", "openai").substituted() == told | {"system": "sent as developer"}


def test_openai_reasoning_models_elsewhere_keep_the_system_message():
    sent = body("openai/o3-mini", "openrouter")
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert (sent["max_completion_tokens"], sent["reasoning_effort"]) == (50, "medium")


@pytest.mark.parametrize(("model", "effort"), [("gpt-5.1", "medium"), ("gpt-5.1#no-think", "none")])
def test_an_effort_is_always_said(model: str, effort: str):
    """The server's own default is none for gpt-5.1 and medium for gpt-5."""
    sent = body(model, "openai")
    assert sent["reasoning_effort"] == effort
    assert ("temperature" in sent) == (effort == "none")


@pytest.mark.parametrize("kind", ["vllm", "sglang", "llamacpp"])
@pytest.mark.parametrize(("model", "thinks"), [("Qwen3-8B", True), ("Qwen3-8B#no-think", False)])
def test_thinking_is_said_to_the_chat_template(kind: str, model: str, thinks: bool):
    assert body(model, kind)["chat_template_kwargs"] == {"enable_thinking": thinks}
    assert "chat_template_kwargs" not in body("Qwen3-8B", kind, Prompt(text="2 + 2 =")), "none is applied there"


def test_thinking_by_a_field_or_by_a_word():
    assert body("Qwen3-8B#no-think", "x", thinking_by="field")["enable_thinking"] is False
    assert Dialect(mode_of("qwen3-8b")[1], "", "https://dashscope.aliyuncs.com/compatible-mode/v1").way == "field"
    sent = body("Qwen3-8B#no-think", "x", thinking_by="text")
    assert sent["messages"][-1]["content"] == "2 + 2? /no_think"
    assert not {"chat_template_kwargs", "enable_thinking"} & set(sent)
    shown = dialect("Qwen3-8B#no-think", "x", thinking_by="text").substituted()
    assert shown == {"thinking": "/no_think after the user's last message"}


def test_a_server_that_might_ignore_the_switch():
    for kind in ("", "ollama", "openai"):
        with pytest.raises(InputError, match=r"not known to turn thinking off.*thinking_by="):
            dialect("Qwen3-8B#no-think", kind).check("m", SAMPLING, [CHAT])
    dialect("Qwen3-8B", "").check("m", SAMPLING, [CHAT])  # thinking is what it does by itself
    way: Way
    for way in ("template", "field", "text"):
        dialect("Qwen3-8B#no-think", "", thinking_by=way).check("m", SAMPLING, [CHAT])


@pytest.mark.parametrize(
    ("model", "kind", "key", "told"),
    [
        ("gpt-4o", "openai", "top_k", "OpenAI's API refuses it"),
        ("o3", "openai", "stop", "models of profile 'o-series' do not take it"),
        ("deepseek-reasoner", "", "presence_penalty", "models of profile 'deepseek-api' do not take it"),
        ("gpt-oss-20b", "vllm", "reasoning_effort", "open the model with thinking= or reasoning_effort="),
        ("gpt-oss-20b", "vllm", "chat_template_kwargs", "open the model with thinking= or reasoning_effort="),
        ("Qwen3-8B", "vllm", "chat_template_kwargs", "open the model with thinking= or reasoning_effort="),
        ("Qwen3-8B#no-think", "vllm", "enable_thinking", "open the model with thinking= or reasoning_effort="),
    ],
)
def test_extra_settings_that_would_be_rejected_ignored_or_hidden(model: str, kind: str, key: str, told: str):
    sampling = Sampling(max_tokens=9, temperature=1.0, top_p=1.0, extra={key: 1})
    with pytest.raises(InputError, match=f"must not set '{key}': {told}"):
        dialect(model, kind).check("m", sampling, [CHAT])


def test_no_seed_for_a_server_that_refuses_one():
    assert "seed" in body("m", "x")
    assert "seed" not in body("m", "x", seeds=False)
    assert dialect("m", "x", seeds=False).substituted() == {"seed": "not sent"}


def test_a_control_with_thinking_off_is_a_model_of_its_own():
    place = "http://localhost:8000/v1"
    thinking = open_model(f"openai:Qwen/Qwen3-8B@{place}")
    controls = [
        open_model(f"openai:Qwen/Qwen3-8B@{place}", thinking=False),
        open_model(f"openai:Qwen/Qwen3-8B#no-think@{place}"),
    ]
    assert [model.name for model in (thinking, *controls)] == ["Qwen3-8B", "Qwen3-8B-no-think", "Qwen3-8B-no-think"]
    keys = {request_key(model.id, CHAT, SAMPLING, 0, 0) for model in (thinking, *controls)}
    assert len(keys) == 2
    assert repr(controls[0]) == f"OpenAIModel('Qwen/Qwen3-8B#no-think', '{place}')"
    assert isinstance(controls[0], OpenAIModel)
    assert controls[0].model == "Qwen/Qwen3-8B", "the server knows it by its own name"
    with pytest.raises(InputError, match="unknown option of OpenAIModel 'thinkng': did you mean 'thinking'"):
        open_model(f"openai:m@{place}", thinkng=False)
    with pytest.raises(InputError, match="thinking_by is 'words': it must be one of template, field, text"):
        open_model(f"openai:m@{place}", thinking_by="words")


def test_the_developers_message_and_the_soft_switch_are_seen_before_any_call(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert OpenAIModel("o3").as_sent(CHAT).startswith("[developer]\nBe brief.")
    nobody = OpenAIModel("qwen3-8b", "http://localhost:1/v1", thinking=False, thinking_by="text")
    assert nobody.as_sent(CHAT).endswith("[user]\n2 + 2? /no_think")


def test_the_manifest_says_profile_substitutions_and_notes(tmp_path: Path):
    questions = lab.load_questions("arithmetic", n=2, seed=0)
    routes = {"/tokenize": {"count": 1, "tokens": [7]}}
    with FakeServer(owned_by="vllm", meta={"id": "DeepSeek-R1-Distill-Qwen-7B"}, routes=routes) as server:
        model = OpenAIModel("DeepSeek-R1-Distill-Qwen-7B", server.base_url, seeds=False)
        arms = [lab.zero_shot(), lab.zero_shot(name="system", system="Be brief.")]
        with pytest.warns(UserWarning, match="recommends to send none"):
            made = lab.run(
                model, arms, questions, sampling=Sampling(max_tokens=9), path=tmp_path / "run", progress=False
            )
    settings = json.loads((made.path / "manifest.json").read_text())["settings"]
    assert (settings["profile"], settings["model"]) == ("r1", "DeepSeek-R1-Distill-Qwen-7B")
    assert settings["substituted"] == {"seed": "not sent"}
    assert settings["added"]["top_k"] == -1
    notes = settings["notes"]
    assert notes[0] == "max_tokens is 9; profile 'r1' recommends 32768"
    assert "system message" in notes[1]
    assert settings["reasoning_tokens"] == "counted by the server's tokeniser"


def test_a_prefill_that_opened_the_reasoning_leaves_the_text_with_it():
    prefilled = Prompt(messages=(Message("user", "2 + 2?"),), prefill="<think>\n")

    def reply(asked: dict[str, Any]) -> dict[str, Any]:
        whole = completion("/v1/chat/completions", asked, "4")
        whole["choices"][0]["message"]["reasoning"] = "2 + 2"
        return whole

    with FakeServer(owned_by="vllm", reply=reply) as server:
        found = complete(OpenAIModel("fake", server.base_url), prefilled)
    assert (found.reasoning, found.text) == ("2 + 2", "4")


def test_an_answer_that_was_taken_for_reasoning_is_no_wrong_answer():
    """vLLM's deepseek_r1 parser does that to Qwen3 with thinking off."""
    lost = Completion("", "complete", reasoning="The answer is 4.")
    found = dialect("Qwen3-8B#no-think", "vllm").read(lost, "")
    assert (found.ending, found.reasoning) == ("error", lost.reasoning)
    assert "--reasoning-parser qwen3" in found.error
    assert dialect("Qwen3-8B", "vllm").read(lost, "") == lost, "a model that thinks may give no answer"
    answered = Completion("4", "complete", reasoning="2 + 2")
    assert dialect("Qwen3-8B#no-think", "vllm").read(answered, "") == answered


def test_a_sample_is_kept_where_its_tokens_cannot_be_counted():
    with FakeServer(owned_by="vllm", reply=lambda _: "<think>2 + 2</think>4") as server:  # it has no such route
        found = complete(OpenAIModel("fake", server.base_url))
        assert (found.text, found.ending, found.reasoning_tokens) == ("<think>2 + 2</think>4", "complete", None)
    with FakeServer(owned_by="vllm", routes={"/tokenize": {"count": 1}}, reply=lambda _: "4") as server:
        assert complete(OpenAIModel("fake", server.base_url)).reasoning_tokens == 0


def test_reasoning_is_counted_by_the_servers_own_tokeniser():
    group = [
        ("one", Completion("<think>2 + 2 is</think>4", "complete", reasoning_tokens=0)),
        ("two", Completion("4", "complete", reasoning="2 + 2 is")),
        ("none", Completion("4", "complete")),
        ("lost", Completion("", "error", error="no answer in time")),
    ]

    async def count(kind: str) -> list[int | None]:
        async with counting(kind, base_url, "m", "none") as counted:
            return [found.reasoning_tokens for _, found in await counted(group)]

    with serve_embedded(context=256, slots=1) as base_url:
        assert asyncio.run(count("llamacpp")) == [5, 5, 0, None]
        assert asyncio.run(count("fake")) == [None, None, None, None], "but for a 0 that the text belies"


def reporting(usage: dict[str, Any], text: str = "<think>2 + 2</think>4") -> Any:
    """What a server answers that counts reasoning tokens itself."""

    def reply(asked: dict[str, Any]) -> dict[str, Any]:
        whole = completion("/v1/chat/completions", asked, text)
        return {**whole, "usage": {**whole["usage"], **usage}}

    return reply


REPORTED = "as reported by the server; none where it reports none, or 0 beside reasoning that can be read"


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"completion_tokens_details": {"reasoning_tokens": 3}}, 3),
        ({"reasoning_tokens": 3}, 3),  # SGLang's place for it
        ({"reasoning_tokens": 0}, None),
        ({"completion_tokens_details": {"reasoning_tokens": 0}, "reasoning_tokens": 3}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("kind", ["sglang", "vllm", "someone"])
def test_a_server_without_the_route_is_believed_but_for_a_zero(kind: str, usage: dict[str, Any], expected: int | None):
    with FakeServer(owned_by=kind, reply=reporting(usage)) as server:
        model = OpenAIModel("fake", server.base_url)
        assert complete(model).reasoning_tokens == expected
        assert model.settings["reasoning_tokens"] == REPORTED


def test_no_reasoning_is_none_whoever_counts():
    with FakeServer(reply=reporting({"reasoning_tokens": 0}, "4")) as server:
        assert complete(OpenAIModel("fake", server.base_url)).reasoning_tokens == 0


@pytest.mark.parametrize("answer", [{"tokens": [7, 8, 9], "count": 3, "max_model_len": 9}, {"tokens": [7, 8, 9]}])
@pytest.mark.parametrize("kind", ["sglang", "vllm", "llamacpp"])
def test_a_server_with_the_route_counts(kind: str, answer: dict[str, Any]):
    with FakeServer(owned_by=kind, routes={"/tokenize": answer}, reply=reporting({"reasoning_tokens": 0})) as server:
        model = OpenAIModel("fake", server.base_url)
        assert complete(model).reasoning_tokens == 3
        assert model.settings["reasoning_tokens"] == "counted by the server's tokeniser"


@pytest.mark.parametrize("answer", [[], "no", {}, {"tokens": [], "count": 0}, {"count": [3]}, {"count": "3"}])
def test_a_route_of_another_form_counts_nothing(answer: Any):
    with FakeServer(owned_by="vllm", routes={"/tokenize": answer}, reply=reporting({"reasoning_tokens": 2})) as server:
        model = OpenAIModel("fake", server.base_url)
        assert complete(model).reasoning_tokens == 2
        assert model.settings["reasoning_tokens"] == REPORTED


def test_llama_cpp_is_told_an_effort_where_older_and_newer_servers_look():
    sent = body("gpt-oss-20b#high", "llamacpp")
    assert sent["reasoning_effort"] == "high"
    assert sent["chat_template_kwargs"] == {"reasoning_effort": "high"}
    assert "chat_template_kwargs" not in body("gpt-oss-20b#high", "vllm")
    assert "reasoning_effort" not in str(body("gpt-oss-20b", "llamacpp", Prompt(text="2 + 2 =")))


def test_the_real_llama_cpp_server_takes_it_so(base_weights: Path):
    with serve_embedded(context=256, slots=1) as base_url:
        assert complete(OpenAIModel("any", base_url, profile="gpt-oss")).ending != "error"


@pytest.mark.parametrize("kind", ["vllm", "sglang"])
def test_nothing_is_left_to_a_models_generation_config(kind: str):
    """Both take what is left open from there; top_p and temperature are always sent."""
    neutral = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}
    for prompt in (CHAT, Prompt(text="2 + 2 =")):
        sent = body("m", kind, prompt)
        said = {"temperature": 1.0, "top_p": 1.0, "max_tokens": 50, "seed": 7}
        assert {key: sent[key] for key in neutral | said} == neutral | said
    assert dialect("m", kind).added() == neutral


def test_sglangs_seed_is_said_to_depend_on_a_flag():
    assert "--enable-deterministic-inference" in dialect("m", "sglang").substituted()["seed"]
    assert dialect("m", "sglang", seeds=False).substituted() == {"seed": "not sent"}


@pytest.mark.parametrize("model", ["gpt-4o", "DeepSeek-R1", "gpt-5.1#no-think"])
@pytest.mark.parametrize("way", ["template", "field", "text"])
def test_a_way_to_switch_what_has_no_switch(model: str, way: Way):
    with pytest.raises(InputError, match=rf"thinking_by='{way}' of .*have no switch for thinking.*profile="):
        OpenAIModel(model, "http://localhost:1/v1", thinking_by=way)


def test_thinking_is_said_by_a_word_too():
    assert body("Qwen3-8B", "x", thinking_by="text")["messages"][-1]["content"] == "2 + 2? /think"
    assert dialect("Qwen3-8B", "x", thinking_by="text").substituted() == {
        "thinking": "/think after the user's last message"
    }


def test_the_first_reasoning_models_of_openai():
    sent = body("o1-mini-2024-09-12", "openai", Prompt(messages=CHAT.messages[1:]))
    assert "reasoning_effort" not in sent
    assert sent["max_completion_tokens"] == 50
    with pytest.raises(InputError, match="takes no system message"):
        dialect("o1-preview", "openai").check("m", SAMPLING, [CHAT])
    with pytest.raises(InputError, match="have none"):
        mode_of("o1-mini", reasoning_effort="high")


def test_only_an_address_makes_a_server_openais():
    """LiteLLM lists every model, whatever stands behind it, as owned by "openai"."""
    with FakeServer(owned_by="openai") as proxy:
        model = OpenAIModel("fake", proxy.base_url)
        assert model.kind == ""
        complete(model)
        assert "max_tokens" in proxy.bodies[0]
        assert "max_completion_tokens" not in proxy.bodies[0]
        model.check(Sampling(max_tokens=9, extra={"top_k": 5}), [CHAT])
        assert model.settings["notes"][0].startswith("not checked whether a server of unknown kind takes top_k")
    ours = ("https://api.openai.com/v1", "https://eu.api.openai.com/v1", "https://us.openai.azure.com/openai/v1")
    assert {OpenAIModel("gpt-4o", url).kind for url in ours} == {"openai"}
    others = ("https://api.openai.com.example/v1", "https://notapi.openai.com/v1", "http://localhost/api.openai.com/v1")
    assert {OpenAIModel("gpt-4o", url)._endpoint.hosted for url in others} == {""}


def test_an_effort_that_an_unknown_server_might_ignore_is_noted():
    with FakeServer(owned_by="someone", meta={"id": "gpt-oss-20b", "max_model_len": 65_536}) as server:
        model = OpenAIModel("gpt-oss-20b", server.base_url)
        sampling = model.profile.sampling()
        model.check(sampling, [CHAT])
        (note,) = model.settings["notes"]
        assert note == "not checked whether a server of kind 'someone' takes reasoning_effort: it might ignore it"
