"""The table of a sweep before it is run: what it will send, get back at most, and take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from promptlab.sweeps.checking import Cell
from promptlab.sweeps.expanding import Planned

if TYPE_CHECKING:
    import pandas as pd

Speeds = float | Mapping[str, float] | None


def predicted(
    runs: Sequence[Planned],
    cells: Mapping[str, Sequence[Cell]],
    states: Mapping[str, str],
    speeds: Speeds,
    stored: Mapping[str, int] = MappingProxyType({}),
    *,
    retry_failed: bool = False,
) -> pd.DataFrame:
    """A row a run and their sum: what is still to come; samples that another row has already are not counted again.

    A run that is done asks for nothing more, nor does a failed one that is not tried again; one that was stopped asks
    for what is not `stored` (samples, by its id).

    Prompt tokens are characters / 4, completion tokens the worst case, in which every output uses all of `max_tokens`;
    so is the time, which stays empty where the speed of a model is not known. Of a notebook that describes no
    experiment nothing is known.
    """
    import pandas as pd

    known = [run for run in runs if run.id in cells]
    new = dict(_paid(known, cells, states, stored))
    if not retry_failed:
        new |= {run.id: [] for run in known if states[run.id] == "failed"}
    rows = [[run.id, states[run.id], *(_said(new[run.id], speeds) if run in known else [""] * 4)] for run in runs]
    every = [cell for some in new.values() for cell in some]
    names = ["run", "state", "requests", "prompt tokens, about", "completion tokens, at most", "time, at most"]
    return pd.DataFrame([*rows, [f"all {len(runs)}", "", *_said(every, speeds)]], columns=names)


def _paid(
    runs: Sequence[Planned],
    cells: Mapping[str, Sequence[Cell]],
    states: Mapping[str, str],
    stored: Mapping[str, int],
) -> Iterator[tuple[str, list[Cell]]]:
    """Each run's id with those of its cells that neither a finished nor an earlier run has, less what is stored."""
    seen = {cell.key for run in runs if states[run.id] == "done" for cell in cells[run.id]}
    for run in runs:
        new = [cell for cell in cells[run.id] if cell.key not in seen]
        seen.update(cell.key for cell in new)
        whole = sum(cell.requests for cell in cells[run.id])
        yield run.id, [_left(cell, max(0.0, 1 - stored.get(run.id, 0) / whole)) for cell in new]


def _left(cell: Cell, share: float) -> Cell:
    sizes = {name: round(share * getattr(cell, name)) for name in ("requests", "prompt_tokens", "most")}
    return replace(cell, **sizes)


def _said(cells: Sequence[Cell], speeds: Speeds) -> list[str]:
    sums = [sum(getattr(cell, name) for cell in cells) for name in ("requests", "prompt_tokens", "most")]
    return [*(f"{n:,}" for n in sums), duration(_seconds(cells, speeds))]


def _seconds(cells: Sequence[Cell], speeds: Speeds) -> float | None:
    """None where a model's speed is not known."""
    told = speeds if isinstance(speeds, Mapping) else {cell.model: speeds for cell in cells if speeds}
    if speeds is None or any(cell.model not in told for cell in cells):
        return None
    return sum(cell.most / told[cell.model] for cell in cells)


def duration(seconds: float | None) -> str:
    """A time as people say it; empty for none.

    Examples
    --------
    >>> duration(42.4), duration(750), duration(9000), duration(200000), duration(None)
    ('42 s', '12 min', '2.5 h', '2.3 d', '')
    """
    if seconds is None:
        return ""
    for limit, unit, name in ((90, 1, "s"), (5400, 60, "min")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 3600:.1f} h" if seconds < 129600 else f"{seconds / 86400:.1f} d"
