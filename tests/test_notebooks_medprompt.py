"""The Medprompt notebook at its smallest: both stages, votes, and quoted figures kept apart from own ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promptlab.demo import execute, to_html

ROOT = Path(__file__).parents[1]
SMALL = {"models": ["embedded:plain"], "n_questions": 2, "n_training": 6, "k": 2, "ensemble": 2, "max_tokens": 60}


@pytest.mark.embedded
@pytest.mark.notebook
def test_medprompt_ablation_goes_from_rationales_to_the_report(tmp_path: Path, base_weights: Path):
    notebook = ROOT / "notebooks/medprompt_ablation.ipynb"
    execute(notebook, tmp_path / "executed.ipynb", SMALL | {"progress": False, "out": str(tmp_path / "out")})
    assert "report.md" in to_html(tmp_path / "executed.ipynb").read_text()
    own, quoted = (tmp_path / "out/report.md").read_text().split("**Quoted, not measured here")
    steps = ("zero-shot", "few-shot-2-answers", "few-shot-2", "few-shot-2-nearest", r"medprompt-2x2\+vote-2")
    assert re.search(r"[^§]*".join(rf"\| plain \| {step} +\|" for step in steps), own)
    assert re.search(r"medprompt-2x2\+vote-2 against few-shot-2-nearest on plain", own)
    assert re.search(r"plain under ensemble-2: .*largest at [A-D]", own)
    assert "90.2" not in own
    assert re.search(r"\| GPT-4 .*Medprompt +\| 90\.200", quoted)
    assert "plain" not in quoted
