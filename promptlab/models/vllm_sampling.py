"""Sampling settings as vLLM's engine takes them."""

from __future__ import annotations

from typing import Any

from promptlab.errors import InputError
from promptlab.models.failures import one_line
from promptlab.models.settings import VLLM, sampling_body
from promptlab.types import Sampling

_INTERNAL = ("output_kind", "detokenize", "skip_clone", "output_text_buffer_length", "stream_interval", "extra_args")


def known_settings() -> list[str]:
    """What `Sampling.extra` may hold."""
    from vllm import SamplingParams

    names = [name for name in SamplingParams.__struct_fields__ if not name.startswith("_")]
    return [name for name in names if name not in _INTERNAL]


def to_params(sampling: Sampling, seed: int) -> Any:
    """vLLM's settings of one request: only the whole output comes back, not each token."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    try:
        return SamplingParams(**sampling_body(sampling, seed, VLLM), output_kind=RequestOutputKind.FINAL_ONLY)
    except Exception as problem:  # vLLM's error is a ValueError in some versions only
        raise InputError(f"vLLM refuses these sampling settings: {one_line(problem)}") from problem
