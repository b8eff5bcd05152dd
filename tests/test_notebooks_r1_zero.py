"""notebooks/r1_zero_training.ipynb for real: small recordings of two checkpoints, from any folder, live and without."""

from __future__ import annotations

import random
import re
import shutil
from functools import partial
from pathlib import Path

import pytest
from test_notebooks import ROOT, files

from experiments.r1_miniature import registered
from experiments.r1_miniature.record import DESIGNS, DROPPED
from local_models import LocalModel
from promptlab.demo import execute, to_html
from promptlab.errors import PromptlabError
from promptlab.formats import FORMATS
from promptlab.runner import run
from promptlab.types import Completion, Request, Sampling

NOTEBOOK = ROOT / "notebooks/r1_zero_training.ipynb"
FIGURES = ("a-levels", "b-others", "d-lengths", "e-few-shot", "f-languages", "g-zero-levels", "h-zero-others")
NAMES = {"tiny": 0.3, "tiny-rl@10": 0.5, "tiny-rl@20": 0.8}  # by how often they are right
MIXED = {"sft-lang": 0.5, "r1-lang@20": 0.5, "r1-lang-consistent@20": 0.5}
BARE = {"instruct": 0.0, "zero@10": 0.1, "zero@20": 0.7}
QUESTIONS = registered.questions(20)


def reply(accuracy: float, request: Request) -> Completion:
    rng, shown = random.Random(request.seed), request.prompt.messages[-1].content
    asked = next(question for question in QUESTIONS if question.text in shown)
    answer = asked.answers[0] if rng.random() < accuracy else str(rng.randrange(3))
    text = f"<think>\n{rng.random()}. Check: fine. Right.\n</think>\nThe answer is {answer}."
    return Completion(text, "complete", completion_tokens=20 + rng.randrange(9))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files in the form of those that are recorded, with fewer questions and samples."""
    pytest.importorskip("pyarrow")
    folder = tmp_path_factory.mktemp("results")
    options = {"sampling": Sampling(max_tokens=256), "progress": False}
    recorded = {name: {"attempts": 4, "steps": 1} for name in NAMES}
    recorded |= {name: {"languages": 2} for name in MIXED} | {name: {"opened": 4} for name in BARE}
    for name, accuracy in (NAMES | MIXED | BARE).items():
        model = LocalModel(name, partial(reply, accuracy), together=100)
        for design, samples in recorded[name].items():
            arms = DESIGNS[design].conditions()
            done = run(
                model,
                arms,
                QUESTIONS,
                samples=samples,
                path=folder / f"{name}-{design}",
                answer_format=FORMATS.get(DESIGNS[design].answer_format),
                **options,
            )
            done.to_parquet(folder / f"{name}-{design}.parquet", drop=DROPPED)
    return folder


def run_notebook(folder: Path, results: Path, **parameters: object) -> str:
    names = {"results": str(results), "model": "tiny-rl", "start": "tiny", "training_curve": ""}
    given = {**names, "out": str(folder / "out"), "progress": False, **parameters}
    execute(NOTEBOOK, folder / "executed.ipynb", given)
    return (folder / "out/report.md").read_text()


@pytest.mark.notebook
def test_curves_of_a_training_from_another_folder(
    tmp_path: Path, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report = run_notebook(tmp_path, results, live_questions=0)
    assert {path.name for path in (tmp_path / "out/figures").iterdir()} == files(*FIGURES)
    assert re.search(r"Right answers \(pass@1\): \S+ to \S+ %, along the line .*: rises\. In the report", report)
    assert "Of 36 differences to zero-shot" in report
    assert "Added after looking: the last check finds right 100.0 %" in report
    assert "English words in the thought, with less without at the last step: +0.0 points" in report
    assert re.search(r"RL alone, from the bare base: Right answers \(pass@1\): 0\.00 to .*: rises\.", report)
    assert (
        "RL alone, from the bare base: Answers that end by themselves in the format asked for (in form): 0.00 to"
        in report
    )
    assert "No model was asked live." in report
    assert "one training seed (tiny-rl)" in (tmp_path / "out/figures/a-levels.svg").read_text()
    assert "report.md" in to_html(tmp_path / "executed.ipynb").read_text()


@pytest.mark.embedded
@pytest.mark.notebook
def test_recorded_samples_are_checked_live(tmp_path: Path, results: Path, base_weights: Path) -> None:
    older = shutil.copytree(results, tmp_path / "older", ignore=shutil.ignore_patterns("*-languages*", "*-opened*"))
    report = run_notebook(tmp_path, older, live_questions=2)
    assert "RL alone, from the bare base (`zero`): its samples are not in the folder." in report
    assert "Two languages: their samples are not in the folder" in report
    assert "Distillation: the samples of `distill` are not in the folder." in report
    # Which of the three it is, two questions leave to chance; tests/test_comparison_agreeing.py looks at the check.
    assert re.search(r"live (agrees|was NOT shown to agree|does NOT agree) with recorded: 4 cells, pooled", report)


@pytest.mark.notebook
def test_without_a_checkout_it_says_what_is_missing(
    tmp_path: Path, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "promptlab", tmp_path / "promptlab")  # as an installed package has it: nothing beside it
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(PromptlabError, match=r"experiments/r1_miniature is missing .* clone it"):
        run_notebook(tmp_path, results)
