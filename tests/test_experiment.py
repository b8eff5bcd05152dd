"""Experiment files: everything wrong is said at once, with the file's name, before any model is opened."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from promptlab.errors import InputError
from promptlab.experiment import Experiment

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


@pytest.mark.parametrize("path", sorted(ROOT.glob("experiments/*.yaml")), ids=lambda p: p.name)
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
    [("a: [1", "is not valid YAML"), ("- 1\n", "must be a mapping of keys; found list"), ("", "found NoneType")],
)
def test_a_file_that_is_no_experiment(text: str, message: str, tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        Experiment.from_yaml(file)


def test_a_missing_file():
    with pytest.raises(InputError, match=r"nowhere.yaml: cannot be read"):
        Experiment.from_yaml("nowhere.yaml")


def test_a_control_must_be_one_of_the_models():
    class Record:
        model = "instruct"

    assert Experiment.from_mapping(SMALL).contrasts([Record()], control="") == []  # type: ignore[list-item]
    with pytest.raises(InputError, match="did you mean 'instruct'"):
        Experiment.from_mapping(SMALL).contrasts([Record()], control="instrct")  # type: ignore[list-item]
