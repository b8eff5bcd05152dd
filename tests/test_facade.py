"""`import promptlab`: light, complete, and stable whatever was imported before."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import promptlab
from promptlab.prompts import few_shot

HEAVY = ("torch", "vllm", "datasets", "matplotlib", "pandas", "openai", "scipy", "xllamacpp", "numpy", "jinja2")


def fresh(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_nothing_heavy():
    loaded = json.loads(fresh("import json, sys, promptlab; print(json.dumps(sorted(sys.modules)))"))
    assert not set(HEAVY) & {name.split(".")[0] for name in loaded}


TOUCH = """
import promptlab as lab
{first}
before = {{name: getattr(lab, name) for name in lab.__all__}}
after = {{name: getattr(lab, name) for name in lab.__all__}}
for name in lab.__all__:
    assert before[name] is after[name], name
    assert (type(before[name]).__name__ == "module") == (name in lab._MODULES), f"{{name}} became a module"
"""
IMPORT_ALL = """
import pkgutil, importlib
for module in pkgutil.walk_packages(lab.__path__, "promptlab."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


@pytest.mark.parametrize("first", ["", IMPORT_ALL], ids=["fresh", "after importing every submodule"])
def test_every_name_means_the_same_twice(first: str):
    fresh(TOUCH.format(first=first))


def test_names_complete_with_tab_and_a_typo_gets_a_hint():
    assert {"compare", "few_shot", "open_model", "figures"} <= set(dir(promptlab))
    assert promptlab.few_shot is few_shot
    with pytest.raises(AttributeError, match="did you mean 'few_shot'"):
        promptlab.fewshot  # noqa: B018
