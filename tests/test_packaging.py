"""pyproject.toml, environment.yml, the constraints, the Makefile and the imports say the same thing."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import promptlab

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EIGHT = {"jupyterlab", "ipywidgets", "openai", "vllm", "pandas", "matplotlib", "scipy", "papermill"}


def requirements(*lists: list[str]) -> dict[str, Requirement]:
    return {canonicalize_name(r.name): r for r in map(Requirement, chain(*lists))}


def environment() -> dict[str, Requirement]:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(item["pip"] for item in listed if isinstance(item, dict))
    return requirements([line for line in pip if not line.startswith("-e")])


def pins(file: str) -> dict[str, Version]:
    lines = [line for line in (ROOT / file).read_text().splitlines() if not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in (line.split("==") for line in lines)}


EXTRAS = PROJECT["optional-dependencies"]
ALL = requirements(PROJECT["dependencies"], *EXTRAS.values())


def test_the_environment_carries_the_eight_packages_with_the_projects_own_bounds():
    assert set(environment()) == EIGHT
    for name, requirement in environment().items():
        assert requirement.specifier == ALL[name].specifier, name


def extras_of(variable: str) -> list[str]:
    """The extras that a variable of the Makefile holds."""
    found = re.search(rf"^{variable} := (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert found
    return found[1].split(",")


@pytest.mark.parametrize("variable", ["EXTRAS", "EXTRAS_TRAIN"])
def test_every_dependency_that_the_makefile_installs_is_pinned_within_its_bounds(variable: str):
    pinned = pins("constraints.txt") | (pins("constraints-train.txt") if variable == "EXTRAS_TRAIN" else {})
    extras = (EXTRAS[extra] for extra in extras_of(variable))
    for name, requirement in requirements(PROJECT["dependencies"], *extras).items():
        assert name in pinned, f"{name} is not pinned"
        assert requirement.specifier.contains(pinned[name]), f"{name} {pinned[name]} is outside {requirement.specifier}"


def test_no_package_is_pinned_twice():
    assert not set(pins("constraints.txt")) & set(pins("constraints-train.txt"))


def imported(folder: str) -> set[str]:
    """The packages that a folder's files import, wherever in the file, under the names that they are installed by."""
    names = set()
    for node in chain.from_iterable(ast.walk(ast.parse(path.read_text())) for path in (ROOT / folder).rglob("*.py")):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    ours = {path.stem for path in [*ROOT.iterdir(), *(ROOT / "tests").rglob("*.py")]}
    return {
        canonicalize_name({"yaml": "pyyaml", "PIL": "pillow", "sklearn": "scikit-learn"}.get(name, name))
        for name in names - ours - sys.stdlib_module_names
    }


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("promptlab", ["embedded", "notebooks", "hub", "maths", "vllm", "dask", "embeddings"]),
        ("tests", ["embedded", "notebooks", "test", "train", "vllm", "dask", "embeddings", "real"]),
        ("benchmarks", ["vllm", "peers"]),
        ("experiments", ["train", "real"]),
    ],
)
def test_every_package_that_is_imported_is_named(folder: str, extras: list[str]):
    named = requirements(PROJECT["dependencies"], *(EXTRAS[extra] for extra in extras))
    assert imported(folder) <= set(named)


def test_the_core_is_light_and_the_extras_are_there():
    core = requirements(PROJECT["dependencies"])
    assert not set(core) & {"vllm", "torch", "datasets", "xllamacpp", "jupyterlab", "papermill", "distributed"}
    assert set(EXTRAS) >= {"embedded", "vllm", "hub", "dask", "train", "test"}


def test_name_and_version():
    assert PROJECT["name"] == "promptlab-notebooks"
    assert PROJECT["version"] == promptlab.__version__
    assert f"## {promptlab.__version__}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("path", ["README.md", "CONTRIBUTING.md", "docs"])
def test_no_text_says_to_install_somebody_elses_package(path: str):
    place = ROOT / path
    for file in [place] if place.is_file() else place.rglob("*.md"):
        assert not re.search(r"pip install promptlab(?!-notebooks)\b", file.read_text()), file


def test_what_a_reader_expects_at_the_top_is_there():
    for name in ("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "environment.yml", "promptlab/py.typed"):
        assert (ROOT / name).is_file(), name
