from __future__ import annotations

from pathlib import Path

import pytest

from promptlab import assets
from promptlab.errors import PromptlabError
from promptlab.models import available_models


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "promptlab"
    folder.mkdir()
    monkeypatch.setattr(assets, "_PACKAGE", folder)
    return folder


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    return path


def test_a_checkout_and_a_wheel_alike(package: Path) -> None:
    beside = put(package.parent / "data" / "adapters" / "r1.gguf")
    with pytest.raises(PromptlabError, match=r"data/adapters/r1\.gguf is missing"):
        assets.find_asset("data/adapters/r1.gguf")  # some `data` beside site-packages is not ours
    put(package.parent / "pyproject.toml")
    assert assets.find_asset("data/adapters/r1.gguf") == beside
    inside = put(package / "_data" / "adapters" / "r1.gguf")
    assert assets.find_asset("data/adapters/r1.gguf") == inside


def test_every_adapter_is_an_embedded_model(package: Path) -> None:
    assert assets.list_assets("data/adapters", ".gguf") == {}
    for name in ("r1.gguf", "plain.gguf", "README.md"):
        put(package / "_data" / "adapters" / name)
    assert list(assets.list_assets("data/adapters", ".gguf")) == ["plain", "r1"]
    assert available_models()[:3] == ["embedded:instruct", "embedded:plain", "embedded:r1"]
