"""Three real cases of others' outputs: what `import_run` and `compare` say, and the same figures from the raw files.

The raw files are read here with the standard library (pandas for Parquet), so that nothing of promptlab is on both
sides of an equality. Skipped where the files are not at hand.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd
import pytest
from scipy.stats import binomtest

from promptlab.comparison import Comparison, compare, contrast
from promptlab.grading import grader_named
from promptlab.importing import import_run, import_runs
from promptlab.importing.imported import ImportedRun

SHARED = Path(__file__).parents[2] / "shared"
OUTPUTS = SHARED / "outputs"
pytestmark = pytest.mark.skipif(not OUTPUTS.is_dir(), reason="the outputs of others are not here")


# (a) one model, zero-shot and few-shot, in files of unlike length


def right(row: Mapping[str, Any]) -> bool:
    """The executed program's value, within a thousandth; what is no number is wrong."""
    return isinstance(row["executed"], float) and abs(row["executed"] - row["answer"]) <= 1e-3


TEXTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "gsm8k": lambda row: row["question"],
    "svamp": lambda row: f"{row['passage']} {row['question']}",
}


def raw_lines(name: str) -> list[dict[str, Any]]:
    lines = (OUTPUTS / f"pot_{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if "question" in row]


def letters(text: str) -> str:
    """An alignment of its own: letters, digits and signs of arithmetic only."""
    return re.sub(r"[^a-z0-9+*/=<>%$-]", "", re.sub(r"\.(?!\d)", "", text.casefold()))


def imported(task: str) -> ImportedRun:
    return import_run(
        {"zero-shot": OUTPUTS / f"pot_{task}_zero_shot.jsonl", "few-shot": OUTPUTS / f"pot_{task}_few_shot.jsonl"},
        model="codex",
        columns={
            "question_text": TEXTS[task],
            "score": right,
            "answer": "executed",
            "gold": "answer",
            "completion": lambda row: "".join(row["generated"]),  # a text in one file, a list of one in the other
        },
        keep=lambda row: "question" in row,  # the few-shot files begin with their prompt
    )


@pytest.mark.parametrize(
    ("task", "shared", "only_few", "unlike", "lost", "gained", "p"),
    [("gsm8k", 1317, 1, 0, 75, 269, 8.839e-27), ("svamp", 999, 0, 358, 49, 192, 3.434e-21)],
)
def test_outputs_of_one_model_in_two_files_align(
    task: str, shared: int, only_few: int, unlike: int, lost: int, gained: int, p: float
):
    text = TEXTS[task]
    zero, few = ({letters(text(row)): row for row in raw_lines(f"{task}_{arm}_shot")} for arm in ("zero", "few"))
    both = zero.keys() & few.keys()
    worse = sum(right(zero[q]) and not right(few[q]) for q in both)
    better = sum(right(few[q]) and not right(zero[q]) for q in both)
    assert (len(both), len(few) - len(both), len(zero) - len(both)) == (shared, only_few, 0)
    assert sum(text(zero[q]) != text(few[q]) for q in both) == unlike
    assert (worse, better) == (lost, gained)
    mcnemar = binomtest(worse, worse + better).pvalue
    assert mcnemar == pytest.approx(p, rel=5e-4)

    run = imported(task)
    row = compare(run, baseline="zero-shot").table.iloc[0]
    assert (row["questions"], row["lost"], row["gained"]) == (shared, lost, gained)
    assert row["difference"] == pytest.approx((gained - lost) / shared)
    assert row["p"] == pytest.approx(mcnemar, rel=1e-9)
    assert row["verdict"] == "improved"
    notes = "\n".join(run.notes)
    assert f"{shared:,} question" in notes
    assert (f"{unlike} of these differ in case, spaces or punctuation only" in notes) == (unlike > 0)
    assert ("zero-shot lacks 1 question of the others: 'On Monday the post office" in notes) == (only_few > 0)


def test_outputs_without_a_value_carry_the_gain_on_gsm8k():
    """183 zero-shot programs gave no value: were they all right, the gain might be none; on SVAMP it stays."""
    silent = {arm: sum(row["executed"] is None for row in raw_lines(f"gsm8k_{arm}_shot")) for arm in ("zero", "few")}
    assert silent == {"zero": 183, "few": 23}
    run = imported("gsm8k")
    bounds = run.bounds.set_index("condition")
    assert bounds["no_answer"].to_dict() == {"zero-shot": 183, "few-shot": 23}
    assert compare(run, baseline="zero-shot").table.loc[0, "validity"] == "fragile"
    assert compare(imported("svamp"), baseline="zero-shot").table.loc[0, "validity"] == "ok"


def test_outputs_regraded_exactly_lose_what_a_tolerance_gave():
    """A sum of floats such as 3.999999999999999 for 4 is within their thousandth, and is not the exact answer."""
    paths = {f"{arm}-shot": OUTPUTS / f"pot_gsm8k_{arm}_shot.jsonl" for arm in ("zero", "few")}
    columns = {"question_text": TEXTS["gsm8k"], "score": right, "gold": "answer"}
    columns["completion"] = lambda row: "" if row["executed"] is None else str(row["executed"])
    run = import_run(paths, model="codex", columns=columns, keep=lambda row: "question" in row)
    frame = run.regrade(grader_named("number")).to_frame()
    rows = [row for arm in ("zero", "few") for row in raw_lines(f"gsm8k_{arm}_shot")]
    exact = [isinstance(row["executed"], float) and row["executed"] == row["answer"] for row in rows]
    assert frame["as_scored"].to_list() == list(map(right, rows))
    odd = frame[frame["score"] != exact]
    assert odd["completion"].to_list() == ["(7, 7)"]  # one number said twice: right by our rules
    assert sum(map(right, rows)) - sum(exact) == 14


# (b) 12 models x 5 shot counts, where errors and empty outputs were scored 0

GAUGE = OUTPUTS / "adapt_gauge_phase15.csv"
COLUMNS = {
    "model": "model_name",
    "condition": lambda row: f"few-shot-{row['shot_count']}",
    "shots": "shot_count",
    "question": "input",
    "sample": "trial_id",
    "score": "score",
    "completion": "actual_output",
    "error": lambda row: row["actual_output"] if row["actual_output"].startswith("ERROR") else "",
    "gold": "expected_output",
}
Arm = tuple[str, str]


def ending(row: Mapping[str, str]) -> str:
    output = row["actual_output"].strip()
    return "error" if output.startswith("ERROR") else "complete" if output else "empty"


@pytest.fixture(scope="module")
def gauge() -> dict[Arm, list[dict[str, str]]]:
    """The raw rows of each arm."""
    arms = defaultdict(list)
    with GAUGE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            arms[row["model_name"], f"few-shot-{row['shot_count']}"].append(row)
    return dict(arms)


@pytest.fixture(scope="module")
def gauge_runs() -> list[ImportedRun]:
    return import_runs(GAUGE, columns=COLUMNS)


def over_items(rows: list[dict[str, str]], value: Callable[[dict[str, str]], float | None]) -> float:
    """The mean over items of the mean over their trials, where there is a value."""
    items = defaultdict(list)
    for row in rows:
        if (found := value(row)) is not None:
            items[row["input"]].append(found)
    return fmean(map(fmean, items.values()))


def test_outputs_scored_0_get_their_endings_back(gauge: dict[Arm, list[dict[str, str]]], gauge_runs: list[ImportedRun]):
    assert len(gauge_runs) == 12
    table = pd.concat([run.bounds.assign(model=run.model) for run in gauge_runs]).set_index(["model", "condition"])
    assert set(table.index) == set(gauge)
    assert table[["error", "empty"]].sum().to_list() == [248, 492]
    assert sum(float(row["score"]) for rows in gauge.values() for row in rows if ending(row) != "complete") == 0
    for arm, rows in gauge.items():
        found = table.loc[arm]
        assert found["questions"] == len({row["input"] for row in rows}) == 19  # the item is the unit: 57 rows of 19
        for name in ("error", "empty"):
            assert found[name] == sum(ending(row) == name for row in rows)
        assert found["as_scored"] == pytest.approx(over_items(rows, lambda row: float(row["score"])))
        valid = over_items(rows, lambda row: None if ending(row) == "error" else float(row["score"]))
        best = over_items(rows, lambda row: float(row["score"]) if ending(row) == "complete" else 1.0)
        assert found["score"] == pytest.approx(valid)
        assert (found["low"], found["high"]) == pytest.approx((found["as_scored"], best))


def test_outputs_that_failed_carry_no_valid_verdict(
    gauge: dict[Arm, list[dict[str, str]]], gauge_runs: list[ImportedRun]
):
    as_scored = compare([run.as_scored() for run in gauge_runs], baseline="few-shot-0").table
    assert set(as_scored["validity"]) == {"ok"}  # nothing in the scores says that anything failed
    table = compare(gauge_runs, baseline="few-shot-0").table
    assert set(table["questions"]) <= set(range(17, 20))
    for row in table.to_dict("records"):
        arms = [gauge[row["model"], condition] for condition in (row["condition"], "few-shot-0")]
        errors, empty = (max(fmean(ending(r) == name for r in arm) for arm in arms) for name in ("error", "empty"))
        expected = "invalid" if errors > 0.02 else "fragile" if empty > 0.5 else "ok"
        assert row["validity"] == expected, row
    assert table["validity"].value_counts().to_dict() == {"invalid": 20, "ok": 20, "fragile": 8}


def test_outputs_that_collapse_from_93_to_30_percent_are_errors(gauge: dict[Arm, list[dict[str, str]]]):
    model = "gemini-3-flash-preview"
    run = import_run(GAUGE, columns=COLUMNS, model=model, keep=lambda row: row["task_id"] == "custom_route_001")
    rows = [r for r in gauge[model, "few-shot-8"] if r["task_id"] == "custom_route_001"]
    valid = [float(r["score"]) for r in rows if ending(r) == "complete"]
    assert (len(rows), len(valid)) == (9, 3)
    assert fmean(float(r["score"]) for r in rows) == pytest.approx(0.30)
    assert over_items(rows, lambda row: float(row["score"]) if row["score"] != "0.0" else None) == pytest.approx(0.925)
    bounds = run.bounds.set_index("condition")
    assert bounds["as_scored"].to_list() == pytest.approx([0.9333, 0.9333, 0.4333, 0.5333, 0.3], abs=1e-4)
    assert bounds["error"].to_list() == [0, 0, 5, 4, 6]
    assert bounds["score"].min() == pytest.approx(0.925)  # of three trials that were answered, on two items
    found = compare(run, baseline="few-shot-0").table.set_index("condition")
    assert found["validity"].to_list() == ["ok", "invalid", "invalid", "invalid"]
    assert "degraded" not in set(found["verdict"])
    assert "missing: 15 samples that ended in an error; the source scored 15 of them (0)" in run.notes


def test_outputs_regraded_as_their_source_did_differ_where_a_model_reasons_aloud():
    """Exact match of the whole output against the answer that it ends with, on the two tasks so scored."""
    runs = import_runs(GAUGE, columns=COLUMNS, keep=lambda row: row["scoring_method"] == "exact_match")
    ours = pd.concat([run.regrade(grader_named("text")).to_frame() for run in runs])
    valid = ours[ours["ending"] != "error"]
    assert ours.loc[ours["ending"] == "error", "score"].isna().all()
    unlike = valid[valid["score"] != valid["as_scored"]]
    assert (len(valid), len(unlike)) == (1663, 3)
    assert (unlike["score"] == 1).all()
    assert unlike["completion"].str.endswith("final answer is: Technical Support.\n\nI'll now produce the answer "
                                             "accordingly.Technical Support").all()  # fmt: skip


# (c) seven small models, 160,000 samples; the templates are in the texts of another file

MINIATURE, ADAPTERS = OUTPUTS / "miniature_samples.parquet", SHARED / "adapters" / "questions.jsonl"


def wordings(texts: list[str]) -> list[int]:
    """A cluster for each text: texts of equal length that share three words in five, joined through one another.

    Names, things and numbers are what a template fills in; numbers count as one word.
    """
    words = [re.findall(r"#|[a-z]+|[-+*/]", re.sub(r"\d+", "#", text.casefold())) for text in texts]
    leader = list(range(len(texts)))
    for i, j in combinations(range(len(texts)), 2):
        if len(words[i]) == len(words[j]):
            alike = sum(a == b for a, b in zip(words[i], words[j], strict=True))
            if leader[i] != leader[j] and alike >= 0.6 * len(words[i]):
                leader = [leader[i] if one == leader[j] else one for one in leader]
    return leader


@pytest.fixture(scope="module")
def asked() -> pd.DataFrame:
    """The 400 questions with their template as the generator names it, and a cluster from the text alone."""
    asked = pd.read_json(ADAPTERS, lines=True)
    return asked.assign(cluster=wordings(asked["question"].to_list()))


@pytest.fixture(scope="module")
def miniature() -> pd.DataFrame:
    return pd.read_parquet(MINIATURE)


def arm_of(row: Mapping[str, Any]) -> str:
    shown = f"few-shot-{row['shots']} {row['exemplar_style']} {row['layout']}" if row["shots"] else row["condition"]
    return f"{shown} in the training template" if row["training_template"] else shown


@pytest.fixture(scope="module")
def miniature_runs(asked: pd.DataFrame) -> list[ImportedRun]:
    texts, clusters = asked["question"].to_list(), asked["cluster"].to_list()
    return import_runs(
        MINIATURE,
        columns={
            "model": "model",
            "condition": arm_of,
            "question": "question",
            "question_text": lambda row: texts[row["question"]],
            "cluster": lambda row: clusters[row["question"]],
            "sample": "sample",
            "score": "correct",
            "ending": lambda row: "truncated" if row["truncated"] else None,
            "completion": "completion",
            "format_ok": "strict_format",
            "gold": "answer",
            "completion_tokens": "completion_tokens",
        },
    )


TURNS = [f"few-shot-{k} worked turns" for k in (1, 3, 5)]


@pytest.fixture(scope="module")
def dose(miniature_runs: list[ImportedRun]) -> Comparison:
    return compare(miniature_runs, baseline="zero-shot", conditions=TURNS)


def test_outputs_of_160000_samples_belong_to_the_questions_of_another_file(
    asked: pd.DataFrame, miniature: pd.DataFrame, miniature_runs: list[ImportedRun]
):
    known = miniature.drop_duplicates("question").set_index("question").sort_index()
    for name in ("answer", "level", "split"):
        assert known[name].to_list() == asked[name].to_list()
    assert sum(len(run.samples) for run in miniature_runs) == len(miniature) == 160_000
    assert {run.model for run in miniature_runs} == set(miniature["model"])
    truncated = sum(int(run.bounds["truncated"].sum()) for run in miniature_runs)
    empty = (miniature["completion"].str.strip() == "") & ~miniature["truncated"]
    assert truncated == miniature["truncated"].sum()
    assert sum(int(run.bounds["empty"].sum()) for run in miniature_runs) == empty.sum()


def test_outputs_regraded_keep_the_scores_that_were_ours(miniature_runs: list[ImportedRun]):
    """They were scored by an early release of the number grader, which took a thought for an answer."""
    runs = {run.model: run for run in miniature_runs}
    changed = {}
    for model in ("sft-narrow", "r1"):
        few = replace(runs[model], samples=runs[model].samples.query("condition == 'few-shot-3 worked turns'"))
        frame = few.regrade(grader_named("number")).to_frame()
        changed[model] = frame[frame["score"] != frame["as_scored"]]
    assert len(changed["sft-narrow"]) == 0
    assert set(changed["r1"]["why"]) <= {"no answer: the reasoning never closed"}


def test_outputs_have_their_templates_back(asked: pd.DataFrame):
    """Every story cluster lies in one template; bare expressions differ in their operators and share a wording."""
    bare = asked["question"].str.contains(r"^(?:What is|Calculate|Compute the value of) [\d +*/-]+[?.]$")
    stories = asked[~bare]
    assert asked["template"].nunique() == 31
    assert asked["cluster"].nunique() == 40
    assert stories.groupby("cluster")["template"].nunique().max() == 1
    assert stories["template"].nunique() == 28
    held = stories[stories["split"] == "held"]
    assert held.groupby("template")["cluster"].nunique().max() == 1  # each held-out template is found whole


def test_outputs_with_clusters_give_the_figures_of_plain_code(
    asked: pd.DataFrame, miniature: pd.DataFrame, dose: Comparison
):
    """Difference, discordant questions and CR2 standard error of a mean, each by hand."""
    shown = miniature["exemplar_style"].eq("worked") & miniature["layout"].eq("turns")
    zero_shot = miniature["condition"].eq("zero-shot")
    rows = miniature[(shown | zero_shot) & ~miniature["training_template"]]
    means = rows.groupby(["model", "shots", "question"])["correct"].mean()
    table = dose.table.set_index(["model", "condition"])
    assert len(table) == 7 * 3
    ratios = []
    for (model, condition), row in table.iterrows():
        few, zero = means[model, int(condition.split("-")[2][0])], means[model, 0]
        change = few - zero
        assert row["difference"] == pytest.approx(change.mean())
        assert (row["lost"], row["gained"]) == ((change < 0).sum(), (change > 0).sum())
        groups = (change - change.mean()).groupby(asked["cluster"].reindex(change.index))
        squares = groups.sum() ** 2 / (1 - groups.size() / len(change))  # CR2 of an intercept alone
        se = math.sqrt(squares.sum()) / len(change)
        assert row["se"] == pytest.approx(se)
        ratios.append(se / (change.std() / math.sqrt(len(change))))
    assert (table["clusters"] == 40).all()
    assert sorted(ratios)[len(ratios) // 2] > 1.3  # what leaving the templates out would hide
    assert max(ratios) > 2.5


def test_outputs_repeat_the_verdicts_of_the_feasibility_run(dose: Comparison, miniature_runs: list[ImportedRun]):
    verdict = dose.table.set_index(["model", "condition"])["verdict"]
    for model in ("plain", "r1-narrow"):
        assert verdict[model, "few-shot-3 worked turns"] == "degraded"
    assert verdict["sft", "few-shot-3 worked turns"] == "inconclusive"
    pair = [run for run in miniature_runs if run.model in ("r1-narrow", "sft-narrow")]
    found = contrast(pair, model="r1-narrow", control="sft-narrow", baseline="zero-shot", conditions=TURNS).table
    assert set(found["verdict"]) == {"inconclusive"}  # the control falls as deep
