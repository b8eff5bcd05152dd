"""Keys of Sampling.extra that a server would ignore: an error where it tells what it takes, else a note."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import promptlab as lab
from fake_server import FakeServer
from promptlab.errors import InputError
from promptlab.models import OpenAIModel, serve_embedded
from promptlab.types import Message, Prompt, Sampling

CHAT, RAW = Prompt(messages=(Message("user", "2 + 2?"),)), Prompt(text="2 + 2 =")


def with_extra(**extra: Any) -> Sampling:
    return Sampling(max_tokens=9, extra=extra)


def schema(**routes: list[str]) -> dict[str, Any]:
    """As FastAPI publishes it: the body of each route, by reference."""

    def post(name: str) -> dict[str, Any]:
        body = {"schema": {"$ref": f"#/components/schemas/{name}"}}
        return {"post": {"requestBody": {"content": {"application/json": body}}}}

    schemas = {name: {"properties": {key: {} for key in keys}} for name, keys in routes.items()}
    paths = {"/v1/chat/completions": post("Chat"), "/v1/completions": post("Text")}
    return {"/openapi.json": {"paths": paths, "components": {"schemas": schemas}}}


def test_a_server_that_publishes_its_schema_is_asked():
    routes = schema(Chat=["model", "top_k", "min_p", "chat_template_kwargs"], Text=["model", "top_k", "suffix"])
    with FakeServer(owned_by="vllm", meta={"max_model_len": 4096}, routes=routes) as server:
        model = OpenAIModel("fake", server.base_url)
        model.check(with_extra(top_k=5), [CHAT, RAW])
        model.check(with_extra(min_p=0.1), [CHAT])
        with pytest.raises(InputError, match=r"'topk': did you mean 'top_k'\? Allowed: chat_template_kwargs, min_p, t"):
            model.check(with_extra(topk=5), [CHAT])
        with pytest.raises(InputError, match=r"unknown key in Sampling\.extra 'min_p'"):
            model.check(with_extra(min_p=0.1), [CHAT, RAW])
        assert model.settings["notes"] == []


def test_the_real_llama_cpp_server_is_asked(base_weights: Path):
    with serve_embedded() as base_url:
        model = OpenAIModel("any", base_url)
        model.check(with_extra(min_p=0.1, mirostat=2, grammar='root ::= "4"'), [CHAT])
        with pytest.raises(InputError, match="did you mean 'repeat_penalty'"):
            model.check(with_extra(repetition_penalty=1.1), [CHAT])


@pytest.mark.parametrize(
    ("owned_by", "routes"),
    [("someone", {}), ("vllm", {}), ("sglang", {"/openapi.json": {"paths": []}}), ("llamacpp", {"/props": {}})],
)
def test_what_no_one_can_check_is_noted_in_the_manifest(owned_by: str, routes: dict[str, Any], tmp_path: Path):
    with FakeServer(owned_by=owned_by, routes=routes) as server:
        model = OpenAIModel("fake", server.base_url)
        questions = lab.load_questions([{"question": "2 + 2?", "answer": 4}])
        design: dict[str, Any] = {"sampling": with_extra(top_k=5, typo=1), "progress": False}
        run = lab.run(model, [lab.zero_shot()], questions, path=tmp_path / "run", **design)
        assert server.bodies[0]["typo"] == 1
    note, other = run.manifest["settings"]["notes"]
    assert other.startswith("the server does not say how many tokens it holds")
    assert note.startswith(f"not checked whether a server of kind {owned_by!r} takes top_k, typo")


def test_without_extra_keys_nothing_is_asked_and_nothing_noted():
    with FakeServer(owned_by="someone", meta={"max_model_len": 4096}) as server:
        model = OpenAIModel("fake", server.base_url)
        model.check(Sampling(max_tokens=9), [CHAT])
        assert model.settings["notes"] == []
