"""A sweep as its file says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from promptlab import given
from promptlab.errors import InputError, unknown
from promptlab.experiment.reading import read_yaml

MAIN = "notebooks/few_shot_degradation.ipynb"
_SCHEME = re.compile(r"^\w+:(?!//)")
Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Axis:
    """One factor of a grid: what each of its values sets, by the value's label."""

    name: str
    sets: Mapping[str, Parameters]


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Many runs of notebooks, as one file describes them.

    Parameters
    ----------
    name
        The file's name without its ending.
    about
        A sentence: what it asks.
    analysis
        What will be compared with what, by which margin; frozen with the runs before the first sample.
    notebook
        The notebook that is run; by default the main one. `parameters`, an axis or `include` may name another.
    parameters
        What all runs have in common, by the names in the notebook's parameters cell; somewhere in them, also inside a
        text, ``$AXIS`` stands for a value of that axis, which then need be no parameter itself.
    grid
        The axes, of which every combination is a run: ``parameter: [values]``, or
        ``axis: {label: {parameter: value, ...}, ...}`` where several parameters go together.
    include
        More runs: each entry changes `parameters`; an axis stands for what its label sets.
    exclude
        Combinations to leave out: each entry names the labels or values of some axes.
    jobs
        Groups of runs that are worked on at the same time.
    tokens_per_second
        How fast the models write, for the predicted time: one number, or ``{model: number}``.
    """

    name: str
    about: str
    analysis: str
    notebook: str = MAIN
    parameters: Parameters
    grid: tuple[Axis, ...]
    include: tuple[Parameters, ...] = ()
    exclude: tuple[Parameters, ...] = ()
    jobs: int = 1
    tokens_per_second: float | Mapping[str, float] | None = None


def read_sweep(path: str | Path) -> Sweep:
    """Read a sweep file; what is wrong in itself is one `InputError` that names the file."""
    file = given.on_disk("the sweep's file", path)
    try:
        return _sweep(file.stem, read_yaml(file))
    except InputError as problem:
        raise InputError(f"{file}: {problem}") from None


def _sweep(name: str, found: Mapping[str, Any]) -> Sweep:
    known = [field.name for field in fields(Sweep) if field.name != "name"]
    for key in found:
        if key not in known:
            raise unknown("key of a sweep", key, known)
    for key in ("about", "analysis"):
        if not isinstance(found.get(key), str) or not found[key].strip():
            raise InputError(f"says nothing about {key!r}: {_WHY[key]}")
    listed = {key: tuple(_entries(key, found.get(key) or [])) for key in ("include", "exclude")}
    return Sweep(
        name=name,
        about=" ".join(found["about"].split()),
        analysis=" ".join(found["analysis"].split()),
        notebook=str(found.get("notebook", MAIN)),
        parameters=_mapping("parameters", found.get("parameters") or {}),
        grid=tuple(_axes(_mapping("grid", found.get("grid") or {}))),
        jobs=given.whole("'jobs'", found.get("jobs", 1), 1),
        tokens_per_second=_speeds(found.get("tokens_per_second")),
        **listed,
    )


_WHY = {
    "about": "a sentence on what the sweep asks",
    "analysis": "what will be compared with what, and by which margin; it is frozen before the first sample",
}


def _axes(grid: Mapping[str, Any]) -> Iterator[Axis]:
    for name, values in grid.items():
        if isinstance(values, Mapping):
            sets = {str(label): _mapping(f"grid.{name}.{label}", chosen) for label, chosen in values.items()}
        elif isinstance(values, Sequence) and not isinstance(values, str):
            labels = labels_of(name, values)
            sets = {label: {name: value} for label, value in zip(labels, values, strict=True)}
        else:
            raise InputError(
                f"grid.{name} is {values!r}; allowed: a list of values, or {{label: {{parameter: value}}}}"
            )
        if len(sets) < len(values) or not sets:
            raise InputError(f"grid.{name} {'has a value twice' if sets else 'has no values'}")
        yield Axis(name, sets)


def labels_of(name: str, values: Sequence[Any]) -> list[str]:
    """A short name for each value: itself where that is short, else its number. Different values never share one.

    Examples
    --------
    >>> labels_of("models", [["embedded:r1-narrow", "embedded:plain"]]), labels_of("seed", [3])
    (['r1-narrow+plain'], ['seed-3'])
    >>> labels_of("models", ["openai:org/m@http://one:80/v1", "openai:org/m@http://two:80/v1", "openai:n@http://two/v1"])
    ['m@one:80', 'm@two:80', 'n']
    """
    kinds = [[_label(name, value, i, said) for i, value in enumerate(values)] for said in (_named, _placed)]

    def alone(labels: list[str], i: int) -> bool:
        return all(label != labels[i] or value == values[i] for label, value in zip(labels, values, strict=True))

    return [next((labels[i] for labels in kinds if alone(labels, i)), f"{kinds[0][i]}-{i}") for i in range(len(values))]


def _label(name: str, value: Any, number: int, said: Callable[[str], str]) -> str:
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts):
        label = "+".join(map(said, texts))
        return label if len(label) <= 40 else f"{name}-{number}"
    return f"{name}-{value}" if value is None or isinstance(value, bool | int | float) else f"{name}-{number}"


def _named(text: str) -> str:
    """What a model or a file is called, without scheme, folders and the address of a server."""
    return _SCHEME.sub("", text).partition("@http")[0].rpartition("/")[2]


def _placed(text: str) -> str:
    """With whatever says where it is."""
    whole = _SCHEME.sub("", text)
    host = re.search(r"@https?://([^/]+)", whole)
    return f"{_named(text)}@{host[1]}" if host else whole


def _entries(key: str, entries: Any) -> Iterator[Parameters]:
    if not isinstance(entries, list):
        raise InputError(f"{key!r} must be a list of mappings; got {entries!r}")
    for i, entry in enumerate(entries):
        if not entry:
            raise InputError(f"{key}[{i}] is empty")
        yield _mapping(f"{key}[{i}]", entry)


def _mapping(what: str, value: Any) -> Parameters:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InputError(f"{what} must be a mapping of names to values; got {value!r}")
    return value


def _speeds(value: Any) -> float | Mapping[str, float] | None:
    if value is None:
        return None
    named = value if isinstance(value, Mapping) else {"": value}
    speeds = {
        str(model): given.real("tokens_per_second", speed, lambda number: number > 0, "a number > 0, or one a model")
        for model, speed in named.items()
    }
    return speeds if isinstance(value, Mapping) else speeds[""]
