"""From a name to a model: ``embedded:instruct``, ``openai:gpt-x@https://...``, ``vllm:Qwen/Qwen3-8B``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptlab import given
from promptlab.assets import list_assets
from promptlab.errors import InputError, unknown
from promptlab.models.embedded import EmbeddedModel, make_spec
from promptlab.models.engine import engine_version, lent, served
from promptlab.models.modes import mode_of
from promptlab.models.openai_api import OpenAIModel
from promptlab.models.profiles import Profile
from promptlab.models.vllm_offline import VllmModel
from promptlab.models.vllm_server import attach_vllm
from promptlab.types import Model

_EMBEDDED = 256
_OPENAI = re.compile(r"(?P<model>.+?)(?:@(?P<base_url>https?://.+))?")
_OURS = ("name", "lora", "profile", "thinking", "reasoning_effort")  # parameters of `VllmModel`, not of vLLM's engine


def open_model(name: str | Model, /, **options: Any) -> Model:
    """Open a model by name; a model that is open already passes through.

    Parameters
    ----------
    name
        ``embedded:NAME`` (see `available_models`), ``embedded:instruct+path/to/adapter.gguf``,
        ``openai:MODEL``, ``openai:MODEL@BASE_URL``, or ``vllm:MODEL`` with a name of the Hugging Face hub or a folder,
        also with options, for places where only a name can be given: ``vllm:MODEL?max_model_len=20000&dtype=float16``.
    options
        Passed on to `EmbeddedModel` (``workers``, ``slots``, ``context``, ``name``), `OpenAIModel` (``key_env``,
        ``max_in_flight``, ``requests_per_minute``, ``timeout``, ``retries``, ``patience``, ``name``, ``profile``,
        ``thinking``, ...) or `VllmModel` (``lora``, ``revision``, ``name``, ``profile``, ``thinking``, and vLLM's own:
        ``dtype``, ``max_model_len``, ``tensor_parallel_size``, ...).

    Examples
    --------
    >>> open_model("openai:qwen@http://localhost:8000/v1")
    OpenAIModel('qwen', 'http://localhost:8000/v1')
    """
    if not isinstance(name, str):
        given.one("model", name)
        if options:
            raise InputError(f"{name!r} is open already: {', '.join(options)} can no longer be set")
        return name
    scheme, _, rest = name.partition(":")
    if scheme == "embedded":
        return _with(EmbeddedModel, options, adapter=_adapter(rest))
    if scheme == "openai" and (match := _OPENAI.fullmatch(rest)):
        if match["base_url"] is None and "@" in rest:  # else prompts and key would go to another host than was meant
            raise InputError(f"{name!r}: what stands after @ must be an address that begins with http:// or https://")
        return _with(OpenAIModel, options, **match.groupdict())
    if scheme == "vllm" and rest:
        model, told = options_in(rest)
        if not options and (lent_at := lent(name)):
            return attach_vllm(model, *lent_at, **told)
        return VllmModel(model, **{**told, **options})
    raise unknown("model", name, available_models())


def options_in(name: str) -> tuple[str, dict[str, Any]]:
    """What stands after ``vllm:`` as the model's name and the options behind it, JSON values or texts.

    Examples
    --------
    >>> options_in("Qwen/Qwen3-8B#no-think?max_model_len=20000&dtype=float16")
    ('Qwen/Qwen3-8B#no-think', {'max_model_len': 20000, 'dtype': 'float16'})
    """
    model, mark, said = name.partition("?")
    if "#" in said:
        before, _, mode = said.partition("#")
        raise InputError(f"vllm:{name}: the mode stands before the options: vllm:{model}#{mode}?{before}")
    pairs = [pair.partition("=") for pair in said.split("&")] if mark else []
    for key, _, value in pairs:
        if not key or not value or key in _OURS:
            raise InputError(
                f"vllm:{name}: behind ? stand options of vLLM's engine, as in ?max_model_len=20000&dtype=float16;"
                " thinking and effort are said as #no-think and #high, all else by arguments of open_model"
            )
    return model, {key: _value(value) for key, _, value in pairs}


def _value(text: str) -> Any:
    """A number, true or false (Python's True and False too), a list or mapping in JSON; else the text itself."""
    try:
        return json.loads(text.lower() if text in ("True", "False") else text)
    except ValueError:
        return text


def available_models() -> list[str]:
    """The names that `open_model` knows, patterns included."""
    patterns = ["embedded:instruct+ADAPTER.gguf", "openai:MODEL@BASE_URL", "vllm:MODEL"]
    return [*(f"embedded:{name}" for name in _embedded()), *patterns]


def longest_output(models: str | Iterable[str]) -> int:
    """Tokens that an output of any of these models may need: the largest limit that their profiles recommend.

    Embedded models have no profile, and need no more than 256.

    Examples
    --------
    >>> longest_output("embedded:r1"), longest_output(["embedded:r1", "vllm:deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"])
    (256, 32768)
    """
    names = [models] if isinstance(models, str) else list(models)
    profiles = (profile_behind(str(name)) for name in names)
    return max((profile.max_tokens if profile else _EMBEDDED for profile in profiles), default=_EMBEDDED)


def profile_behind(name: str) -> Profile | None:
    """The profile that `open_model` would find for this name; None for embedded models, which have none."""
    scheme, _, rest = name.partition(":")
    match = _OPENAI.fullmatch(rest)
    if match is None or scheme not in ("openai", "vllm"):
        return None
    return mode_of(match["model"] if scheme == "openai" else options_in(rest)[0])[1].profile


@contextmanager
def serve_embedded(name: str = "instruct", port: int = 0, *, slots: int = 4, context: int = 2048) -> Iterator[str]:
    """Serve an embedded model to any OpenAI client while the block runs; gives the base URL.

    One single-threaded server on loopback. It applies the model's own chat template, with its default system text
    where a request has no system message, and llama.cpp's own sampling defaults where a request leaves them open.

    Parameters
    ----------
    name
        As after ``embedded:``.
    port
        0: any free port.
    slots, context
        Requests at a time, and the tokens that each may take.
    """
    engine_version()
    with served(make_spec(_adapter(name), workers=1, slots=slots, context=context), port) as base_url:
        yield base_url


def _embedded() -> dict[str, Path | None]:
    """The embedded models by name: the base, and every adapter that this installation has."""
    return {"instruct": None, **list_assets("data/adapters", ".gguf")}


def _adapter(name: str) -> Path | None:
    base, plus, file = name.partition("+")
    names = _embedded()
    if base not in names:
        raise unknown("embedded model", base, names)
    if plus and base != "instruct":
        raise InputError(f"embedded:{name}: only `instruct` takes an adapter, {base!r} is one itself")
    return Path(file) if plus else names[base]


def _with(kind: type[Any], options: dict[str, Any], **parts: Any) -> Any:
    """Call a constructor; an unknown option names its nearest neighbour instead of raising a TypeError."""
    allowed = [key for key in kind.__init__.__annotations__ if key not in ("return", "adapter", "model", "base_url")]
    for option in options:
        if option not in allowed:
            raise unknown(f"option of {kind.__name__}", option, allowed)
    return kind(**{**parts, **options})
