"""A design is frozen before its samples, and what was done otherwise is said."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.figure
import matplotlib.image
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from local_models import LocalModel, complete
from promptlab import cli, comparison, figures
from promptlab.comparison import (
    compare,
    contrast,
    contrast_seeds,
    cost_matched,
    decisions,
    dose,
    explain_loss,
    oddest,
    over_draws,
    pass_at_k,
)
from promptlab.errors import InputError, ModelError
from promptlab.experiment import Experiment, designing
from promptlab.prompts import few_shot, few_shot_controls
from promptlab.records import Run, load_run
from promptlab.registering import Registration
from promptlab.registering.registration import written
from promptlab.runner import run
from promptlab.types import Completion, Grade, Question, Request

mpl.use("agg")

DESIGN: dict[str, Any] = {
    "models": ["local:one", "local:two"],
    "conditions": ["zero-shot", "concise", {"few-shot": {"k": 2}}],
    "questions": {"source": "arithmetic", "n": 6, "levels": [1]},
    "sampling": {"max_tokens": 64},
    "control": "two",
    "margin": 0.05,
    "samples": 2,
}


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> dict[str, LocalModel]:
    """The models of the experiment, by name: none needs weights, and each counts what it is asked."""
    opened: dict[str, LocalModel] = {}

    def opening(name: str) -> LocalModel:
        short = name.removeprefix("local:")
        return opened.setdefault(short, LocalModel(short))

    monkeypatch.setattr(designing, "open_model", opening)
    return opened


def made(folder: Path, **changes: Any) -> Experiment:
    return Experiment.from_mapping(DESIGN | {"path": str(folder / "runs" / "x")} | changes)


def asked(models: dict[str, LocalModel]) -> int:
    return sum(model.asked.total() for model in models.values())


# -- the file ----------------------------------------------------------------------------------------------------------


def test_the_file_is_readable_and_comes_back_as_it_was(tmp_path: Path):
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    frozen = made(tmp_path).register(tmp_path / "new" / "design.yaml")
    assert before <= datetime.fromisoformat(frozen.registered) <= datetime.now(UTC)
    read = Registration.read(tmp_path / "new" / "design.yaml")
    assert (read, read.hash) == (frozen, frozen.hash)
    found = yaml.safe_load((tmp_path / "new" / "design.yaml").read_text())
    design = found["design"]
    assert found["hash"] == frozen.hash
    assert list(design["models"]) == ["one", "two"]
    assert "engine" not in design["models"]["one"]
    assert design["conditions"]["few-shot-2"]["shots"] == 2
    assert design["questions"]["hash"] == made(tmp_path).questions.hash
    assert (design["samples"], design["margin"], design["baseline"]) == (2, 0.05, "zero-shot")
    assert design["sampling"]["seed"] == design["tests"]["seed"] == 0
    assert design["tests"]["differences"] == ["one: concise", "one: few-shot-2", "two: concise", "two: few-shot-2"]
    assert design["tests"]["contrasts"] == ["one - two: concise", "one - two: few-shot-2"]


def test_the_same_design_again_is_the_same_registration_and_another_is_refused(tmp_path: Path):
    file = tmp_path / "design.yaml"
    first = made(tmp_path).register(file)
    assert made(tmp_path).register(file) == first
    text = file.read_text()
    with pytest.raises(InputError, match=r"holds another design \(margin 0.02 instead of 0.05\): take another path"):
        made(tmp_path, margin=0.02).register(file)
    assert file.read_text() == text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("margin: 0.05", "margin: 0.5"),
        ("registered: '20", "registered: '19"),
        ("hash: ", "hash: 0"),
        ("hash: ", "note: 1\nhash: "),
    ],
)
def test_a_changed_file_is_seen(tmp_path: Path, old: str, new: str):
    file = tmp_path / "design.yaml"
    made(tmp_path).register(file)
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match="was changed after it was registered"):
        Registration.read(file)


def test_a_key_that_stands_twice_is_refused(tmp_path: Path):
    """YAML takes the last, a reader may see the first."""
    file = tmp_path / "design.yaml"
    made(tmp_path).register(file)
    file.write_text(file.read_text().replace("  margin: 0.05", "  margin: 0.01\n  margin: 0.05", 1))
    with pytest.raises(InputError, match=r"design.yaml says 'margin' twice \(line \d+ and below\)"):
        Registration.read(file)


def test_layout_and_comments_are_no_change(tmp_path: Path):
    file = tmp_path / "design.yaml"
    frozen = made(tmp_path).register(file)
    file.write_text("# seen\n" + json.dumps(yaml.safe_load(file.read_text())))
    assert Registration.read(file) == frozen


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "{design: {}, registered: today, hash: x}", "design: {}"])
def test_what_is_no_design_is_said(tmp_path: Path, text: str):
    file = tmp_path / "design.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match="is no registered design"):
        Registration.read(file)
    with pytest.raises(InputError, match="cannot be read"):
        Registration.read(tmp_path / "nowhere.yaml")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc1:# -", max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(design=st.dictionaries(st.sampled_from(["a", "no", "1", "x: y"]), PLAIN, max_size=3))
@example(design={"a": "a line \x85 of Unicode"})
@settings(deadline=None, max_examples=60)
def test_plain_values_keep_their_hash_through_yaml(design: dict[str, Any]):
    back = yaml.safe_load(written(design))
    assert Registration(back, "2026-01-01").hash == Registration(design, "2026-01-01").hash


# -- runs under it -----------------------------------------------------------------------------------------------------


def test_as_registered(tmp_path: Path):
    asked_for = made(tmp_path)
    frozen = asked_for.register(tmp_path / "design.yaml")
    runs = asked_for.run(registration=frozen, progress=False)
    everything = [asked_for, *runs, asked_for.compare(runs), *asked_for.contrasts(runs)]
    assert frozen.deviations(*everything) == ()
    stamp = f"registered {frozen.registered[:10]}, hash {frozen.hash[:8]}"
    assert frozen.stamp(*everything) == f"{stamp}: as registered"
    assert frozen.stamp(asked_for, runs) == f"{stamp}: as registered"
    assert frozen.stamp() == stamp
    for recorded in runs:
        noted = recorded.manifest["registration"]
        assert (noted["hash"], noted["registered"], noted["looked_before"]) == (frozen.hash, frozen.registered, [])
        assert recorded.manifest["sessions"][0]["registration"] == frozen.hash


def test_an_older_sample_is_refused_before_any_call(tmp_path: Path, models: dict[str, LocalModel]):
    asked_for = made(tmp_path)
    frozen = asked_for.register(tmp_path / "design.yaml")
    asked_for.run(registration=frozen, progress=False)
    later = Registration(frozen.design, datetime.now(UTC).isoformat())
    paid = asked(models)
    with pytest.raises(InputError, match=r"one holds 36 samples from before the registration .* Take another path"):
        asked_for.run(registration=later, progress=False)
    with pytest.raises(InputError, match="before the registration"):
        asked_for.register(tmp_path / "late.yaml")
    assert not (tmp_path / "late.yaml").exists()
    assert asked(models) == paid


def test_the_last_model_is_looked_at_before_the_first_is_asked(tmp_path: Path, models: dict[str, LocalModel]):
    asked_for = made(tmp_path)
    frozen = asked_for.register(tmp_path / "design.yaml")
    later = Registration(frozen.design, (datetime.now(UTC) + timedelta(hours=1)).isoformat())
    replace(asked_for, models=("local:two",), control="").run(progress=False)
    with pytest.raises(InputError, match="two holds 36 samples from before the registration"):
        asked_for.run(registration=later, progress=False)
    assert models["one"].asked.total() == 0


def test_a_run_under_it_goes_on_after_a_stop_and_extends(tmp_path: Path, models: dict[str, LocalModel]):
    asked_for = made(tmp_path)
    frozen = asked_for.register(tmp_path / "design.yaml")
    models["one"].fail_after = (7, ModelError("the server is gone"))
    with pytest.raises(ModelError):
        asked_for.run(registration=frozen, progress=False)
    stopped = load_run(asked_for.path / "one")
    assert frozen.deviations(stopped) == ("one: failed: ModelError",)
    models["one"].fail_after = None
    runs = asked_for.run(registration=frozen, progress=False)
    assert frozen.deviations(asked_for, runs, asked_for.compare(runs)) == ()
    asked_for.narrowed(["zero-shot"], DESIGN["questions"] | {"n": 9}).run(progress=False)  # beside the design
    runs = [load_run(run.path) for run in runs]
    assert frozen.deviations(asked_for, runs, asked_for.compare(runs)) == ()
    assert runs[0].manifest["registration"]["hash"] == frozen.hash
    assert frozen.deviations(compare(runs, baseline="zero-shot", margin=0.05))[0] == "n_questions 9 instead of 6"


def test_copied_samples_keep_their_age(tmp_path: Path, models: dict[str, LocalModel]):
    asked_for = made(tmp_path, models=["local:one"], control="")
    parts = {"model": asked_for.open_models()[0], "conditions": asked_for.conditions, "questions": asked_for.questions}
    options: dict[str, Any] = {**parts, "samples": 2, "sampling": asked_for.sampling, "progress": False}
    run(path=tmp_path / "older", **options)
    frozen = asked_for.register(tmp_path / "design.yaml")
    run(path=tmp_path / "newer", reuse=tmp_path / "older", **options | {"samples": 3})
    asked = models["one"].asked.total()
    run(path=tmp_path / "new", reuse=tmp_path / "newer", registration=frozen, **options | {"samples": 3})
    assert models["one"].asked.total() == asked + 36  # the third sample of each cell was copied, the older two were not
    run(path=asked_for.path / "one", reuse=tmp_path / "older", **options)
    with pytest.raises(InputError, match="36 samples from before the registration"):
        asked_for.run(registration=frozen, progress=False)
    with pytest.raises(InputError, match=r"registration of run is 'design.yaml'"):
        run(path=tmp_path / "new", registration="design.yaml", **options)  # type: ignore[arg-type]


# -- looked before -----------------------------------------------------------------------------------------------------


def test_earlier_runs_on_these_questions_are_listed(tmp_path: Path):
    pilot = made(tmp_path, path=str(tmp_path / "runs" / "pilot"), questions=DESIGN["questions"] | {"n": 4})
    pilot.run(progress=False)
    unlike = {"source": "arithmetic", "n": 5, "levels": [4], "split": "dev"}
    made(tmp_path, path=str(tmp_path / "runs" / "others"), questions=unlike).run(progress=False)
    (tmp_path / "runs" / "junk" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "junk" / "one" / "samples.sqlite").write_text("no database")
    asked_for = made(tmp_path)
    frozen = asked_for.register(tmp_path / "design.yaml")
    runs = asked_for.run(registration=frozen, progress=False)
    found = {entry["run"]: entry for entry in runs[1].manifest["registration"]["looked_before"]}
    assert list(found) == ["../../junk/one", "../../pilot/one", "../../pilot/two"]
    shared = len({q.text for q in pilot.questions} & {q.text for q in asked_for.questions})
    assert shared > 0
    seen = found["../../pilot/one"]
    assert (seen["model"], seen["questions"], seen["samples"]) == ("one", shared, 24)
    assert seen["conditions"] == ["zero-shot", "concise", "few-shot-2"]
    assert seen["started"] <= runs[1].manifest["started"]
    assert found["../../junk/one"] == {"run": "../../junk/one", "unreadable": True}
    assert "beside" in runs[1].manifest["registration"]["scope"]
    end = "as registered; looked before: 3 runs on these questions, see manifest.json"
    assert frozen.stamp(asked_for, runs).endswith(end)


def test_a_single_run_beside_the_experiment_is_a_look(tmp_path: Path):
    """README's ``run(..., path="runs/mine")``, then an experiment in ``runs/x``."""
    asked_for = made(tmp_path)
    alone = {"samples": 1, "sampling": asked_for.sampling, "path": tmp_path / "runs" / "mine", "progress": False}
    run(LocalModel("one"), asked_for.conditions, asked_for.questions, **alone)
    frozen = asked_for.register(tmp_path / "design.yaml")
    runs = asked_for.run(registration=frozen, progress=False)
    looked = [[entry["run"] for entry in each.manifest["registration"]["looked_before"]] for each in runs]
    assert looked == [["../../mine"], ["../../mine"]]


def test_a_run_that_samples_are_copied_from_is_a_look_wherever_it_lies(tmp_path: Path, models: dict[str, LocalModel]):
    asked_for = made(tmp_path)
    frozen = asked_for.register(tmp_path / "design.yaml")
    seen = replace(asked_for, path=tmp_path / "far" / "away" / "from" / "here")
    seen.run(progress=False)
    paid = asked(models)
    runs = replace(asked_for, reuse=(seen.path,)).run(registration=frozen, progress=False)
    assert asked(models) == paid
    looked = [[entry["run"] for entry in run.manifest["registration"]["looked_before"]] for run in runs]
    assert looked == [[f"../../../far/away/from/here/{name}"] for name in ("one", "two")]
    assert frozen.stamp(asked_for, runs).endswith(
        "as registered; looked before: 2 runs on these questions, see manifest.json"
    )


def test_the_same_registered_run_once_more_is_a_look(tmp_path: Path):
    first = made(tmp_path, path=str(tmp_path / "runs" / "first"))
    frozen = first.register(tmp_path / "design.yaml")
    first.run(registration=frozen, progress=False)
    second = made(tmp_path, path=str(tmp_path / "runs" / "second"))
    runs = second.run(registration=frozen, progress=False)
    looked = [[entry["run"] for entry in run.manifest["registration"]["looked_before"]] for run in runs]
    assert looked == [["../../first/one"], ["../../first/two"]], "other models are the same experiment"
    assert "looked before: 2 runs" in frozen.stamp(second, runs)


def test_a_look_without_the_registration_in_the_same_directory_counts(tmp_path: Path):
    asked_for = made(tmp_path)
    frozen = asked_for.register(tmp_path / "design.yaml")
    runs = asked_for.run(progress=False)
    assert frozen.deviations(runs)[0] == "one was not run under this registration"
    runs = asked_for.run(registration=frozen, progress=False)
    assert [entry["run"] for entry in runs[0].manifest["registration"]["looked_before"]] == [".", "../two"]
    again = asked_for.run(registration=frozen, progress=False)
    assert len(again[0].manifest["registration"]["looked_before"]) == 2


def test_what_is_asked_beside_a_registered_run_is_no_earlier_look(tmp_path: Path):
    """The main notebook asks more questions under the baseline; a second call of it resumes."""
    asked_for = made(tmp_path)
    frozen = asked_for.register(tmp_path / "design.yaml")
    for _ in range(2):
        runs = asked_for.run(registration=frozen, progress=False)
        assert frozen.stamp(asked_for, runs).endswith("as registered")
        asked_for.narrowed(["zero-shot"], DESIGN["questions"] | {"n": 8}).run(progress=False)


# -- deviations --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"questions": DESIGN["questions"] | {"n": 5}}, "n_questions 5 instead of 6"),
        ({"questions": DESIGN["questions"] | {"seed": 1}}, "other questions, or another pool of exemplars"),
        ({"models": ["local:one"], "control": ""}, "models.two is left out; control [] instead of ['one - two']"),
        ({"conditions": ["zero-shot", "concise"]}, "conditions.few-shot-2 is left out"),
        ({"conditions": [*DESIGN["conditions"], {"few-shot": {"k": 3}}]}, "conditions.few-shot-3 was added"),
        ({"samples": 1}, "samples 1 instead of 2"),
        ({"sampling": {"max_tokens": 64, "temperature": 0}}, "sampling.temperature 0.0 instead of 0.6"),
        ({"sampling": {"max_tokens": 64, "seed": 3}}, "sampling.seed 3 instead of 0"),
        ({"baseline": "concise"}, "baseline concise instead of zero-shot"),
        ({"answer_format": "boxed"}, "answer_format {'name': 'boxed', .* instead of None"),
        ({"grader": "number"}, "grader.name number instead of by-kind"),
        ({"margin": None}, "margin None instead of 0.05"),
    ],
)
def test_what_an_experiment_does_otherwise(tmp_path: Path, changes: dict[str, Any], said: str):
    frozen = made(tmp_path).register(tmp_path / "design.yaml")
    other = made(tmp_path, **changes)
    assert re.search(f": deviates: {said if '.*' in said else re.escape(said)}", frozen.stamp(other))
    with pytest.warns(UserWarning, match="is deviated from: "):
        frozen.admit(other)
    assert frozen.deviations(made(tmp_path)) == ()


def test_a_prompt_that_no_factor_shows(tmp_path: Path):
    frozen = made(tmp_path).register(tmp_path / "design.yaml")
    pool = [replace(q, meta={**q.meta, "rationale": "Otherwise."}) for q in made(tmp_path).questions.pool]
    other = made(tmp_path)
    other = replace(other, questions=other.questions.with_pool(pool))
    assert frozen.deviations(other) == ("other questions, or another pool of exemplars",)
    changed = Registration({**frozen.design, "prompts": {**frozen.design["prompts"], "concise": "x"}}, "2026-01-01")
    assert changed.deviations(made(tmp_path))[0].startswith("prompts.concise ")


def test_other_weights_under_the_same_name(tmp_path: Path, models: dict[str, LocalModel]):
    frozen = made(tmp_path).register(tmp_path / "design.yaml")
    models["one"].id = replace(models["one"].id, adapter="a1b2")
    assert frozen.deviations(made(tmp_path)) == ("models.one.adapter a1b2 instead of ",)


def test_what_runs_and_comparisons_do_otherwise(tmp_path: Path, models: dict[str, LocalModel]):
    asked_for = made(tmp_path)
    frozen = asked_for.register(tmp_path / "design.yaml")
    made_otherwise = replace(asked_for, samples=1, sampling=replace(asked_for.sampling, top_p=0.5))
    with pytest.warns(UserWarning, match="samples 1 instead of 2; sampling.top_p 0.5 instead of 0.95"):
        runs = made_otherwise.run(registration=frozen, progress=False)
    found = frozen.deviations(runs)
    assert "one: samples 1 instead of 2" in found
    assert "two: sampling.top_p 0.5 instead of 0.95" in found
    compared = compare(runs[0], baseline="concise", alpha=0.1, seed=4)
    assert frozen.deviations(compared) == (
        "baseline concise instead of zero-shot",
        "margin None instead of 0.05",
        "tests.alpha 0.1 instead of 0.05",
        "tests.seed 4 instead of 0",
        "one: concise is not compared",
        "two: concise is not compared",
        "two: few-shot-2 is not compared",
        "one: zero-shot was added",
        "one, zero-shot: 6 instead of 12 samples",
        "one, concise: 6 instead of 12 samples",
        "one, few-shot-2: 6 instead of 12 samples",
        "runs not given: one",
    )
    (contrast,) = replace(asked_for, conditions=asked_for.conditions[:2]).contrasts(runs)
    assert frozen.deviations(contrast)[0] == "one - two: few-shot-2 is not compared"


def test_a_part_of_a_larger_family_is_not_as_registered(plain: tuple[Registration, list[Run], Experiment]):
    """As `explain_loss` makes two comparisons of one family."""
    frozen, runs, asked_for = plain
    part = replace(asked_for.compare(runs), family=6)
    assert frozen.deviations(runs, part) == ("differences: judged together with 2 more comparisons",)


def test_a_loss_with_its_controls_is_a_family_of_a_design_that_has_its_arms(tmp_path: Path):
    arms = few_shot_controls(few_shot(k=2, layout="one-message", name="few"), only=["note", "reordered"])
    asked_for = replace(made(tmp_path), conditions=tuple(arms))
    frozen = asked_for.register(tmp_path / "design.yaml")
    assert len(frozen.design["tests"]["loss_controls"]) == 2 * (5 + 3)
    runs = asked_for.run(registration=frozen, progress=False)
    explained = explain_loss(runs, base="few", margin=0.05)
    assert frozen.deviations(asked_for, runs, asked_for.compare(runs), explained) == ()
    assert frozen.deviations(runs, explained.to_baseline) == ("differences: judged together with 6 more comparisons",)
    fewer = explain_loss(runs, base="few", margin=0.05, conditions=["few-note"])
    assert "one: few-reordered - few is not compared" in frozen.deviations(runs, fewer)


DOSES = DESIGN | {
    "models": ["local:r1", "local:r2", "local:s1", "local:s2"],
    "control": {"r1": "s1", "r2": "s2"},
    "conditions": ["zero-shot", "concise", *({"few-shot": {"k": k}} for k in (1, 3))],
}
SEEDS: dict[str, Any] = {"models": ["r1", "r2"], "controls": ["s1", "s2"], "baseline": "zero-shot"}


@pytest.fixture(scope="module")
def doses(tmp_path_factory: pytest.TempPathFactory) -> tuple[Registration, list[Run]]:
    """A design with doses, draws and seeds, and its runs."""
    folder = tmp_path_factory.mktemp("doses")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(designing, "open_model", lambda name: LocalModel(name.removeprefix("local:")))
        asked_for = made(folder, **DOSES)
        frozen = asked_for.register(folder / "design.yaml")
        return frozen, asked_for.run(registration=frozen, progress=False)


def test_every_family_that_a_design_implies_is_in_it(doses: tuple[Registration, list[Run]]):
    tests = doses[0].design["tests"]
    assert tests["slopes"] == [f"{model}: slope over few-shot-1, few-shot-3" for model in ("r1", "r2", "s1", "s2")]
    assert tests["over_draws"][:2] == ["r1: few-shot-1", "r1: few-shot-3"]
    arms = ("concise", "few-shot-1", "few-shot-3")
    assert tests["seed_contrasts"] == [f"r1 - s1, r2 - s2: {arm}" for arm in arms]
    assert tests["contrasts"] == [f"{pair}: {arm}" for pair in ("r1 - s1", "r2 - s2") for arm in arms]


def test_everything_that_was_made_as_planned_is_as_registered(doses: tuple[Registration, list[Run]]):
    frozen, runs = doses
    compared = compare(runs, baseline="zero-shot", margin=0.05)
    results = [compared, dose(runs, baseline="zero-shot", margin=0.05), over_draws(compared)]
    results += [contrast_seeds(runs, **SEEDS), contrast(runs, model="r1", control="s1", baseline="zero-shot")]
    assert [one.tested.family for one in results] == [
        *("differences", "slopes", "over_draws", "seed_contrasts", "contrasts")
    ]
    assert frozen.stamp(runs, results).endswith(": as registered")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"margin": None}, ["margin None instead of 0.05"]),
        ({"alpha": 0.1}, ["tests.alpha 0.1 instead of 0.05"]),
        ({"seed": 1}, ["tests.seed 1 instead of 0"]),
        ({"baseline": "other"}, ["baseline other instead of zero-shot"]),
        (
            {"conditions": ["k2", "few-shot-3"]},
            ["r1: slope over few-shot-1, few-shot-3 is not compared", "r1: slope over k2, few-shot-3 was added"],
        ),
    ],
)
def test_what_a_dose_response_does_otherwise(
    doses: tuple[Registration, list[Run]], changes: dict[str, Any], said: list[str]
):
    frozen, runs = doses
    frame = pd.concat([run.to_frame() for run in runs])
    one_more = frame[frame["condition"] == "few-shot-1"].assign(condition="k2", shots=2)
    frame = pd.concat([frame, one_more]) if "conditions" in changes else frame
    frame["condition"] = frame["condition"].replace("zero-shot", changes.get("baseline", "zero-shot"))
    found = dose(frame, **{"baseline": "zero-shot", "margin": 0.05} | changes)
    lines = [line for line in frozen.deviations(found) if not line.startswith(("r2: ", "s1: ", "s2: "))]
    assert lines == [*said, "runs not given: r1, r2, s1, s2"]


def test_what_contrasts_and_draws_do_otherwise(doses: tuple[Registration, list[Run]]):
    frozen, runs = doses
    frames = [run.to_frame() for run in runs]
    fewer = [frame[frame["question"] != frame["question"].iloc[0]] for frame in frames]
    (first, *_, last) = frozen.deviations(runs, contrast(fewer, model="r1", control="s1", baseline="zero-shot"))
    assert (first, last) == ("n_questions 5 instead of 6", "s1, few-shot-3: 10 instead of 12 samples")
    turned = contrast_seeds(runs, **SEEDS | {"models": ["r2", "r1"], "controls": ["s2", "s1"]})
    assert frozen.deviations(runs, turned) == ()
    swapped = contrast_seeds(runs, **SEEDS | {"controls": ["s2", "s1"]}, alpha=0.01)
    assert frozen.deviations(swapped)[:2] == (
        "tests.alpha 0.01 instead of 0.05",
        "r1 - s2, r2 - s1: concise was added",
    )
    drawn = over_draws(compare(runs, baseline="zero-shot", conditions=["few-shot-1"]))
    assert frozen.deviations(drawn)[:2] == ("margin None instead of 0.05", "r1: few-shot-3 is not compared")


def test_runs_under_a_rule_report_decisions_as_registered(tmp_path: Path):
    asked_for = made(tmp_path, stop_every=3)
    frozen = asked_for.register(tmp_path / "design.yaml")
    runs = asked_for.run(registration=frozen, progress=False)
    assert frozen.stamp(runs, decisions(runs)).endswith(": as registered")
    one = ("two: concise is not compared", "two: few-shot-2 is not compared")
    assert frozen.deviations(runs, decisions(runs[:1])) == one
    without_margin = made(tmp_path, stop_every=3, margin=None, path=str(tmp_path / "runs" / "y")).run(progress=False)
    assert frozen.deviations(runs, decisions(without_margin)) == ("margin None instead of 0.05",)
    alone = {"models": ["local:one"], "control": "", "path": str(tmp_path / "runs" / "z")}
    narrow = decisions(made(tmp_path, stop_every=3, **alone).run(progress=False))
    assert frozen.deviations(runs, narrow) == (*one, "a rule for 2 instead of 4 comparisons together")
    held = [run.to_frame().drop(columns="stopped") for run in runs]
    for frame in held:
        frame.attrs.clear()
    assert "a fixed size instead of a rule to stop early" in frozen.deviations(runs, as_planned(held))


def test_another_distance_between_looks_is_seen_in_the_run(tmp_path: Path):
    """It decides what a run has seen when it stops."""
    asked_for = made(tmp_path, stop_every=3)
    frozen = asked_for.register(tmp_path / "design.yaml")
    impatient = replace(asked_for, stop_every=1)
    with pytest.warns(UserWarning, match="stop_every 1 instead of 3"):
        runs = impatient.run(registration=frozen, progress=False)
    said = ("one: stop_every 1 instead of 3", "two: stop_every 1 instead of 3")
    assert frozen.deviations(runs, decisions(runs)) == said
    runs = asked_for.run(registration=frozen, progress=False)
    assert frozen.deviations(runs, decisions(runs)) == said, "that it goes on as planned takes nothing back"
    fixed = replace(asked_for, stop_every=None, path=tmp_path / "runs" / "y")
    with pytest.warns(UserWarning, match="stop_every None instead of 3"):
        runs = fixed.run(registration=frozen, progress=False)
    assert frozen.deviations(runs)[0] == "one: stop_every None instead of 3"


def test_decisions_of_a_rule_that_was_not_planned(tmp_path: Path):
    asked_for = made(tmp_path)
    frozen = asked_for.register(tmp_path / "design.yaml")
    runs = asked_for.run(registration=frozen, progress=False)
    ruled = replace(asked_for, stop_every=3, path=tmp_path / "runs" / "y").run(progress=False)
    assert frozen.deviations(runs, decisions(ruled)) == ("a rule to stop early instead of a fixed size",)


def test_what_no_design_can_hold_is_said_not_to_be_registered(doses: tuple[Registration, list[Run]]):
    frozen, runs = doses
    explored = oddest(runs), cost_matched(runs, "few-shot-3")
    assert frozen.deviations(*explored) == ("not registered: oddest outputs", "not registered: votes at equal cost")
    (said,) = frozen.deviations(runs, pass_at_k(runs, k=2))
    assert said.startswith("not registered: a table of model, condition, k, value")


def test_a_design_of_an_older_release_names_fewer_families(doses: tuple[Registration, list[Run]], tmp_path: Path):
    design = {**doses[0].design}
    design["tests"] = {name: tests for name, tests in design["tests"].items() if name != "slopes"}
    older = Registration(design, doses[0].registered)
    assert older.deviations(made(tmp_path, **DOSES)) == ()
    content = {"registered": older.registered, "hash": older.hash, "design": design}
    (tmp_path / "design.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    assert made(tmp_path, **DOSES).register(tmp_path / "design.yaml") == older
    assert older.deviations(dose(doses[1], baseline="zero-shot", margin=0.05)) == ("not registered: slopes",)


def test_every_result_says_what_it_tested():
    results = [kind for name in comparison.__all__ if hasattr(kind := getattr(comparison, name), "to_markdown")]
    assert len(results) > 10
    assert [kind for kind in results if "tested" not in {*vars(kind), *vars(kind).get("__annotations__", ())}] == []


def test_failed_samples_are_said(tmp_path: Path, models: dict[str, LocalModel]):
    asked_for = made(tmp_path, models=["local:one"], control="")
    frozen = asked_for.register(tmp_path / "design.yaml")
    failed: list[str] = []

    def reply(request: Request) -> Completion:
        failed.extend([request.key] if not failed else [])
        return Completion("", "error", error="HTTP 500") if request.key in failed else complete(request)

    models["one"].reply = reply
    with pytest.warns(UserWarning, match="1 samples failed"):
        runs = asked_for.run(registration=frozen, progress=False)
    compared = asked_for.compare(runs)
    assert frozen.deviations(runs, compared) == ()
    end = ": as registered; lost to infrastructure failures: 1 of 12 of one, zero-shot"
    assert frozen.stamp(runs, compared).endswith(end)
    valid = [run.to_frame().query("ending == 'complete'") for run in runs]
    assert frozen.deviations(runs, as_planned(valid)) == (
        "one, zero-shot: 11 instead of 12 samples",
        "other samples than in the runs: one, zero-shot",
    )


def test_only_what_was_made_of_a_design_has_deviations(tmp_path: Path):
    frozen = made(tmp_path).register(tmp_path / "design.yaml")
    for wrong in (3, "x", {}):
        with pytest.raises(InputError, match=f"what is compared with a registration is {wrong!r}"):
            frozen.deviations(wrong)  # type: ignore[arg-type]


# -- what a result was made of -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Registration, list[Run], Experiment]:
    """The design's own runs."""
    folder = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(designing, "open_model", lambda name: LocalModel(name.removeprefix("local:")))
        asked_for = made(folder)
        frozen = asked_for.register(folder / "design.yaml")
        return frozen, asked_for.run(registration=frozen, progress=False), asked_for


def as_planned(samples: Any) -> comparison.Comparison:
    return compare(samples, baseline="zero-shot", margin=0.05)


def right_always(question: Question, answer_text: str) -> Grade:
    return Grade(1.0, "1", True)


def test_a_result_without_its_runs_is_not_checked(plain: tuple[Registration, list[Run], Experiment]):
    frozen, runs, asked_for = plain
    found = asked_for.compare(runs)
    assert frozen.stamp(found).endswith(": not checked: runs not given: one, two")
    assert frozen.stamp(runs[0], found).endswith(": not checked: runs not given: two")
    assert frozen.stamp(asked_for, runs, found).endswith(": as registered")


def relabelled(frame: pd.DataFrame) -> pd.DataFrame:
    names = {"concise": "few-shot-2", "few-shot-2": "concise"}
    return frame.assign(condition=frame["condition"].replace(names))


ALL = "one, zero-shot; one, concise; one, few-shot-2; two, zero-shot and 2 more"
CHANGES: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "scores": (
        lambda f: f.assign(score=f["score"].where(f["condition"] != "concise", 1 - f["score"])),
        "scores or endings than in the runs: one, concise; two, concise",
    ),
    "endings": (lambda f: f.assign(ending="truncated"), f"scores or endings than in the runs: {ALL}"),
    "labels": (
        relabelled,
        "samples than in the runs: one, few-shot-2; one, concise; two, few-shot-2; two, concise",
    ),
    "clusters": (
        lambda f: f.assign(cluster=f["question"].rank(method="dense") // 2),
        f"clusters than in the runs: {ALL}",
    ),
    "draws": (
        lambda f: f.assign(draw=f["draw"].where(f["shots"] == 0, 7)),
        "draws than in the runs: one, few-shot-2; two, few-shot-2",
    ),
    "shots": (
        lambda f: f.assign(shots=f["shots"].replace(2, 20)),
        "draws than in the runs: one, few-shot-2; two, few-shot-2",
    ),
}


@pytest.mark.parametrize("changed", CHANGES)
def test_what_was_changed_in_the_samples_is_seen(plain: tuple[Registration, list[Run], Experiment], changed: str):
    frozen, runs, _ = plain
    change, said = CHANGES[changed]
    frame = pd.concat([run.to_frame() for run in runs])
    assert frozen.deviations(runs, as_planned(change(frame))) == (f"other {said}",)


def test_samples_that_were_only_sorted_written_and_read_again_are_the_same(
    plain: tuple[Registration, list[Run], Experiment], tmp_path: Path
):
    frozen, runs, _ = plain
    frame = pd.concat([run.to_frame() for run in runs]).sample(frac=1, random_state=0)
    frame.assign(score=frame["score"].astype(int)).to_csv(tmp_path / "samples.csv", index=False)
    read = pd.read_csv(tmp_path / "samples.csv")
    assert frozen.deviations(runs, as_planned(frame), as_planned(read)) == ()
    parts = [load_run(run.to_parquet(tmp_path / f"{run.model}.parquet")) for run in runs]
    assert frozen.deviations(parts, as_planned(parts)) == ()


def test_other_grades_are_seen_in_the_result_and_in_the_runs(plain: tuple[Registration, list[Run], Experiment]):
    frozen, runs, _ = plain
    graded = [run.regrade(right_always) for run in runs]
    assert frozen.deviations(runs, as_planned(graded)) == (f"other scores or endings than in the runs: {ALL}",)
    found = frozen.deviations(graded, as_planned(graded))
    assert [line.split(" instead")[0] for line in found[::2]] == [
        f"{model}: grader.name right_always" for model in ("one", "two")
    ]


def test_samples_from_elsewhere_are_seen(plain: tuple[Registration, list[Run], Experiment], tmp_path: Path):
    frozen, runs, asked_for = plain
    cold = replace(asked_for, path=tmp_path, sampling=replace(asked_for.sampling, temperature=0.1))
    assert frozen.deviations(runs, as_planned(cold.run(progress=False))) == (f"other samples than in the runs: {ALL}",)


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (["score"], "columns not given: key"),
        (["score", "key", "cluster"], "columns not given: draw, exemplar_seed, shots, select"),
        (["score", "key", "cluster", "draw", "exemplar_seed", "shots", "select"], None),
    ],
)
def test_columns_without_which_nothing_can_be_held_against_the_runs_are_named(
    plain: tuple[Registration, list[Run], Experiment], kept: list[str], said: str | None
):
    frozen, runs, _ = plain
    frame = pd.concat([run.to_frame() for run in runs])[["model", "condition", "question", *kept]]
    assert frozen.deviations(runs, as_planned(frame)) == ((said,) if said else ())


def test_arms_of_several_runs_are_no_run(plain: tuple[Registration, list[Run], Experiment], tmp_path: Path):
    """Each arm is one of a registered run, and somebody chose which."""
    frozen, runs, asked_for = plain
    cut = LocalModel("one", reply=lambda request: Completion("The answer", "truncated"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(designing, "open_model", lambda name: cut if name == "local:one" else LocalModel("two"))
        again = replace(asked_for, path=tmp_path).run(registration=frozen, progress=False)
    frames = [run.to_frame() for run in (runs[0], again[0], runs[1])]
    chosen = [frame["condition"] == "concise" for frame in frames]
    mixed = pd.concat([frames[0][~chosen[0]], frames[1][chosen[1]], frames[2]])
    other = "other scores or endings than in the runs: one, concise"
    assert frozen.deviations(runs, as_planned(mixed)) == (other,)
    assert frozen.deviations(runs, again[0], as_planned(mixed)) == (other, "one: 2 runs instead of 1")
    assert frozen.deviations(runs, load_run(runs[0].path), asked_for.compare(runs)) == ()


def test_a_run_and_its_file_are_one_run(plain: tuple[Registration, list[Run], Experiment], tmp_path: Path):
    frozen, runs, _ = plain
    file = load_run(runs[0].to_parquet(tmp_path / "one.parquet", drop=["key", "reasoning"]))
    assert frozen.deviations(runs, file, as_planned(runs)) == ()
    graded = load_run(runs[0].regrade(right_always).to_parquet(tmp_path / "graded.parquet"))
    assert "one: 2 runs instead of 1" in frozen.deviations(runs, graded)


def test_samples_that_were_picked_from_more_are_seen(tmp_path: Path):
    asked_for = made(tmp_path)
    frozen = asked_for.register(tmp_path / "design.yaml")
    runs = asked_for.run(registration=frozen, progress=False)
    more = [run.to_frame() for run in replace(asked_for, samples=4).run(progress=False)]
    said = (f"other samples than in the runs: {ALL}",)
    assert frozen.deviations(runs, as_planned([frame[frame["sample"] >= 2] for frame in more])) == said
    assert frozen.deviations(runs, as_planned([frame[frame["sample"] < 2] for frame in more])) == ()


def test_the_order_of_models_and_conditions_is_no_deviation(plain: tuple[Registration, list[Run], Experiment]):
    frozen, runs, asked_for = plain
    turned = replace(asked_for, models=asked_for.models[::-1], conditions=asked_for.conditions[::-1])
    assert frozen.deviations(turned, runs, turned.compare(runs[::-1])) == ()


# -- figures and command line ------------------------------------------------------------------------------------------


def test_a_figure_carries_the_stamp(tmp_path: Path):
    asked_for = made(tmp_path)
    frozen = asked_for.register(tmp_path / "design.yaml")
    runs = asked_for.run(registration=frozen, progress=False)
    compared = asked_for.compare(runs)
    stamp = frozen.stamp(asked_for, runs, compared)
    ax = figures.scores(compared, mpl.figure.Figure(layout="constrained").subplots())
    svg, png, csv, txt = figures.save(ax, tmp_path / "a", compared.summary, note=stamp)
    table = pd.read_csv(csv)
    assert list(table) == [*compared.summary, "figure_note"]
    assert set(table["figure_note"]) == {stamp}
    assert stamp in txt.read_text()
    assert stamp in svg.read_text()
    assert stamp.encode() in png.read_bytes()
    figures.save(ax, tmp_path / "a", compared.summary, note="costs 3 $ and 4 $")
    assert [text.get_text() for text in ax.figure.texts] == ["costs 3 $ and 4 $"]
    plain = figures.save(ax, tmp_path / "b", compared.summary)
    assert not ax.figure.texts
    assert stamp not in plain[0].read_text()
    assert list(pd.read_csv(plain[2])) == list(compared.summary)


def test_the_note_covers_nothing_in_the_file(tmp_path: Path):
    rows = [(m, c, str(q), float(q % 3 > 0)) for m in ("one", "two") for c in ("a", "b") for q in range(20)]
    found = compare(pd.DataFrame(rows, columns=["model", "condition", "question", "score"]), baseline="a")
    drawn = [figures.scores(found, mpl.figure.Figure(layout="constrained").subplots()) for _ in range(2)]
    for ax, name, note in zip(drawn, ("without", "with"), ("", "a note of two lines " * 10), strict=True):
        figures.save(ax, tmp_path / name, found.summary, note=note)
    without, noted = (mpl.image.imread(tmp_path / f"{name}.png") for name in ("without", "with"))
    more = noted.shape[0] - without.shape[0]
    assert more > 20
    below = noted[-more:, :, :3]
    assert below.min() < 0.9  # the note's ink
    assert np.ptp(below, axis=2).max() < 0.01  # and nothing coloured: the legend has not moved into it


def test_register_and_run_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(yaml.safe_dump(DESIGN | {"path": "runs/x"}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cli.main(["register", "mine.yaml"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("mine.registered.yaml: registered 20")
    assert said[1] == "run under it: promptlab run mine.yaml --registration mine.registered.yaml"
    assert cli.main(["run", "mine.yaml", "--registration", "mine.registered.yaml"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(": as registered")
    assert cli.main(["register", "mine.yaml"]) == 0
    assert cli.main(["register", "mine.yaml", "--out", "late.yaml"]) == 2
    assert "before the registration" in capsys.readouterr().err


def test_a_run_that_may_stop_early_is_reported_by_its_decisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(yaml.safe_dump(DESIGN | {"path": "runs/x", "stop_every": 3}))
    assert cli.main(["register", "mine.yaml"]) == 0
    capsys.readouterr()
    assert cli.main(["run", "mine.yaml", "--registration", "mine.registered.yaml"]) == 0
    said = capsys.readouterr().out
    assert "the difference lies between" in said
    assert said.splitlines()[-1].endswith(": as registered")
