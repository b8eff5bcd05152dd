"""The samples of the registered design, and whether they and this code are as it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.r1_miniature import registered
from experiments.r1_miniature.joined import runs_in
from promptlab.errors import InputError
from promptlab.records import Run
from promptlab.registering import Registration

if TYPE_CHECKING:
    import pandas as pd

RESULTS, SUFFIX = Path(__file__).parent / "results", "-registered"


def recorded(folder: Path = RESULTS) -> dict[str, Run]:
    """The runs by model, which is the name of their file less its ending."""
    return runs_in(folder, SUFFIX)


def samples(runs: dict[str, Run]) -> pd.DataFrame:
    """All samples, without their texts."""
    import pandas as pd

    frames = [run.to_frame(completion=False, reasoning=False).assign(model=name) for name, run in runs.items()]
    if not frames:
        raise InputError("no recorded run of the registered design: record one with --design registered")
    return pd.concat(frames, ignore_index=True)


def deviations(runs: dict[str, Run]) -> list[str]:
    """What differs from the registration, in this code and in the runs; empty: as registered."""
    frozen = Registration.read(registered.FILE).design
    found = [] if registered.design() == frozen else ["the code gives another design"]
    return found + [f"{name}: {what}" for name, run in runs.items() for what in _unlike(name, run, frozen)]


def _unlike(name: str, run: Run, frozen: Mapping[str, Any]) -> Iterator[str]:
    for what in ("sampling", "answer_format", "grader", "samples"):
        if run.manifest[what] != frozen[what]:
            yield f"another {what}"
    if list(run.conditions) != list(frozen["conditions"]):
        yield "other conditions"
    asked = registered.MANY if name in registered.SHIPPED else registered.QUESTIONS
    if run.manifest["questions"]["hash"] != _hash_of(asked):
        yield "other questions"


@cache
def _hash_of(n: int) -> str:
    return registered.questions(n).hash


def stamp(runs: dict[str, Run]) -> str:
    """One line for the page and the figure."""
    made, found = Registration.read(registered.FILE), deviations(runs)
    return f"{made.stamp()}: {'deviates: ' + '; '.join(found) if found else 'as registered'}"
