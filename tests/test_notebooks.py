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


LIVE = (
    "a-scores",
    "a-differences",
    "b-dose-response",
    "c-accounting",
    "c-changes",
    "d-reasoning-words",
    "d-copied-numbers",
)
RECORDED = ("a-scores", "a-differences", "b-dose-response", "c-accounting", "c-changes", "d-copied-numbers")
SMALL = {
    "n_questions": 3,
    "n_checked": 5,
    "conditions": ["zero-shot", {"few-shot": {"k": 1}}, {"few-shot": {"k": 3, "style": "answers"}}],
    "progress": False,
}
ALONE = {"models": ["embedded:instruct"], "control": "", "recorded": [], "max_tokens": 40}
WITH_RECORDED = {
    "models": ["embedded:plain", "embedded:r1-narrow"],
    "control": "plain",
    "recorded": ["recorded:plain", "recorded:r1-narrow", "recorded:sft-narrow"],
    "recorded_control": {"r1-narrow": ["plain", "sft-narrow"]},
}


def run_notebook(parameters: dict[str, object], folder: Path) -> tuple[str, set[str]]:
    """The report and the names of the figures' files."""
    source = ROOT / "notebooks/few_shot_degradation.ipynb"
    execute(source, folder / "executed.ipynb", {**SMALL, **parameters, "out": str(folder / "out")})
    page = to_html(folder / "executed.ipynb").read_text()
    assert "report.md" in page
    figures = {path.name for path in (folder / "out/figures").iterdir()}
    return (folder / "out/report.md").read_text(), figures


def files(*names: str) -> set[str]:
    return {f"{name}{ending}" for name in names for ending in (".svg", ".png", ".csv", ".txt")}


@pytest.mark.embedded
@pytest.mark.notebook
def test_few_shot_degradation_runs_with_one_model(tmp_path: Path, base_weights: Path):
    report, figures = run_notebook(ALONE, tmp_path)
    assert report.count("against zero-shot") >= 2
    stamp = re.search(r"registered \d{4}-\d\d-\d\d, hash \w{8}: as registered$", report.strip())
    assert stamp
    assert stamp[0] in (tmp_path / "out/figures/live-a-differences.svg").read_text()
    assert figures == files(*(f"live-{name}" for name in LIVE))


@pytest.mark.embedded
@pytest.mark.notebook
def test_few_shot_degradation_runs_with_a_control_and_recorded_samples(tmp_path: Path, base_weights: Path):
    report, figures = run_notebook(WITH_RECORDED, tmp_path)
    assert figures == files(
        *(f"live-{name}" for name in LIVE),
        "live-c-contrast-r1-narrow-plain",
        *(f"recorded-{name}" for name in RECORDED),
        "recorded-c-contrast-r1-narrow-plain",
        "recorded-c-contrast-r1-narrow-sft-narrow",
    )
    headings = [line for line in report.splitlines() if line.startswith("**")]
    for part in (
        "Live: 3 questions, K = 1: scores by condition",
        "Recorded: 400 questions, K = 4: scores by condition",
    ):
        assert sum(part in heading for heading in headings) == 1
    # Which of the three it is, three questions leave to chance; tests/test_comparison_agreeing.py looks at the check.
    assert re.search(r"live (agrees|was NOT shown to agree|does NOT agree) with recorded: 6 cells, pooled", report)
    assert "r1-narrow against zero-shot, in points. Inconclusive: concise" in report.rpartition("all conditions")[2]


@pytest.mark.embedded
@pytest.mark.notebook
def test_few_shot_degradation_without_exemplars_has_no_dose_to_draw(tmp_path: Path, base_weights: Path):
    bare = {"n_questions": 2, "n_checked": 2, "conditions": ["zero-shot", "concise"], "recorded": ["recorded:plain"]}
    bare |= {"models": ["embedded:plain"], "recorded_control": "", "recorded_also": []}
    report, figures = run_notebook({**ALONE, **bare}, tmp_path)
    assert report.count("concise") > 2
    live, recorded = ([name for name in names if "dose" not in name] for names in (LIVE, RECORDED))
    assert figures == files(*(f"live-{name}" for name in live), *(f"recorded-{name}" for name in recorded))


@pytest.mark.embedded
@pytest.mark.notebook
def test_plan_experiment_goes_from_the_pilot_to_the_report(tmp_path: Path, base_weights: Path):
    small = {
        "model": "embedded:plain",
        "max_questions": 6,
        "stop_every": 3,
        "progress": False,
        "out": str(tmp_path / "out"),
    }
    small["pilot_questions"] = {"source": "arithmetic", "split": "dev", "n": 6}
    execute(ROOT / "notebooks/plan_experiment.ipynb", tmp_path / "executed.ipynb", small)
    assert "report.md" in to_html(tmp_path / "executed.ipynb").read_text()
    report = (tmp_path / "out/report.md").read_text()
    assert re.search(r"With [\d,]+ questions .* are found with 80 % power", report)
    assert re.search(r"the difference lies between -\d+\.\d points and", report)
    assert re.search(r"registered \d{4}-\d\d-\d\d, hash \w{8}: as registered", report)
    assert {path.name for path in (tmp_path / "out/figures").iterdir()} == files("power")
    assert (tmp_path / "out/design.yaml").is_file()


@pytest.mark.notebook
def test_reasoning_traces_reads_saved_runs(tmp_path: Path):
    small = {"runs": ["recorded:r1"], "conditions": ["zero-shot", "few-shot-3"], "n_questions": 30}
    execute(
        ROOT / "notebooks/reasoning_traces.ipynb", tmp_path / "executed.ipynb", small | {"out": str(tmp_path / "out")}
    )
    assert "Longest and oddest outputs" in to_html(tmp_path / "executed.ipynb").read_text()
    report = (tmp_path / "out/report.md").read_text()
    assert re.search(r"r1 under zero-shot, reasoning words: right less wrong [+-]\d+\.\d %", report)
    figures = {path.name for path in (tmp_path / "out/figures").iterdir()}
    assert figures == files("a-length", "b-checks", "b-doubts", "c-copied-answer", "c-looped")
    assert (tmp_path / "out/features.csv").read_text().count("\n") == 3


@pytest.mark.embedded
@pytest.mark.notebook
def test_r1_protocol_keeps_own_and_quoted_figures_apart(tmp_path: Path, base_weights: Path):
    small = {"model": "embedded:plain", "n_questions": 3, "samples": 2, "progress": False, "out": str(tmp_path / "out")}
    execute(ROOT / "notebooks/r1_protocol.ipynb", tmp_path / "executed.ipynb", small)
    own, quoted = (tmp_path / "out/report.md").read_text().split("**Quoted, not measured here")
    assert "Own, as shares of 1: plain on arithmetic-test, 3 questions, K = 2" in own
    assert re.search(r"\| plain +\| zero-shot +\| 2 +\|", own)
    assert "r1-distill" not in own
    assert re.search(r"\| deepseek-r1-zero +\|.*\| 86\.7", quoted)
    assert "plain" not in quoted


@pytest.mark.notebook
def test_blog_figures_draws_them_all_from_records_at_both_widths(tmp_path: Path):
    small = {"runs": ["recorded:plain", "recorded:r1-narrow"], "conditions": ["zero-shot", "few-shot-1", "few-shot-3"]}
    execute(ROOT / "notebooks/blog_figures.ipynb", tmp_path / "executed.ipynb", small | {"out": str(tmp_path / "out")})
    names = ("a-scores", "b-differences", "c-dose-response", "d-slopes", "d-contrast", "e-accounting", "f-lengths")
    names += ("g-training-accuracy", "g-training-tokens", "h-forest", "i-forest-scores")
    for width in ("blog", "journal"):
        assert {path.name for path in (tmp_path / "out" / width).iterdir()} == files(*names)
    told = (tmp_path / "out/blog/d-slopes.txt").read_text()
    assert re.search(r"Lowest: few-shot-3, -\d+\.\d points \(interval -\d+\.\d to -\d", told)
    assert "Recorded samples, 400 questions, K = 4" in told
