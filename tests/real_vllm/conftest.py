"""vLLM itself, on the CPU: `make test-vllm` has an environment for it; elsewhere these tests skip.

In float32, where a seed fixes a text; eager, since compiling takes minutes.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from making import make_base, make_peft, make_thinker

HERE = Path(__file__).parent
INSTALLED = importlib.util.find_spec("vllm") is not None
if INSTALLED:  # before vLLM is imported
    os.environ |= {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
    os.environ |= {"OMP_NUM_THREADS": "1", "VLLM_LOGGING_LEVEL": "WARNING"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.vllm)
            if not INSTALLED:
                item.add_marker(pytest.mark.skip(reason="needs vLLM: make test-vllm"))


@pytest.fixture(scope="session")
def base(base_weights: Path) -> Path:
    return make_base()


@pytest.fixture(scope="session")
def thinker(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_thinker(base, tmp_path_factory.mktemp("models") / "thinker")


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The adapter `plain` for vLLM."""
    return make_peft(Path("data/adapters/plain.gguf"), tmp_path_factory.mktemp("adapters") / "plain")
