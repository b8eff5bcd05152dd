"""notebooks/why_few_shot_hurts.ipynb for real: live, then once more from its own records as recorded samples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_notebooks import ROOT, files

from promptlab.demo import execute, to_html

SMALL = {
    "base": {"few-shot": {"k": 1, "layout": "one-message", "name": "few-shot"}},
    "controls": ["note"],
    "n_questions": 2,
    "zero_shot_samples": 2,
    "max_tokens": 40,
    "progress": False,
}
FIGURES = (
    "a-to-zero-shot",
    "b-to-few-shot",
    "c-accounting",
    "d-copied-numbers",
    "e-contrast-r1-narrow-plain",
    "f-forest",
)


def run_notebook(folder: Path, **parameters: object) -> str:
    source = ROOT / "notebooks/why_few_shot_hurts.ipynb"
    execute(source, folder / "executed.ipynb", {**SMALL, "out": str(folder / "out"), **parameters})
    return (folder / "out/report.md").read_text()


@pytest.mark.embedded
@pytest.mark.notebook
def test_why_few_shot_hurts_explains_live_and_recorded_samples(tmp_path: Path, base_weights: Path):
    report = run_notebook(tmp_path)
    assert {path.name for path in (tmp_path / "out/figures").iterdir()} == files(*FIGURES)
    for model in ("r1-narrow", "plain"):
        assert f"{model} under few-shot against zero-shot: " in report
        assert f"{model}: few-shot with 1 sample (pass@1 " in report
    assert "nothing to divide, and no shares are given" in report  # of two questions no loss can be shown
    assert len(re.findall(r"A/A, the same prompts with other samples: zero-shot#1 .*; few-shot#1 ", report)) == 2
    assert "note: These are only examples" in report
    assert re.search(r"\| DeepSeek-R1 +\|.*\| quoted +\| supports", report)
    assert re.search(r"registered \d{4}-\d\d-\d\d, hash \w{8}: as registered$", report.strip())

    again = run_notebook(tmp_path, recorded=[str(tmp_path / "out/runs/plain")])
    assert "Recorded: 2 questions, K = 1: controls of few-shot against zero-shot" in again
    assert again.count("plain under few-shot against zero-shot: ") == 2
    assert (tmp_path / "out/figures/g-recorded-to-few-shot.png").exists()
    assert "report.md" in to_html(tmp_path / "executed.ipynb").read_text()
