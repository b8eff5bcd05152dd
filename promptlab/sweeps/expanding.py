"""From a grid to its runs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from promptlab.errors import InputError, unknown
from promptlab.sweeps.filling import filled
from promptlab.sweeps.notebooks import OURS, Notebook, read_notebook
from promptlab.sweeps.reading import Parameters, Sweep, labels_of
from promptlab.types import digest


@dataclass(frozen=True)
class Planned:
    """One run of a sweep.

    Attributes
    ----------
    id
        Its directory: the labels of what varies, and six digits of the digest of all parameters.
    given
        What the sweep sets in the notebook.
    registered
        Its design with time and hash, as `Registration` keeps it; empty for a notebook that describes no experiment.
    """

    id: str
    notebook: Notebook
    given: Parameters
    registered: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters of the notebook, apart from what says where and how."""
        return {name: v for name, v in {**self.notebook.defaults, **self.given}.items() if name not in OURS}

    @cached_property
    def hash(self) -> str:
        """Equal for equal parameters and notebook sources: such a run need not be done twice."""
        return digest([self.parameters, self.notebook.hash])

    @property
    def design(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.registered.get("design", {})
        return found

    @property
    def models(self) -> tuple[str, ...]:
        """The names of its models, where its notebook says `models` or `model`."""
        found = self.parameters.get("models", self.parameters.get("model"))
        return tuple(name for name in listed(found) if isinstance(name, str))


def listed(value: Any) -> list[Any]:
    """What a parameter holds, one or several, as a list."""
    return list(value) if isinstance(value, list | tuple) else [value] if value else []


def expand(sweep: Sweep, near: Path) -> list[Planned]:
    """The runs of a sweep: the grid without what is excluded, then what is included.

    Parameters
    ----------
    sweep
        As read from its file.
    near
        The file's directory: notebooks are also looked for there.

    Raises
    ------
    InputError
        An entry of `exclude` that no run has, an unknown label, the same run twice, a notebook that cannot be read.
    """
    notebooks: dict[str, Notebook] = {}
    runs = []
    for label, chosen in [*_grid(sweep), *_included(sweep)]:
        parameters, used = filled({**sweep.parameters, **chosen}, sweep)
        name = str(parameters.pop("notebook", sweep.notebook))
        if name not in notebooks:
            notebooks[name] = read_notebook(name, near)
        spare = used - notebooks[name].defaults.keys()  # an axis that stands somewhere else need be no parameter itself
        taken = {name: value for name, value in parameters.items() if name not in spare}
        runs.append(_planned(label or notebooks[name].name, notebooks[name], taken))
    if not runs:
        raise InputError("nothing is left to run: 'exclude' takes out every run")
    seen: dict[str, str] = {}
    for run in runs:
        if run.hash in seen:
            names = " and ".join(dict.fromkeys([seen[run.hash], run.id]))
            raise InputError(f"the same run is asked for twice, with equal parameters: {names}")
        seen[run.hash] = run.id
    return runs


def _planned(label: str, notebook: Notebook, given: Parameters) -> Planned:
    run = Planned("", notebook, given)
    readable = re.sub(r"[^A-Za-z0-9.+_-]+", "-", label)[:60].strip("-.")
    return Planned(f"{readable}-{digest([run.parameters, notebook.name])[:6]}", notebook, given)


def _grid(sweep: Sweep) -> Iterator[tuple[str, Parameters]]:
    """Labels and parameters of every combination that is not excluded."""
    hits = [0] * len(sweep.exclude)
    if not sweep.grid and sweep.include:
        return  # a list of runs, then
    for labels in itertools.product(*(axis.sets for axis in sweep.grid)):
        chosen = _joined({axis.name: axis.sets[label] for axis, label in zip(sweep.grid, labels, strict=True)})
        named = {axis.name: label for axis, label in zip(sweep.grid, labels, strict=True)}
        out = [_matches(entry, named, chosen, sweep) for entry in sweep.exclude]
        hits = [n + hit for n, hit in zip(hits, out, strict=True)]
        if not any(out):
            yield "-".join(labels), chosen
    if 0 in hits:
        entry = dict(sweep.exclude[hits.index(0)])
        axes = "; ".join(f"{axis.name}: {', '.join(axis.sets)}" for axis in sweep.grid if axis.name in entry)
        one = "each names one value, or one label, of an axis"
        raise InputError(f"exclude[{hits.index(0)}] takes out no run: {entry!r}; {one} ({axes})")


def _matches(entry: Parameters, labels: Mapping[str, str], chosen: Parameters, sweep: Sweep) -> bool:
    for key in entry:
        if key not in labels:
            raise unknown("axis in 'exclude'", key, [axis.name for axis in sweep.grid])
    return all(value in (labels[key], chosen.get(key, labels[key])) for key, value in entry.items())


def _included(sweep: Sweep) -> Iterator[tuple[str, Parameters]]:
    axes = {axis.name: axis for axis in sweep.grid}
    keys = {key for entry in sweep.include for key in entry}
    said = {key: iter(labels_of(key, [entry[key] for entry in sweep.include if key in entry])) for key in keys}
    for entry in sweep.include:
        together: dict[str, Parameters] = {}
        labels = []
        for key, value in entry.items():
            label, sets = next(said[key]), axes[key].sets if key in axes else {}
            if isinstance(value, str) and value in sets:
                labels.append(value)
                together[key] = sets[value]
            elif key in axes and all(key not in parameters for parameters in sets.values()):
                raise unknown(f"label of grid.{key}", value, sets)
            else:
                labels.append(label)
                together[key] = {key: value}
        yield "-".join(labels), _joined(together)


def _joined(chosen: Mapping[str, Parameters]) -> dict[str, Any]:
    """What several axes set, each by its name, together."""
    found: dict[str, Any] = {}
    by: dict[str, str] = {}
    for axis, parameters in chosen.items():
        for name, value in parameters.items():
            if name in by:
                raise InputError(f"both {by[name]!r} and {axis!r} set {name!r}: which of them holds?")
            found[name], by[name] = value, axis
    return found
