"""A notebook through papermill: executed, saved, shown as a page; what fails is one error, and nothing outlives it."""

from __future__ import annotations

import logging
import os
import threading
from asyncio import InvalidStateError
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from promptlab.errors import PromptlabError, StoreError
from promptlab.store import Store, read_manifest

if TYPE_CHECKING:
    from jupyter_client import AsyncKernelManager
    from nbformat import NotebookNode


class CellError(PromptlabError):
    """A cell of a notebook failed: `cell` is its number, `error` what it said."""

    def __init__(self, cell: int, error: str, notebook: Path) -> None:
        super().__init__(f"cell {cell} of {notebook} failed: {error}")
        self.cell, self.error = cell, error


def execute(
    source: Path | NotebookNode,
    target: Path,
    parameters: Mapping[str, Any],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a notebook through papermill; a failed cell or kernel becomes one `PromptlabError`, the notebook is kept.

    What the kernel itself says on its way goes to a ``.log`` file beside `target`, never to the terminal. The kernel
    works in `cwd`, if given, and sees `environment` beside this process's own.
    """
    import papermill
    from jupyter_core.utils import ensure_event_loop
    from papermill.exceptions import PapermillExecutionError

    log = target.with_suffix(".log")
    options: dict[str, Any] = {"parameters": dict(parameters), "progress_bar": False, "log_output": False}
    start: dict[str, Any] = {"env": {**os.environ, **(environment or {})}} | ({"cwd": str(cwd)} if cwd else {})
    try:
        with log.open("w", encoding="utf-8") as file, _papermill_logs_to(file), _kernel_of(file, start) as kernel:
            papermill.execute_notebook(source, target, kernel_manager_class=kernel, **options)
    except PapermillExecutionError as problem:
        raise CellError(problem.exec_count, f"{problem.ename}: {problem.evalue}", target) from None
    except RuntimeError as problem:  # of nbclient and jupyter_client, which have no common class for these
        raise PromptlabError(f"the notebook's kernel did not start or died: {problem}; its log is {log}") from None
    except (KeyboardInterrupt, SystemExit):
        # The cell's task was left behind; asyncio would print its traceback when it is collected.
        ensure_event_loop().set_exception_handler(lambda *_: None)
        raise


@contextmanager
def _kernel_of(file: IO[str], start: Mapping[str, Any]) -> Iterator[type[AsyncKernelManager]]:
    """A kernel manager whose kernel starts with these options, writes to `file` instead of here, and never outlives."""
    from jupyter_client import AsyncKernelManager
    from jupyter_core.utils import run_sync

    started = []

    class Kernel(AsyncKernelManager):
        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]  # its decorator hides `async`
            started.append(self)
            try:
                await super().start_kernel(**{**options, **start, "stdout": file, "stderr": file})
            except (OSError, KeyError) as problem:  # no such program, or no kernel of that name
                raise RuntimeError(problem) from problem

    try:
        yield Kernel
    finally:
        for kernel in started:
            if kernel.has_kernel:  # nbclient leaves it behind when Ctrl-C comes while it starts or is shut down
                with suppress(InvalidStateError):  # the shutdown that Ctrl-C broke off has ended in the same moment
                    run_sync(kernel.shutdown_kernel)(now=True)


@contextmanager
def _papermill_logs_to(file: IO[str]) -> Iterator[None]:
    """What papermill and nbclient report of this kernel; without a handler, logging prints it on stderr."""
    handler, here = logging.StreamHandler(file), threading.get_ident()
    handler.addFilter(lambda record: record.thread == here)  # a Dask worker may run several, each in a thread
    logger = logging.getLogger("papermill")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


# A page that is sent to somebody loads nothing from elsewhere: neither its own scripts nor what a model wrote.
_ELSEWHERE = ("require_js_url", "jquery_url", "mathjax_url", "mermaid_js_url", "mermaid_layout_elk_js_url")
_ALONE = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; font-src data:; '
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
)


def to_html(notebook: Path) -> Path:
    """Write the executed notebook as a page beside it and return the page's path; formulas stay as they are written."""
    from nbconvert import HTMLExporter

    page = notebook.with_suffix(".html")
    known = [name for name in _ELSEWHERE if HTMLExporter.class_traits().get(name)]
    body, _ = HTMLExporter(exclude_anchor_links=True, **dict.fromkeys(known, "")).from_filename(str(notebook))
    page.write_text(body.replace("<head>", f"<head>{_ALONE}", 1), encoding="utf-8")
    return page


def count_samples(runs: Path) -> tuple[int, int]:
    """Samples stored in all runs below a directory, and those planned for one; writers are never blocked."""
    stored = planned = 0
    for folder in runs.glob("*/"):
        with suppress(StoreError), Store(folder) as store:  # it is being made at this very moment
            planned = max(planned, (read_manifest(folder) or {}).get("planned", 0))
            stored += store.count()
    return stored, planned
