"""Notebooks: how they are kept in git, and a real run of each through papermill."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

from promptlab.demo import execute, to_html

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
OUTCOMES = r"degrad\w*s\b|degraded|improve[sd]|equivalent to|inconclusive|fragile|less favourable|more favourable"


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
class TestAsKept:
    def test_no_outputs_and_a_kernel_is_named(self, path: Path):
        notebook = read(path)
        assert notebook.metadata.kernelspec.name == "python3"
        for cell in notebook.cells:
            if cell.cell_type == "code":
                assert cell.outputs == []
                assert cell.execution_count is None

    def test_one_parameters_cell_of_plain_literals_each_with_a_comment(self, path: Path):
        tagged = [c for c in read(path).cells if "parameters" in c.metadata.get("tags", [])]
        assert len(tagged) == 1
        source = tagged[0].source
        for node in ast.parse(source).body:
            assert isinstance(node, ast.Assign)
            ast.literal_eval(node.value)
            assert "#" in source.splitlines()[node.lineno - 1], ast.unparse(node)

    def test_the_first_cell_says_what_one_learns_and_no_cell_holds_logic(self, path: Path):
        first, *rest = read(path).cells
        assert first.cell_type == "markdown"
        assert "learn" in first.source
        for cell in rest:
            if cell.cell_type == "code":
                assert not re.search(r"^\s*(def|class) ", cell.source, re.M)

    def test_no_word_of_an_outcome_stands_in_it(self, path: Path):
        """Verdicts are computed; a notebook that says one already knows what it should find."""
        text = "\n".join(c.source for c in read(path).cells if "parameters" not in c.metadata.get("tags", []))
        assert not re.search(OUTCOMES, text)


@pytest.mark.embedded
@pytest.mark.notebook
@pytest.mark.parametrize("models", [1, 2], ids=["one model", "a model and its control"])
def test_few_shot_degradation_runs(models: int, tmp_path: Path, base_weights: Path):
    adapter = ROOT.parent / "shared/adapters/r1-narrow.gguf"
    if models == 2 and not adapter.is_file():
        pytest.skip("no adapter to contrast with")
    names = ["embedded:instruct", f"embedded:instruct+{adapter}"][:models]
    parameters = {
        "models": names,
        "control": "instruct" if models == 2 else "",
        "n_questions": 4,
        "conditions": ["zero-shot", {"few-shot": {"k": 1}}, {"few-shot": {"k": 3, "style": "answers"}}],
        "max_tokens": 40,
        "out": str(tmp_path / "out"),
        "progress": False,
    }
    executed = tmp_path / "executed.ipynb"
    execute(NOTEBOOKS[0].with_name("few_shot_degradation.ipynb"), executed, parameters)
    report = (tmp_path / "out/report.md").read_text()
    assert report.count("against zero-shot") >= 2
    figures = {p.name for p in (tmp_path / "out/figures").iterdir()}
    wanted = {"a-scores", "a-differences", "b-dose-response", "c-accounting", "d-reasoning-words", "d-copied-numbers"}
    wanted |= {"c-contrast-r1-narrow"} if models == 2 else set()
    assert figures == {f"{name}{ending}" for name in wanted for ending in (".svg", ".png", ".csv")}
    page = to_html(executed).read_text()
    assert "report.md" in page
    assert sorted(p.name for p in (tmp_path / "out/runs").iterdir()) == sorted(["instruct", "r1-narrow"][:models])
