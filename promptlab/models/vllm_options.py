"""What vLLM is told: its options by name, and what it makes of them, known before any weights are loaded."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from promptlab.errors import InputError, ModelError, unknown
from promptlab.models.failures import one_line
from promptlab.models.vllm_files import Adapter, Weights

# Set here, by parameters of their own, or (a token) by the environment.
OURS = (
    *("model", "tokenizer", "revision", "tokenizer_revision", "served_model_name", "skip_tokenizer_init", "runner"),
    "hf_token",
)


@dataclass(frozen=True)
class Facts:
    """What vLLM makes of the options."""

    context: int
    at_a_time: int  # sequences that it computes together
    engine: str  # version and data types, for a manifest


def vllm_version() -> str:
    """Raises `ModelError` where vLLM is not installed; does not import it."""
    if importlib.util.find_spec("vllm") is None:
        raise ModelError(
            "vLLM is not installed in this environment: install promptlab with its extra `vllm` (Linux; for a GPU), or"
            " talk to a server elsewhere, with lab.open_model('openai:MODEL@http://HOST:8000/v1')"
        )
    return f"vLLM {importlib.metadata.version('vllm')}"


def check_options(options: Mapping[str, Any], owner: str) -> None:
    """Raise `InputError` for an option that vLLM's engine does not have, or that is not the user's to set."""
    known = engine_options()
    for name in options:
        if name in OURS:
            raise not_yours(owner, name)
        if name not in known:
            raise unknown(f"option of {owner}", name, [option for option in known if option not in OURS])


def not_yours(owner: str, name: str) -> InputError:
    """An error for an option that would take from promptlab the knowledge of what answers, or tell it a secret."""
    return InputError(f"{owner}: {name} cannot be set: promptlab sets it, or the environment does (HF_TOKEN)")


def engine_options() -> list[str]:
    """The names of all options of vLLM's engine."""
    vllm_version()
    from vllm.engine.arg_utils import EngineArgs

    return [field.name for field in fields(EngineArgs)]


def to_engine(weights: Weights, adapters: Sequence[Adapter], options: Mapping[str, Any]) -> dict[str, Any]:
    """The whole set of the engine's options.

    On a CPU no prompt is computed in parts, unless the user wants that: vLLM 0.32 dies of it where a request has a seed
    ("CPU Generator does not use offset"), and promptlab's all have one.
    """
    from vllm.platforms import current_platform

    whole = {"enable_chunked_prefill": False} if current_platform.is_cpu() else {}
    ranks = [adapter.rank for adapter in adapters]
    lora = {"enable_lora": True, "max_lora_rank": max(ranks), "max_loras": len(ranks)} if ranks else {}
    place = {"model": weights.place, "revision": weights.commit, "tokenizer_revision": weights.commit}
    return {**place, **lora, **whole, **options}


def read_facts(options: Mapping[str, Any]) -> Facts:
    """Let vLLM check the options against the model's files and this machine.

    Raises
    ------
    ModelError
        vLLM refuses them.
    """
    config = make_config(options)
    model, scheduler = config.model_config, config.scheduler_config
    parts = [str(model.dtype).removeprefix("torch."), *([model.quantization] if model.quantization else [])]
    if (cards := config.parallel_config.world_size) > 1:
        parts.append(f"{cards} GPUs")
    return Facts(model.max_model_len, scheduler.max_num_seqs, ", ".join([vllm_version(), *parts]))


def make_config(options: Mapping[str, Any]) -> Any:
    """vLLM's own configuration, afresh: an engine changes the one it gets."""
    from vllm.engine.arg_utils import EngineArgs
    from vllm.usage.usage_lib import UsageContext

    try:
        with in_this_process():
            return EngineArgs(**options).create_engine_config(UsageContext.LLM_CLASS)
    except Exception as problem:  # vLLM's errors have no base of their own in all versions
        raise ModelError(f"vLLM cannot run {options['model']} so: {one_line(problem, 600)}") from problem


@contextmanager
def in_this_process() -> Iterator[None]:
    """Let vLLM start its engine inside this process, unless the user has said otherwise.

    In a process of its own (vLLM's default) a killed engine leaves the caller waiting for ever, and a killed caller
    leaves the engine on the GPU: both seen with vLLM 0.32. Inside, it would seed the caller's generators too.
    """
    variable = "VLLM_ENABLE_V1_MULTIPROCESSING"
    said, states = os.environ.get(variable), (random.getstate(), np.random.get_state())
    os.environ.setdefault(variable, "0")
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if said is None:
            os.environ.pop(variable, None)
