"""The modules of the experiment import one way, function-level imports included."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "experiments" / "r1_miniature"
PACKAGE = "experiments.r1_miniature"


def imports_of(path: Path) -> set[str]:
    """The modules of the experiment that a file imports, wherever in the file and however lazily."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno}: relative import"
            names.update([f"{PACKAGE}.{a.name}" for a in node.names] if node.module == PACKAGE else [node.module or ""])
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return {name.removeprefix(f"{PACKAGE}.").partition(".")[0] for name in names if name.startswith(f"{PACKAGE}.")}


def ordered(folder: Path) -> list[str]:
    """The modules, each after those that it imports; `CycleError` where that cannot be."""
    return list(TopologicalSorter({path.stem: imports_of(path) for path in folder.glob("*.py")}).static_order())


def test_no_module_imports_its_way_back_to_itself() -> None:
    order = ordered(FOLDER)
    assert set(order) == {path.stem for path in FOLDER.glob("*.py")}
    assert order.index("recipe") < order.index("grpo") < order.index("train")


def test_the_check_sees_a_cycle_that_a_lazy_import_closes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f"from {PACKAGE} import b\n")
    (tmp_path / "b.py").write_text(f"from {PACKAGE}.c import f\n")
    (tmp_path / "c.py").write_text("def f():\n    pass\n")
    assert ordered(tmp_path) == ["c", "b", "a"]
    (tmp_path / "c.py").write_text(f"def f():\n    import {PACKAGE}.a\n")
    with pytest.raises(CycleError):
        ordered(tmp_path)
