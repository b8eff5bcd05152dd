"""`serve_vllm`: one vLLM server for as long as a block runs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from promptlab import given
from promptlab.models.modes import Mode, mode_of
from promptlab.models.vllm_files import Adapter, Weights, find_adapter, find_weights
from promptlab.models.vllm_options import OURS, engine_options, not_yours, read_facts, to_engine, vllm_version
from promptlab.models.vllm_process import LentServer, serving, to_flags
from promptlab.models.vllm_served import Served, ServedModel
from promptlab.models.vllm_text import Text

_OURS = (*OURS, "host", "port", "uds", "api_key", "lora_modules", "enable_lora")


@contextmanager
def serve_vllm(
    model: str,
    *,
    tensor_parallel_size: int = 1,
    lora: Mapping[str, str | Path] | None = None,
    reasoning_parser: str | None = None,
    revision: str | None = None,
    port: int = 0,
    startup_timeout: float = 1800.0,
    log: str | Path | None = None,
    progress: bool = True,
    name: str | None = None,
    profile: str | None = None,
    thinking: bool | None = None,
    reasoning_effort: str | None = None,
    max_in_flight: int = 256,
    **flags: Any,
) -> Iterator[ServedModel]:
    """Run ``vllm serve`` while the block runs; gives the model, with those of its LoRA adapters in `adapters`.

    The server is on loopback and belongs to the block: it is stopped at its end, after an exception, Ctrl-C or a
    SIGTERM, and also if this process is killed.

    Parameters
    ----------
    model, revision, name, profile, thinking, reasoning_effort
        As after ``vllm:`` (see `open_model`).
    tensor_parallel_size
        GPUs for one copy of the model.
    lora
        Folders of LoRA adapters in peft's form, by the names under which they are served.
    reasoning_parser
        Let the server put the reasoning into a field of its own (``deepseek_r1``, ``qwen3``, ...); without one it
        stays in the text and is split here.
    port
        0: any free port.
    startup_timeout
        Seconds to wait until the model is loaded.
    log
        The file for the server's output, kept; by default a temporary one, kept where something has failed.
    max_in_flight
        Requests that wait for an answer at the same time.
    flags
        More flags of ``vllm serve``, with underscores: ``dtype``, ``max_model_len``, ``gpu_memory_utilization``,
        ``enforce_eager``, ``max_lora_rank``, ``enable_prompt_tokens_details`` (on by default), ...

    Raises
    ------
    ModelError
        vLLM is not installed, or the server does not come up; the message has the last lines of its log.

    Examples
    --------
    >>> with serve_vllm("Qwen/Qwen3-8B", lora={"tuned": "adapters/tuned"}) as base:  # doctest: +SKIP
    ...     runs = [run(m, conditions, questions, ...) for m in (base, base.adapters["tuned"])]
    """
    vllm_version()
    given.real("startup_timeout of serve_vllm", startup_timeout, lambda seconds: seconds > 0, "a number > 0")
    if taken := [flag for flag in flags if flag in _OURS]:
        raise not_yours("serve_vllm", taken[0])
    said, mode = mode_of(model, profile, thinking, reasoning_effort)
    weights = find_weights(said, revision)
    adapters = [find_adapter(folder, own) for own, folder in (lora or {}).items()]
    flags = {"tensor_parallel_size": tensor_parallel_size, "reasoning_parser": reasoning_parser, **flags}
    served = _served(weights, mode, adapters, flags, max_in_flight)
    with (
        _log_file(log) as file,
        serving(_arguments(served, adapters), port, file, startup_timeout, progress=progress) as server,
    ):
        base = ServedModel(served, server, name=name)
        base.adapters = MappingProxyType({a.name: ServedModel(served, server, a) for a in adapters})
        yield base


def attach_vllm(model: str, base_url: str, *, revision: str | None = None, **flags: Any) -> ServedModel:
    """The model of the server that a parent process runs with ``serve_vllm(model, **flags)``."""
    said, mode = mode_of(model, None, None, None)
    told = {"tensor_parallel_size": 1, "reasoning_parser": None, **flags}
    return ServedModel(_served(find_weights(said, revision), mode, [], told, max_in_flight=256), LentServer(base_url))


def _served(
    weights: Weights, mode: Mode, adapters: Sequence[Adapter], flags: Mapping[str, Any], max_in_flight: int
) -> Served:
    """vLLM checks the engine's part of the flags here; the rest are the server's own, and it refuses unknown ones."""
    options = to_engine(weights, adapters, {"enable_prompt_tokens_details": True, **flags})
    known = engine_options()
    engine = {name: value for name, value in options.items() if name in known and value is not None}
    text = Text(weights, mode, trust_remote_code=bool(flags.get("trust_remote_code")))
    hidden = ("model", "revision", "tokenizer_revision")
    shown = {name: value for name, value in options.items() if name not in hidden and value is not None}
    parses = bool(flags.get("reasoning_parser"))
    return Served(weights, mode, read_facts(engine), text, shown, parses, max_in_flight)


def _arguments(served: Served, adapters: Sequence[Adapter]) -> list[str]:
    weights = served.weights
    fixed = {"served_model_name": weights.name, "revision": weights.commit, "tokenizer_revision": weights.commit}
    modules = [f"{adapter.name}={adapter.folder}" for adapter in adapters]
    lora = {"lora_modules": modules} if modules else {}
    return [weights.place, *to_flags({**fixed, **served.flags, **lora})]


@contextmanager
def _log_file(log: str | Path | None) -> Iterator[Path]:
    if log is not None:
        yield given.to_write("log of serve_vllm", log)
        return
    with tempfile.NamedTemporaryFile(prefix="promptlab-vllm-", suffix=".log", delete=False) as file:
        path = Path(file.name)
    yield path
    path.unlink(missing_ok=True)
