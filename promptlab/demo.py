"""``make demo``: the main notebook through papermill, its progress in the terminal, and what came out."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptlab.assets import find_asset
from promptlab.executing import count_samples, execute, to_html
from promptlab.models import open_model

NOTEBOOK = "notebooks/few_shot_degradation.ipynb"


def demo(out: Path, *, models: list[str] | None = None, n_questions: int | None = None) -> None:
    """Execute the main notebook into `out` and print table, verdicts and paths.

    Parameters
    ----------
    out
        Directory for the executed notebook, its HTML, its kernel's log, ``figures/`` and ``runs/``. A second call
        resumes from the records that it finds there, and pays only for what is missing.
    models
        Instead of the notebook's own, whose controls and recorded samples are then left out.
    n_questions
        Instead of the notebook's own number.

    Raises
    ------
    ModelError
        The weights are missing; before anything is written.
    PromptlabError
        A cell failed, or the kernel died; the notebook up to there is kept in `out`.
    """
    asked = models or _models_of(find_asset(NOTEBOOK))
    for name in asked:
        open_model(name).close()  # a missing file is one clear line now, not a traceback in a cell later
    parameters: dict[str, Any] = {"out": str(out.resolve()), "progress": False}
    parameters |= {"models": models, "control": {}, "recorded": [], "recorded_control": {}} if models else {}
    parameters |= {"n_questions": n_questions} if n_questions else {}
    out.mkdir(parents=True, exist_ok=True)
    notebook = out / Path(NOTEBOOK).name
    with _progress(out / "runs", len(asked)):
        execute(find_asset(NOTEBOOK), notebook, parameters)
    page = to_html(notebook)
    print((out / "report.md").read_text(encoding="utf-8"))
    print("Written:", *(f"  {path}" for path in [page, notebook, *sorted((out / "figures").glob("*.png"))]), sep="\n")


def _models_of(notebook: Path) -> list[str]:
    """The models that the notebook's own parameters name."""
    from papermill import inspect_notebook

    found: list[str] = ast.literal_eval(inspect_notebook(notebook)["models"]["default"])
    return found


@contextmanager
def _progress(runs: Path, models: int) -> Iterator[None]:
    """A bar in this terminal while the notebook's kernel works: the records say how far it is."""
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(runs, models, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _watch(runs: Path, models: int, done: threading.Event) -> None:
    from tqdm import tqdm

    pause = 0.5 if sys.stderr.isatty() else 15  # a log file gets few lines
    with tqdm(desc="starting", unit="sample") as bar:
        ended = False
        while not ended:
            ended = done.wait(pause)  # then once more: the last line of the bar says what is stored
            stored, planned = count_samples(runs)
            if planned and bar.total is None:
                bar.reset()
                bar.initial = stored  # what an earlier call has done tells nothing about the speed of this one
                bar.set_description("samples", refresh=False)
            bar.total = planned * models or None  # every model gets the same plan; a second call may add to it
            bar.n = stored
            bar.refresh()
