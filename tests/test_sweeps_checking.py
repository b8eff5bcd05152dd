"""Before anything is paid for: every problem of every run, at once; and what a sweep will take."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from fake_server import FakeServer, Fault
from promptlab.errors import InputError, Problems
from promptlab.sweeps import read_sweep, sweep
from promptlab.sweeps.checking import check
from promptlab.sweeps.expanding import Planned, expand
from promptlab.sweeps.predicting import predicted
from tiny_notebooks import ASKS, RUNS, write_notebook, write_sweep

NOWHERE = "openai:fake@http://127.0.0.1:9/v1"


def asking(folder: Path, **keys: object) -> list[Planned]:
    """The runs of a sweep whose notebook describes an experiment."""
    write_notebook(folder / "tiny.ipynb", RUNS, parameters=ASKS)
    return expand(read_sweep(write_sweep(folder, **{"grid": {"n_questions": [1, 2]}, **keys})), folder)


def problems(runs: list[Planned], folder: Path) -> tuple[str, ...]:
    with pytest.raises(Problems) as caught:
        check(runs, folder)
    return caught.value.lines


def test_all_problems_at_once_a_line_each_with_the_runs_that_have_it(tmp_path: Path):
    grid = {
        "case": {"one": {"wrod": "x"}, "two": {"n": "many"}, "three": {"n": True}, "four": {"many": 3, "out": "here"}}
    }
    file = write_sweep(tmp_path, parameters={"share": 1, "word": None}, grid=grid)
    lines = problems(expand(read_sweep(file), tmp_path), tmp_path)
    told = [line.rpartition(" (")[0] for line in lines]
    assert told == [
        "unknown parameter of tiny.ipynb 'wrod': did you mean 'word'? Allowed: n, word, share, many",
        "parameter 'n' of tiny.ipynb is 'many': it must be a whole number",
        "parameter 'n' of tiny.ipynb is True: it must be a whole number",
        "parameter 'many' of tiny.ipynb is 3: it must be a list",
        "parameter 'out' is the sweep's own: each run has its directory",
    ]
    assert [line.rpartition("(")[2].partition("-")[0] for line in lines] == ["one", "two", "three", "four", "four"]


def test_a_misspelt_name_hides_no_other_problem_and_no_part_of_an_experiment_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    parameters = {
        "n_question": 3,
        "models": ["embedded:nobody", "openai:gpt-x", "r1", NOWHERE],
        "questions": {"source": "gsm9k"},
        "conditions": ["zero-shot", "concse", {"few-shot": {"shots": 3}}, "few-shots"],
        "max_tokens": 0,
    }
    write_notebook(
        tmp_path / "tiny.ipynb", RUNS, parameters=f"{ASKS}\nsamples = 1\ngrader = 'by-kind'\nbaseline = None"
    )
    others = {"samples": 0, "grader": "by-knd", "baseline": "concis", "conditions": ["zero-shot", "concise"]}
    found = []
    for given in (parameters, {**parameters, **others}):
        runs = expand(read_sweep(write_sweep(tmp_path, parameters=given, grid=None)), tmp_path)
        found.append("\n".join(problems(runs, tmp_path)))
    first, second = found
    told = [
        "did you mean 'n_questions'",
        "did you mean 'gsm8k'",
        "max_tokens is 0",
        "unknown embedded model 'nobody'",
        "unknown model 'r1': did you mean 'embedded:r1'",
    ]
    conditions = ["did you mean 'few-shot'", "did you mean 'concise'", "unknown option of condition 'few-shot' 'shots'"]
    for line in [*told, *conditions]:
        assert line in first
    for line in [*told, "'samples' is 0", "did you mean 'by-kind'", "did you mean 'concise'"]:
        assert line in second
    runs = expand(read_sweep(write_sweep(tmp_path, parameters={**parameters, "max_tokens": 8}, grid=None)), tmp_path)
    third = "\n".join(problems(runs, tmp_path))
    assert "set the environment variable OPENAI_API_KEY" in third
    assert "the server at http://127.0.0.1:9/v1 cannot be reached" in third


def test_a_run_that_is_not_chosen_must_be_possible_as_well(tmp_path: Path):
    write_notebook(tmp_path / "tiny.ipynb", RUNS, parameters=f"{ASKS}\ngrader = 'by-kind'")
    file = write_sweep(tmp_path, grid={"grader": ["by-knd", "number"]}, parameters={"models": ["openai:gpt-x"]})
    with pytest.raises(Problems, match=r"did you mean 'by-kind'.* \(by-knd-[0-9a-f]{6}\)") as caught:
        sweep(file, out=tmp_path / "runs", only="by-k*", progress=False, say=lambda _: None)
    assert "OPENAI_API_KEY" in str(caught.value)
    with pytest.raises(Problems, match=r"did you mean 'by-kind'.* \(by-knd-[0-9a-f]{6}\)"):
        sweep(file, out=tmp_path / "runs", only="number*", progress=False, say=lambda _: None)
    assert not (tmp_path / "runs").exists()


def test_a_speed_of_a_model_that_is_none_of_the_sweep(tmp_path: Path):
    runs = asking(tmp_path, parameters={"models": ["embedded:nobody"]})
    with pytest.raises(Problems, match="unknown model in 'tokens_per_second' 'embedded:nobdy': did you mean"):
        check(runs, tmp_path, speeds=["embedded:nobdy"])


@pytest.mark.parametrize("given", [{"n_questions": 10**9}, {"questions": {"source": "arithmetic", "n": 10**9}}])
def test_an_absurd_number_of_questions_is_refused_before_they_are_made_up(given: dict[str, object], tmp_path: Path):
    parameters = {"models": [NOWHERE], "conditions": ["zero-shot", "few-shots"], **given}
    (name,) = given
    lines = problems(asking(tmp_path, parameters=parameters, grid=None), tmp_path)
    assert lines[0].startswith(
        f"{name!r} asks for 1,000,000,000 questions: a sweep looks at each first, and takes 100,"
    )
    assert "did you mean 'few-shot'" in lines[1], "it hides nothing else"


@pytest.mark.parametrize(
    ("spec", "message"), [({}, "names no kernel: open it in"), ({"name": "python4"}, "did you mean 'python3'")]
)
def test_a_notebook_whose_kernel_is_not_there(spec: dict[str, str], message: str, tmp_path: Path):
    file = write_notebook(tmp_path / "tiny.ipynb")
    notebook = nbformat.read(file, as_version=4)
    notebook.metadata["kernelspec"] = {**spec, "display_name": "x"}
    nbformat.write(notebook, file)
    with pytest.raises(InputError, match=message):
        expand(read_sweep(write_sweep(tmp_path)), tmp_path)


RECORDED = ["recorded:r1", "recorded:sft"]


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"recorded": ["recorded:r9"]}, "unknown recorded run 'recorded:r9': did you mean 'recorded:r1'"),
        ({"recorded_control": {"q": ["z"]}}, "'recorded_control' speaks of recorded runs, and 'recorded' names none"),
        ({"reuse": "nothere"}, "reuse: nothere is no directory with records"),
        ({"reuse": ["nothere"]}, "reuse: nothere is no directory with records"),
        ({"recorded": RECORDED, "recorded_control": {"q": ["z"]}}, "recorded: unknown control 'q'"),
        (
            {"recorded": RECORDED, "recorded_control": {}, "recorded_also": ["few-shot-9"]},
            "unknown recorded condition 'few-shot-9': did you mean 'few-shot-5'",
        ),
    ],
)
def test_what_the_main_notebook_takes_from_earlier_runs_is_there(
    parameters: dict[str, object], message: str, base_weights: Path, tmp_path: Path
):
    small = {"models": ["embedded:r1"], "control": "", "conditions": ["zero-shot", "concise"], "max_tokens": 8}
    keys = {"notebook": None, "grid": None, "parameters": {**small, "recorded": [], "n_questions": 2, **parameters}}
    (line,) = problems(expand(read_sweep(write_sweep(tmp_path, **keys)), tmp_path), tmp_path)
    assert message in line


@pytest.mark.embedded
def test_what_is_asked_besides_to_check_against_recorded_is_checked_and_counted(base_weights: Path, tmp_path: Path):
    small = {"models": ["embedded:r1"], "control": "", "conditions": ["zero-shot", "concise"], "max_tokens": 8}
    small |= {"recorded": ["recorded:r1"], "recorded_control": {}, "recorded_also": [], "n_questions": 2}

    def runs(**parameters: object) -> list[Planned]:
        keys = {"notebook": None, "grid": None, "parameters": {**small, **parameters}}
        return expand(read_sweep(write_sweep(tmp_path, **keys)), tmp_path)

    (line,) = problems(runs(n_checked=-1), tmp_path)
    assert "n_checked: 'n_checked' is -1: it must be a whole number >= 0" in line
    file = tmp_path / "few.jsonl"
    file.write_text("".join(f'{{"id": "{i}", "question": "What is {i} + 1?", "answer": {i + 1}}}\n' for i in range(4)))
    told = problems(runs(questions={"source": str(file)}, n_checked=5), tmp_path)
    assert any("n_checked: n=5, but 'few' has 4 questions" in line for line in told)
    ((*arms, besides),) = check(runs(n_checked=5), tmp_path).values()
    assert [cell.requests for cell in arms] == [2, 2]
    assert besides.requests == 3, "those of zero-shot that the comparison has not"


def test_each_notebook_is_asked_what_it_takes(tmp_path: Path):
    write_notebook(tmp_path / "other.ipynb", parameters="m = 1")
    file = write_sweep(tmp_path, grid={"notebook": ["tiny.ipynb", "other.ipynb"]}, parameters={"n": 2})
    (line,) = problems(expand(read_sweep(file), tmp_path), tmp_path)
    assert line.startswith("unknown parameter of other.ipynb 'n': Allowed: m (other.ipynb-")


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        ({"questions": {"source": "nowhere.csv"}}, "nowhere.csv"),
        ({"conditions": ["zero-shot", "concise", "few-shots"]}, "did you mean 'few-shot'?"),
        ({"conditions": "zero-shot"}, "at least two different conditions"),
        ({"models": ["embedded:nobody"]}, "unknown embedded model 'nobody'"),
        ({"models": ["openai:gpt-x"]}, "set the environment variable OPENAI_API_KEY"),
        ({"models": [NOWHERE]}, "the server at http://127.0.0.1:9/v1 cannot be reached"),
    ],
)
def test_an_experiment_that_cannot_be_run_is_said_once(
    parameters: dict[str, object], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (said,) = problems(asking(tmp_path, parameters=parameters), tmp_path)
    assert line in said
    assert said.endswith("(every run)")


def test_a_server_is_asked_whether_it_is_there_and_nothing_else(tmp_path: Path):
    with FakeServer() as server:
        model = f"openai:fake@{server.base_url}"
        cells = check(asking(tmp_path, parameters={"models": [model]}), tmp_path)
        assert not server.bodies
    assert [len(some) for some in cells.values()] == [2, 2]
    with FakeServer(models_fault=Fault(status=401)) as server:
        model = f"openai:fake@{server.base_url}"
        (line,) = problems(asking(tmp_path, parameters={"models": [model]}), tmp_path)
    assert "refuses the key (status 401)" in line


def test_the_table_counts_what_runs_share_once(tmp_path: Path):
    conditions = {"few": ["zero-shot", "concise"], "more": ["zero-shot", "concise", {"few-shot": {"k": 1}}]}
    grid = {"arms": {label: {"conditions": arms} for label, arms in conditions.items()}}
    with FakeServer() as server:
        model = f"openai:fake@{server.base_url}"
        runs = asking(tmp_path, parameters={"models": [model], "n_questions": 3, "max_tokens": 10}, grid=grid)
        cells = check(runs, tmp_path)
    states = dict.fromkeys((run.id for run in runs), "to do")
    table = predicted(runs, cells, states, {model: 2.0})
    assert list(table["requests"]) == ["6", "3", "9"]
    assert list(table["completion tokens, at most"]) == ["60", "30", "90"]
    assert list(table["time, at most"]) == ["30 s", "15 s", "45 s"]
    assert list(predicted(runs, cells, states, {"another": 2.0})["time, at most"]) == [""] * 3
    few, more = states
    table = predicted(runs, cells, {few: "interrupted", more: "done"}, 2.0)
    assert list(table["requests"]) == ["0", "0", "0"], "a finished run has what the others share with it"
    table = predicted(runs, cells, {few: "interrupted", more: "to do"}, 2.0, {few: 4})
    assert list(table["requests"]) == ["2", "3", "5"]
    assert list(table["completion tokens, at most"]) == ["20", "30", "50"]
    for retry_failed, left in ((False, ["0", "3", "3"]), (True, ["6", "3", "9"])):
        table = predicted(runs, cells, {few: "failed", more: "to do"}, 2.0, retry_failed=retry_failed)
        assert list(table["requests"]) == left


def test_a_dry_run_says_what_it_would_do_and_leaves_nothing_behind(tmp_path: Path):
    said: list[str] = []
    before = sorted(tmp_path.iterdir())
    file = write_sweep(tmp_path)
    assert sweep(file, out=tmp_path / "runs", dry_run=True, say=said.append) is None
    assert "Does it run?" in said[0]
    assert said[0].count("to do") == 2
    assert {path.name for path in tmp_path.iterdir()} == {"tiny.yaml", "tiny.ipynb", *before}
    with pytest.raises(InputError, match=r"only='x\*' fits no run of this sweep; its runs: n-1-"):
        sweep(file, only="x*", dry_run=True)


@pytest.mark.embedded
def test_the_shipped_sweeps_are_as_they_should_be(base_weights: Path, tmp_path: Path):
    root = Path(__file__).parents[1] / "experiments"  # the third is the example of `promptlab sweep --help`
    for name, n in (("prompt_styles", 3), ("exemplar_layout", 4)):
        cells = check(expand(read_sweep(root / f"{name}.yaml"), root), tmp_path)
        assert len(cells) == n, "each describes an experiment"
