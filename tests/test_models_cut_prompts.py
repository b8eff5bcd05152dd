"""Prompts that a server cuts to what it holds, and answers all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import promptlab as lab
from fake_server import FakeServer, completion
from promptlab.models import OpenAIModel
from promptlab.models.accepting import may_cut
from promptlab.models.cut_prompts import cut_prompt
from promptlab.models.failures import Failure
from promptlab.types import Completion

LONG = "A train leaves at 8. " * 300  # 1,500 words and numbers


def body(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "system", "content": "short"}, {"role": "user", "content": text}]}


def said(prompt_tokens: int | None, cached: int | None = None) -> list[Completion]:
    rest = Completion("5", "complete", prompt_tokens=0)  # of several choices only the first one states the prompt
    return [Completion("4", "complete", prompt_tokens=prompt_tokens, cached_tokens=cached), rest]


@pytest.mark.parametrize("asked", [body(LONG), {"prompt": LONG}])
def test_fewer_tokens_than_words_are_a_cut_prompt(asked: dict[str, Any]):
    found = cut_prompt(asked, said(1024))
    assert isinstance(found, Failure)
    assert (found.retry, found.fatal, found.ending) == (False, False, "error")
    assert "read 1024 tokens of 150" in found.message
    assert "OLLAMA_CONTEXT_LENGTH" in found.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LONG, said(1800)), (LONG, said(None)), (LONG, said(0)), (LONG, said(300, cached=1500)),
        (LONG[:2000], said(5)),  # too short to be cut
        ("-" * 9000 + " " * 9000, said(40)), ("火车八点出发。" * 600, said(900)), ("हिन्दी में " * 900, said(1900)),
        (LONG, Failure("another one")),
    ],
)  # fmt: skip
def test_what_may_be_whole_is_left_alone(text: str, told: Any):
    assert cut_prompt(body(text), told) is None


def test_a_cut_prompt_is_missing_data_and_the_others_count(tmp_path: Path):
    def reply(asked: dict[str, Any]) -> dict[str, Any]:
        whole = completion("/v1/chat/completions", asked, "The answer is 4.")
        return {**whole, "usage": {"prompt_tokens": min(whole["usage"]["prompt_tokens"], 1024)}}

    questions = lab.load_questions([{"question": "2 + 2?", "answer": 4}, {"question": f"{LONG} 2 + 2?", "answer": 4}])
    with FakeServer(owned_by="library", reply=reply) as server:
        model = OpenAIModel("fake", server.base_url)
        design: dict[str, Any] = {"sampling": lab.Sampling(max_tokens=9), "progress": False}
        with pytest.warns(UserWarning, match=r"1 samples failed .* has cut the prompt: it read 1024"):
            run = lab.run(model, [lab.zero_shot()], questions, path=tmp_path / "run", **design)
    frame = run.to_frame()
    assert frame["ending"].tolist() == ["complete", "error"]
    assert "has cut the prompt" in frame["error"].iloc[1]
    assert len(server.bodies) == 2  # not asked again
    assert "OLLAMA_CONTEXT_LENGTH" in run.manifest["settings"]["notes"][-1]


def test_a_server_that_says_what_it_holds_or_refuses_more_needs_no_note():
    assert may_cut("vllm", 4096) == may_cut("openai", None) == ()
    assert len(may_cut("library", None)) == 1
