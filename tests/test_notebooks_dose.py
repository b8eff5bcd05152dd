"""notebooks/dose_and_mechanism.ipynb for real: small recordings of two models, from any folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_notebooks import ROOT, files
from test_r1_doses import recorded as recorded  # the fixture

from promptlab.demo import execute

NOTEBOOK = ROOT / "notebooks/dose_and_mechanism.ipynb"
FIGURES = ("a-doses", "b-kinds", "c-models", "d-parts", "e-repeats")
TABLES = ("differences", "shapes", "effects", "kinds", "models", "parts", "by_k", "repeats", "described")


@pytest.mark.notebook
def test_dose_and_mechanism_from_another_folder(
    tmp_path: Path, recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"results": str(recorded), "out": str(tmp_path / "out")}
    execute(NOTEBOOK, tmp_path / "executed.ipynb", given)
    assert {path.name for path in (tmp_path / "out/figures").iterdir()} == files(*FIGURES)
    assert {path.stem for path in (tmp_path / "out").glob("*.csv")} == set(TABLES)
    report = (tmp_path / "out/report.md").read_text(encoding="utf-8")
    assert "Absent: the model plain, the model r1, the model sft, " in report
    assert "r1-narrow, parts of the mean effect, mean of all series: " in report
    assert "exploratory, not registered" in (tmp_path / "out/figures/a-doses.svg").read_text().lower()
