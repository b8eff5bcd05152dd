"""``make demo``: the main notebook through papermill, its progress in the terminal, and what came out."""

from __future__ import annotations

import ast
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from promptlab.assets import find_asset
from promptlab.errors import PromptlabError, StoreError
from promptlab.models import open_model
from promptlab.store import Store, read_manifest

if TYPE_CHECKING:
    from jupyter_client import AsyncKernelManager

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


def execute(source: Path, target: Path, parameters: dict[str, Any]) -> None:
    """Run a notebook through papermill; a failed cell or kernel becomes one `PromptlabError`, the notebook is kept.

    What the kernel itself says on its way goes to a ``.log`` file beside `target`, never to the terminal.
    """
    import papermill
    from jupyter_core.utils import ensure_event_loop
    from papermill.exceptions import PapermillExecutionError

    log = target.with_suffix(".log")
    options: dict[str, Any] = {"parameters": parameters, "progress_bar": False, "log_output": False}
    try:
        with log.open("w", encoding="utf-8") as file, _papermill_logs_to(file), _kernel_logs_to(file) as kernel:
            papermill.execute_notebook(source, target, kernel_manager_class=kernel, **options)
    except PapermillExecutionError as problem:
        raise PromptlabError(
            f"cell {problem.exec_count} of {target} failed: {problem.ename}: {problem.evalue}"
        ) from None
    except RuntimeError as problem:  # of nbclient and jupyter_client, which have no common class for these
        raise PromptlabError(f"the notebook's kernel did not start or died: {problem}; its log is {log}") from None
    except KeyboardInterrupt:
        # The cell's task was left behind; asyncio would print its traceback when it is collected.
        ensure_event_loop().set_exception_handler(lambda *_: None)
        raise


@contextmanager
def _kernel_logs_to(file: IO[str]) -> Iterator[type[AsyncKernelManager]]:
    """A kernel manager whose kernel writes to `file` what it would else write to this terminal, and never outlives."""
    from jupyter_client import AsyncKernelManager
    from jupyter_core.utils import run_sync

    started = []

    class Kernel(AsyncKernelManager):
        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]  # its decorator hides `async`
            started.append(self)
            try:
                await super().start_kernel(stdout=file, stderr=file, **options)
            except (OSError, KeyError) as problem:  # no such program, or no kernel of that name
                raise RuntimeError(problem) from problem

    try:
        yield Kernel
    finally:
        for kernel in started:
            if kernel.has_kernel:  # nbclient leaves it behind when Ctrl-C comes while it starts
                run_sync(kernel.shutdown_kernel)(now=True)


@contextmanager
def _papermill_logs_to(file: IO[str]) -> Iterator[None]:
    """What papermill and nbclient report of the kernel; without a handler, logging prints it on stderr."""
    handler = logging.StreamHandler(file)
    logger = logging.getLogger("papermill")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


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
        ended = False
        while not ended:
            ended = done.wait(pause)  # then once more: the last line of the bar says what is stored
            stored, planned = _count(runs)
            if planned and bar.total is None:
                bar.reset()
                bar.initial = stored  # what an earlier call has done tells nothing about the speed of this one
                bar.set_description("samples", refresh=False)
            bar.total = planned * models or None  # every model gets the same plan; a second call may add to it
            bar.n = stored
            bar.refresh()


def _count(runs: Path) -> tuple[int, int]:
    """Samples stored in all runs below a directory, and those planned for one; writers are never blocked."""
    stored = planned = 0
    for folder in runs.glob("*/"):
        with suppress(StoreError), Store(folder) as store:  # it is being made at this very moment
            planned = max(planned, (read_manifest(folder) or {}).get("planned", 0))
            stored += store.count()
    return stored, planned
