"""No copy of a key is kept, and nothing else is changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fake_server import FakeServer
from promptlab import load_questions, run
from promptlab.models import open_model
from promptlab.models.redacting import redact, redact_all, without
from promptlab.prompts import zero_shot
from promptlab.types import Completion, Sampling

KEY = "sk-PLANTED+marker/0123456789"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"it is {KEY}.", "it is [key]."),
        (f"{KEY}{KEY[:12]}x", "[key][key]x"),
        (KEY[:20] + "... and", "[key]... and"),
        (KEY.upper(), "[key]"),
        (f"a{KEY[:11]}b", f"a{KEY[:11]}b"),
        ("nothing", "nothing"),
    ],
)
def test_a_copy_in_any_case_cut_or_whole(said: str, kept: str):
    assert redact(said, KEY) == kept


def test_a_stand_in_is_a_word_that_an_answer_may_hold():
    completion = Completion("the set is EMPTY, none", "complete")
    assert without("EMPTY", completion) is without("none", completion) is completion
    assert redact("no such key: EMPTY", "EMPTY") == "no such key: [key]"


letters = st.text("aAbB-", max_size=40)


@given(before=letters, after=letters, key=st.text("aAbB-", min_size=8, max_size=30), cut=st.integers(12, 30))
@example(before="", after="", key="aaaaaaaaaaaab", cut=12)
def test_no_beginning_of_a_key_is_left(before: str, after: str, key: str, cut: int):
    found = redact(before + key[:cut] + after, key)
    assert key[:12].lower() not in found.lower()


def test_an_answer_that_repeats_the_key_is_stored_without_it(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLANTED", KEY)
    message = {"role": "assistant", "content": f"{KEY} is 3", "reasoning": f"I see {KEY[:15]}"}
    reply = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    with FakeServer(reply=lambda _: reply) as server:
        model = open_model(f"openai:fake@{server.base_url}", key_env="PLANTED")
        questions, sampling = load_questions("arithmetic", n=1), Sampling(max_tokens=9)
        (sample,) = run(model, [zero_shot()], questions, sampling=sampling, path=tmp_path).to_frame().to_dict("records")
    assert (sample["completion"], sample["reasoning"]) == ("[key] is 3", "I see [key]")


@pytest.mark.parametrize("around", ["'{}'", '"{}"', "  {}\r\n"])
def test_a_key_is_sent_without_the_quotes_that_its_file_brought_and_kept_in_neither_form(
    around: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PLANTED", around.format(KEY))

    def reply(_: object) -> dict[str, object]:
        message = {"role": "assistant", "content": f"{KEY} or {around.format(KEY)}"}
        return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}

    with FakeServer(reply=reply) as server:
        model = open_model(f"openai:fake@{server.base_url}", key_env="PLANTED")
        assert model._endpoint.key() == KEY
        questions, sampling = load_questions("arithmetic", n=1), Sampling(max_tokens=9)
        (sample,) = run(model, [zero_shot()], questions, sampling=sampling, path=tmp_path).to_frame().to_dict("records")
    assert sample["completion"] == f"[key] or {around.format('[key]')}"


def test_what_a_server_says_of_itself_is_kept_without_the_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLANTED", KEY)
    with FakeServer(owned_by=f"vllm for {KEY}", meta={"max_model_len": 512, "more": [{KEY: KEY[:14]}]}) as server:
        model = open_model(f"openai:fake@{server.base_url}", key_env="PLANTED")
        assert (model.context, model.settings["server"]) == (512, "vllm for [key]")
    card = {"a": [KEY, 1, None], KEY: {"b": KEY.upper()}}
    assert redact_all(card, KEY) == {"a": ["[key]", 1, None], "[key]": {"b": "[key]"}}
    assert redact_all({"id": "EMPTY"}, "EMPTY") == {"id": "EMPTY"}
