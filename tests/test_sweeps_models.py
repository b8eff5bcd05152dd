"""Sweeps of real experiments: models loaded once, shared samples paid once, designs registered, no key anywhere."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from fake_server import FakeServer, Fault
from promptlab import cli
from promptlab.models import open_model
from promptlab.models.engine import LENT, Engine, shared_engine
from promptlab.models.sharing import shared
from promptlab.records import load_run
from promptlab.sweeps import read_state, sweep
from tiny_notebooks import ASKS, RUNS, write_notebook, write_sweep

SERVERS = """\
import psutil
[model] = experiment.open_models()
[addresses] = model.lend().values()
own = [child.pid for child in psutil.Process().children(recursive=True) if "worker.py" in " ".join(child.cmdline())]
Path(out, "servers").write_text(f"{addresses} {own}")"""


@pytest.mark.embedded
@pytest.mark.notebook
def test_runs_of_one_model_start_its_servers_once_and_pay_the_shared_baseline_once(tmp_path: Path, base_weights: Path):
    write_notebook(tmp_path / "tiny.ipynb", RUNS, SERVERS, parameters=ASKS)
    conditions = {"first": ["zero-shot", "concise"], "second": ["zero-shot", {"few-shot": {"k": 1, "draws": 1}}]}
    grid = {"arms": {label: {"conditions": arms} for label, arms in conditions.items()}}
    swept = sweep(write_sweep(tmp_path, grid=grid), out=tmp_path / "runs", progress=False, say=lambda _: None)
    assert swept
    assert [state.state for state in swept.states] == ["done", "done"], swept.table.to_string()
    first, second = (swept.root / state.id for state in swept.states)
    servers = (first / "servers").read_text()
    assert servers == (second / "servers").read_text(), "the same addresses"
    assert servers.endswith("[]"), "none of the kernel's own"
    runs = [load_run(folder / "runs/instruct") for folder in (first, second)]
    assert [run.manifest["sessions"][0]["paid"]["requests"] for run in runs] == [4, 2]
    assert [len(run.to_frame()) for run in runs] == [4, 4]
    assert [(folder / "stamp").read_text().partition(": ")[2] for folder in (first, second)] == [
        "as registered",
        "as registered; looked before: 1 run on these questions, see manifest.json",  # its baseline was copied
    ]


@pytest.mark.embedded
def test_lent_servers_are_used_as_long_as_they_answer(base_weights: Path, monkeypatch: pytest.MonkeyPatch):
    with shared(["embedded:instruct", "openai:fake@http://127.0.0.1:9/v1"]) as environment:
        model = open_model("embedded:instruct")
        ((key, addresses),) = json.loads(environment[LENT]).items()
        assert model.lend() == {key: addresses}, "what was asked for in this process is the same engine"
        model.close()
    monkeypatch.setenv(LENT, environment[LENT])  # they have ended
    again = open_model("embedded:instruct", workers=model.settings["workers"])
    assert isinstance(shared_engine(again._spec), Engine), "its own, then"


@pytest.mark.embedded
@pytest.mark.notebook
def test_the_main_notebook_in_a_sweep_from_another_directory(
    tmp_path: Path, base_weights: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    parameters = {"models": ["embedded:instruct"], "control": "", "recorded": [], "n_questions": 2, "max_tokens": 16}
    shots = [{"few-shot": {"k": 1, "style": "$style", "draws": 1}}]
    grid = {"style": ["answers"]}
    write_sweep(tmp_path, notebook=None, parameters={**parameters, "conditions": ["zero-shot", *shots]}, grid=grid)
    assert cli.main(["sweep", "tiny.yaml"]) == 0
    (run,) = tmp_path.glob("runs/tiny/answers-*")
    assert re.search(r"registered \d{4}-\d\d-\d\d, hash \w{8}: as registered", (run / "report.md").read_text())
    assert (run / "figures/live-a-scores.svg").exists()
    assert "report.md" in (run / "executed.html").read_text()


KEY = "key-that-must-not-be-seen-4711"
TALKS = """\
import promptlab as lab
model = lab.open_model(f"openai:fake@{server}", key_env="PLANTED", retries=0)
questions = lab.load_questions("arithmetic", n=2)
conditions, sampling = [lab.zero_shot(), lab.concise()], lab.Sampling(max_tokens=9)
run = lab.run(model, conditions, questions, sampling=sampling, path=f"{out}/runs/x")
display(run, run.show())"""


@pytest.mark.notebook
def test_a_key_that_a_server_echoes_stands_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd):
    """One server fails each request, one refuses the key, one lets the model say it, and all repeat it."""
    monkeypatch.setenv("PLANTED", KEY)
    write_notebook(tmp_path / "tiny.ipynb", TALKS, parameters='server = ""  # where\nout = "out"  # results')
    said, refusal = "your key {key} is {key}", Fault(status=401, message="your key {key} is wrong")
    with (
        FakeServer(reply=lambda _: Fault(status=500, message=said)) as failing,
        FakeServer(reply=lambda _: refusal, models_fault=Fault(status=404)) as refusing,
        FakeServer(reply=lambda _: f"Your key {KEY} begins with {KEY[:20]}, {KEY.upper()}") as telling,
    ):
        servers = {"fails": failing, "refuses": refusing, "tells": telling}
        grid = {"kind": {kind: {"server": server.base_url} for kind, server in servers.items()}}
        file = write_sweep(tmp_path, grid=grid)
        assert cli.main(["sweep", str(file), "--out", str(tmp_path / "runs")]) == 1
        assert failing.bodies
        assert refusing.bodies
    states = [read_state(folder) for folder in sorted(tmp_path.glob("runs/*-*"))]
    assert [state.state for state in states] == ["failed", "failed", "done"], "a run without a sample tells a script"
    assert states[0].error.startswith("every sample of x failed, first: ")
    assert "your key [key] is [key]" in states[0].error
    assert "your key [key] is wrong" in states[1].error
    texts = [*capfd.readouterr(), *(path.read_bytes().decode("latin-1") for path in _files(tmp_path))]
    assert any("your key [key] is [key]" in text for text in texts), "the records say what the server said"
    assert any("Your key [key] begins with [key], [key]" in text for text in texts), "what the model said, too"
    assert not [text[:200] for text in texts if KEY[:20].lower() in text.lower()]
    assert os.environ["PLANTED"] == KEY


@pytest.mark.notebook
def test_a_run_that_lost_every_sample_has_failed_and_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLANTED", KEY)
    write_notebook(tmp_path / "tiny.ipynb", TALKS, parameters='server = ""  # where\nout = "out"  # results')
    well = []
    with FakeServer(reply=lambda _: "The answer is 4." if well else Fault(status=400, message="no")) as server:
        file = write_sweep(tmp_path, grid={"kind": {"one": {"server": server.base_url}}})
        command = ["sweep", str(file), "--out", str(tmp_path / "runs")]
        assert cli.main(command) == 1
        well.append(True)
        assert cli.main([*command, "--retry-failed"]) == 0
    (folder,) = tmp_path.glob("runs/*-*")
    assert read_state(folder).state == "done"


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
