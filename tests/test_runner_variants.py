"""Variants in a run: which sample shows which order, and that answers come back in the letters as given."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import promptlab as lab
from local_models import SAMPLING, LocalModel
from promptlab.errors import InputError
from promptlab.prompts import few_shot, zero_shot
from promptlab.prompts.shuffling import variant_of
from promptlab.records import Run, load_run, parquet
from promptlab.runner import run
from promptlab.types import Completion, Question, Request

CITIES = ("London", "Paris", "Rome", "Oslo")
QUESTIONS = [
    Question(f"q{i}", f"Which city is number {i}?", ("ABCD"[i % 4],), "label", CITIES, cluster=f"c{i % 5}")
    for i in range(10)
]
ENSEMBLE = zero_shot(variants=3).but(name="ensemble", replicate=1)


def options_of(request: Request) -> dict[str, str]:
    return dict(re.findall(r"^([A-D])\. (\w+)$", request.prompt.messages[-1].content, re.M))


def said(text: str) -> Completion:
    return Completion(text, "complete", prompt_tokens=30, completion_tokens=5)


def always_rome(request: Request) -> Completion:
    """It answers by what an option says, with the letter that it has here."""
    letter = next(letter for letter, city in options_of(request).items() if city == "Rome")
    return said(f"It must be the one. Answer: {letter}")


def go(path: Path, model: LocalModel | None = None, samples: int = 3, **more: object) -> Run:
    model = model or LocalModel(reply=always_rome)
    arms = more.pop("conditions", [zero_shot(), ENSEMBLE])
    return run(model, arms, QUESTIONS, samples=samples, sampling=SAMPLING, path=path, progress=False, **more)  # type: ignore[arg-type]


def test_answers_come_back_in_the_letters_as_given(tmp_path: Path):
    frame = go(tmp_path / "run").to_frame()
    assert (frame["answer"] == "C").all()
    assert (frame["score"] == (frame["gold"] == "C")).all()
    assert frame.groupby("condition")["variant"].unique().map(list).to_dict() == {
        "ensemble": [0, 1, 2],
        "zero-shot": [0],
    }
    sent = frame[frame["condition"] == "ensemble"]["completion"].str[-1]
    assert sent.nunique() > 1, "it was asked in several orders"


def test_a_warning_of_fixed_options_names_the_line_of_the_user(tmp_path: Path):
    fixed = [replace(question, choices=(*CITIES[:3], "All of the above")) for question in QUESTIONS]
    with pytest.warns(UserWarning, match="10 of 10 questions are not shuffled") as caught:
        run(LocalModel(), ENSEMBLE, fixed, samples=3, sampling=SAMPLING, path=tmp_path, progress=False)
    assert [warning.filename for warning in caught] == [__file__]


def test_each_sample_was_sent_its_own_order(tmp_path: Path):
    done = go(tmp_path / "run")
    for sample in range(3):
        (card,) = done.show("q4", "ensemble", sample).cards
        shown = [
            f"{letter}. {city}"
            for letter, city in zip("ABCD", variant_of(QUESTIONS[4], 3, 0, sample).choices, strict=True)
        ]
        assert "\n".join(shown) in card.prompt.messages[-1].content


def test_the_first_variant_is_the_sample_that_one_order_alone_has(tmp_path: Path):
    model = LocalModel(reply=always_rome)
    go(tmp_path / "one", model, samples=1, conditions=[zero_shot()])
    asked = model.asked.total()
    copied = go(tmp_path / "more", model, conditions=[zero_shot(name="of three", variants=3)], reuse=tmp_path / "one")
    assert model.asked.total() - asked == 20, "the 10 samples of the order as given were there"
    assert copied.to_frame()["answer"].eq("C").all()


def test_graded_again_retraced_and_from_a_file_it_is_the_same(tmp_path: Path):
    done = go(tmp_path / "run", conditions=[zero_shot(), few_shot(k=1, exemplars=[("Which?", "B", "So.")]), ENSEMBLE])
    frame = done.to_frame()
    file = load_run(done.to_parquet(tmp_path / "run.parquet"))
    for again in (done.regrade(lab.label), file.regrade(lab.label), file, load_run(tmp_path / "run")):
        pd.testing.assert_frame_equal(again.to_frame(), frame, check_categorical=False)
    pd.testing.assert_frame_equal(done.retraced(), frame)


def test_a_file_that_knows_no_variants_has_one(tmp_path: Path):
    done = go(tmp_path / "run", conditions=[zero_shot()])
    path = done.to_parquet(tmp_path / "new.parquet")
    old = pd.read_parquet(path).drop(columns=["variant", "variants", "variant_seed"])
    parquet.write(tmp_path / "old.parquet", old, load_run(path).manifest)
    again = load_run(tmp_path / "old.parquet").regrade(lab.label).to_frame()
    pd.testing.assert_frame_equal(
        again, done.to_frame().drop(columns=["variants", "variant_seed"]), check_categorical=False
    )


def test_a_run_goes_on_with_more_rounds_and_pays_for_nothing_twice(tmp_path: Path):
    model = LocalModel(reply=always_rome)
    go(tmp_path / "run", model)
    before = model.asked.total()
    frame = go(tmp_path / "run", model, samples=6).to_frame()
    assert model.asked.total() == 2 * before
    assert frame.groupby(["condition", "variant"]).size()["ensemble"].tolist() == [20, 20, 20]


@pytest.mark.parametrize("samples", [1, 2, 4])
def test_samples_that_show_no_variant_alike_are_refused_before_anything_is_asked(tmp_path: Path, samples: int):
    model = LocalModel()
    with pytest.raises(InputError, match=f"samples={samples}, but condition 'ensemble' has variants=3"):
        go(tmp_path / "run", model, samples=samples, conditions=[ENSEMBLE])
    assert not model.asked


def test_a_question_without_options_is_refused_before_anything_is_asked(tmp_path: Path):
    model, bare = LocalModel(), Question("bare", "What is 2 + 2?", ("4",))
    with pytest.raises(InputError, match="question 'bare' of kind 'number' has 0 choices"):
        run(model, ENSEMBLE, [*QUESTIONS, bare], samples=3, sampling=SAMPLING, path=tmp_path / "run", progress=False)
    assert not model.asked


def test_two_conditions_never_share_a_sample(tmp_path: Path):
    with pytest.raises(InputError, match="send the same prompt for question 'q0': drop one, or give one another repl"):
        go(tmp_path / "run", conditions=[zero_shot(), zero_shot(name="ensemble", variants=3)])
