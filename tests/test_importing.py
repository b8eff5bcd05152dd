"""Others' outputs as runs: what is taken from a file, and one error for each thing that a file may turn out to be."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from promptlab.comparison import compare, contrast
from promptlab.errors import InputError
from promptlab.grading import as_grader, by_kind, grader_named, number
from promptlab.importing import import_run, import_runs
from promptlab.types import Question

COLUMNS = {"question_text": "q", "condition": "arm", "score": "right", "sample": "try", "completion": "out"}


def row(
    q: str = "What is 1 + 1?", arm: str = "zero-shot", right: Any = 1, n: int = 0, out: str = "2"
) -> dict[str, Any]:
    return {"q": q, "arm": arm, "right": right, "try": n, "out": out}


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".csv":
        pd.DataFrame(rows).to_csv(path, index=False)
    elif path.suffix == ".parquet":
        pd.DataFrame(rows).to_parquet(path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


TWENTY = [
    row(f"What is {i} + {i}?", arm, int(arm == "zero-shot" or i < 4)) for i in range(20) for arm in ("zero-shot", "few")
]


# What is taken


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_file_becomes_a_run_that_compare_accepts(tmp_path: Path, suffix: str):
    run = import_run(written(tmp_path / f"theirs{suffix}", TWENTY), columns=COLUMNS, model="theirs")
    assert repr(run) == "<ImportedRun theirs: 2 conditions x 20 questions, 40 samples, 1 note>"
    assert run.notes == ("20 questions in every condition",)
    assert run.origins[0]["file"] == f"theirs{suffix}"
    found = compare(run, baseline="zero-shot").table.iloc[0]
    assert (found["verdict"], found["lost"], found["gained"]) == ("degraded", 16, 0)


def test_frames_lists_and_files_give_the_same(tmp_path: Path):
    sources = [
        TWENTY,
        pd.DataFrame(TWENTY),
        written(tmp_path / "x.csv", TWENTY),
        [written(tmp_path / "y.jsonl", TWENTY)],
    ]
    first, *others = (import_run(s, columns=COLUMNS, model="m").to_frame() for s in sources)
    for other in others:
        pd.testing.assert_frame_equal(other, first)


def test_without_a_mapping_each_column_bears_our_name():
    frame = pd.DataFrame(
        {"model": "m", "condition": ["a", "b"], "question": [1.0, 1.0], "score": [True, False], "x": 3}
    )
    found = import_run(frame).to_frame()
    assert found["question"].to_list() == ["1", "1"]
    assert "x" not in found


def test_two_imports_and_a_mapping_of_files_align_by_text(tmp_path: Path):
    zero = written(tmp_path / "zero.jsonl", [row("What IS 1+1"), row("Only here: 7 + 7?")])
    few = written(tmp_path / "few.csv", [row(" what is 1+1? "), row("Name a colour."), row("Only there 7 + 7?")])
    columns = {"question_text": "q", "score": "right"}
    run = import_run({"zero": zero, "few": few}, columns=columns, model="m")
    assert run.notes == (
        "1 question in every condition (2 under zero, 3 under few); 1 of these differ in case, spaces or punctuation "
        "only",
        "zero lacks 2 questions of the others: 'Name a colour.' (no text there comes near); 'Only there 7 + 7?' "
        "(nearest there: 'only here 7 + 7')",
        "few lacks 1 question of the others: 'Only here: 7 + 7?' (nearest there: 'only there 7 + 7')",
    )
    alone = import_run(few, columns=columns, model="n", condition="few")
    assert set(alone.samples["question"]) == set(run.samples.query("condition == 'few'")["question"])


def test_two_models_meet_in_a_contrast():
    rows = [{**each, "who": who} for each in TWENTY for who in ("r1", "plain")]
    runs = import_runs(rows, columns={**COLUMNS, "model": "who"})
    assert [run.model for run in runs] == ["r1", "plain"]
    assert len(contrast(runs, model="r1", control="plain", baseline="zero-shot").table) == 1
    one = import_run(rows, columns={**COLUMNS, "model": "who"}, model="plain")
    pd.testing.assert_frame_equal(one.to_frame(), runs[1].to_frame())


def test_the_only_model_may_be_called_something_shorter():
    rows = [{**row(), "who": "org/long-name-7b"}]
    run = import_run(rows, columns={**COLUMNS, "model": "who"}, model="long")
    assert run.model == "long"
    assert run.notes == ("the model 'org/long-name-7b' is called 'long' here",)


def test_rows_that_are_no_samples_are_left_out_and_counted():
    run = import_run([{"prompt": "..."}, row()], columns=COLUMNS, model="m", keep=lambda row: "q" in row)
    assert run.notes == ("list: keep leaves out 1 of 2 rows",)


# How samples ended


@pytest.mark.parametrize(
    ("cells", "ending"),
    [
        ({"completion": "2"}, "complete"),
        ({"completion": " \n"}, "empty"),
        ({"completion": float("nan")}, "empty"),  # what pandas makes of an empty cell
        ({"completion": "", "reasoning": "First"}, "complete"),
        ({"completion": "", "finish_reason": "length"}, "empty"),
        ({"completion": "The ans", "finish_reason": "length"}, "truncated"),
        ({"completion": "No.", "finish_reason": "content_filter"}, "refused"),
        ({"completion": "ERROR 504", "error": "504"}, "error"),
        ({"completion": "2", "ending": "truncated"}, "truncated"),
        ({"completion": "", "ending": None}, "empty"),
        ({}, "complete"),
    ],
)
def test_the_rule_of_endings(cells: dict[str, Any], ending: str):
    rows = [{"model": "m", "condition": "c", "question": "q", "score": 0, **cells}]
    assert import_run(rows).to_frame()["ending"].to_list() == [ending]


def test_an_error_is_missing_and_stays_visible_as_scored():
    rows = [row(right=r, n=n, out=out) for n, (r, out) in enumerate([(1, "2"), (0, "ERROR 504"), (0, ""), (None, "?")])]
    columns = {**COLUMNS, "error": lambda row: row["out"] if row["out"].startswith("ERROR") else ""}
    run = import_run(rows, columns=columns, model="m")
    frame = run.to_frame()
    assert frame["score"].isna().to_list() == [False, True, False, True]
    assert frame["as_scored"].to_list()[:3] == [1, 0, 0]
    assert frame["answered"].to_list() == [True, False, False, True]
    assert run.notes[:2] == (
        "missing: 1 sample that ended in an error; the source scored 1 of them (0)",
        "missing: 1 sample without a score",
    )
    bounds = run.bounds.iloc[0]
    assert bounds[["error", "empty", "missing"]].to_list() == [1, 1, 2]
    assert bounds[["as_scored", "score", "low", "high"]].to_list() == pytest.approx([1 / 3, 1 / 2, 1 / 4, 1])
    plain = run.as_scored()
    assert set(plain.to_frame()["ending"]) == {"complete"}
    assert plain.to_frame()["score"].to_list()[:3] == [1, 0, 0]


def test_an_empty_answer_is_none():
    frame = import_run(
        [row(), row(n=1)], columns={**COLUMNS, "answer": lambda row: "2" if row["try"] else None}, model="m"
    )
    assert frame.to_frame()["answered"].to_list() == [False, True]
    assert frame.bounds["no_answer"].to_list() == [1]


def test_a_question_without_a_cluster_shares_none():
    rows = [{**row(f"What is {i} + 1?", arm), "c": c} for i, c in enumerate(["x", "x", "", None]) for arm in "ab"]
    run = import_run(rows, columns={**COLUMNS, "cluster": "c"}, model="m")
    assert compare(run, baseline="a").table.loc[0, "clusters"] == 3


def test_keys_of_a_mapping_name_conditions_whatever_they_are():
    columns = {"question_text": "q", "score": "right"}
    assert import_run({0: [row()], 3: [row()]}, columns=columns, model="m").conditions == ("0", "3")


def test_whole_numbers_are_one_answer_whatever_holds_them():
    rows = [{**row(n=n), "a": value} for n, value in enumerate([42, 42.0, "42"])]
    assert set(import_run(rows, columns={**COLUMNS, "answer": "a"}, model="m").to_frame()["answer"]) == {"42"}


def test_what_a_model_wrote_is_escaped_and_what_is_given_out_is_a_copy():
    run = import_run([row("<b>bold</b>"), row("other", "few")], columns=COLUMNS, model="<i>m</i>")
    assert "<b>bold" not in run._repr_html_()
    assert "<i>m" not in run._repr_html_()
    frame = run.to_frame()
    frame["score"] = 0.0
    assert run.samples["score"].sum() == 2


# Scores of our own


ANSWERS = {"question_text": "q", "condition": "arm", "sample": "try", "completion": "out", "gold": "gold"}
GRADED = [
    {**row("What is 1 + 1?", right=1, n=0, out="It is 2."), "gold": 2},
    {**row("What is 1 + 1?", right=1, n=1, out="<think>2?</think>\nThe answer is 3."), "gold": 2},
    {**row("What is 1 + 1?", right=0, n=2, out="<think>It is 2"), "gold": 2},
    {**row("What is 2 + 2?", right=0, n=0, out="12, no: 4.0"), "gold": 4},
    {**row("What is 2 + 2?", right=0, n=1, out=""), "gold": 4},
    {**row("What is 2 + 2?", right=0, n=2, out="ERROR 504"), "gold": None},
]


def failed(row: Mapping[str, Any]) -> str:
    return row["out"] if row["out"].startswith("ERROR") else ""


def test_completions_are_scored_by_our_grader_and_the_sources_scores_stay():
    run = import_run(GRADED, columns={**ANSWERS, "score": "right", "error": failed}, model="m")
    ours = run.regrade(number)
    frame = ours.to_frame()
    assert frame["score"].fillna(-1).to_list() == [1, 0, 0, 1, 0, -1]
    assert frame["as_scored"].to_list() == [1, 1, 0, 0, 0, 0]
    assert frame["ending"].to_list() == run.to_frame()["ending"].to_list()
    assert frame["answered"].to_list() == [True, True, False, True, False, False]
    assert frame["answer"].to_list() == ["2", "3", "", "4", "", ""]
    assert frame["why"][2] == "no answer: the reasoning never closed"
    assert ours.grader == ("number", number.version)
    assert ours.notes == (
        "missing: 1 sample that ended in an error; the source scored 1 of them (0)",
        f"scores are ours (number, version {number.version}); the source's stand in as_scored: of 5 samples we score 1 "
        "higher, 1 lower",
    )
    assert "regraded by number" in repr(ours)
    assert ours.bounds.loc[0, ["as_scored", "score"]].to_list() == pytest.approx([1 / 3, (1 / 3 + 1 / 2) / 2])
    assert (run.grader, run.to_frame()["score"][1]) == (None, 1)  # the run itself stays as it was
    back = ours.as_scored()
    assert back.notes[-1:] == ("scores are as the source gave them",)
    assert sum(note.startswith("scores are") for note in back.notes) == 1
    assert (back.grader, back.to_frame()["score"].to_list()) == (None, frame["as_scored"].to_list())


def test_a_file_without_scores_is_graded():
    run = import_run(GRADED[:5], columns=ANSWERS, model="m")
    assert run.notes == ("missing: 5 samples without a score; regrade(grader) gives them one",)
    ours = run.regrade(as_grader(lambda question, text: "2" in text, name="two"))
    assert ours.to_frame()["score"].to_list() == [1, 0, 0, 1, 0]
    assert ours.notes == ("scores are ours (two, version 1); the source gave none",)


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"completion": None, "score": "right"}, {}, "the samples have no completion: import them with columns="),
        ({"gold": None, "score": "right"}, {}, "the samples have no gold: import them with columns={'gold': ...}"),
        ({}, {}, "1 sample without gold, the first is sample 2 of question "),
        ({"gold": lambda row: "many"}, {"grader": number}, "the answer 'many' is not one number"),
        (
            {},
            {"grader": replace(number, function=lambda question, text: True)},
            "'number' is the name of a built-in grader",
        ),
        ({"gold": "try"}, {"grader": by_kind}, "a file does not say of what kind its questions are"),
        ({"gold": "try"}, {"gold": lambda text: 2}, "gold of regrade is 2: it must be a text, or a list of texts"),
        ({"gold": "try"}, {"gold": lambda text: text[9]}, "gold of regrade failed on '0' (IndexError: string index"),
    ],
)
def test_what_cannot_be_graded_is_said_before_any_is(columns: dict[str, Any], options: dict[str, Any], message: str):
    asked: list[str] = []

    def counting(question: Question, text: str) -> bool:
        asked.append(text)
        return True

    chosen = {ours: theirs for ours, theirs in (ANSWERS | columns).items() if theirs is not None}
    run = import_run(GRADED, columns=chosen, model="m")
    with pytest.raises(InputError, match=re.escape(message)):
        run.regrade(**{"grader": as_grader(counting), **options})
    assert asked == []


def test_gold_answers_may_be_several_and_stand_in_a_text():
    rows = [{**GRADED[0], "gold": "2 | two"}, {**GRADED[0], "try": 1, "out": "two", "gold": "2 | two"}]
    grader = grader_named("text")
    assert import_run(rows, columns=ANSWERS, model="m").regrade(grader).to_frame()["score"].to_list() == [0, 1]
    told = [{**GRADED[0], "gold": "1 + 1 = 2\n#### 2"}]
    ours = import_run(told, columns=ANSWERS, model="m").regrade(number, gold=lambda text: text.split("#### ")[1])
    assert ours.to_frame()["score"].to_list() == [1]


def test_files_with_unlike_columns_are_graded_together():
    zero = [{**GRADED[0], "thought": "Hm"}]
    few = [GRADED[3]]
    columns = {**ANSWERS, "reasoning": lambda row: row.get("thought")}
    run = import_run({"a": zero, "b": few}, columns={k: v for k, v in columns.items() if k != "condition"}, model="m")
    assert run.regrade(number).to_frame()["score"].to_list() == [1, 1]


# A file that is not what it claims: one error with file, line, found, expected


def error_of(source: Any, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        import_run(source, **{"columns": COLUMNS, "model": "m", **options})
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_line_that_was_cut_off(tmp_path: Path):
    path = written(tmp_path / "x.jsonl", [row(), row(n=1)])
    path.write_bytes(path.read_bytes()[:-9])
    message = error_of(path)
    assert message.startswith("x.jsonl, line 2: not JSON")
    assert message.endswith("the last line looks cut off")


@pytest.mark.parametrize("line", ['{"q": "A?", "right": 1, "right": 0}', '{"q": {"a": 1, "a": 2}, "right": 0}'])
def test_a_key_that_stands_twice_in_a_line(tmp_path: Path, line: str):
    """JSON itself would take the last: here a wrong answer for a right one."""
    path = written(tmp_path / "x.jsonl", [row()])
    path.write_text(f"{path.read_text()}{line}\n", encoding="utf-8")
    assert re.fullmatch(r"x.jsonl, line 2: not usable JSON \(the key '(right|a)' stands twice\)", error_of(path))


def test_a_csv_line_that_was_cut_off(tmp_path: Path):
    path = written(tmp_path / "x.csv", [row(), row(n=1)])
    path.write_bytes(path.read_bytes()[:-4])
    assert error_of(path) == "x.csv, line 3: 4 cells, but the header has 5 columns"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_missing_column_names_the_nearest(tmp_path: Path, suffix: str):
    path = written(tmp_path / f"x{suffix}", [row()])
    where = f"x{suffix}" + ("" if suffix == ".parquet" else ", line 1")
    assert error_of(path, columns={**COLUMNS, "score": "rigth"}) == (
        f"{where}: no column 'rigth' (columns: q, arm, right, try, out); nearest: 'right'; "
        "expected columns={'score': its name}"
    )


def test_a_key_that_is_none_of_ours():
    assert "did you mean 'score'?" in error_of([row()], columns={**COLUMNS, "scor": "right"})


@pytest.mark.parametrize(
    ("without", "message"),
    [
        ("score", "list: no column 'score' (columns: q, arm, right, try, out); expected columns={'score': its name}"),
        ("question_text", "list: no column 'question_text' (columns: q, arm, right, try, out); expected "
                          "columns={'question_text': its name}"),
        ("condition", "list: found no condition: expected condition='its name' or columns={'condition': ...}"),
    ],
)  # fmt: skip
def test_what_is_not_said(without: str, message: str):
    assert error_of([row()], columns={k: v for k, v in COLUMNS.items() if k != without}) == message


def test_a_model_that_nobody_names():
    assert error_of([row()], model=None) == "list: found no model: expected model='its name' or columns={'model': ...}"


def test_a_condition_that_is_said_twice():
    assert error_of([row()], condition="c") == "list: the condition is 'c', but a column says it, too"
    assert "source names its conditions: a" in error_of({"a": [row()]}, condition="c")


def test_a_sample_that_stands_twice(tmp_path: Path):
    path = written(tmp_path / "x.jsonl", [row(), row(n=1), row("what is 1 + 1")])
    assert error_of(path) == (
        "x.jsonl, line 3: found the same sample as x.jsonl, line 1 (sample 0 of question 'c61d63f088c8' under "
        "'zero-shot'): expected one row a sample; number repeats in a column and pass columns={'sample': its name}"
    )


def test_draws_tell_samples_apart():
    rows = [{**row(), "d": d} for d in (0, 1, None, None)]
    message = error_of(rows, columns={**COLUMNS, "draw": "d"})
    assert message.startswith("list, item 4: found the same sample as list, item 3 (sample 0")


def test_the_same_sample_in_two_files_of_a_condition(tmp_path: Path):
    paths = [written(tmp_path / f"{name}.jsonl", [row()]) for name in "ab"]
    assert error_of(paths).startswith("b.jsonl, line 1: found the same sample as a.jsonl, line 1")


def test_two_models_in_one_run(tmp_path: Path):
    path = written(tmp_path / "x.csv", [{**row(n=n), "who": who} for n, who in enumerate("aab")])
    columns = {**COLUMNS, "model": "who"}
    assert error_of(path, columns=columns, model=None) == (
        "x.csv, line 4: found the model 'b' after 'a' (x.csv, line 2): expected one model (take one with model=..., or "
        "all with import_runs)"
    )
    assert error_of(path, columns=columns, model="c") == "unknown model 'c': Allowed: a, b"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("score", "yes", "a number from 0 to 1, true or false; nothing where the sample is missing"),
        ("score", 93, "a number from 0 to 1, true or false; nothing where the sample is missing"),
        ("score", [1], "a number from 0 to 1, true or false; nothing where the sample is missing"),
        ("sample", "first", "a number"),
        ("sample", 0.5, "a whole number"),
        ("ending", "timeout", "one of complete, truncated, empty, refused, error, or nothing"),
        ("answered", "maybe", "true or false"),
        ("completion", ["2"], "a text or a number"),
        ("completion_tokens", "many", "a number"),
        ("question", {"id": 1}, "a text or a number"),
    ],
)
def test_a_value_of_the_wrong_kind(field: str, value: Any, expected: str):
    good = {"model": "m", "condition": "c", "question": "q", "score": 1}
    rows = [good, {**good, "question": "r", field: value}]
    with pytest.raises(InputError) as caught:
        import_run(rows)
    assert str(caught.value) == f"list, item 2: {field} is {value!r}: expected {expected}"


@pytest.mark.parametrize("name", ["condition", "question_text"])
def test_an_empty_name(name: str):
    assert f"list, item 2: {name.split('_')[0]}" not in error_of([row()], columns={**COLUMNS, name: lambda row: None})
    message = error_of([row(), row(n=1)], columns={**COLUMNS, name: lambda row: "x" if row["try"] == 0 else " "})
    assert message.startswith(f"list, item 2: {'the question' if name == 'question_text' else name} is empty: expected")


def test_an_id_that_means_two_questions():
    sources = {arm: [{"id": 1, **row(text)}] for arm, text in (("a", "What is 1 + 1?"), ("b", "Name a colour."))}
    assert error_of(sources, columns={"question": "id", "question_text": "q", "score": "right"}) == (
        "b: list, item 1: found question '1' with the text 'Name a colour.', but 'What is 1 + 1?' in a: list, item 1: "
        "expected one text an id; align by text alone (map question_text and not question)"
    )


def test_a_function_that_fails_says_on_which_row():
    assert error_of([row(), row(n=1)], columns={**COLUMNS, "score": lambda row: 1 / (1 - row["try"])}) == (
        "list, item 2: columns['score'] failed (ZeroDivisionError: division by zero)"
    )
    assert error_of([row()], keep=lambda row: row["x"]) == "list, item 1: keep failed (KeyError: 'x')"
    assert error_of([row()], keep=lambda row: False) == "list: keep leaves none of 1 row"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "x.txt",
            "source 'x.txt': found no file type that can be read; expected one of .csv, .jsonl, .parquet, .eval, .json",
        ),
        ("x.csv", "x.csv: cannot be read (No such file or directory)"),
        (
            ["x"],
            "source 'x': found no file type that can be read; expected one of .csv, .jsonl, .parquet, .eval, .json",
        ),
        ({}, "source is an empty mapping: expected {condition: file, frame or list}"),
        (3, "source: expected a path, a DataFrame or a list of dicts, found int"),
        ([3], "list, item 1: expected a dict or a Question, found int"),
    ],
)
def test_what_is_no_source(source: Any, message: str):
    assert error_of(source, columns={**COLUMNS}) == message


def test_metrics_belong_to_harnesses():
    assert error_of([row()], metric="acc") == "list: metric is for files of evaluation harnesses; map the column score"


# lm-evaluation-harness


def doc(i: int, right: bool, text: str = "so 4", found: str = "4", kind: str = "strict-match") -> dict[str, Any]:
    """A line as the harness writes it."""
    asked = {"question": f"What is {i} + 1?", "answer": str(i + 1)}
    values = {"metrics": ["exact_match"], "exact_match": float(right)}
    hashes = dict.fromkeys(("doc_hash", "prompt_hash", "target_hash"), "00")
    told = {
        "doc_id": i,
        "doc": asked,
        "target": str(i + 1),
        "arguments": {},
        "resps": [[text]],
        "filtered_resps": [found],
    }
    return {**told, "filter": kind, **hashes, **values}


@pytest.fixture
def harness(tmp_path: Path) -> dict[str, Path]:
    """Two arms; zero-shot misses a question, and has an empty and an unparsed output."""
    arms: Mapping[str, list[dict[str, Any]]] = {
        "zero-shot": [doc(0, True), doc(1, False, "hm", "[invalid]"), doc(2, False, "", "[invalid]")],
        "few-shot": [doc(i, True) for i in range(4)],
    }
    for n, (name, lines) in enumerate(arms.items()):
        folder = tmp_path / name
        folder.mkdir()
        both = [*lines, *({**line, "filter": "flexible-extract", "exact_match": 1.0} for line in lines)]
        written(folder / f"samples_gsm8k_cot_2026-01-0{n + 1}T00-00-00.jsonl", both)
        (folder / f"results_2026-01-0{n + 1}T00-00-00.json").write_text('{"model_name": "org/r1"}')
    return {name: next((tmp_path / name).glob("samples*")) for name in arms}


def test_sample_files_of_the_harness(harness: dict[str, Path]):
    run = import_run(harness, answer_filter="strict-match")
    assert run.model == "org/r1"
    frame = run.to_frame().set_index(["condition", "gold"])
    assert frame.loc["zero-shot", "ending"].to_list() == ["complete", "complete", "empty"]
    assert frame.loc["zero-shot", "answered"].to_list() == [True, False, False]
    assert frame.loc["zero-shot", "score"].to_list() == [1, 0, 0]
    assert frame.loc[("few-shot", "1"), "question"] == frame.loc[("zero-shot", "1"), "question"]
    assert "3 questions in every condition (3 under zero-shot, 4 under few-shot)" in run.notes
    assert any("does not record which outputs were cut off" in note for note in run.notes)
    loose = import_run(harness, answer_filter="flexible-extract", metric="exact_match", model="r1")
    assert loose.to_frame()["score"].min() == 1
    assert loose.model == "r1"


def test_choices_of_the_harness_write_nothing(tmp_path: Path):
    """Log-likelihoods are stored where outputs are: of several choices, or of one continuation."""
    line = doc(0, True) | {"metrics": ["acc"], "acc": 1.0}
    for requests in ([["-1.5", "False"]], [["-0.5", "True"]]), ([["-1.5", "False"]],):
        told = {"resps": list(requests), "filtered_resps": [pair for pairs in requests for pair in pairs]}
        run = import_run(written(tmp_path / "samples.jsonl", [line | told]), model="m", condition="c")
        assert run.to_frame()[["ending", "answered", "score"]].to_numpy().tolist() == [["complete", True, 1.0]]
        assert "completion" not in run.to_frame()


def test_the_first_of_several_repeats_is_the_completion(tmp_path: Path):
    line = doc(0, True) | {"resps": [["so 4", "so 5"]], "filtered_resps": [["4", "5"]]}
    frame = import_run(written(tmp_path / "samples.jsonl", [line]), model="m", condition="c").to_frame()
    assert frame[["completion", "answer"]].to_numpy().tolist() == [["so 4", "4"]]


def test_a_key_that_stands_twice_in_a_file_of_the_harness(harness: dict[str, Path]):
    path = harness["zero-shot"]
    path.write_text(path.read_text().replace('"filter":', '"exact_match": 1, "filter":', 1), encoding="utf-8")
    said = f"{path.name}, line 1: not usable JSON (the key 'exact_match' stands twice)"
    assert error_of(path, columns=None, answer_filter="strict-match") == said


def test_what_a_file_of_the_harness_leaves_open(harness: dict[str, Path], tmp_path: Path):
    name = f"{harness['zero-shot'].name}, line 1"
    assert error_of(harness, columns=None, model=None) == (
        f"{name}: answer_filter: several to choose from; allowed: 'strict-match', 'flexible-extract'"
    )
    assert error_of(harness, columns=None, metric="acc", answer_filter="strict-match") == (
        f"{name}: metric: no 'acc'; allowed: 'exact_match'"
    )
    other = next((tmp_path / "few-shot").glob("results*"))
    other.write_text('{"model_name": "org/base"}')
    message = error_of(harness, columns=None, model=None, answer_filter="strict-match")
    assert "found the model 'org/base' after 'org/r1'" in message
    other.unlink()
    assert "found no model" in error_of(harness, columns=None, model=None, answer_filter="strict-match")


# Inspect

CASES: list[dict[str, Any]] = [
    {"id": "a", "epoch": 1, "value": "C", "text": "4", "stop": "stop"},
    {"id": "a", "epoch": 2, "value": "I", "text": "so", "stop": "max_tokens"},
    {"id": "b", "epoch": 1, "value": "P", "text": "5", "stop": "stop"},
    {"id": "b", "epoch": 2, "error": "504"},
]


def check_inspect(path: Path) -> None:
    run = import_run({"zero-shot": path})
    assert run.model == "org/r1"
    frame = run.to_frame().sort_values(["question", "sample"])  # its reader orders by epoch
    assert frame["question"].to_list() == ["a", "a", "b", "b"]
    assert frame["sample"].to_list() == [0, 1, 0, 1]
    assert frame["ending"].to_list() == ["complete", "truncated", "complete", "error"]
    assert frame["score"].fillna(-1).to_list() == [1, 0, 0.5, -1]
    assert frame["completion_tokens"].fillna(-1).to_list() == [7, 7, 7, -1]
    assert any("status 'error'" in note for note in run.notes)
    assert "one_scorer" in error_of(path, columns=None, metric="other", condition="c")
    assert "columns are for tables" in error_of(path, condition="c")


def test_a_log_of_inspect_through_its_own_reader(tmp_path: Path):
    log, model, scorer = (pytest.importorskip(f"inspect_ai.{name}") for name in ("log", "model", "scorer"))
    samples = []
    for case in CASES:
        output = model.ModelOutput.from_content("org/r1", case.get("text", ""), stop_reason=case.get("stop", "stop"))
        output.usage = model.ModelUsage(output_tokens=7)
        failed = "error" in case
        samples.append(
            log.EvalSample(
                id=case["id"],
                epoch=case["epoch"],
                input=f"Question {case['id']}",
                target="4",
                output=model.ModelOutput() if failed else output,
                scores=None if failed else {"one_scorer": scorer.Score(value=case["value"], answer=case["text"])},
                error=log.EvalError(message="504", traceback="", traceback_ansi="") if failed else None,
            )
        )
    spec = log.EvalSpec(
        created="2026-01-01T00:00:00+00:00",
        task="sums",
        model="org/r1",
        dataset=log.EvalDataset(),
        config=log.EvalConfig(),
    )
    for name in ("x.eval", "x.json"):
        log.write_eval_log(log.EvalLog(status="error", eval=spec, samples=samples), str(tmp_path / name))
        check_inspect(tmp_path / name)
    (tmp_path / "cut.eval").write_bytes((tmp_path / "x.eval").read_bytes()[:200])
    assert error_of(tmp_path / "cut.eval", columns=None).startswith("cut.eval: found no Inspect log (")


def fake_sample(case: Mapping[str, Any]) -> SimpleNamespace:
    failed = "error" in case
    choice = SimpleNamespace(stop_reason=case.get("stop"), message=SimpleNamespace(content=case.get("text", "")))
    return SimpleNamespace(
        id=case["id"],
        epoch=case["epoch"],
        input=[SimpleNamespace(role="user", text=f"Question {case['id']}")],
        target=["4"],
        output=SimpleNamespace(
            choices=[] if failed else [choice],
            completion=case.get("text", ""),
            usage=None if failed else SimpleNamespace(output_tokens=7),
            error=None,
        ),
        scores=None if failed else {"one_scorer": SimpleNamespace(value=case["value"], answer=case["text"])},
        error=SimpleNamespace(message="504") if failed else None,
        limit=None,
        total_time=1.0,
    )


def test_a_log_as_its_reader_gives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = SimpleNamespace(status="error", eval=SimpleNamespace(model="org/r1"), samples=list(map(fake_sample, CASES)))
    reader = ModuleType("inspect_ai.log")
    reader.read_eval_log = lambda path: log  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "inspect_ai", ModuleType("inspect_ai"))
    monkeypatch.setitem(sys.modules, "inspect_ai.log", reader)
    (tmp_path / "x.eval").write_bytes(b"")
    check_inspect(tmp_path / "x.eval")
    log.samples[0].scores["another"] = log.samples[0].scores["one_scorer"]
    assert (
        error_of(tmp_path / "x.eval", columns=None)
        == "x.eval: several scorers; choose one with metric=...: one_scorer, another"
    )
    log.samples.clear()
    assert "x.eval: no samples (status 'error')" in error_of(tmp_path / "x.eval", columns=None)


def test_a_log_without_the_package_of_inspect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "inspect_ai", None)
    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    assert error_of(tmp_path / "x.eval", columns=None) == (
        "x.eval: reading Inspect logs needs its package (pip install inspect-ai)"
    )
