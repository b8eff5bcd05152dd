"""`Run`: one tidy frame, grading again without a model, and outputs that are safe to look at."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import promptlab as lab
from local_models import QUESTIONS, SAMPLING, LocalModel, complete
from promptlab import traces
from promptlab.errors import InputError, StoreError
from promptlab.prompts import concise, few_shot, zero_shot
from promptlab.records import Run, load_run
from promptlab.records.showing import plain
from promptlab.runner import run
from promptlab.store import Store
from promptlab.types import Completion, Question, Request

POOL = [Question(f"p{i}", f"What is {i} plus 50?", (str(i + 50),), meta={"rationale": "Add."}) for i in range(20)]
HOSTILE = "<script>alert(1)</script>\x1b[31m\x9b2J\u202eevil\r &amp; 7"


class WithPool(list):  # type: ignore[type-arg]
    pool = POOL


def varied(request: Request) -> Completion:
    """A completion of every ending, by the sample's index."""
    endings = (
        complete(request),
        Completion("<think>It is 1.</think>The answer is 1.", "complete", completion_tokens=9, cached_tokens=2),
        Completion("", "error", error="no answer in time"),
        Completion("", "empty"),
        Completion("The answer is", "truncated", finish_reason="length"),
    )
    return endings[request.index]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("runs") / "one"
    arms = [zero_shot(), few_shot(k=2, draws=3)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run(
            LocalModel(reply=varied), arms, WithPool(QUESTIONS), samples=5, sampling=SAMPLING, path=path, progress=False
        )


@pytest.fixture
def small(tmp_path: Path) -> Run:
    return make(tmp_path / "small")


def make(path: Path, model: LocalModel | None = None, **more: Any) -> Run:
    arms = more.pop("conditions", [zero_shot(), concise()])
    return run(model or LocalModel(), arms, QUESTIONS[:3], sampling=SAMPLING, path=path, progress=False, **more)


# -- the frame ---------------------------------------------------------------------------------------------------------


def test_columns_stand_in_their_order(done: Run):
    columns = list(done.to_frame().columns)
    factors = list(zero_shot().factors())
    head = ["model", "condition", "question", "cluster", "sample", "draw", "replicate", "variant"]
    grade = ["score", "status", "ending", "answered", "format_ok", "answer", "gold", "why"]
    tokens = ["prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens"]
    tail = [*tokens, "seconds", "finish_reason", "error", "seed", "key", "completion", "reasoning"]
    assert columns == [*head, *factors, *grade, *traces.DESCRIPTIONS, *tail]


def test_a_row_a_sample_by_condition_question_and_sample(done: Run):
    frame = done.to_frame()
    rows = [(c, q.id, k) for c in ("zero-shot", "few-shot-2") for q in QUESTIONS for k in range(5)]
    assert list(frame[["condition", "question", "sample"]].itertuples(index=False, name=None)) == rows
    by_condition = frame.groupby("condition")
    assert dict(by_condition["shots"].max()) == {"few-shot-2": 2, "zero-shot": 0}
    assert by_condition["draw"].nunique().to_dict() == {"few-shot-2": 3, "zero-shot": 1}
    assert frame["gold"].iloc[5] == "3"


def test_types(done: Run):
    types = {column: str(dtype) for column, dtype in done.to_frame().dtypes.items()}
    expected = {
        "sample": "int64", "draw": "int64", "shots": "int64", "raw": "bool", "score": "float64", "status": "category",
        "answered": "bool", "format_ok": "boolean", "prompt_tokens": "Int64", "reasoning_tokens": "Int64",
        "seconds": "float64", "reasoning_words": "int64", "bypassed": "bool", "seed": "int64",
    }  # fmt: skip
    assert {column: types[column] for column in expected} == expected


def test_endings_and_grades(done: Run):
    frame = done.to_frame()
    status = frame.groupby("sample", observed=True)["status"].agg(lambda s: set(s) - {"correct", "wrong"})
    assert list(status) == [set(), set(), {"error"}, {"empty"}, {"truncated"}]
    assert frame.loc[frame["ending"] == "error", "score"].isna().all()
    assert (frame.loc[frame["ending"].isin(["empty", "truncated"]), "score"] == 0).all()
    assert frame.loc[frame["sample"] == 1, "answer"].eq("1").all()
    assert frame["format_ok"].isna().all(), "no format was asked for"


def test_texts_may_be_left_out(done: Run):
    whole = done.to_frame()
    assert whole["completion"].str.contains("The answer is").any()
    pd.testing.assert_frame_equal(
        done.to_frame(completion=False, reasoning=False), whole.drop(columns=["completion", "reasoning"])
    )


def test_chunks_do_not_change_the_frame(done: Run, monkeypatch: pytest.MonkeyPatch):
    whole = done.to_frame()
    monkeypatch.setattr("promptlab.records.frames._CHUNK", 7)
    pd.testing.assert_frame_equal(done.to_frame(), whole)


def test_features_of_several_kinds_and_some_missing(small: Run):
    with Store(small.path, write=True) as store, store._transaction() as db:
        db.execute("UPDATE grades SET features = '{}' WHERE rowid = 1")
        db.execute(
            """UPDATE grades SET features = '{"n": 3, "share": 0.5, "yes": true, "word": "a"}' WHERE rowid > 1"""
        )
    frame = small.to_frame()
    types = [str(frame[column].dtype) for column in ("n", "share", "yes")]
    assert types == ["Int64", "float64", "boolean"]
    assert frame["n"].isna().sum() == frame["share"].isna().sum() == 1


def test_a_run_without_samples_has_all_fixed_columns(small: Run):
    columns = small.to_frame().columns
    with Store(small.path, write=True) as store, store._transaction() as db:
        db.execute("DELETE FROM samples")
    empty = small.to_frame()
    assert len(empty) == 0
    assert set(columns) - set(empty.columns) == set(traces.DESCRIPTIONS)


def test_the_frame_is_what_comparisons_take(done: Run):
    comparison = lab.compare(done, baseline="zero-shot")
    assert "few-shot-2" in comparison.to_markdown()


# -- grading again -----------------------------------------------------------------------------------------------------


def test_regrade_calls_no_model_and_keeps_the_other_grades(small: Run):
    before = small.to_frame()
    again = small.regrade(lab.as_grader(lambda question, text: 0.25, name="quarter"))
    assert again.grader == ("quarter", "1")
    assert set(again.to_frame()["score"]) == {0.25}
    pd.testing.assert_frame_equal(small.to_frame(), before)
    pd.testing.assert_frame_equal(load_run(small.path).to_frame(), before)
    assert load_run(small.path, grader="quarter") == again
    assert again.to_frame()["key"].equals(before["key"])


def test_regrading_by_the_same_grader_changes_nothing(done: Run):
    before = done.to_frame()
    pd.testing.assert_frame_equal(done.regrade(lab.number).to_frame().drop(columns="why"), before.drop(columns="why"))
    pd.testing.assert_frame_equal(done.regrade(lab.by_kind).to_frame(), before)


def test_the_answer_format_of_the_run_is_used_again(tmp_path: Path):
    boxed = LocalModel(reply=lambda request: Completion(r"\boxed{1}" if request.index else "1", "complete"))
    first = make(tmp_path, boxed, samples=2, answer_format=lab.BOXED)
    again = first.regrade(lab.as_grader(lambda question, text: True, name="yes"))
    for made in (first, again):
        assert made.to_frame().groupby("sample")["format_ok"].all().to_dict() == {0: False, 1: True}


def test_a_run_goes_on_with_another_grader_after_regrading(tmp_path: Path):
    yes = lab.as_grader(lambda question, text: True, name="yes")
    first = make(tmp_path, conditions=[zero_shot()])
    with pytest.raises(InputError, match="regrade"):
        make(tmp_path, grader=yes)
    first.regrade(yes)
    extended = make(tmp_path, grader=yes)
    assert extended.grader == ("yes", "1") == load_run(tmp_path).grader
    assert list(extended.to_frame()["score"]) == [1.0] * 6


def test_an_unknown_grader(small: Run):
    with pytest.raises(InputError, match="did you mean 'by-kind'"):
        load_run(small.path, grader="by-kinds")


# -- looking at outputs ------------------------------------------------------------------------------------------------


@pytest.fixture
def hostile(tmp_path: Path) -> Run:
    reply = Completion(f"<think>{HOSTILE}</think>{HOSTILE}", "complete", reasoning=HOSTILE, error=HOSTILE)
    return make(tmp_path / HOSTILE.replace("/", ""), LocalModel(HOSTILE, reply=lambda request: reply))


def test_html_is_escaped(hostile: Run):
    for page in (hostile.show()._repr_html_(), hostile._repr_html_()):
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert not any(c in page for c in "\x1b\x9b\u202e\r")


def test_no_control_character_reaches_a_terminal(hostile: Run):
    for text in (str(hostile.show()), repr(hostile.show()), repr(hostile)):
        assert not any(c in text for c in "\x1b\x9b\u202e\r")
        assert "evil" in text


def test_show_has_everything(done: Run):
    text = str(done.show("q1", sample=1))
    for part in ("q1", "What is 1 + 2?", "gold: 3", "=== zero-shot", "=== few-shot-2", "wrong", "answer: 1", "why:"):
        assert part in text
    for part in ("--- user", "--- assistant", "--- reasoning\nIt is 1.", "--- answer text\nThe answer is 1."):
        assert part in text
    page = done.show("q1", sample=1)._repr_html_()
    assert page.count("<summary>prompt</summary>") == page.count("<summary>reasoning</summary>") == 2
    assert "error: no answer in time" in str(done.show(sample=2))


def test_show_chooses(done: Run):
    assert done.show().question.id == "q0"
    assert [card.sample.condition for card in done.show(conditions="few-shot-2").cards] == ["few-shot-2"]
    assert [card.sample.condition for card in done.show(conditions=["few-shot-2"]).cards] == ["few-shot-2"]
    with pytest.raises(InputError, match="did you mean 'zero-shot'"):
        done.show(conditions="zeroshot")
    with pytest.raises(InputError, match="unknown question 'q99'"):
        done.show("q99")
    with pytest.raises(InputError, match="no sample 7 of question 'q0'"):
        done.show(sample=7)
    for bad in (-1, "0", None, [0], 0.5):
        with pytest.raises(InputError, match=r"sample of show is .*a whole number >= 0"):
            done.show(sample=bad)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="conditions of show is 3: it must be a text, or a list of texts"):
        done.show(conditions=3)  # type: ignore[arg-type]


def test_an_ungraded_sample_is_shown_as_such(small: Run):
    with Store(small.path, write=True) as store, store._transaction() as db:
        db.execute("DELETE FROM grades")
    assert [card.status for card in small.show().cards] == ["ungraded"] * 2
    assert "ungraded" in small.show()._repr_html_()
    assert all(math.isnan(score) for score in small.to_frame()["score"])


def test_long_text_is_cut_in_a_terminal():
    assert plain("a" * 5_000).endswith("a [... 1,000 more characters]")


def test_short_forms(done: Run):
    assert repr(done) == f"<Run local: 2 conditions x 12 questions, 120 samples, grader by-kind, in {done.path}>"
    page = done._repr_html_()
    for ending in ("complete", "empty", "error", "truncated"):
        assert f">{ending}</th>" in page
    assert page.count(">24</td>") == 2


def test_questions_and_conditions(done: Run):
    assert done.questions == tuple(QUESTIONS)
    assert done.conditions == ("zero-shot", "few-shot-2")
    assert done.model == "local"


# -- opening -----------------------------------------------------------------------------------------------------------


def test_a_folder_without_a_run(tmp_path: Path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match=r"load_run: .* holds no run"):
            load_run(path)


@pytest.mark.parametrize("bad", [None, 3, "", b"x", [], "a\0b"])
def test_no_path_at_all(bad: Any):
    with pytest.raises(InputError, match=r"path of load_run is .*: it must be a path"):
        load_run(bad)


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("manifest.json", b'{"model": {"na', r"manifest\.json is damaged"),
        ("samples.sqlite", b"not a database at all" * 99, "damaged"),
        ("samples.sqlite", b"", "not the record of a run"),
        ("samples.sqlite", None, "holds no run"),
    ],
)
def test_a_damaged_run_is_one_error(small: Run, file: str, content: bytes | None, told: str):
    damaged = small.path / file
    damaged.unlink() if content is None else damaged.write_bytes(content)
    with pytest.raises(StoreError, match=told) as error:
        load_run(small.path)
    assert "\n" not in str(error.value)


def test_opening_changes_nothing(small: Run):
    before = {p.name: p.read_bytes() for p in small.path.iterdir()}
    assert sorted(before) == ["lock.sqlite", "manifest.json", "samples.sqlite"]
    load_run(str(small.path)).to_frame()
    assert {p.name: p.read_bytes() for p in small.path.iterdir()} == before


def test_a_reader_cannot_write(small: Run):
    with Store(small.path) as store, pytest.raises(StoreError, match="readonly"):
        next(store.rows("DELETE FROM samples"))
