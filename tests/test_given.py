"""What callers give by mistake: one clear line each, before anything is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import promptlab as lab
from local_models import QUESTIONS, LocalModel
from promptlab import given
from promptlab.errors import InputError

NAN = float("nan")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        *(({"max_tokens": bad}, "max_tokens is .*a whole number >= 1") for bad in (0, -1, True, "5", 5.0, None, NAN)),
        *(({"temperature": bad}, "temperature is .*a number >= 0") for bad in (-1, NAN, float("inf"), "1", True, None)),
        *(({"top_p": bad}, "top_p is .*above 0 and at most 1") for bad in (0, 1.1, NAN, "x", [1], True)),
        *(({"seed": bad}, "seed is .*a whole number") for bad in (1.5, None, "a", False)),
        *(({"extra": bad}, "extra is .*a mapping") for bad in (None, [1], "x")),
    ],
)
def test_sampling_is_checked_when_it_is_made(options: dict[str, Any], told: str):
    with pytest.raises(InputError, match=rf"Sampling\.{told}"):
        lab.Sampling(**{"max_tokens": 5, **options})


def test_equal_settings_are_the_same_samples():
    """1 and 1.0 are written differently in JSON: as keys of samples they would be two settings."""
    numpys = lab.Sampling(max_tokens=np.int64(5), temperature=1, top_p=np.float64(1), seed=np.int32(3))
    own = lab.Sampling(max_tokens=5, temperature=1.0, top_p=1.0, seed=3)
    assert repr(numpys) == repr(own)


def test_a_text_is_one_answer_not_its_letters():
    assert lab.Question("q", "?", "42").answers == lab.Question("q", "?", ["42"]).answers == ("42",)  # type: ignore
    for bad in (42, (42,), None):
        with pytest.raises(InputError, match=r"Question\.answers is .*a text, or a list of texts"):
            lab.Question("q", "?", bad)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "bad", "told"),
    [
        ("condition", "concise", r"'concise' is no condition: take .*condition_from\('concise'\)"),
        ("condition", ["concise"], "'concise' is no condition"),
        ("condition", lab.concise, "is no condition .*no 'name'"),
        ("condition", lab.Condition, "is no condition"),
        ("condition", None, "None is no condition"),
        ("condition", {"concise": {}}, "is no condition"),
        ("condition", [], "no condition is given"),
        ("question", "arithmetic", "'arithmetic' is no question: take lab.load_questions"),
        ("question", pd.DataFrame({"question": ["1?"], "answers": ["1"]}), "'question' is no question"),
        ("question", [{"q": 1}], "is no question .*no 'id'"),
        ("model", ["embedded:instruct"], "'embedded:instruct' is no model: take lab.open_model"),
        ("model", LocalModel, "is no model"),
    ],
)
def test_several_of_a_kind(kind: str, bad: Any, told: str):
    with pytest.raises(InputError, match=told) as error:
        given.listed(kind, bad)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 250


def test_one_alone_is_a_list_of_one_and_a_set_of_questions_keeps_its_pool():
    assert given.listed("condition", lab.concise()) == [lab.concise()]
    assert given.listed("question", QUESTIONS[0]) == [QUESTIONS[0]]
    assert given.listed("question", (q for q in QUESTIONS)) == QUESTIONS
    questions = lab.load_questions("arithmetic", n=2)
    assert given.listed("question", questions) is questions


@pytest.mark.parametrize(
    "bad", ["recorded:plain", "s3://bucket/run", "https://host/x", "file:///x", "", None, 3, "a\0b"]
)
def test_no_place_to_write_to(bad: Any):
    with pytest.raises(InputError, match=r"path of run is .*(a place on disk|a path)"):
        given.to_write("path of run", bad)


@pytest.mark.parametrize("path", ["runs/mine", "C:\\runs", Path("recorded:plain"), "ünï/日本", "runs/embedded:r1"])
def test_places_to_write_to(path: Any):
    assert given.to_write("path", path) == Path(path)


def test_the_users_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert given.to_write("path", "~/runs") == given.on_disk("path", Path("~/runs")) == tmp_path / "runs"


@pytest.mark.parametrize("bad", [5, (1,), ("a", 1), (1, -1), (NAN, 1), "12"])
def test_prices(bad: Any):
    with pytest.raises(InputError, match=r"prices is .*two numbers >= 0"):
        given.two_prices(bad)


@pytest.mark.parametrize("bad", [None, 3, b"x", [], LocalModel, Path("embedded:instruct")])
def test_no_model(bad: Any):
    with pytest.raises(InputError, match=r"is no model.*lab\.open_model"):
        lab.open_model(bad)


@pytest.mark.parametrize(
    "option",
    [{"timeout": "x"}, {"max_in_flight": "3"}, {"retries": 1.5}, {"requests_per_minute": 0}, {"patience": None}],
)
def test_options_of_a_server(option: dict[str, Any]):
    with pytest.raises(InputError, match=f"OpenAIModel: {next(iter(option))} is .*number"):
        lab.open_model("openai:x@http://localhost:1/v1", **option)


def test_a_model_may_be_given_a_name():
    assert lab.open_model("openai:x@http://localhost:1/v1", name="mine").name == "mine"


@pytest.mark.parametrize("option", [{"workers": "2"}, {"workers": 0}, {"slots": 1.5}, {"context": None}])
def test_options_of_the_embedded_model(option: dict[str, Any]):
    with pytest.raises(InputError, match=f"EmbeddedModel: {next(iter(option))} is .*whole number >= 1"):
        lab.open_model("embedded:instruct", **option)


def test_a_completion_is_checked_where_it_is_made():
    import numpy as np

    from promptlab.types import Completion

    done = Completion("1", "complete", prompt_tokens=np.int64(5))
    assert type(done.prompt_tokens) is int
    for options, message in (
        ({"ending": "length"}, "Completion.ending is 'length': it must be one of complete, truncated"),
        ({"text": None}, "Completion.text is None: it must be a text"),
        ({"completion_tokens": 5.5}, "Completion.completion_tokens is 5.5: it must be a whole number"),
        ({"completion_tokens": 2**63}, "below 2"),
        ({"seconds": float("nan")}, "Completion.seconds is nan"),
    ):
        with pytest.raises(InputError, match=message.replace("*", ".")):
            Completion(**{"text": "", "ending": "complete", **options})  # type: ignore[arg-type]
