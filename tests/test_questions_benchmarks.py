"""Benchmarks by name: each file's columns become questions, and a file that is missing or wrong is explained."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import string
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.grading.choosing import by_kind, check_gradable
from promptlab.questions import QuestionSet, available_benchmarks, load_questions
from promptlab.questions.benchmarks import BENCHMARKS
from promptlab.questions.benchmarks.rows import gpqa, last_boxed
from promptlab.questions.checks import prompt_key

SHARED = Path(__file__).parents[2] / "shared" / "questions"

GSM8K = [
    {"question": "Ann has 2 bags of 3 nuts. How many nuts?", "answer": "2*3=<<2*3=6>>6 nuts.\nShe has 6.\n#### 6"},
    {"question": "Bob sells 1,000 pens and 200 cups. How many?", "answer": "It is <<1000+200=1200>>1200.\n#### 1,200"},
]
MATH = {"problem": "What is $1/2 + 1/4$?", "solution": r"It is $\boxed{\frac{3}{4}}$.", "level": 2}
AIME = {"id": 60, "problem": "Find $n$.", "solution": "It is 33.", "answer": "033"}
GPQA = {
    "Record ID": "rec1", "Question": "Which particle?", "Correct Answer": "muon\n", "Incorrect Answer 1": "pion",
    "Incorrect Answer 2": "kaon", "Incorrect Answer 3": "gluon", "High-level domain": "Physics",
    "Subdomain": "Particles", "Canary String": "CANARY", "Explanation": "SECRET",
}  # fmt: skip
MMLU_PRO = {
    "question_id": 70, "question": "Which number is even?", "options": ["one", "two", "three"], "answer": "B",
    "answer_index": 1, "cot_content": "A: Let's think step by step. Two is even. The answer is (B).",
    "category": "math", "src": "ori",
}  # fmt: skip
DROP = {"section_id": "nfl_1", "query_id": "q1", "passage": "The Colts won 21 to 7.", "question": "Who won, and when?"}
MEDQA = {
    "question": "Which drug?", "answer": "Zinc", "options": {"A": "Iron", "B": "Zinc", "C": "Gold", "D": "Lead"},
    "meta_info": "step1", "answer_idx": "B", "metamap_phrases": ["drug"],
}  # fmt: skip
SIMPLEQA = {"metadata": "{'topic': 'Art', 'answer_type': 'Date', 'urls': ['x']}", "problem": "When?", "answer": "1877"}
CODE = {
    "question_id": "abc387_b", "question_title": "Sum", "question_content": "Add two numbers.", "platform": "atcoder",
    "contest_date": "2025-01-01T00:00:00", "difficulty": "easy", "starter_code": "def add(a, b):",
    "public_test_cases": '[{"input": "1 2", "output": "3"}]', "private_test_cases": "SECRET",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test but the one with a hub of its own may look for one."""
    monkeypatch.delenv("PROMPTLAB_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    else:
        pd.DataFrame(rows).to_parquet(path)
    return path


def load(name: str, path: Path, rows: list[dict[str, Any]], **options: Any) -> QuestionSet:
    """Load rows from a file, which is not the whole benchmark."""
    with pytest.warns(UserWarning, match=r"results are not those of the whole benchmark"):
        return load_questions(name, path=write(path, rows), **options)


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".csv"])
def test_gsm8k_from_any_file_is_the_same(tmp_path: Path, suffix: str):
    loaded = load("gsm8k", tmp_path / f"any{suffix}", GSM8K)
    assert [(q.id, q.answers, q.kind) for q in loaded] == [
        ("gsm8k-test-0", ("6",), "number"),
        ("gsm8k-test-1", ("1,200",), "number"),
    ]
    assert loaded[0].meta["rationale"] == "2*3=6 nuts.\nShe has 6."
    assert loaded.name == "gsm8k-test"
    assert not loaded.origin["as_pinned"]
    assert loaded.origin["revision"] == BENCHMARKS["gsm8k"].splits["test"].revision


def test_math_reads_the_gold_answer_of_both_editions(tmp_path: Path):
    test = load("math500", tmp_path / "a.jsonl", [MATH | {"answer": "0.75", "subject": "Algebra", "unique_id": "u/7"}])
    pool = load("math500", tmp_path / "b.parquet", [MATH | {"type": "Algebra"}], split="train")
    assert [(q.id, q.answers, q.kind) for q in (*test, *pool)] == [
        ("math500-test-u/7", ("0.75",), "math"),
        ("math500-train-0", (r"\frac{3}{4}",), "math"),
    ]
    assert test[0].meta["subject"] == pool[0].meta["subject"] == "Algebra"


@given(
    st.recursive(st.text(r"ab\,1 ", max_size=5), lambda inner: inner.map(lambda text: f"x{{{text}}}y"), max_leaves=9)
)
def test_the_last_box_is_found_whatever_braces_it_holds(inside: str):
    assert last_boxed(rf"so \boxed{{no}}, or $\boxed {{{inside}}}$ {{") == inside.strip()
    assert last_boxed(rf"\boxed{{{inside}") == last_boxed(inside) == ""


def test_aime_of_other_years_is_the_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    urls = [f"https://x/{year}_AIME_I_Problems/Problem_1" for year in (2022, 2024)]
    rows = [AIME | {"url": url, "id": i, "problem": f"Find $n_{i}$."} for i, url in enumerate(urls)]
    monkeypatch.setenv("PROMPTLAB_DATA", str(tmp_path))
    write(tmp_path / "aime24" / "earlier.jsonl", rows)
    loaded = load("aime24", tmp_path / "aime24" / "test.jsonl", rows)
    assert [q.id for q in loaded] == ["aime24-test-1"]
    assert [q.id for q in loaded.pool] == ["aime24-earlier-0"]
    assert loaded.pool[0].meta["rationale"] == "It is 33."


def test_gpqa_choices_are_shuffled_by_the_id_and_nothing_else_comes_along(tmp_path: Path):
    rows = [GPQA | {"Record ID": f"rec{i}", "Question": f"Which particle {i}?"} for i in range(60)]
    loaded = load("gpqa_diamond", tmp_path / "test.csv", rows)
    assert {q.answers[0] for q in loaded} == set("ABCD")
    for question in loaded:
        assert question.choices["ABCD".index(question.answers[0])] == "muon"
        assert [("muon", "pion", "kaon", "gluon")[i] for i in question.meta["order"]] == list(question.choices)
    assert load("gpqa_diamond", tmp_path / "other.jsonl", rows[::-1])[0] == loaded[-1]
    assert not re.search("CANARY|SECRET", repr(loaded.questions) + repr(loaded.origin))


@given(st.lists(st.text(string.ascii_letters + " ", min_size=1, max_size=3), min_size=4, max_size=4), st.text())
def test_gpqa_answer_is_the_letter_of_the_right_choice(texts: list[str], record: str):
    columns = ("Correct Answer", *(f"Incorrect Answer {i}" for i in (1, 2, 3)))
    question = gpqa(GPQA | dict(zip(columns, texts, strict=True)), record)
    assert question.choices["ABCD".index(question.answers[0])] == texts[0].strip()
    assert sorted(question.choices) == sorted(text.strip() for text in texts)


def test_gpqa_choices_called_a_to_d_stand_at_their_letters(tmp_path: Path):
    columns = ("Correct Answer", *(f"Incorrect Answer {i}" for i in (1, 2, 3)))
    loaded = load("gpqa_diamond", tmp_path / "t.csv", [GPQA | dict(zip(columns, "dacb", strict=True))])
    assert loaded[0].choices == ("a", "b", "c", "d")
    assert loaded[0].answers == ("D",)


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_mmlu_pro_keeps_the_order_and_the_rationale_without_its_conclusion(tmp_path: Path, suffix: str):
    question = load("mmlu_pro", tmp_path / f"v{suffix}", [MMLU_PRO], split="validation")[0]
    assert (question.id, question.answers, question.cluster) == ("mmlu_pro-validation-70", ("B",), "math")
    assert question.choices == ("one", "two", "three")
    assert question.meta == {"order": [0, 1, 2], "source": "ori", "rationale": "Two is even."}


def test_the_same_text_with_other_choices_is_another_question(tmp_path: Path):
    other = MMLU_PRO | {"question_id": 71, "options": ["four", "five"], "answer": "A"}
    again = MMLU_PRO | {"question_id": 72}
    vague = MMLU_PRO | {"question_id": 73, "options": ["B", "A"]}
    with pytest.warns(UserWarning, match=r"1 that repeat another \(mmlu_pro-test-72\); 1 with no answer .*-73"):
        loaded = load("mmlu_pro", tmp_path / "t.jsonl", [MMLU_PRO, other, again, vague])
    assert [q.id for q in loaded] == ["mmlu_pro-test-70", "mmlu_pro-test-71"]
    assert sum(loaded.origin["left_out"].values()) == 2


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize(
    ("spans", "types", "answers", "flattened"),
    [
        (["21", "21", "14"], ["number"] * 3, ("21", "14"), False),
        (["Colts", "Colts"], ["span"] * 2, ("Colts",), False),
        (["Colts", "the Colts"], ["span"] * 2, ("Colts", "the Colts"), True),
    ],
)
def test_drop_says_where_spans_are_flattened(
    tmp_path: Path, suffix: str, spans: list[str], types: list[str], answers: tuple[str, ...], flattened: bool
):
    row = DROP | {"answers_spans": {"spans": spans, "types": types}}
    question = load("drop", tmp_path / f"t{suffix}", [row])[0]
    assert (question.answers, question.kind, question.cluster) == (answers, "drop", "nfl_1")
    assert question.meta.get("flattened", False) == flattened
    assert question.text == "The Colts won 21 to 7.\n\nWho won, and when?"
    train = load("drop", tmp_path / f"p{suffix}", [row], split="train")[0]
    assert train.answers == ("; ".join(dict.fromkeys(spans)),)


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_drop_keeps_annotators_apart_where_the_file_does(tmp_path: Path, suffix: str):
    no_date = {"day": "", "month": "", "year": ""}
    row = DROP | {
        "answer": {"number": "", "date": no_date, "spans": ["Colts", "Jets"]},
        "validated_answers": {
            "number": ["7", "", ""],
            "date": [no_date, {"day": "17", "month": "March", "year": "1916"}, no_date],
            "spans": [[], [], ["Colts", "Jets"]],
        },
    }
    question = load("drop", tmp_path / f"t{suffix}", [row])[0]
    assert question.answers == ("Colts; Jets", "7", "17 March 1916")
    assert "flattened" not in question.meta


def test_medqa_simpleqa_and_livecodebench_render(tmp_path: Path):
    drug = load("medqa", tmp_path / "m.parquet", [MEDQA])[0]
    assert (drug.answers, drug.choices, drug.meta["step"]) == (("B",), ("Iron", "Zinc", "Gold", "Lead"), "step1")
    fact = load("simpleqa", tmp_path / "s.csv", [SIMPLEQA])[0]
    assert (fact.kind, fact.answers, fact.meta) == ("judge", ("1877",), {"topic": "Art", "answer_type": "Date"})
    code = load("livecodebench", tmp_path / "c.jsonl", [CODE])[0]
    assert (code.kind, code.id) == ("code", "livecodebench-test-abc387_b")
    assert code.text == "Add two numbers.\n\nStart from this code:\ndef add(a, b):"
    assert "SECRET" not in repr(code)
    assert by_kind(drug, "The answer is B.").score == 1
    for question, needed in ((fact, "a judge"), (code, "a sandbox")):
        with pytest.raises(InputError, match=f"grading it needs {needed}.*Pass a grader of your own"):
            check_gradable(by_kind, [drug, question])


def test_the_pool_comes_from_the_data_folder_and_never_repeats_a_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PROMPTLAB_DATA", str(tmp_path))
    test = [GSM8K[0] | {"question": f"What is {i} times 2?"} for i in range(20)]
    write(tmp_path / "gsm8k" / "test.csv", test)
    write(tmp_path / "gsm8k" / "train.parquet", [GSM8K[0], test[3], GSM8K[1], GSM8K[1]])
    with pytest.warns(UserWarning, match="whole benchmark"):
        few, more = (load_questions("gsm8k", n=n, seed=5) for n in (4, 9))
    assert [q.id for q in few] == [q.id for q in more][:4]
    assert [q.id for q in few.pool] == ["gsm8k-train-0", "gsm8k-train-2"]
    assert few.pool == more.pool, "the pool does not depend on which questions are asked"
    assert few.origin["pool"]["exemplars"] == 2
    with pytest.warns(UserWarning, match="whole benchmark"):
        own = load_questions("gsm8k", pool=[{"question": "What is 1 + 1?", "answer": 2}], name="mine")
    assert (own.name, [q.text for q in own.pool]) == ("mine", ["What is 1 + 1?"])


def test_a_pool_with_the_benchmark_s_own_columns_is_told_how_it_is_opened(tmp_path: Path):
    own = write(tmp_path / "train.jsonl", [MATH | {"type": "Algebra"}])
    with pytest.raises(InputError, match=r"pass pool=load_questions\('math500', split='train', path=.*train.jsonl"):
        load("math500", tmp_path / "t.jsonl", [MATH | {"answer": "1", "subject": "A", "unique_id": "u"}], pool=str(own))
    other = write(tmp_path / "other.jsonl", [{"query": "1 + 1?", "answer": 2}])
    with pytest.raises(InputError, match="no column 'question'"):
        load("math500", tmp_path / "t.jsonl", [MATH | {"answer": "1", "subject": "A", "unique_id": "u"}], pool=other)


def test_a_large_pool_is_cut_to_the_same_exemplars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PROMPTLAB_DATA", str(tmp_path))
    monkeypatch.setattr("promptlab.questions.benchmarks.assembling.POOL", 3)
    write(tmp_path / "gsm8k" / "train.jsonl", [GSM8K[0] | {"question": f"What is {i} + 0?"} for i in range(9)])
    a, b = (load("gsm8k", tmp_path / "t.jsonl", GSM8K, seed=seed) for seed in (0, 1))
    assert len(a.pool) == 3
    assert a.pool == b.pool
    assert all(f" {q.id.rpartition('-')[2]} " in q.text for q in a.pool), "an id is the row's, wherever it is drawn"


def test_what_is_missing_is_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(InputError, match=r"extra 'hub'.*put main/test-0.*\$PROMPTLAB_DATA/gsm8k/test.parquet.*or pass"):
        load_questions("gsm8k")
    monkeypatch.setenv("PROMPTLAB_DATA", str(tmp_path))
    with pytest.raises(InputError, match=r"terms must be accepted.*HF_TOKEN") as caught:
        load_questions("gpqa_diamond")
    assert str(tmp_path / "gpqa_diamond" / "test.csv") in str(caught.value)
    write(tmp_path / "gsm8k" / "test.jsonl", GSM8K)
    with (
        pytest.warns(UserWarning, match="no exemplar pool: gsm8k, split 'train': downloading needs the package"),
        pytest.warns(UserWarning, match="whole benchmark"),
    ):
        assert not load_questions("gsm8k").pool


def test_wrong_input_is_one_clear_error(tmp_path: Path):
    for name, hint in (("gsm8", "did you mean 'gsm8k'"), ("math5000", "did you mean 'math500'")):
        with pytest.raises(InputError, match=hint):
            load_questions(name)
    with pytest.raises(InputError, match="unknown split of gsm8k 'trian': did you mean 'train'"):
        load_questions("gsm8k", split="trian")
    with pytest.raises(InputError, match="kind='number' has no meaning for a benchmark"):
        load_questions("gsm8k", kind="number")
    with pytest.raises(InputError, match="it belongs to a benchmark"):
        load_questions([{"question": "?", "answer": 1}], path=tmp_path)
    path = write(tmp_path / "t.jsonl", [{"question": "What?", "gold": 1}])
    with pytest.raises(InputError, match=r"t.jsonl, line 1: no column 'answer'.*columns: question, gold"):
        load_questions("gsm8k", path=path)
    path = write(tmp_path / "m.jsonl", [MEDQA | {"options": ["Iron"]}])
    with pytest.raises(InputError, match=r"m.jsonl, line 1: no row of medqa \(TypeError"):
        load_questions("medqa", path=path)
    path = write(tmp_path / "u.jsonl", [GSM8K[0] | {"answer": "no marker 5"}])
    with pytest.raises(InputError, match=r"u.jsonl, line 1: no row of gsm8k .*its answer has no ####"):
        load_questions("gsm8k", path=path)
    with pytest.raises(InputError, match="n=3, but gsm8k, split 'test', has 2 questions"):
        load("gsm8k", tmp_path / "g.jsonl", GSM8K, n=3)


def test_the_table_of_cards_is_complete():
    table = available_benchmarks()
    named = {"gsm8k", "math500", "aime24", "gpqa_diamond", "mmlu_pro", "drop", "medqa", "simpleqa", "livecodebench"}
    assert named == set(table.index)
    assert (table[["kind", "grading", "licence", "citation", "repo", "pinned"]] != "").all(axis=None)
    for card in BENCHMARKS.values():
        assert card.exemplars in ("", *card.splits)
        for split in card.splits.values():
            assert re.fullmatch("[0-9a-f]{40}", split.revision)
            assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in split.sha256)


@pytest.mark.parametrize(("name", "file"), [("gsm8k", "gsm8k_test"), ("math500", "math500"), ("aime24", "aime24")])
def test_the_full_files_are_whole(name: str, file: str):
    path = SHARED / f"{file}.jsonl"
    if not path.is_file():
        pytest.skip("needs ../shared/questions")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing is left out, nothing is missing, every gold answer can be read
        loaded = load_questions(name, path=path)
    assert len(loaded) == BENCHMARKS[name].splits["test"].size
    assert loaded.origin["as_pinned"]
    assert len({prompt_key(question) for question in loaded}) == len(loaded)
    assert all(question.meta["rationale"] and "<<" not in question.meta["rationale"] for question in loaded)


FROM_HUB = """
import json, warnings
import promptlab as lab
warnings.simplefilter("ignore")
for name in ("simpleqa", "medqa", "gpqa_diamond"):
    try:
        loaded = lab.load_questions(name, n=1)
        print(json.dumps([loaded.name, loaded.origin["rows"], loaded.origin["revision"]]))
    except lab.PromptlabError as problem:
        print(json.dumps(str(problem)))
"""


@pytest.fixture
def hub() -> Iterator[str]:
    """A hub of our own, for the hub's own client: one right file, one wrong file, and one behind a gate."""
    quoted = '"' + SIMPLEQA["metadata"] + '"'
    facts = [f"{quoted},Who was {i}?,Ann {i}\n" for i in range(4_326)]
    served = {"simple_qa_test_set.csv": "metadata,problem,answer\n" + "".join(facts)}
    served["phrases_no_exclude_test.jsonl"] = json.dumps(MEDQA) + "\n"

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            name, revision = self.path.split("?")[0].rpartition("/")[2], self.path.split("/")[5]
            body = served.get(name, "").encode()
            self.send_response(200 if body else 403)
            self.send_header("X-Repo-Commit", revision)
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
            self.send_header("Content-Length", str(len(body)))
            if not body:
                self.send_header("X-Error-Code", "GatedRepo")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_GET = do_HEAD

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_hub_gives_pinned_files_and_others_are_refused(hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    pytest.importorskip("huggingface_hub")
    env = os.environ | {"HF_ENDPOINT": hub, "HF_HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}
    run = [sys.executable, "-c", FROM_HUB]
    done = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False, env=env)
    assert done.returncode == 0, done.stderr
    simple, wrong, gated = map(json.loads, done.stdout.splitlines())
    assert simple == ["simpleqa-test", 4_326, BENCHMARKS["simpleqa"].splits["test"].revision]
    assert "the file from the hub is not the pinned one" in wrong
    assert "(GatedRepoError). Its terms must be accepted first" in gated
