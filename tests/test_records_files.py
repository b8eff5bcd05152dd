"""A whole run in one Parquet file, and the recorded runs that ship."""

from __future__ import annotations

import builtins
import json
import math
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import promptlab as lab
from local_models import QUESTIONS, SAMPLING, LocalModel
from promptlab.assets import find_asset
from promptlab.errors import InputError, StoreError
from promptlab.grading import grade
from promptlab.prompts import few_shot, r1_zero_template, zero_shot
from promptlab.records import Run, load_run, recorded_runs
from promptlab.runner import run
from promptlab.store import Store
from promptlab.types import AnswerFormat, Completion, Question, Request

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

SHIPPED = ["instruct", "plain", "plain-robust", "r1", "r1-narrow", "sft", "sft-narrow"]
DRAWS = ["instruct", "plain", "r1", "r1-narrow"]  # each also under 16 draws of exemplars, all shown to every question
CONTROLS = ["plain", "r1", "r1-narrow", "sft-narrow"]  # each also with the controls of a few-shot condition
DROPPED = ("key", "seed", "reasoning", "seconds", "error", "cached_tokens", "reasoning_tokens", "finish_reason")
ASKED = [
    Question("letter", 'Which? "ö"\n', ("A", "y | z"), "label", ("x", "y | z"), None, {"steps": [{"value": 1.5}]}),
    *QUESTIONS[:6],
]
POOL = [Question(f"p{i}", f"What is {i} plus 50?", (str(i + 50),), meta={"rationale": "Add."}) for i in range(9)]


class WithPool(list):  # type: ignore[type-arg]
    pool = POOL


def varied(request: Request) -> Completion:
    endings = (
        Completion("<think>It is 53.</think>The answer is 3.", "complete", completion_tokens=9, cached_tokens=2),
        Completion("5\u2028\x1b[31m", "truncated", reasoning="Hm: 52.", finish_reason="length", seconds=0.25),
        Completion("", "error", error="no answer in time"),
        Completion("", "empty", prompt_tokens=4, reasoning_tokens=1),
    )
    return endings[request.index]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("runs") / "one"
    arms = [zero_shot(), few_shot(k=2, draws=3), r1_zero_template()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run(
            LocalModel(reply=varied), arms, WithPool(ASKED), samples=4, sampling=SAMPLING, path=path, progress=False
        )


@pytest.fixture(scope="module")
def filed(done: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return load_run(done.to_parquet(tmp_path_factory.mktemp("files") / "one.parquet"))


@pytest.fixture
def copied(filed: Run, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(filed.path, tmp_path / "copy.parquet"))


# -- there and back ----------------------------------------------------------------------------------------------------


def test_a_file_is_the_run(done: Run, filed: Run):
    pd.testing.assert_frame_equal(filed.to_frame(), done.to_frame())
    short = {"completion": False, "reasoning": False}
    pd.testing.assert_frame_equal(filed.to_frame(**short), done.to_frame(**short))
    assert filed.questions == done.questions == tuple(ASKED)
    for name in ("conditions", "manifest", "grader", "model"):
        assert getattr(filed, name) == getattr(done, name)
    assert repr(filed) == repr(done).replace(str(done.path), str(filed.path))
    assert filed._repr_html_() == done._repr_html_().replace(str(done.path), str(filed.path))
    assert isinstance(filed, Run)


@pytest.mark.parametrize("sample", range(4))
def test_a_file_shows_what_the_run_shows(done: Run, filed: Run, sample: int):
    for name in ("letter", "q3"):
        assert str(filed.show(name, sample=sample)) == str(done.show(name, sample=sample))
        assert filed.show(name, sample=sample)._repr_html_() == done.show(name, sample=sample)._repr_html_()
    assert [card.prompt for card in filed.show("q3").cards] == [card.prompt for card in done.show("q3").cards]
    two = ["r1-zero", "zero-shot"]
    assert [card.sample.condition for card in filed.show(conditions=two).cards] == two


def test_a_file_refuses_what_the_run_refuses(filed: Run):
    with pytest.raises(InputError, match="did you mean 'zero-shot'"):
        filed.show(conditions="zeroshot")
    with pytest.raises(InputError, match="unknown question 'q99'"):
        filed.show("q99")
    with pytest.raises(InputError, match="no sample 7 of question 'letter'"):
        filed.show(sample=7)
    with pytest.raises(InputError, match="unknown grader of this run 'number'"):
        load_run(filed.path, grader="number")
    assert load_run(filed.path, grader="by-kind") == filed


def test_the_file_is_open_to_other_programs(filed: Run):
    """A plain Parquet reader finds questions, prompts and the manifest."""
    row = pd.read_parquet(filed.path).query("condition == 'few-shot-2' and question == 'q0'").iloc[0]
    sent = json.loads(row["prompt"])
    assert row["question_text"] == "What is 0 + 1?"
    assert json.loads(row["question_answers"]) == ["1"]
    assert [role for role, _ in sent["messages"]] == ["user", "assistant"] * 2 + ["user"]
    assert len(sent["exemplars"]) == 2
    metadata = json.loads(pq.read_schema(filed.path).metadata[b"promptlab"])
    assert metadata["manifest"] == filed.manifest


def test_dropped_columns_come_back_empty(done: Run, tmp_path: Path):
    path = done.to_parquet(tmp_path / "less.parquet", drop=DROPPED)
    assert not set(DROPPED) & set(pq.read_schema(path).names)
    whole, less = done.to_frame(), load_run(path).to_frame()
    assert list(less.columns) == list(whole.columns)
    kept = [column for column in whole.columns if column not in DROPPED or column == "key"]
    pd.testing.assert_frame_equal(less[kept], whole[kept])
    types = dict(whole.dtypes.astype(str)) | {"seed": "Int64"}  # no whole number says that it is missing
    assert dict(less.dtypes.astype(str)) == types
    assert less[["seed", "seconds", "cached_tokens", "reasoning_tokens"]].isna().all(axis=None)
    assert less[["error", "reasoning", "finish_reason"]].eq("").all(axis=None)
    assert "reasoning" not in load_run(path).to_frame(reasoning=False)
    assert "--- reasoning\nIt is 53." in str(load_run(path).show())


def test_a_sample_that_was_copied_within_a_file_has_the_key_of_its_origin(tmp_path: Path):
    arms = [zero_shot(), zero_shot(replicate=1)]
    made = run(LocalModel(reply=varied), arms, ASKED, samples=2, sampling=SAMPLING, path=tmp_path / "a", progress=False)
    path = made.to_parquet(tmp_path / "less.parquet", drop="key")
    assert load_run(path).index()["key"].tolist() == made.to_frame()["key"].tolist()
    table = pq.read_table(path)
    again, columns = table["replicate"].to_pylist(), table.column_names
    again[-1] = 0  # the last sample of zero-shot#1 is that of zero-shot, under another name
    pq.write_table(table.set_column(columns.index("replicate"), "replicate", [again]), path)
    keys = load_run(path).to_frame().groupby("condition")["key"].agg(set)
    assert len(keys["zero-shot"] & keys["zero-shot#1"]) == 1


def test_only_what_has_a_stand_in_can_be_dropped(done: Run, tmp_path: Path):
    with pytest.raises(InputError, match="to_parquet can drop 'seeds': did you mean 'seed'"):
        done.to_parquet(tmp_path / "x.parquet", drop=["seeds"])
    with pytest.raises(InputError, match="to_parquet can drop 'completion'"):
        done.to_parquet(tmp_path / "x.parquet", drop=["completion"])
    assert not list(tmp_path.iterdir())


def test_statistics_are_the_runs(done: Run, tmp_path: Path):
    less = load_run(done.to_parquet(tmp_path / "less.parquet", drop=DROPPED))
    tables = [lab.compare(each, baseline="zero-shot").to_markdown() for each in (done, less)]
    assert tables[0] == tables[1]
    assert lab.compare([less, done.to_frame().assign(model="other")], baseline="zero-shot")


def test_an_empty_and_an_ungraded_run(tmp_path: Path):
    made = run(LocalModel(), [zero_shot()], QUESTIONS[:2], sampling=SAMPLING, path=tmp_path / "run", progress=False)
    with Store(made.path, write=True) as store, store._transaction() as db:
        db.execute("DELETE FROM grades")
    filed = load_run(made.to_parquet(tmp_path / "ungraded.parquet"))
    pd.testing.assert_frame_equal(filed.to_frame(), made.to_frame())
    assert [card.status for card in filed.show().cards] == ["ungraded"]
    with Store(made.path, write=True) as store, store._transaction() as db:
        db.execute("DELETE FROM samples")
    empty = load_run(made.to_parquet(tmp_path / "empty.parquet"))
    assert len(empty.to_frame()) == len(empty.questions) == 0
    assert "0 samples" in repr(empty)
    assert len(empty.regrade(lab.number).to_frame()) == 0
    with pytest.raises(InputError, match="holds no samples yet"):
        empty.show()


# -- grading again -----------------------------------------------------------------------------------------------------


def test_regrading_a_file_is_regrading_the_run(done: Run, filed: Run, tmp_path: Path):
    before, stored = filed.to_frame(), filed.path.read_bytes()
    third = lab.as_grader(lambda question, text: len(text) % 4 / 3, name="third")
    again = filed.regrade(third)
    expected = done.regrade(third).to_frame()
    assert again.grader == ("third", "1")
    pd.testing.assert_frame_equal(again.to_frame(), expected)
    assert "third" in repr(again)
    pd.testing.assert_frame_equal(filed.to_frame(), before)
    kept = load_run(again.to_parquet(tmp_path / "third.parquet"), grader="third")
    pd.testing.assert_frame_equal(kept.to_frame(), expected)
    assert str(kept.show()) == str(again.show())
    assert filed.path.read_bytes() == stored


def test_regrading_by_the_same_grader_changes_nothing(filed: Run):
    pd.testing.assert_frame_equal(filed.regrade(lab.by_kind).to_frame(), filed.to_frame())


# -- what is no run ----------------------------------------------------------------------------------------------------


def rewrite(path: Path, change: Any) -> None:
    pq.write_table(change(pq.read_table(path)), path)


def about(table: Any, **changes: Any) -> Any:
    metadata = json.loads(table.schema.metadata[b"promptlab"]) | changes
    return table.replace_schema_metadata({b"promptlab": json.dumps(metadata)})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.replace_schema_metadata(None), "is not a run of promptlab: write one with Run.to_parquet"),
        (lambda t: t.replace_schema_metadata({b"promptlab": b"{"}), "is not a run of promptlab, or damaged"),
        (lambda t: t.replace_schema_metadata({b"promptlab": b"[1]"}), "is not a run of promptlab, or damaged"),
        (lambda t: about(t, manifest={"name": "x"}), "is not a run of promptlab"),
        (lambda t: about(t, format=2), "newer promptlab"),
        (lambda t: t.drop_columns(["prompt", "score"]), "lacks the column prompt, score: write it again"),
        (lambda t: t.select(["model", "score"]), "is not a run of promptlab"),
    ],
)
def test_a_file_that_is_no_run(copied: Path, change: Any, told: str):
    rewrite(copied, change)
    with pytest.raises(StoreError, match=told) as error:
        load_run(copied)
    assert "\n" not in str(error.value)


def test_other_files(copied: Path, tmp_path: Path):
    for content in (b"", b"no such thing", copied.read_bytes()[:-100], b"PAR1PAR1"):
        copied.write_bytes(content)
        with pytest.raises(StoreError, match="is not a run of promptlab, or damaged"):
            load_run(copied)
    with pytest.raises(InputError, match=r"holds no run .*there is no such file"):
        load_run(tmp_path / "nowhere.parquet")


def test_one_changed_byte_is_told(copied: Path):
    """Pages carry checksums, so that damage never becomes other numbers."""
    whole = copied.read_bytes()
    chunks = [pq.read_metadata(copied).row_group(0).column(i) for i in range(40)]
    for chunk in chunks[::4]:
        place = (chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size - 1
        copied.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(StoreError, match="damaged"):
            load_run(copied).to_frame()


def test_a_place_for_the_file(done: Run, tmp_path: Path):
    with pytest.raises(InputError, match="path of to_parquet is 'recorded:x': it must be a place on disk"):
        done.to_parquet("recorded:x")
    assert load_run(done.to_parquet(tmp_path / "x.parquet", drop="seconds")).to_frame()["seconds"].isna().all()


@pytest.mark.parametrize("column", ["prompt", "question_meta"])
def test_texts_that_are_no_json(copied: Path, column: str):
    frame = pd.read_parquet(copied).assign(**{column: "{"})
    rewrite(copied, lambda t: pa.Table.from_pandas(frame).replace_schema_metadata(t.schema.metadata))
    with pytest.raises(StoreError, match="damaged"):
        load_run(copied).show()


def test_a_file_that_cannot_be_written(done: Run, tmp_path: Path):
    with pytest.raises(StoreError, match="cannot be written"):
        done.to_parquet(tmp_path / "no such folder" / "run.parquet")
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        done.to_parquet(tmp_path / "folder.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.parquet"]


def test_without_pyarrow(done: Run, filed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    true_import = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return true_import(name, *rest)

    import promptlab.records as package

    for name in ("parquet", "files"):
        monkeypatch.delitem(sys.modules, f"promptlab.records.{name}", raising=False)
        monkeypatch.delattr(package, name, raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    for use in (lambda: load_run(filed.path), lambda: done.to_parquet(tmp_path / "x.parquet")):
        with pytest.raises(InputError, match="needs pyarrow: pip install pyarrow"):
            use()


# -- what ships --------------------------------------------------------------------------------------------------------


def test_every_recorded_run_is_there_and_small():
    designs = (*SHIPPED, *(f"{name}-draws" for name in DRAWS), *(f"{name}-controls" for name in CONTROLS))
    assert set(recorded_runs()) == {f"recorded:{name}" for name in designs}
    assert sum(path.stat().st_size for path in find_asset("data/recorded").iterdir()) <= 6_000_000
    with pytest.raises(InputError, match="unknown recorded run 'recorded:r2': did you mean 'recorded:r1'"):
        load_run("recorded:r2")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_recorded_run_is_whole(name: str):
    recorded = load_run(f"recorded:{name}")
    frame = recorded.to_frame(completion=False)
    assert recorded.model == name == frame["model"].unique().item()
    assert len(recorded.conditions) == 18
    assert list(frame["condition"].unique()) == list(recorded.conditions)
    assert frame.groupby(["condition", "question"]).size().eq(4).all()
    assert frame.groupby("condition")["question"].nunique().eq(400).all()
    assert len(recorded.questions) == recorded.manifest["questions"]["count"] == 400
    for word in ("/root", "/home", "/tmp", "/work"):
        assert word not in json.dumps(dict(recorded.manifest))


@pytest.mark.parametrize("name", DRAWS)
def test_recorded_draws_are_crossed_with_the_questions(name: str):
    recorded = load_run(f"recorded:{name}-draws")
    frame = recorded.to_frame(completion=False)
    assert recorded.model == name
    assert frame.groupby(["condition", "question"]).size().eq(2).all()
    assert frame.groupby("condition")["question"].nunique().eq(100).all()
    assert len(recorded.conditions) == 1 + 16
    assert recorded.questions == load_run(f"recorded:{name}").questions[:100]


@pytest.mark.parametrize("name", SHIPPED)
def test_recorded_scores_are_the_graders(name: str):
    """2,000 samples of each run, graded again: `regrade` takes half a minute for all of them.

    They keep the version that was registered; later ones must give the same.
    """
    recorded = load_run(f"recorded:{name}")
    frame = recorded.to_frame().sample(2_000, random_state=0)
    questions = {question.id: question for question in recorded.questions}
    asked = AnswerFormat(**recorded.manifest["answer_format"])
    assert recorded.grader == ("number", "4")
    for row in frame.itertuples():
        found = grade(lab.number, questions[row.question], Completion(row.completion, row.ending), asked)
        told = found.score, found.answer, found.answered, found.format_ok, found.why
        assert told == (row.score, row.answer, row.answered, row.format_ok, row.why)
        assert not math.isnan(found.score)
