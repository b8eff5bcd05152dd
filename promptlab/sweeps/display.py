"""How far a sweep is: one bar in the terminal, and lines in its log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab.errors import StoreError
from promptlab.executing import count_samples
from promptlab.experiment.designing import RECORDS
from promptlab.sweeps.expanding import Planned
from promptlab.sweeps.states import State, now, read_state, writing

if TYPE_CHECKING:
    from tqdm import tqdm

LOG = "sweep.log"
_EVERY = 60  # seconds between two lines while nothing changes
ENDED = ("done", "failed")


class Display:
    """Both at once; `known` are the runs' states as they were at the last look."""

    def __init__(self, runs: Sequence[Planned], root: Path, bar: tqdm[Any]) -> None:
        self.runs, self.root, self.bar = runs, root, bar
        self.known: dict[str, State] = {}
        self.written = time.monotonic()

    def look(self) -> None:
        """Bring both up to date with the runs' directories."""
        news = list(self._news())
        ended = sum(state.state in ENDED for state in self.known.values())
        at_work = [state.id for state in self.known.values() if state.state == "running"]
        stored = f"{sum(count_samples(self.root / id / RECORDS)[0] for id in at_work):,} samples"
        if news or time.monotonic() - self.written > _EVERY:
            self.write(*news, f"{ended} of {len(self.runs)} runs ended; {stored} in those at work")
        self.bar.set_postfix_str(f"{stored} in {', '.join(at_work)}" if at_work else "", refresh=False)
        self.bar.update(ended - self.bar.n)
        if news or sys.stderr.isatty():
            self.bar.refresh()

    def write(self, *lines: str) -> None:
        log = self.root / LOG
        with writing(log), log.open("a", encoding="utf-8") as stream:
            stream.writelines(f"{now()} {line}\n" for line in lines)
        self.written = time.monotonic()

    def _news(self) -> Iterator[str]:
        """A line for each run whose state is another than before."""
        for run in self.runs:
            state = read_state(self.root / run.id, run.hash)
            if self.known.get(run.id, state) != state:
                yield told(state)
            self.known[run.id] = state


@contextmanager
def display(runs: Sequence[Planned], root: Path, said: str, *, shown: bool) -> Iterator[Display]:
    """For the length of a block; what is `said` begins its part of the log."""
    from tqdm.auto import tqdm

    pause = 0.2 if sys.stderr.isatty() else 15  # a log file gets few lines
    shows: dict[str, Any] = {"desc": root.name, "unit": "run", "disable": not shown, "mininterval": pause}
    with tqdm(total=len(runs), **shows) as bar:
        made = Display(runs, root, bar)
        made.write(said)
        try:
            yield made
        finally:
            with suppress(StoreError):  # what ended the block is to be heard
                made.look()


def told(state: State) -> str:
    """One line: ``narrow-worked-1a2b3c: failed in cell 3 after 12 s: KeyError: 'x'``."""
    where = f" in cell {state.cell}" if state.cell else ""
    after = f" after {state.seconds:g} s" if state.seconds is not None else ""
    return f"{state.id}: {state.state}{where}{after}{f': {state.error}' if state.error else ''}"
