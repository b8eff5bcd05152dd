"""``make demo``: the main notebook through papermill, its progress in the terminal, and what came out."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from promptlab.assets import find_asset
from promptlab.errors import PromptlabError, StoreError
from promptlab.models import open_model
from promptlab.store import Store, read_manifest

NOTEBOOK = "notebooks/few_shot_degradation.ipynb"


def demo(out: Path, *, models: list[str] | None = None, n_questions: int | None = None) -> None:
    """Execute the main notebook into `out` and print table, verdicts and paths.

    Parameters
    ----------
    out
        Directory for the executed notebook, its HTML, ``figures/`` and ``runs/``. A second call resumes from the
        records that it finds there, and pays only for what is missing.
    models, n_questions
        Instead of the notebook's own parameters.

    Raises
    ------
    ModelError
        The weights are missing; before anything is written.
    PromptlabError
        A cell failed; the notebook up to there is kept in `out`.
    """
    for name in models or ["embedded:instruct"]:
        open_model(name).close()  # a missing file is one clear line now, not a traceback in a cell later
    parameters: dict[str, Any] = {"out": str(out.resolve()), "progress": False}
    parameters |= {"models": models} if models else {}
    parameters |= {"n_questions": n_questions} if n_questions else {}
    out.mkdir(parents=True, exist_ok=True)
    notebook = out / Path(NOTEBOOK).name
    with _progress(out / "runs", len(models or [""])):
        execute(find_asset(NOTEBOOK), notebook, parameters)
    page = to_html(notebook)
    print((out / "report.md").read_text(encoding="utf-8"))
    print("Written:", *(f"  {path}" for path in [page, notebook, *sorted((out / "figures").glob("*.png"))]), sep="\n")


def execute(source: Path, target: Path, parameters: dict[str, Any]) -> None:
    """Run a notebook through papermill; a failed cell becomes one `PromptlabError`, the notebook is kept."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    try:
        papermill.execute_notebook(source, target, parameters=parameters, progress_bar=False, log_output=False)
    except PapermillExecutionError as problem:
        raise PromptlabError(
            f"cell {problem.exec_count} of {target} failed: {problem.ename}: {problem.evalue}"
        ) from None


def to_html(notebook: Path) -> Path:
    """Write the executed notebook as a page beside it and return the page's path."""
    from nbconvert import HTMLExporter

    page = notebook.with_suffix(".html")
    body, _ = HTMLExporter(exclude_anchor_links=True).from_filename(str(notebook))
    page.write_text(body, encoding="utf-8")
    return page


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
        while not done.wait(pause):
            stored, planned = _count(runs)
            if planned and bar.total is None:
                bar.reset(total=planned * models)  # every model gets the same plan
                bar.initial = stored  # what an earlier call has done tells nothing about the speed of this one
                bar.set_description("samples")
            bar.n = stored
            bar.refresh()


def _count(runs: Path) -> tuple[int, int]:
    """Samples stored in all runs below a directory, and those planned for one; writers are never blocked."""
    stored = planned = 0
    for folder in runs.glob("*/"):
        with suppress(StoreError), Store(folder) as store:  # it is being made at this very moment
            planned = max(planned, (read_manifest(folder) or {}).get("planned", 0))
            stored += next(store.rows("SELECT count(*) FROM samples WHERE ending != 'error'"))[0]
    return stored, planned
