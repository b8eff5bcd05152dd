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
import json
import promptlab as lab
{first}
before = {{name: getattr(lab, name) for name in lab.__all__}}
after = {{name: getattr(lab, name) for name in lab.__all__}}
changed = [name for name in lab.__all__ if before[name] is not after[name]]
modules = [name for name in lab.__all__ if type(before[name]).__name__ == "module"]
print(json.dumps([len(before), changed, modules]))
"""
IMPORT_ALL = """
import pkgutil, importlib
for module in pkgutil.walk_packages(lab.__path__, "promptlab."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


@pytest.mark.parametrize("first", ["", IMPORT_ALL], ids=["fresh", "after importing every submodule"])
def test_every_name_means_the_same_twice(first: str):
    touched, changed, modules = json.loads(fresh(TOUCH.format(first=first)))
    assert touched == len(promptlab.__all__) > 30
    assert changed == []
    assert modules == list(promptlab._MODULES), "no function has become a module"


def test_names_complete_with_tab_and_a_typo_gets_a_hint():
    assert {"compare", "few_shot", "open_model", "figures"} <= set(dir(promptlab))
    assert promptlab.few_shot is few_shot
    with pytest.raises(AttributeError, match="did you mean 'few_shot'"):
        promptlab.fewshot  # noqa: B018
