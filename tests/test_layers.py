"""Imports go one way: a module uses lower layers only, and siblings of a layer do not know each other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "promptlab"
LAYERS = (
    {"errors", "given", "types", "formats", "wording", "textnorm", "numerals", "numberwords", "onenumber", "choices",
     "reasoning", "markup", "tables", "portal", "assets", "hub"},
    {"questions", "prompts", "models", "grading", "traces", "store", "stats", "quoting",
     "traininglogs"},
    {"records", "importing"},
    {"runner"},
    {"comparison"},
    {"planner"},
    {"figures"},
    {"experiment", "explorer", "registering", "executing", "sweeps", "reporting", "demo", "cli", "__main__"},
)  # fmt: skip
STRICT = (0, 1)  # in these layers siblings do not know each other, except:
NEIGHBOURS = {
    ("given", "errors"), ("types", "given"), ("formats", "types"), ("formats", "errors"), ("reasoning", "types"),
    ("assets", "errors"), ("tables", "markup"), ("choices", "errors"), ("choices", "numerals"), ("choices", "textnorm"),
    ("onenumber", "errors"), ("onenumber", "numerals"), ("onenumber", "numberwords"),
}  # fmt: skip


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """The rooms of promptlab that a file imports, wherever in the file and however lazily."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path.name}:{node.lineno}: relative import"
            whole = [node.module] if node.module != "promptlab" else [f"promptlab.{a.name}" for a in node.names]
            names.update(whole)
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return {name.split(".")[1] for name in names if name.startswith("promptlab.")}


def layer_of(room: str) -> int:
    found = [i for i, rooms in enumerate(LAYERS) if room in rooms]
    assert found, f"promptlab/{room} has no layer: give it one in tests/test_layers.py"
    return found[0]


FILES = [p for p in sorted(PACKAGE.rglob("*.py")) if p.parent != PACKAGE or p.name != "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_upward_or_sideways_import(path: Path):
    room = room_of(path)
    for other in imports_of(path) - {room, "__version__"}:
        same = layer_of(other) == layer_of(room)
        strict = same and layer_of(room) in STRICT
        allowed = (room, other) in NEIGHBOURS if strict else layer_of(other) <= layer_of(room)
        assert allowed, f"promptlab/{path.relative_to(PACKAGE)} (layer {layer_of(room)}) imports {other}"


def test_stats_knows_nothing_but_layer_0():
    used = set().union(*(imports_of(p) for p in PACKAGE.glob("stats/*.py"))) - {"stats"}
    assert used <= LAYERS[0]


def test_the_check_sees_an_upward_edge(tmp_path: Path):
    lazy = tmp_path / "x.py"
    lazy.write_text("def f():\n    from promptlab.runner import run\n    import promptlab.figures\n")
    assert imports_of(lazy) == {"runner", "figures"}
    assert layer_of("runner") > layer_of("store")
