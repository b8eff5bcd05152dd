"""Answers by place: a model that always says A, one that reads the options, and what the table says of both."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from local_models import SAMPLING, LocalModel
from promptlab.comparison import position_bias
from promptlab.errors import InputError
from promptlab.prompts import zero_shot
from promptlab.records import Run
from promptlab.runner import run
from promptlab.types import Completion, Question, Request

QUESTIONS = [
    Question(f"q{i}", f"Which is number {i}?", ("ABCD"[i * 7 % 4],), "label", tuple(f"thing{i}{c}" for c in "wxyz"))
    for i in range(30)
]


def said(text: str) -> Completion:
    return Completion(text, "complete", prompt_tokens=30, completion_tokens=5)


def always_a(request: Request) -> Completion:
    return said("A")


def by_content(request: Request) -> Completion:
    """The option whose text ends in x, wherever it stands."""
    return said(re.findall(r"^([A-D])\. thing\d+x$", request.prompt.messages[-1].content, re.M)[0])


def leaning(request: Request) -> Completion:
    return always_a(request) if request.seed % 2 else by_content(request)


def go(path: Path, reply: Any, variants: int = 4, questions: Any = QUESTIONS, samples: int = 4) -> Run:
    arms = [zero_shot(), zero_shot(variants=variants).but(name="ensemble", replicate=1)]
    model = LocalModel(reply=reply)
    return run(model, arms, questions, samples=samples, sampling=SAMPLING, path=path, progress=False)


def test_a_model_that_always_says_a_hangs_on_the_place_in_every_order(tmp_path: Path):
    found = position_bias(go(tmp_path / "run", always_a))
    table = found.table.set_index(["condition", "place"])
    assert table["answers"].tolist() == [1, 0, 0, 0] * 2
    assert (table.xs("A", level="place")["low"] > 0.2).all()
    assert table.loc[("ensemble", "A"), "score"] == 1
    assert table.loc[("ensemble", "B"), "score"] == 0
    assert (table["bias"] - (table["answers"] - table["expected"])).abs().max() < 1e-12
    assert table["against"].unique().tolist() == ["gold", "own answers"]
    assert found.verdicts[1].startswith("local under ensemble: answers hang on the place; largest at A, +")


@given(st.permutations("wxyz"), st.integers(2, 6))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_model_that_reads_the_options_has_no_bias_however_they_stand(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], m: int
):
    asked = [replace(q, choices=tuple(f"thing{q.id[1:]}{c}" for c in order)) for q in QUESTIONS[:8]]
    done = go(tmp_path_factory.mktemp("runs") / "run", by_content, variants=m, questions=asked, samples=m)
    table = position_bias(done, conditions=["ensemble"]).table
    assert table["bias"].abs().max() < 1e-12


def test_without_other_orders_a_liking_for_an_option_looks_like_one_for_its_place(tmp_path: Path):
    table = position_bias(go(tmp_path / "run", by_content), conditions=["zero-shot"]).table.set_index("place")
    assert table.loc["B", ["answers", "against"]].tolist() == [1, "gold"]
    assert table.loc["B", "low"] > 0


def test_a_leaning_is_found_at_its_size(tmp_path: Path):
    """Half of its answers are the first option, the others what it reads: (m - 1) / m of that half is shown."""
    done = go(tmp_path / "run", leaning, variants=24, samples=24)
    first = position_bias(done, conditions=["ensemble"]).table.iloc[0]
    assert first["bias"] == pytest.approx(0.5 * 3 / 4, abs=0.05)
    assert first["low"] < 0.5 * 3 / 4 < first["high"]


def test_against_gold_the_shares_are_what_a_chi_square_test_would_count(tmp_path: Path):
    part = position_bias(go(tmp_path / "run", leaning), conditions=["zero-shot"]).table
    counts, wanted = part["answers"] * part["samples"], part["expected"] * part["samples"]
    assert np.allclose(counts, counts.round())
    assert ((counts - wanted) ** 2 / wanted).sum() == pytest.approx(chisquare(counts, wanted).statistic)
    assert (counts - wanted).tolist() == pytest.approx((part["bias"] * part["samples"]).tolist())


def test_several_runs_and_questions_with_fewer_options(tmp_path: Path):
    few = [Question(f"two{i}", f"Yes or no, {i}?", ("AB"[i % 2],), "label", ("yes", "no")) for i in range(12)]
    model = LocalModel("small", reply=always_a)
    second = run(
        model, zero_shot(), [*few, *QUESTIONS[:12]], samples=1, sampling=SAMPLING, path=tmp_path / "two", progress=False
    )
    table = position_bias([go(tmp_path / "one", always_a), second]).table.set_index(["model", "place"])
    assert table.loc["small", "samples"].tolist() == [24, 24, 12, 12]


def test_what_names_no_option_is_not_counted(tmp_path: Path):
    silent = go(tmp_path / "run", lambda request: said("I cannot say."))
    with pytest.raises(InputError, match="no sample names an option"):
        position_bias(silent)
    with pytest.raises(InputError, match=r"runs of position_bias is .*: it must be a Run"):
        position_bias(silent.to_frame())


def test_it_shows_itself(tmp_path: Path):
    found = position_bias(go(tmp_path / "run", always_a))
    assert repr(found).startswith("<PositionBias: local under zero-shot: answers hang on the place")
    assert "Answers by the place of the option" in found.to_markdown()
    assert "largest at A" in found._repr_html_()
