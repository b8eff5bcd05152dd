from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.models.failures import Failure, read_status
from promptlab.models.replies import read_replies
from promptlab.types import Completion


def read_reply(body: object, **options: Any) -> Completion | Failure:
    """The only answer of a reply."""
    read = read_replies(body, **options)
    return read if isinstance(read, Failure) else read[0]


def body(message: dict[str, Any], finish_reason: str | None = "stop", **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": finish_reason}], **more}


@pytest.mark.parametrize(
    ("message", "finish_reason", "ending"),
    [
        ({"content": "42"}, "stop", "complete"),
        ({"content": "42"}, None, "complete"),
        ({"content": "4"}, "length", "truncated"),
        ({"content": None}, "stop", "empty"),
        ({"content": " \n"}, "length", "empty"),
        ({}, "stop", "empty"),
        ({"content": ""}, "content_filter", "refused"),
        ({"content": None, "refusal": "I cannot."}, "stop", "refused"),
        ({"content": None, "reasoning": "hm"}, "length", "truncated"),
        ({"content": "", "reasoning_content": "hm"}, "stop", "complete"),
    ],
)
def test_endings(message: dict[str, Any], finish_reason: str | None, ending: str) -> None:
    completion = read_reply(body(message, finish_reason))
    assert isinstance(completion, Completion)
    assert (completion.ending, completion.finish_reason) == (ending, finish_reason or "")


def test_reasoning_stays_apart_from_the_text() -> None:
    for field in ("reasoning", "reasoning_content"):
        completion = read_reply(body({"content": "4", field: "2 + 2"}))
        assert isinstance(completion, Completion)
        assert (completion.reasoning, completion.text) == ("2 + 2", "4")


@pytest.mark.parametrize(
    "message",
    [
        {"content": "4", "reasoning_details": [{"type": "reasoning.text", "text": "2 + 2"}]},
        {"content": "4", "reasoning_details": [{"type": "reasoning.summary", "summary": "2 + 2"}, {"data": "x"}, 1]},
        {"content": "4", "reasoning": "2 + 2", "reasoning_details": [{"text": "2 + 2"}]},  # both say the same
        {"content": [{"type": "thinking", "thinking": [{"text": "2"}, {"text": " + 2"}]}, {"text": "4"}]},
        {"content": [{"type": "thinking", "thinking": "2 + 2"}, {"type": "text", "text": "4"}]},
    ],
)
def test_reasoning_in_parts(message: dict[str, Any]) -> None:
    completion = read_reply(body(message))
    assert isinstance(completion, Completion)
    assert (completion.reasoning, completion.text, completion.ending) == ("2 + 2", "4", "complete")


def test_reasoning_in_parts_that_was_cut_is_not_empty() -> None:
    completion = read_reply(body({"content": [{"type": "thinking", "thinking": [{"text": "hm"}]}]}, "length"))
    assert isinstance(completion, Completion)
    assert (completion.reasoning, completion.text, completion.ending) == ("hm", "", "truncated")


def test_usage_with_details_and_with_llama_cpp_timings() -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 5,
        "completion_tokens_details": {"reasoning_tokens": 3},
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    full = read_reply(body({"content": "4"}, usage=usage, timings={"cache_n": 8}))
    assert isinstance(full, Completion)
    assert (full.prompt_tokens, full.completion_tokens, full.reasoning_tokens, full.cached_tokens) == (9, 5, 3, 0)
    bare = read_reply(body({"content": "4"}, usage=None, timings={"cache_n": 8}))
    assert isinstance(bare, Completion)
    assert (bare.prompt_tokens, bare.cached_tokens) == (None, 8)


def test_prefill_is_put_in_front_once() -> None:
    def text(content: str, echoes: bool) -> str:
        completion = read_reply(body({"content": content}), prefill="<think>", echoes=echoes)
        assert isinstance(completion, Completion)
        return completion.text

    assert text("hm", echoes=False) == "<think>hm"
    assert text("<think>hm", echoes=True) == "<think>hm"
    assert text("<think>hm", echoes=False) == "<think><think>hm"  # the model itself wrote it again


def test_only_a_prefill_is_empty() -> None:
    for echoes, content in ((True, "<think>"), (False, "")):
        completion = read_reply(body({"content": content}), prefill="<think>", echoes=echoes)
        assert isinstance(completion, Completion)
        assert (completion.ending, completion.text) == ("empty", "<think>")


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        "<html>",
        {},
        {"choices": []},
        {"choices": [1]},
        {"error": {"message": "x"}},
        {
            "choices": [
                {"message": {"content": "The answ"}, "finish_reason": "stop", "error": {"code": 502, "message": "x"}}
            ]
        },
    ],
)
def test_what_is_no_answer_is_tried_again(bad: object) -> None:
    outcome = read_reply(bad)
    assert isinstance(outcome, Failure)
    assert outcome.retry
    assert not outcome.fatal


def test_choices_are_taken_by_their_index() -> None:
    choices = [{"index": i, "message": {"content": text}, "finish_reason": "stop"} for i, text in ((1, "b"), (0, "a"))]
    found = read_replies({"choices": choices, "usage": {"prompt_tokens": 9}}, asked=2)
    assert isinstance(found, list)
    assert [(one.text, one.prompt_tokens) for one in found] == [("a", 9), ("b", 0)]


KEYS = ["choices", "message", "content", "text", "usage", "error", "timings", "prompt_tokens"]
KEYS += ["reasoning", "reasoning_details", "thinking", "summary"]

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(json_like, st.integers(400, 599))
def test_no_body_breaks_the_reader(value: object, status: int) -> None:
    assert isinstance(read_reply(value), Completion | Failure)
    assert "\n" not in read_status(status, value).message


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("max_tokens", "truncated"),
        ("MAX_TOKENS", "truncated"),
        ("model_length", "truncated"),
        ("Length", "truncated"),
        ("SAFETY", "refused"),
        ("stop", "complete"),
        ("eos", "complete"),
    ],
)
def test_other_servers_words_for_an_ending(reason: str, ending: str) -> None:
    assert read_reply(body({"content": "12"}, reason)).ending == ending  # type: ignore[union-attr]


@pytest.mark.parametrize("reason", ["error", "abort", "Cancelled"])
def test_an_answer_that_the_server_gave_up_on_is_tried_again(reason: str) -> None:
    found = read_reply(body({"content": "1"}, reason))
    assert isinstance(found, Failure)
    assert found.retry


@pytest.mark.parametrize("message", [None, {"content": 7}, "12"])
def test_a_malformed_message_is_a_failure_and_no_empty_answer(message: Any) -> None:
    assert isinstance(read_reply(body(message)), Failure)


def test_numbers_of_tokens_that_no_server_can_mean_are_not_taken() -> None:
    found = read_reply(body({"content": "1"}, usage={"completion_tokens": 10**30, "prompt_tokens": True}))
    assert (found.completion_tokens, found.prompt_tokens) == (None, None)  # type: ignore[union-attr]
