"""Find what ships beside the code: in a checkout `data/` and `notebooks/`, in a wheel `_data` and `_notebooks`."""

from __future__ import annotations

from pathlib import Path

from promptlab.errors import PromptlabError

_PACKAGE = Path(__file__).resolve().parent


def _places(path: str) -> list[Path]:
    """Where an asset may be: inside the package (a wheel), or beside it in a checkout (not in any site-packages)."""
    checkout = [_PACKAGE.parent / path] if (_PACKAGE.parent / "pyproject.toml").is_file() else []
    return [_PACKAGE / f"_{path}", *checkout]


def find_asset(path: str) -> Path:
    """The file or folder with this path in a checkout, for example ``notebooks/few_shot_degradation.ipynb``.

    Raises
    ------
    PromptlabError
        This installation lacks it.
    """
    for place in _places(path):
        if place.exists():
            return place
    raise PromptlabError(f"{path} is missing from this installation of promptlab (looked in {_PACKAGE.parent})")


def list_assets(folder: str, suffix: str) -> dict[str, Path]:
    """The files of a folder by stem, in order of name: ``list_assets("data/adapters", ".gguf")``; {} without it."""
    found = next((place for place in _places(folder) if place.is_dir()), None)
    return {path.stem: path for path in sorted(found.glob(f"*{suffix}"))} if found else {}
