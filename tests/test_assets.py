"""Assets are found in a checkout; the wheel's mapping is checked against what the code asks for."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from promptlab import assets
from promptlab.errors import PromptlabError

ROOT = Path(__file__).parents[1]


def test_a_checkout_has_its_notebook():
    assert assets.find_asset("notebooks/few_shot_degradation.ipynb").is_file()


def test_what_is_missing_is_said_with_its_name():
    with pytest.raises(PromptlabError, match=r"notebooks/nowhere.ipynb is missing"):
        assets.find_asset("notebooks/nowhere.ipynb")
    assert assets.list_assets("data/nowhere", ".gguf") == {}


def test_a_wheel_is_searched_first_and_needs_no_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "promptlab/_data/adapters").mkdir(parents=True)
    (tmp_path / "promptlab/_data/adapters/r1.gguf").touch()
    (tmp_path / "data/adapters").mkdir(parents=True)  # somebody else's `data` beside site-packages
    (tmp_path / "data/adapters/other.gguf").touch()
    monkeypatch.setattr(assets, "_PACKAGE", tmp_path / "promptlab")
    assert list(assets.list_assets("data/adapters", ".gguf")) == ["r1"]


def test_the_wheel_maps_the_folders_where_they_are_looked_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    mapped = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert mapped == {"data": "promptlab/_data", "notebooks": "promptlab/_notebooks"}
    assert all((ROOT / folder).is_dir() for folder in mapped)
