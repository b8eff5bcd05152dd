"""Experiment files: everything wrong is said at once, with the file's name, before any model is opened."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fake_server import FakeServer
from promptlab.errors import InputError
from promptlab.experiment import Experiment
from promptlab.experiment.reading import read_yaml

ROOT = Path(__file__).parents[1]
SMALL = {
    "models": ["embedded:instruct"],
    "conditions": ["zero-shot", {"few-shot": {"k": 3}}],
    "questions": {"source": "arithmetic", "n": 4, "levels": [1]},
    "sampling": {"max_tokens": 64},
    "path": "runs/x",
}


def with_(**changes):
    return SMALL | changes


def test_defaults_and_values():
    read = Experiment.from_mapping(with_(answer_format="boxed", margin=0.02))
    assert read.baseline == "zero-shot"
    assert [c.name for c in read.conditions] == ["zero-shot", "few-shot-3"]
    assert (len(read.questions), read.samples, read.sampling.max_tokens) == (4, 1, 64)
    assert read.answer_format is not None
    assert read.answer_format.name == "boxed"


FLAT = {"models": "embedded:instruct", "conditions": SMALL["conditions"], "questions": {"source": "arithmetic"}}


def test_flat_parameters_say_the_same_as_a_file():
    flat = Experiment.from_parameters(**FLAT, n_questions=4, max_tokens=64, seed=3, out="a", reuse=["b"], margin=0.1)
    parts = {"questions": {"source": "arithmetic", "n": 4, "seed": 3}, "sampling": {"max_tokens": 64, "seed": 3}}
    assert flat == Experiment.from_mapping({**SMALL, **parts, "path": "a/runs", "reuse": ["b/runs"], "margin": 0.1})
    with pytest.raises(InputError, match="unknown key of an experiment 'margn': did you mean 'margin'"):
        Experiment.from_parameters(**FLAT, max_tokens=64, out="a", margn=0.1)


def test_what_another_call_has_asked_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from local_models import LocalModel

    model = LocalModel("local")
    monkeypatch.setattr("promptlab.experiment.designing.open_model", lambda name: model)

    def run(out: str, conditions: list[object]):
        flat = {**FLAT, "conditions": conditions, "n_questions": 4, "max_tokens": 64}
        made = Experiment.from_parameters(**flat, out=tmp_path / out, reuse=[tmp_path / "one", tmp_path / "none"])
        return made.run(progress=False)

    run("one", ["zero-shot", "concise"])
    assert model.asked.total() == 8
    [both] = run("two", ["zero-shot", {"few-shot": {"k": 1}}])
    assert model.asked.total() == 12
    assert len(both.to_frame()) == 8


SHIPPED = [path for path in sorted(ROOT.glob("experiments/*.yaml")) if "grid" not in read_yaml(path)]  # else a sweep


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_every_shipped_experiment_is_valid(path: Path):
    assert Experiment.from_yaml(path).conditions


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (with_(condition="zero-shot"), "unknown key of an experiment 'condition': did you mean 'conditions'"),
        ({k: v for k, v in SMALL.items() if k != "path"}, "says nothing about 'path'"),
        (with_(models=[]), "'models' must be a list with at least one entry"),
        (with_(conditions=["zeroshot"]), "did you mean 'zero-shot'"),
        (with_(questions={"source": "arithmetic", "sed": 1}), "option of questions 'sed': did you mean 'seed'"),
        (with_(questions="arithmetic"), "'questions' must be a mapping"),
        (with_(sampling={"temperature": 0.6}), "'sampling': .*max_tokens"),
        (with_(sampling={"max_token": 6}), "did you mean 'max_tokens'"),
        (with_(answer_format="box"), "did you mean 'boxed'"),
        (with_(grader="numbr"), "did you mean 'number'"),
        (with_(baseline="few-shot"), "did you mean 'few-shot-3'"),
        (with_(margin=2), "'margin' is 2; allowed"),
        (with_(stop_every=0), "'stop_every' is 0: it must be a whole number >= 1"),
        (with_(margin="abc"), "'margin' is 'abc'; allowed"),
        (with_(conditions=["zero-shot"]), "at least two different conditions"),
        (
            with_(conditions=["zero-shot", {"few-shot": {"k": 1, "name": "a"}}, {"few-shot": {"k": 2, "name": "a"}}]),
            "'a' more than once",
        ),
        (with_(models=[3]), "'models' holds 3"),
        (with_(sampling={"max_tokens": "10"}), "max_tokens is '10'"),
        (with_(sampling={"max_tokens": 10, "seed": "abc"}), "seed is 'abc'"),
        (with_(sampling={"max_tokens": 10, "temperature": "hot"}), "temperature is 'hot'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(given, message, tmp_path: Path):
    with pytest.raises(InputError, match=message):
        Experiment.from_mapping(given)
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(given))
    with pytest.raises(InputError, match=message) as caught:
        Experiment.from_yaml(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "says 'a' twice"),
        ("a: {b: 1, b: 2}", "says 'b' twice"),
        ("a: [1", "is not valid YAML"),
        ("- 1\n", "must be a mapping of keys; found list"),
        ("", "found NoneType"),
    ],
)
def test_a_file_that_is_no_experiment(text: str, message: str, tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        Experiment.from_yaml(file)


def test_a_missing_file():
    with pytest.raises(InputError, match=r"nowhere.yaml: cannot be read"):
        Experiment.from_yaml("nowhere.yaml")


def test_a_control_and_a_model_twice_are_seen_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch):
    url = "@http://127.0.0.1:9/v1"
    with pytest.raises(InputError, match="did you mean 'plain'"):
        Experiment.from_mapping(with_(models=["openai:r1" + url, "openai:plain" + url], control="plan")).run()
    with pytest.raises(InputError, match="two models are called 'r1'"):
        Experiment.from_mapping(with_(models=["openai:r1" + url, "openai:r1" + url])).run()


@pytest.mark.parametrize("control", [{"r1": "plan"}, {"r2": "plain"}, {"r1": ["plain", "sft"]}])
def test_each_model_may_have_its_own_control(control: dict[str, object]):
    models = [f"openai:{name}@http://127.0.0.1:9/v1" for name in ("r1", "plain")]
    with pytest.raises(InputError, match="control"):
        Experiment.from_mapping(with_(models=models, control=control)).run()
    with pytest.raises(InputError, match="'control' is 3; allowed"):
        Experiment.from_mapping(with_(control=3))


def test_only_the_design_is_compared_whatever_else_the_records_hold():
    import pandas as pd

    asked = Experiment.from_mapping(with_(questions={"source": "arithmetic", "n": 4, "levels": [1]}))
    ids = [q.id for q in asked.questions]
    rows = [
        {"model": "m", "condition": c, "question": q, "sample": k, "score": float(k == 0), "ending": "complete"}
        for c in ("zero-shot", "few-shot-3", "concise")
        for q in [*ids, "another"]
        for k in (0, 1)
    ]

    class Record:
        model = "m"

        def to_frame(self):
            return pd.DataFrame(rows)

    found = asked.compare([Record()])  # type: ignore[list-item]
    assert list(found.table["condition"]) == ["few-shot-3"]
    assert list(found.summary["samples"]) == [4, 4]


def test_records_with_which_nothing_can_be_compared_are_seen_before_anything_is_sent():
    import pandas as pd

    model = "openai:r1@http://127.0.0.1:9/v1"
    asked = Experiment.from_mapping(with_(models=[model]))
    question = asked.questions[0]
    gold = " | ".join(question.answers)
    row = {"model": "r1", "condition": "zero-shot", "question": question.id, "gold": gold, "score": 1.0}
    asked.check_recorded([pd.DataFrame([row])])  # type: ignore[list-item]
    for column, message in (
        ("model", "no model is in both: live has r1; recorded has else"),
        ("condition", "no condition is in both"),
        ("question", "no question is in both"),
        ("gold", "gold answers differ for 1 question"),
    ):
        with pytest.raises(InputError, match=message):
            asked.check_recorded([pd.DataFrame([row | {column: "else"}])])  # type: ignore[list-item]


def test_what_the_last_model_would_refuse_is_said_before_the_first_is_asked(tmp_path, monkeypatch):
    with FakeServer(meta={"max_model_len": 131_072}) as long, FakeServer(meta={"max_model_len": 4096}) as short:
        made = Experiment.from_parameters(
            models=[f"openai:fake@{long.base_url}", f"openai:small@{short.base_url}"],
            conditions=["zero-shot", "concise"],
            questions={"source": "arithmetic"},
            n_questions=2,
            samples=1,
            temperature=0.6,
            top_p=0.95,
            max_tokens=16_384,
            seed=0,
            baseline="zero-shot",
            out=tmp_path,
        )
        with pytest.raises(InputError, match="16384 leaves no room"):
            made.run(progress=False)
        assert not long.bodies
