"""Experiment files and parameters: plain values, checked before any call, as the parts of an `Experiment`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from promptlab import given as checks
from promptlab.errors import InputError, unknown
from promptlab.formats import FORMATS
from promptlab.grading import grader_named
from promptlab.prompts import Condition, condition_from
from promptlab.questions import load_questions
from promptlab.types import AnswerFormat, Sampling

T = TypeVar("T")

_NEEDED = ("models", "conditions", "questions", "sampling", "path")
_AS_GIVEN = ("samples", "grader", "margin", "control", "max_tokens_total", "stop_every")


def parts_of(given: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """The fields of an `Experiment`, which are called `names`, from plain values."""
    for key in given:
        if key not in names:
            raise unknown("key of an experiment", key, names)
    for key in _NEEDED:
        if key not in given:
            raise InputError(f"the experiment says nothing about {key!r}")
    conditions = tuple(condition_from(spec) for spec in as_list(given["conditions"], "conditions"))
    options = {key: given[key] for key in _AS_GIVEN if key in given}
    _check(given, conditions, options)
    return {
        "models": tuple(as_list(given["models"], "models")),
        "conditions": conditions,
        "questions": called(load_questions, given["questions"], "questions"),
        "sampling": called(Sampling, given["sampling"], "sampling"),
        "path": Path(str(given["path"])),
        "baseline": one_of("baseline", given.get("baseline") or conditions[0].name, [c.name for c in conditions]),
        "answer_format": _format(given.get("answer_format")),
        "reuse": tuple(Path(str(folder)) for folder in given.get("reuse") or ()),
        **options,
    }


def _check(given: Mapping[str, Any], conditions: tuple[Condition, ...], options: Mapping[str, Any]) -> None:
    """What would otherwise be noticed after the samples have been paid for."""
    for name in as_list(given["models"], "models"):
        if not isinstance(name, str):
            raise InputError(f"'models' holds {name!r}; allowed are names such as 'embedded:instruct'")
    if len({c.name for c in conditions}) < 2:
        raise InputError("'conditions' must name at least two different conditions: one alone compares with nothing")
    if not isinstance(options.get("control", ""), str | Mapping):
        raise InputError(f"'control' is {options['control']!r}; allowed: a model's short name, or model: control")
    margin = options.get("margin")
    if margin is not None and (not isinstance(margin, int | float) or not 0 < margin < 1):
        raise InputError(f"'margin' is {margin!r}; allowed: a share above 0 and below 1 (0.02 is two points), or none")
    if options.get("stop_every") is not None:
        checks.whole("'stop_every'", options["stop_every"], 1)
    grader_named(str(options.get("grader", "by-kind")))


def read_yaml(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        given = yaml.load(path.read_text(encoding="utf-8"), _once_only(yaml.SafeLoader))
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"cannot be read ({problem})") from None
    except yaml.YAMLError as problem:
        raise InputError("is not valid YAML: " + " ".join(str(problem).split())) from None
    if not isinstance(given, dict):
        raise InputError(f"must be a mapping of keys; found {type(given).__name__}")
    return given


def _once_only(loader: type) -> Any:
    """A safe loader that refuses a key given twice, of which YAML would silently take the last."""

    def mapping(self: Any, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise InputError(f"says {key!r} twice (line {node.start_mark.line + 1} and below)")
        return dict(loader.construct_mapping(self, node, deep))  # type: ignore[attr-defined]

    return type("OnceOnly", (loader,), {"construct_mapping": mapping})


def as_list(value: Any, key: str) -> list[Any]:
    items = [value] if isinstance(value, str | dict) else value
    if not isinstance(items, list | tuple) or not items:
        raise InputError(f"{key!r} must be a list with at least one entry; got {value!r}")
    return list(items)


def called(function: Callable[..., T], options: Any, key: str) -> T:
    """Call with options from a file, an unknown one being an error with the nearest known name."""
    if not isinstance(options, dict):
        raise InputError(f"{key!r} must be a mapping of options; got {options!r}")
    known = list(inspect.signature(function).parameters)
    for option in options:
        if option not in known:
            raise unknown(f"option of {key}", option, known)
    try:
        return function(**options)
    except TypeError as problem:
        raise InputError(f"{key!r}: {problem}") from None


def one_of(key: str, value: str, allowed: list[str]) -> str:
    if value not in allowed:
        raise unknown(key, value, allowed)
    return value


def _format(name: str | None) -> AnswerFormat | None:
    return None if name is None else FORMATS[one_of("answer_format", name, list(FORMATS))]
