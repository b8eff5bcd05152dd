"""`load_questions` on files, frames and lists: what it reads, and what it says when it cannot."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from promptlab.errors import InputError
from promptlab.questions import QuestionSet, load_questions
from promptlab.questions.benchmarks import BENCHMARKS
from promptlab.types import Question

GSM8K = Path(__file__).parents[2] / "shared" / "questions" / "gsm8k_test.jsonl"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return path


def rows(n: int) -> list[dict[str, Any]]:
    return [{"question": f"What is {i} + 1?", "answer": i + 1} for i in range(n)]


def test_jsonl(tmp_path: Path) -> None:
    lines = [
        '{"id": 7, "question": " What is 6 * 7? ", "answer": 42.0, "rationale": "Count.", "year": 2024, "note": null}',
        "",
        '{"question": "Which?", "answers": ["B", "b"], "choices": ["A", "B"], "cluster": 3, "tags": ["x"]}\r',
        '{"question": "Capital of France?", "answer": "Paris"}',
    ]
    path = write(tmp_path, "mixed.jsonl", b"\xef\xbb\xbf" + "\n".join(lines).encode())
    with pytest.warns(UserWarning, match=r"1 of 2 answers .* \(mixed.jsonl, line 4: 'Paris'\)"):
        questions = load_questions(path)
    assert list(questions) == [
        Question("7", "What is 6 * 7?", ("42",), "number", meta={"year": 2024, "rationale": "Count."}),
        Question("mixed-1", "Which?", ("B", "b"), "label", ("A", "B"), "3", {"tags": ["x"]}),
        Question("mixed-2", "Capital of France?", ("Paris",), "text"),
    ]
    assert questions.name == "mixed"
    assert questions.origin["file"] == "mixed.jsonl"
    assert len(questions.origin["sha256"]) == 64
    assert json.loads(json.dumps(questions.origin)) == questions.origin


def test_csv(tmp_path: Path) -> None:
    text = 'text,answer,choices,source\r\n"Two\nlines, ""quoted""?",42.0,,book\r\n\r\nWhich?,B,"[""A"", ""B""]",\r\n'
    questions = load_questions(write(tmp_path, "some.csv", "\ufeff" + text))
    assert list(questions) == [
        Question("some-0", 'Two\nlines, "quoted"?', ("42",), "number", meta={"source": "book"}),
        Question("some-1", "Which?", ("B",), "label", ("A", "B")),
    ]


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        (42, "42"),
        (42.0, "42"),
        (0.5, "0.5"),
        ("42.0", "42"),
        (" 1,234 ", "1,234"),
        (np.int64(42), "42"),
        (np.float32(3), "3"),
        (-0.0, "0"),
        ("3/4", "3/4"),
        ("50%", "50%"),
    ],
)
def test_number_cells(cell: Any, answer: str) -> None:
    question = load_questions([{"question": "How many?", "answer": cell}])[0]
    assert (question.answers, question.kind) == ((answer,), "number")


def test_text_that_looks_like_a_list_or_a_float_stays_itself() -> None:
    frame = pd.DataFrame({"question": ["Which interval?", "Which version?"], "answer": ["[0, 2]", "2.0"]})
    assert [q.answers for q in load_questions(frame, kind="text")] == [("[0, 2]",), ("2.0",)]


def test_a_gold_that_is_no_number_among_numbers_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "question,answer\na?,12\nb?,10 to 12\nc?,13\n")
    with pytest.warns(UserWarning, match="will be graded as text") as caught:
        questions = load_questions(path)
    assert [str(one.message) for one in caught] == [
        "1 of 3 answers will be graded as text, since they are not one number as the others are "
        "(x.csv, line 3: '10 to 12'): mend them, or say what is meant with kind='text' or a column kind"
    ]
    assert caught[0].filename == __file__
    assert [q.kind for q in questions] == ["number", "text", "number"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("question,answer\na?,12\nb?,10 to 12\n", "text"),
        ("question,answer,kind\na?,12,number\nb?,10 to 12,text\n", None),
        ("question,answer\na?,Paris\nb?,10 to 12\n", None),
        ('question,answer\na?,12\nb?,"1,5"\n', None),
        ('question,answer,choices\na?,12,\nb?,B,"[""x"", ""y""]"\n', None),
    ],
)
def test_kinds_that_are_meant_or_alike_are_not_warned_of(
    tmp_path: Path, recwarn: pytest.WarningsRecorder, content: str, kind: str | None
) -> None:
    assert len(load_questions(write(tmp_path, "x.csv", content), kind=kind)) == 2
    assert not recwarn.list


def test_a_number_gold_is_read_when_loaded(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "question,answer\na?,twelve\nb?,5 million\nc?,10 to 12\n")
    with pytest.raises(
        InputError, match=r"^x.csv, line 4: the answer '10 to 12' is not one number \(several numbers\)"
    ):
        load_questions(path, kind="number")
    with pytest.raises(InputError, match="list, item 1: the answer 'cat' is not one number"):
        load_questions([Question("q", "?", ("cat",))])


def test_frames_with_gaps() -> None:
    frame = pd.DataFrame(
        {
            "question": ["a?", "b?"],
            "answer": [1.0, 2.0],
            "cluster": [1.0, np.nan],
            "seen": pd.to_datetime(["2024-05-01", None]),
            "big": pd.array([1, None], dtype="Int64"),
        },
        index=[7, 7],
    )
    first, second = load_questions(frame)
    assert (first.cluster, second.cluster) == ("1", None)
    assert first.meta == {"seen": "2024-05-01 00:00:00", "big": 1}
    assert second.meta == {}


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet", "frame", "questions"])
def test_round_trip(tmp_path: Path, form: str) -> None:
    questions = load_questions("arithmetic", n=30, templates="all")
    frame, path = questions.to_frame(), tmp_path / f"set.{form}"
    if form == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif form == "csv":
        frame.to_csv(path, index=False)
    elif form == "parquet":
        frame.to_parquet(path)
    source = {"frame": frame, "questions": list(questions)}.get(form, path)
    again = load_questions(source, pool=list(questions.pool))
    assert again.hash == questions.hash
    if form != "csv":  # a CSV file knows no types
        assert dict(again[0].meta) == dict(questions[0].meta)


def test_round_trip_of_lists_through_csv(tmp_path: Path) -> None:
    questions = QuestionSet((Question("a", "Which?", ("it's", "B"), "label", ("it's", 'say "B"')),))
    questions.to_frame().to_csv(tmp_path / "lists.csv", index=False)
    assert load_questions(tmp_path / "lists.csv").hash == questions.hash


def test_columns_map_names_and_functions(tmp_path: Path) -> None:
    path = write(
        tmp_path, "x.jsonl", '{"prompt_text": "What is 1 + 1?", "solution": "1 + 1 = 2 #### 2", "answers": ["no"]}\n'
    )
    parts = {
        "question": "prompt_text",
        "answer": lambda row: row["solution"].split("####")[1],
        "rationale": lambda row: row["solution"].split("####")[0],
    }
    questions = load_questions(path, columns=parts)
    assert questions[0].answers == ("2",)
    assert questions[0].meta["rationale"] == "1 + 1 = 2"
    assert questions.origin["columns"] == {"question": "prompt_text", "answer": "function", "rationale": "function"}
    with pytest.raises(InputError, match=r"x.jsonl, line 1: columns\['answer'\] failed \(KeyError: 'gold'\)"):
        load_questions(path, columns={"question": "prompt_text", "answer": lambda row: row["gold"]})


def test_sampling_is_prefix_stable_and_whole_files_keep_their_order() -> None:
    source = rows(50)
    assert [q.id for q in load_questions(source)] == [f"questions-{i}" for i in range(50)]
    few, many = (load_questions(source, n=n, seed=4) for n in (10, 30))
    assert few.questions == many.questions[:10]
    assert few.questions != load_questions(source, n=10, seed=5).questions
    assert few.questions != load_questions(source).questions[:10]


def test_pool_from_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, "pool.csv", "question,answer,rationale\nWhat is 9 + 9?,18,Add.\n")
    questions = load_questions(rows(3), pool=path, name="mine")
    assert [q.id for q in questions.pool] == ["mine-pool-0"]
    assert questions.pool[0].meta == {"rationale": "Add."}
    assert questions.origin["pool"]["file"] == "pool.csv"
    with pytest.raises(InputError, match="question 'questions-1' also stands in the pool, as 'questions-pool-0'"):
        load_questions(rows(3), pool=rows(2)[1:])


GOLDEN_FILES = [
    (
        "data.csv",
        "qestion,answer\nWhat?,1\n",
        "data.csv, line 1: no column 'question' (columns: qestion, answer); nearest: 'qestion'; "
        'pass columns={"question": "qestion"}',
    ),
    (
        "data.csv",
        "question,gold\nWhat?,1\n",
        'data.csv, line 1: no column \'answer\' (columns: question, gold); pass columns={"answer": "its name"}',
    ),
    ("data.csv", "question,answer\nA?,1\nB?,\n", "data.csv, line 3: 'answer' is empty"),
    ("data.csv", 'question,answer\n"A\nb?",1\nB?, \n', "data.csv, line 4: 'answer' is empty"),
    ("data.csv", "question,answer\nA?,1\nB?\n", "data.csv, line 3: 1 cell, but the header has 2 columns"),
    ("data.csv", 'question,answer\nA?,1\n"B?', "data.csv, line 3: not CSV (unexpected end of data)"),
    ("data.csv", "answer,question,answer\n", "data.csv, line 1: the column 'answer' stands twice in the header"),
    ("data.csv", b"question,answer\nA?,1\n\xff?,2\n", "data.csv, line 3: not UTF-8"),
    ("data.csv", "question,answer\n", "data.csv: no rows"),
    (
        "data.csv",
        "question;answer\nWhat, now?;1\n",
        "data.csv, line 1: the columns seem to be separated by ';': save the file with commas, or pass a DataFrame: "
        "pandas.read_csv(path, sep=';')",
    ),
    (
        "data.csv",
        "question\tanswer\nWhat?\t1\n",
        "data.csv, line 1: the columns seem to be separated by '\\t': save the file with commas, or pass a DataFrame: "
        "pandas.read_csv(path, sep='\\t')",
    ),
    (
        "data.csv",
        'question,answer,choices\nA?,B,"[""x"", ""y""]"\nB?,z,"[""x"", ""y""]"\n',
        "data.csv, line 3: the answer 'z' is none of the choices 'x', 'y': give a letter (A is the first) or the text "
        "of a choice",
    ),
    (
        "x.jsonl",
        '{"question": "A?", "answer": 0, "choices": ["x", "y"]}\n',  # an index
        "x.jsonl, line 1: the answer '0' is none of the choices 'x', 'y': give a letter (A is the first) or the text "
        "of a choice",
    ),
    (
        "data.csv",
        "question,answer,kind\nA?,yes,label\n",
        "data.csv, line 2: the answer 'yes' is no letter A to Z, and the question has no choices: give choices, or "
        "kind 'text'",
    ),
    (
        "data.csv",
        'question,answer,choices\nA?,B,"[""B"", ""A""]"\n',
        "data.csv, line 2: choice A is called 'B', which is the letter of another choice, so an answer 'B' could mean "
        "either: reorder or reword the choices",
    ),
    (
        "x.jsonl",
        json.dumps({"question": "A?", "answer": "A", "choices": [f"choice {i}" for i in range(27)]}),
        "x.jsonl, line 1: 27 choices, but letters (A to Z) for 26 only",
    ),
    (
        "data.csv",
        "question,answer,kind\nA?,1,numbr\n",
        "data.csv, line 2: unknown kind 'numbr': did you mean 'number'? Allowed: number, label, text, math, drop",
    ),
    (
        "data.csv",
        "question,answer,choices\nA?,1,[A\n",
        "data.csv, line 2: 'choices' is not a list like [\"a\", \"b\"]: '[A'",
    ),
    (
        "x.jsonl",
        '{"question": "A?", "answer": 1}\n{"question": "B?", answer: 1}\n{}\n',
        "x.jsonl, line 2: not JSON (Expecting property name enclosed in double quotes at character 20)",
    ),
    (
        "x.jsonl",
        '{"question": "A?", "answer": 1}\n{"question": "B?", "ans',
        "x.jsonl, line 2: not JSON (Unterminated string starting at at character 20); the last line looks cut off",
    ),
    ("x.jsonl", "[1, 2]\n", 'x.jsonl, line 1: expected an object like {"question": ..., "answer": ...}, found [1, 2]'),
    ("x.jsonl", b'{"question": "\xff"}\n', "x.jsonl, line 1: not UTF-8 (byte 15)"),
    ("x.jsonl", '{"question": "A?", "answer": NaN}\n', "x.jsonl, line 1: 'answer' is empty"),
    ("x.jsonl", '{"question": "A?", "answer": []}\n', "x.jsonl, line 1: 'answer' is empty"),
    ("x.jsonl", '{"question": "A?", "answer": 1}\n{"answer": 1}\n', "x.jsonl, line 2: 'question' is empty"),
    (
        "x.jsonl",
        '{"question": {"a": 1}, "answer": 1}\n',
        "x.jsonl, line 1: 'question' should be a text or a number, found dict: {'a': 1}",
    ),
    (
        "x.jsonl",
        '{"question": "A \\ud83d?", "answer": 1}\n',
        "x.jsonl, line 1: half a surrogate pair (U+D83D) at character 3: the text was cut inside a character; "
        "mend or drop it",
    ),
    (
        "x.jsonl",
        '{"question": "A?", "answer": 1}\n\n{"question": "a", "answer": 2}\n',
        "the same question stands twice: x.jsonl, line 1 and x.jsonl, line 3: 'a'",
    ),
    (
        "x.jsonl",
        '{"id": 1, "question": "A?", "answer": 1}\n{"id": "1", "question": "B?", "answer": 2}\n',
        "two questions have the id '1': x.jsonl, line 1 and x.jsonl, line 2",
    ),
    ("x.jsonl", "", "x.jsonl: no rows"),
]


@pytest.mark.parametrize(("name", "content", "message"), GOLDEN_FILES)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_questions(write(tmp_path, name, content))
    assert str(caught.value) == message


def test_numbers_and_nesting_without_end(tmp_path: Path) -> None:
    for value in ("9" * 5_000, "[" * 200_000):
        with pytest.raises(InputError, match=r"x.jsonl, line 1: not (usable )?JSON"):
            load_questions(write(tmp_path, "x.jsonl", f'{{"question": "A?", "answer": {value}'))


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        (rows(3), {"n": 4}, "n=4, but 'questions' has 3 questions"),
        (rows(3), {"n": True}, "n=True: expected a whole number of at least 1"),
        (rows(3), {"seed": None}, "seed=None: expected a whole number"),
        (
            rows(3),
            {"kind": "numbers"},
            "unknown kind 'numbers': did you mean 'number'? Allowed: number, label, text, math, drop",
        ),
        (
            rows(3),
            {"levels": (1,)},
            "levels=(1,) has no meaning for a file, frame or list: it belongs to the source 'arithmetic'",
        ),
        (
            rows(3),
            {"split": "train"},
            "split='train' has no meaning for a file, frame or list: it belongs to the source 'arithmetic'",
        ),
        (
            rows(3),
            {"columns": {"qestion": "question"}},
            "unknown key of columns 'qestion': did you mean 'question'? "
            "Allowed: id, question, answer, answers, kind, choices, cluster, rationale",
        ),
        (
            rows(3),
            {"columns": {"answer": "anser"}},
            "list: no column 'anser' (columns: question, answer); nearest: 'answer'; "
            'pass columns={"answer": "answer"}',
        ),
        ([{"question": "A?", "answer": 1}, 3], {}, "list, item 2: expected a dict or a Question, found int"),
        ([], {}, "source: the list is empty"),
        (7, {}, "source: expected a path, a DataFrame or a list of dicts, found int"),
        ({"question": "A?"}, {}, "source: expected a path, a DataFrame or a list of dicts, found dict"),
        (
            "arithmetics",
            {},
            "unknown source 'arithmetics': did you mean 'arithmetic'? "
            f"Allowed: arithmetic, {', '.join(BENCHMARKS)}, a path ending in .jsonl, .csv, .parquet",
        ),
        (pd.DataFrame({"question": ["A?", None], "answer": [1, 2]}), {}, "frame, row 2: 'question' is empty"),
        (pd.DataFrame([[1, 2]], columns=["question", "question"]), {}, "frame: the column 'question' stands twice"),
    ],
)
def test_sources_and_options_are_checked(source: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_questions(source, **options)
    assert str(caught.value) == message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none.jsonl: cannot be read \(No such file or directory\)"):
        load_questions(tmp_path / "none.jsonl")


def test_parquet_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"bad.parquet: not a Parquet file \("):
        load_questions(write(tmp_path, "bad.parquet", "not parquet at all"))
    pd.DataFrame({"question": ["A?", "B?"], "answer": [1.0, None]}).to_parquet(tmp_path / "gap.parquet")
    with pytest.raises(InputError, match=r"^gap.parquet, row 2: 'answer' is empty$"):
        load_questions(tmp_path / "gap.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match="needs the package pyarrow"):
        load_questions(tmp_path / "gap.parquet")


@pytest.mark.skipif(not GSM8K.exists(), reason="the real questions are not here")
def test_gsm8k() -> None:
    parts = {
        "answer": lambda row: row["answer"].split("####")[1],
        "rationale": lambda row: row["answer"].split("####")[0],
    }
    questions = load_questions(GSM8K, columns=parts)
    assert len(questions) == 1_319
    assert questions[0].answers == ("18",)
    assert {q.kind for q in questions} == {"number"}
    assert questions[0].meta["rationale"].startswith("Janet sells")
    assert set(questions[0].meta) == {"rationale"}


def test_a_question_set_keeps_its_pool():
    whole = load_questions("arithmetic", n=6, levels=1)
    part = load_questions(whole, n=2)
    assert part.pool == whole.pool
    assert all(question in whole for question in part)


@pytest.mark.parametrize("said", [{"path": "aime.jsonl"}, {"split": "train"}])
def test_a_benchmark_s_name_is_corrected_also_with_its_file(said: dict[str, str]):
    with pytest.raises(InputError, match="unknown source 'AIME-2024': did you mean 'aime24'"):
        load_questions("AIME-2024", **said)
