"""`report`: everything that a place holds as one page that can be sent to somebody."""

from __future__ import annotations

from pathlib import Path

from promptlab import given
from promptlab.comparison import Control
from promptlab.errors import InputError
from promptlab.registering import Registration
from promptlab.reporting.gathering import gather
from promptlab.reporting.judging import Choices, judge
from promptlab.reporting.overview import overview
from promptlab.reporting.page import page
from promptlab.reporting.samples import Embedded
from promptlab.reporting.sections import part_section
from promptlab.reporting.vectors import drawings
from promptlab.sweeps.states import replace_file, writing

DRAWN = 24  # parts with figures: about 0.3 MB each
NAME = "report.html"


def report(
    *paths: str | Path,
    out: str | Path | None = None,
    baseline: str | None = None,
    margin: float | None = None,
    control: Control = "",
    registration: Registration | None = None,
    samples: int = 2_000,
) -> Path:
    """Write one self-contained HTML file about saved records, and return its path; calls no model.

    Verdicts with their validity and the registration's stamp come first, then a section for each experiment, then
    samples to look at. The file asks for nothing over a network; what a model wrote is shown as text only.

    Parameters
    ----------
    paths
        Each a sweep's directory, the `out` of a notebook, the records of an experiment, or a run as `load_run` takes
        it. Runs that are named one by one are judged together.
    out
        The file; by default ``report.html`` in the first path, or beside it if that is a file.
    baseline, margin, control
        As for `compare` and `contrasts`. By default the registered design's; without one, the first condition is the
        baseline, and there is neither margin nor control.
    registration
        The design of what lies in `paths`, where it is not beside the records.
    samples
        How many samples are in the file at most; tables and figures count all.

    Raises
    ------
    InputError
        A path holds no run, no part has this baseline, `samples` is no number, ...
    StoreError
        The file cannot be written.
    """
    if not paths:
        raise InputError("report needs a path: a sweep's directory, an experiment's, or a run's")
    most = given.whole("samples of report", samples, 0)
    file = given.to_write("out of report", out or _beside(paths[0]))
    gathered = gather(paths, registration)
    choices = Choices(baseline, margin, control)
    judged = [judge(part, choices) for part in gathered.parts]
    if choices != Choices() and all(one.problem for one in judged):
        raise InputError(f"report: {judged[0].problem}")  # most likely a slip in what was chosen
    embedded = Embedded(most)
    embedded.add(gathered.parts)
    alone = len(judged) == 1
    parts = [
        part_section(one, drawings(one, f"f{i}") if i < DRAWN else (), opened=alone) for i, one in enumerate(judged)
    ]
    notes = [f"Figures are those of the first {DRAWN} of {len(judged)} runs."] if len(judged) > DRAWN else []
    _write(file, page(gathered, overview(judged), parts, embedded, notes))
    return file


def _beside(path: str | Path) -> Path:
    place = Path(str(path).removeprefix("recorded:"))
    return place / NAME if place.is_dir() else place.with_name(f"{place.stem}.{NAME}")


def _write(file: Path, text: str) -> None:
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, text.encode("utf-8", "replace").decode())
