"""notebooks/why_few_shot_hurts.ipynb for real: live samples beside recorded ones, then recorded ones alone."""

from __future__ import annotations

import random
import re
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from test_notebooks import ROOT, files

from experiments.r1_miniature.record import DROPPED, controls, recorded_questions
from local_models import LocalModel
from promptlab.comparison import cost_matched, explain_loss
from promptlab.demo import execute, to_html
from promptlab.formats import ANSWER_IS
from promptlab.prompts.controls import CONTROLS, ONLY_EXAMPLES
from promptlab.records import Run, load_run
from promptlab.runner import run
from promptlab.types import Completion, Request, Sampling

SMALL = {
    "base": {"few-shot": {"k": 1, "layout": "one-message", "name": "few-shot"}},
    "controls": ["note"],
    "n_questions": 2,
    "zero_shot_samples": 2,
    "max_tokens": 40,
    "progress": False,
}
FIGURES = ("a-to-zero-shot", "b-to-few-shot", "c-accounting", "d-copied-numbers")
QUESTIONS = recorded_questions(30)
LOSSES = {"r1-narrow": 0.7, "plain": 0.5, "r1": 0.0}


def reply(loss: float, request: Request) -> Completion:
    """Less often right with exemplars, and then with a number of theirs; as often as without them after the note."""
    prompt, rng = request.prompt, random.Random(request.seed)
    asked = next(question for question in QUESTIONS if question.text in prompt.messages[-1].content)
    hurt = loss if prompt.exemplars and ONLY_EXAMPLES not in prompt.messages[-1].content else 0
    taken = re.findall(r"\d+", prompt.exemplars[0])[:1] if rng.random() < hurt else [] if rng.random() < 0.8 else ["7"]
    text = f"Try {rng.random()}. The answer is {(taken or asked.answers)[0]}."
    return Completion(text, "complete", prompt_tokens=len(str(prompt.turns)) // 4, completion_tokens=20)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files in the form of those that ship: the same design, without keys."""
    pytest.importorskip("pyarrow")
    folder = tmp_path_factory.mktemp("recorded")
    return [recorded(folder, name).to_parquet(folder / f"{name}.parquet", drop=DROPPED) for name in LOSSES]


def recorded(folder: Path, name: str) -> Run:
    model = LocalModel(name, partial(reply, LOSSES[name]), together=100)
    options = {"samples": 2, "sampling": Sampling(max_tokens=256), "answer_format": ANSWER_IS, "progress": False}
    return run(model, controls(), QUESTIONS, path=folder / name, **options)


def test_recorded_files_without_keys_can_be_explained(recordings: list[Path]):
    runs = [load_run(path) for path in recordings]
    assert "key" not in pd.read_parquet(recordings[0])
    found = explain_loss(runs, base="few-shot")
    assert found.table.query("role == 'A/A'")["apart"].str.startswith("keys differ; ").all()
    assert [text.split()[0] for text in found.paragraphs] == [*LOSSES]
    table = found.table.set_index(["model", "condition"])
    for name in ("r1-narrow", "plain"):
        assert table.loc[(name, "few-shot"), "verdict"] == "degraded"
        assert table.loc[(name, "few-shot-note"), "share_low"] < 1 < table.loc[(name, "few-shot-note"), "share_high"]
        assert table.loc[(name, "few-shot"), "copied"] > 0.3 > table.loc[(name, "few-shot-note"), "copied"]
        assert table.loc[(name, "few-shot-note"), "changed"] == f"note: {ONLY_EXAMPLES}"
        assert abs(table.loc[(name, "few-shot#1"), "removed"]) < table.loc[(name, "few-shot-note"), "removed"]
        moved = found.to_baseline.transitions("few-shot", name)
        assert moved.to_numpy().sum() == pytest.approx(len(QUESTIONS))
        assert moved.loc["right"].drop("right").sum() > moved["right"].drop("right").sum()
    parts = found.to_baseline.accounting.groupby(["model", "condition"])["difference"].sum()
    assert parts.loc[("plain", "few-shot")] == pytest.approx(table.loc[("plain", "few-shot"), "difference"])
    assert "r1 under few-shot against zero-shot: " in found.paragraph
    assert "nothing to divide" in found.paragraphs[2]
    assert len(cost_matched(runs, "few-shot").table) == 2 * len(LOSSES)


def run_notebook(folder: Path, **parameters: object) -> str:
    source = ROOT / "notebooks/why_few_shot_hurts.ipynb"
    execute(source, folder / "executed.ipynb", {**SMALL, "out": str(folder / "out"), **parameters})
    return (folder / "out/report.md").read_text()


@pytest.mark.embedded
@pytest.mark.notebook
def test_why_few_shot_hurts_explains_live_samples_beside_recorded_ones(
    tmp_path: Path, base_weights: Path, recordings: list[Path]
):
    report = run_notebook(tmp_path, recorded=[str(recordings[2])], recorded_control="")
    own = [f"{which}-{name}" for which in ("live", "recorded") for name in FIGURES]
    assert {path.name for path in (tmp_path / "out/figures").iterdir()} == files(
        *own, "live-e-contrast-r1-narrow-plain", "f-forest"
    )
    for model in ("r1-narrow", "plain", "r1"):
        assert f"{model} under few-shot against zero-shot: " in report
        assert f"{model}: few-shot with 1 sample (pass@1 " in report
    assert "Live: 2 questions, K = 1: controls of few-shot against zero-shot" in report
    assert "nothing to divide, and no shares are given" in report  # of two questions no loss can be shown
    assert len(re.findall(r"A/A, the same prompts with other samples: zero-shot#1 .*; few-shot#1 ", report)) == 3
    assert "note: These are only examples" in report
    assert re.search(r"\| DeepSeek-R1 +\|.*\| quoted +\| supports", report)
    assert re.search(r"^Live: registered \d{4}-\d\d-\d\d, hash \w{8}: as registered$", report.strip(), re.MULTILINE)
    assert "Live: registered " in (tmp_path / "out/figures/f-forest.txt").read_text()


@pytest.mark.notebook
def test_recorded_samples_alone_need_no_model(tmp_path: Path, recordings: list[Path]):
    report = run_notebook(
        tmp_path, models=[], recorded=[str(path) for path in recordings[:2]], recorded_control={"r1-narrow": "plain"}
    )
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"figures", "report.md"}
    assert {path.name for path in (tmp_path / "out/figures").iterdir()} == files(
        *(f"recorded-{name}" for name in FIGURES), "recorded-e-contrast-r1-narrow-plain", "f-forest"
    )
    assert "Recorded: 30 questions, K = 2: controls of few-shot against zero-shot" in report
    for name in CONTROLS:
        assert f"few-shot-{name} " in report
    assert len(re.findall(r"few-shot-note [^;.]*\.\d points .{0,30}, \d+ % of the loss \[", report)) == 2
    for end, name in (("zero-shot", "few-shot"), ("few-shot", "few-shot-note")):
        assert re.search(rf"r1-narrow less plain, against {end}, for these two models, .*{name} [+-]\d", report)
    assert "registered" not in report
    assert "report.md" in to_html(tmp_path / "executed.ipynb").read_text()
