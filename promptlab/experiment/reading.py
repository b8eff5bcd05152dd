"""Experiment files and parameters: plain values, checked before any call, as the parts of an `Experiment`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from promptlab import given as checks
from promptlab.errors import InputError, Problems, PromptlabError, lines_of, unknown
from promptlab.experiment.keys import refuse_secrets, refuse_written
from promptlab.formats import FORMATS
from promptlab.grading import grader_named
from promptlab.prompts import Condition, condition_from
from promptlab.questions import load_questions
from promptlab.types import AnswerFormat, Sampling

T = TypeVar("T")

_NEEDED = ("models", "conditions", "questions", "sampling", "path")


def parts_of(given: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """The fields of an `Experiment`, which are called `names`, from plain values.

    Raises
    ------
    PromptlabError
        All that does not fit, at once.
    """
    problems: list[PromptlabError] = [unknown("key of an experiment", key, names) for key in given if key not in names]
    if missing := [repr(key) for key in _NEEDED if key not in given]:
        problems.append(InputError(f"the experiment says nothing about {', '.join(missing)}"))
    parts: dict[str, Any] = {}

    def take(key: str, read: Callable[[], Any]) -> None:
        try:
            parts[key] = read()
        except PromptlabError as problem:
            problems.append(problem)

    for key in (key for key in _READ if key in given):
        take(key, partial(_READ[key], given[key]))
    if "conditions" in parts:
        arms = [condition.name for condition in parts["conditions"]]
        take("baseline", lambda: one_of("baseline", given.get("baseline") or arms[0], arms))
    _raise_all(problems)
    return parts


def _raise_all(problems: Sequence[PromptlabError]) -> None:
    lines = [line for problem in problems for line in lines_of(problem)]
    if problems:
        raise Problems("\n".join(lines)) if len(lines) > 1 else problems[0]


def _models(value: Any) -> tuple[str, ...]:
    names = as_list(value, "models")
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"'models' holds {name!r}; allowed are names such as 'embedded:instruct'")
    return tuple(names)


def _conditions(value: Any) -> tuple[Condition, ...]:
    conditions, problems = [], []
    for one in as_list(value, "conditions"):
        try:
            conditions.append(one if isinstance(one, Condition) else condition_from(one))
        except PromptlabError as problem:
            problems.append(problem)
    _raise_all(problems)
    names = [c.name for c in conditions]
    if len({*names}) < len(names):
        again = next(name for name in names if names.count(name) > 1)
        raise InputError(f"'conditions' has the name {again!r} more than once: give one of them another name=")
    if len(names) < 2:
        raise InputError("'conditions' must name at least two different conditions: one alone compares with nothing")
    return tuple(conditions)


def _control(value: Any) -> Any:
    if not isinstance(value, str | Mapping):
        raise InputError(f"'control' is {value!r}; allowed: a model's short name, or model: control")
    return value


def _margin(value: Any) -> float | None:
    if value is not None and (not isinstance(value, int | float) or not 0 < value < 1):
        raise InputError(f"'margin' is {value!r}; allowed: a share above 0 and below 1 (0.02 is two points), or none")
    return value


def _count(key: str, value: Any) -> int | None:
    return None if value is None else checks.whole(f"{key!r}", value, 1)


def _grader(name: Any) -> str:
    grader_named(str(name))
    return str(name)


def _format(name: str | None) -> AnswerFormat | None:
    return None if name is None else FORMATS[one_of("answer_format", name, list(FORMATS))]


# What otherwise would be noticed after the samples have been paid for.
_READ: Mapping[str, Callable[[Any], Any]] = {
    "models": _models,
    "conditions": _conditions,
    "questions": lambda options: called(load_questions, options, "questions"),
    "sampling": lambda options: called(Sampling, options, "sampling"),
    "path": lambda path: Path(str(path)),
    "samples": lambda k: checks.whole("'samples'", k, 1),
    "answer_format": _format,
    "grader": _grader,
    "margin": _margin,
    "control": _control,
    "max_tokens_total": partial(_count, "max_tokens_total"),
    "stop_every": partial(_count, "stop_every"),
    "reuse": lambda folders: tuple(Path(str(folder)) for folder in as_list(folders, "reuse")) if folders else (),
}


def read_yaml(path: Path) -> Mapping[str, Any]:
    """A file of plain values under unique keys, in which nothing looks like a key of the other kind."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        refuse_written(text)
        given = yaml.load(text, once_only(yaml.SafeLoader))
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"cannot be read ({problem})") from None
    except yaml.YAMLError as problem:
        raise InputError("is not valid YAML: " + " ".join(str(problem).split())) from None
    if not isinstance(given, dict):
        raise InputError(f"must be a mapping of keys; found {type(given).__name__}")
    _check_plain(given)
    refuse_secrets(given)
    return given


def _check_plain(given: Mapping[str, Any]) -> None:
    try:
        json.dumps(given)
    except TypeError as problem:
        raise InputError(f"holds a value that no run can take ({problem}): put dates into quotes") from None
    except (ValueError, RecursionError):
        raise InputError("holds a value that contains itself, or is nested too deeply") from None


_MERGE = "tag:yaml.org,2002:merge"  # ``<<: *common``


def once_only(loader: type) -> Any:
    """A safe loader that refuses a key given twice, of which YAML would silently take the last; ``<<`` gives none."""

    def mapping(self: Any, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != _MERGE]
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
