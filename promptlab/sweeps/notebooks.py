"""A notebook as a sweep sees it: what it takes, and what it is."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from promptlab.assets import find_asset
from promptlab.errors import InputError, PromptlabError, unknown
from promptlab.types import digest

OURS = ("out", "progress")  # set by the sweep where a notebook has them


@dataclass(frozen=True)
class Notebook:
    """`defaults` are the literals of its parameters cell; None also for what is no literal."""

    name: str
    text: str = field(repr=False)  # what is executed, also where the file is changed while a sweep runs
    defaults: Mapping[str, Any]

    @cached_property
    def hash(self) -> str:
        """Digest of the cells' sources: outputs and metadata do not count."""
        return digest([[cell["cell_type"], "".join(cell["source"])] for cell in json.loads(self.text)["cells"]])


def read_notebook(name: str, near: Path) -> Notebook:
    """A notebook by its path: from the current directory, from `near`, or one that ships with promptlab."""
    import nbformat

    file = _find(name, near)
    try:
        text = file.read_text(encoding="utf-8")
        notebook = nbformat.reads(text, as_version=4)
        (cell,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
        _check_kernel(notebook.metadata.get("kernelspec", {}).get("name"), file)
        return Notebook(file.stem, nbformat.writes(notebook), _defaults(cell.source))
    except InputError:
        raise
    except ValueError:  # of the unpacking
        raise InputError(f"{file} needs one cell tagged `parameters`") from None
    except (OSError, SyntaxError, nbformat.reader.NotJSONError) as problem:
        raise InputError(f"{file} cannot be read as a notebook ({problem})") from None


def _find(name: str, near: Path) -> Path:
    for file in (Path(name).expanduser(), near / name):
        if file.is_file():
            return file
    try:
        return find_asset(name)
    except PromptlabError:
        raise InputError(
            f"there is no notebook {name}, neither here nor in {near}, and none ships by that name"
        ) from None


def _check_kernel(name: str | None, file: Path) -> None:
    from jupyter_client.kernelspec import KernelSpecManager

    if not name:
        raise InputError(f"{file} names no kernel: open it in JupyterLab, choose one and save it")
    known = KernelSpecManager().find_kernel_specs()
    if name not in known:
        raise unknown(f"kernel of {file}", name, known)


def _defaults(source: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            names, value = [target.id for target in node.targets if isinstance(target, ast.Name)], node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            names, value = [node.target.id], node.value
        else:
            continue
        found |= dict.fromkeys(names, _literal(value))
    return found


def _literal(node: ast.expr) -> Any:
    """A plain value, None where it is computed: a sweep can set it, and cannot know its type."""
    try:
        value = ast.literal_eval(node)
        json.dumps(value)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None
    return value
