"""The analysis of the design dose: by simulated samples whose truth is known, and by small recordings."""

from __future__ import annotations

import random
import re
from functools import partial
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from experiments.r1_miniature import dose_figures, dose_parts, dose_runs, dose_steps, dose_told, doses, registered
from experiments.r1_miniature.doses import ALL, LINE, MEAN
from experiments.r1_miniature.record import DESIGNS, DROPPED
from experiments.r1_miniature.steps import BYPASSED, COPIED, SLIPPED
from local_models import LocalModel
from promptlab.comparison.crossed import crossed
from promptlab.errors import InputError
from promptlab.figures import alt_text
from promptlab.formats import ANSWER_IS
from promptlab.runner import run
from promptlab.types import Completion, Grade, Question, Request, Sampling

mpl.use("Agg")
QUESTIONS = registered.questions(30)
SHOWN = {  # (style, select, content, layout): what every exemplar adds to the chance of a right answer
    ("worked", "random", "own", "one-message"): -0.08,
    ("answers", "random", "own", "one-message"): -0.04,
    ("answers", "random", "wrong-answers", "one-message"): -0.04,
    ("worked", "random", "own", "turns"): 0.0,
}
WORKED, BARE = "worked, one message", "answers, one message"


def simulated(slopes: dict[str, float], samples: int = 6) -> pd.DataFrame:
    """`slopes` are factors of `SHOWN` by model; draws differ in nothing."""
    rng, q, parts = np.random.default_rng(1), np.arange(160), []
    few = [(k, kind, add) for kind, add in SHOWN.items() for k in (1, 2, 4, 8)]
    arms = [(0, ("", "", "", "one-message"), 0.0), *few]
    for model, factor in slopes.items():
        for k, kind, add in arms:
            chance = 0.68 + factor * add * k + 0.3 * (q % 2)
            for sample in range(samples):
                named = dict(zip(("style", "select", "content", "layout"), kind, strict=True))
                cell = {"model": model, "condition": "-".join(("few", str(k), *kind)) if k else "zero-shot", "shots": k}
                found = {"question": [f"q{i:03}" for i in q], "cluster": [f"c{i % 40}" for i in q], "draw": q // 2 % 8}
                score = (rng.random(len(q)) < chance) * 1.0
                parts.append(pd.DataFrame({**cell, **named, "sample": sample, **found, "score": score}))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def found() -> doses.Doses:
    return doses.analysed(simulated({"r1-narrow": 1.0, "sft-narrow": 0.25}))


def test_series_are_named_by_what_is_unusual() -> None:
    frame = simulated({"m": 1.0}, samples=1)
    assert list(dose_runs.series_of(frame)) == [WORKED, BARE, "wrong-answers, one message", "worked, turns"]
    assert list(dose_runs.series_of(frame)[WORKED]) == [1, 2, 4, 8]


def test_effects_by_known_truth(found: doses.Doses) -> None:
    sizes = found.effects.set_index(["model", "series", "what"])
    mean, line = (sizes.loc[("r1-narrow", WORKED, what)] for what in (MEAN, LINE))
    assert mean["low"] < -0.08 * 3.75 < mean["high"] < 0
    assert line["low"] < -0.08 * 8 < line["high"] < 0
    flat = sizes.loc[("r1-narrow", "worked, turns", LINE)]
    assert flat["low"] < 0 < flat["high"]
    *each, whole = found.effects.query("model == 'r1-narrow' and what == @MEAN")["difference"]
    assert whole == pytest.approx(np.mean(each))


def test_an_interval_for_more_draws_is_never_narrower(found: doses.Doses) -> None:
    assert (found.effects["drawn_low"] <= found.effects["low"]).all()
    assert (found.effects["drawn_high"] >= found.effects["high"]).all()
    assert set(found.effects["draws"]) == {8}


def test_draws_that_differ_widen_the_interval_for_more_of_them() -> None:
    frame = simulated({"m": 1.0}, samples=2)
    lucky = (frame["draw"] < 4) & (frame["shots"] > 0)
    frame["score"] = np.where(lucky, 1.0, frame["score"])
    sizes = doses.effects(crossed(frame), "m").set_index(["series", "what"]).loc[(WORKED, MEAN)]
    assert sizes["drawn_high"] - sizes["drawn_low"] > 1.5 * (sizes["high"] - sizes["low"])


def test_kinds_are_compared_at_equal_k(found: doses.Doses) -> None:
    rows = found.kinds[(found.kinds["model"] == "r1-narrow") & found.kinds["shots"].isna()].set_index("contrast")
    contrast = rows.loc[f"{BARE} less {WORKED}"]
    assert 0 < contrast["low"] < 0.04 * 3.75 < contrast["high"]
    same = rows.loc[f"wrong-answers, one message less {BARE}"]
    assert same["low"] < 0 < same["high"]
    assert len(rows) == 3  # of the pairs that are there


def test_a_missing_k_is_left_out_of_both_sides() -> None:
    frame = simulated({"m": 1.0}, samples=1)
    lacking = frame[~((frame["shots"] == 8) & (frame["style"] == "answers") & (frame["content"] == "own"))]
    rows = doses.kinds(crossed(lacking), "m")
    assert rows[rows["contrast"] == f"{BARE} less {WORKED}"]["shots"].dropna().tolist() == [1, 2, 4]
    assert f"{BARE} beyond k = 4" in dose_told.of_samples(lacking)


def test_models_are_compared_in_pairs(found: doses.Doses) -> None:
    row = found.models.set_index(["series", "what"]).loc[(WORKED, MEAN)]
    assert row["low"] < -0.06 * 3.75 < row["high"] < 0
    assert set(found.models["pair"]) == {"r1-narrow less sft-narrow"}
    alone = simulated({"plain": 1.0}, samples=1)
    assert doses.models(crossed(alone)).empty
    assert list(dose_told.of_models(doses.models(crossed(alone)))) == []


def test_sentences_say_what_is_decided(found: doses.Doses) -> None:
    said = next(iter(dose_told.of_dose(found.differences, found.shapes)))
    assert "falls: worked, answers, wrong-answers (-" in said
    assert "inconclusive: worked as turns" in said
    assert "Against zero-shot at the first k -" in said
    assert f"{BARE} less {WORKED} +" in next(iter(dose_told.of_kinds(found.kinds)))
    assert "(they differ in RL): mean over k -" in next(iter(dose_told.of_models(found.models)))
    assert "of 4 series 3 below 0" in next(iter(dose_told.of_drawn(found.effects)))
    frame = simulated({"r1-narrow": 1.0, "sft-narrow": 1.0}, samples=1)
    assert "Absent: the model plain, the model r1, the model sft." in dose_told.of_samples(frame)


def test_figures_say_what_they_show(found: doses.Doses) -> None:
    told = alt_text(dose_figures.doses(found.differences).figure)
    assert told.count("Few-shot less zero-shot accuracy over k") == len(SHOWN)
    assert "Kinds and layouts" in alt_text(dose_figures.kinds(found.kinds).figure)
    assert "along the line" in alt_text(dose_figures.models(found.models).figure)


def reply(copying: float, request: Request) -> Completion:
    """Right work or a slip; a share of answers with exemplars takes a number of theirs, for a step or as the answer."""
    rng, content = random.Random(request.seed), request.prompt.messages[-1].content
    asked = next(question for question in QUESTIONS if question.text in content)
    done = " ".join(f"{step['expression']} = {step['value']}." for step in asked.meta["steps"])
    text, shown = f"<think>\n{done}\n</think>\nThe answer is {asked.answers[0]}.", request.prompt.exemplars
    if shown and rng.random() < copying:
        taken = int(re.findall(r"\d+", shown[0])[-1])
        text = f"The answer is {taken}." if rng.random() < 0.5 else f"{taken} + 9973 = {taken + 9973}. The answer is 4."
    elif rng.random() < 0.2:
        first = asked.meta["steps"][0]
        text = f"{first['expression']} = {first['value'] + 1}. The answer is {first['value'] + 1}."
    return Completion(text, "complete", completion_tokens=20)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pyarrow")
    folder = tmp_path_factory.mktemp("results")
    kept = ["zero-shot", "few-shot-1-one-message", "few-shot-3-one-message", "few-shot-2", "few-shot-4"]
    kept += [f"few-shot-{k}-answers{what}-one-message" for k in (1, 2) for what in ("", "-wrong-answers")]
    arms = [condition for condition in DESIGNS["dose"].conditions() if condition.name in kept]
    options = {"sampling": Sampling(max_tokens=256), "answer_format": ANSWER_IS, "progress": False}
    for name, copying in {"r1-narrow": 0.6, "sft-narrow": 0.0}.items():
        model = LocalModel(name, partial(reply, copying), together=100)
        done = run(model, arms, QUESTIONS, samples=2, path=folder / name, **options)
        done.to_parquet(folder / f"{name}-dose.parquet", drop=DROPPED)
    return folder


def test_parts_by_known_truth(recorded: Path) -> None:
    runs = dose_runs.recorded(recorded)
    assert list(runs) == ["r1-narrow", "sft-narrow"]
    found = doses.analysed(dose_runs.samples(runs))
    steps = dose_parts.analysed(runs, found.effects)
    parts = steps.parts[steps.parts["model"] == "r1-narrow"].set_index(["series", "what", "way"])
    for way in (COPIED, BYPASSED):
        mean = parts.loc[(ALL, MEAN, way)]
        assert mean["low"] < -0.3 < mean["high"] < 0
        assert mean["share_low"] < 0.6 < mean["share_high"]
    assert parts.loc[(ALL, MEAN, SLIPPED), "difference"] > 0  # who takes an exemplar's number cannot slip
    sizes = found.effects[found.effects["model"] == "r1-narrow"].set_index(["series", "what"])["difference"]
    sums = parts["difference"].groupby(level=["series", "what"]).sum()
    assert sums.to_dict() == pytest.approx(sizes.to_dict())
    control = steps.parts[steps.parts["model"] == "sft-narrow"]
    assert set(control["way"]) == {SLIPPED}
    assert control["share"].isna().all()
    said = list(dose_told.of_parts(steps.parts))
    assert f"mean of all series: {BYPASSED} -" in said[0]
    assert said[2].endswith("none away from 0.")
    of_k = steps.by_k.groupby(["model", "series", "shots"])["difference"].sum()
    each = found.differences.set_index(["model", "series", "shots"])["difference"]
    assert of_k.to_dict() == pytest.approx(each.to_dict())


def test_an_exemplars_answer_repeated(recorded: Path) -> None:
    runs = dose_runs.recorded(recorded, ["r1-narrow"])
    rows = dose_parts.repeated(crossed(dose_steps.checked(runs["r1-narrow"], "r1-narrow")), "r1-narrow")
    assert (rows["difference"][rows["shots"] == 1] > 0.1).all()
    assert rows["series"].iloc[-1] == f"wrong-answers, one message less {BARE}"
    assert next(iter(dose_told.of_repeats(rows))).endswith("].")
    assert "Wrong answers that are an exemplar's" in alt_text(dose_figures.repeats(rows).figure)


def test_what_counts_as_repeated() -> None:
    question = Question("q", "Ann has 12 pens and 30 cups.", ("42",))
    shown = ("Tom has 3 of 77. How many?\n80", "Of 12 how many?\n12")
    wrong = {answer: Grade(0.0, answer, answered=True) for answer in ("80", "77", "12", "41")}
    assert [dose_steps.repeats(question, shown, grade) for grade in wrong.values()] == [True, False, False, False]
    assert not dose_steps.repeats(question, shown, Grade(1.0, "80", answered=True))
    assert not dose_steps.repeats(question, shown, Grade(0.0))


def test_zero_shot_answers_are_checked_as_if_shown(recorded: Path) -> None:
    frame = dose_steps.checked(dose_runs.recorded(recorded, ["r1-narrow"])["r1-narrow"], "r1-narrow")
    as_if = frame["condition"].str.startswith(dose_steps.AS_IF)
    assert as_if.sum() == (~as_if).sum()  # as many conditions, questions and samples
    assert (frame.loc[as_if, "shots"] == 0).all()
    told = dose_parts.described(frame)
    assert (told["shots"] == 0).sum() == told["series"].nunique()
    assert told.loc[told["shots"] == 0, "done"].min() > 0.7


def test_a_folder_without_runs_is_named(tmp_path: Path, recorded: Path) -> None:
    with pytest.raises(InputError, match="holds no run of the design dose: record it with --design dose"):
        dose_runs.recorded(tmp_path)
    with pytest.raises(InputError, match="holds no run of r1 of the design dose"):
        dose_runs.recorded(recorded, ["r1-narrow", "r1"])
