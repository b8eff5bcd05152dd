"""Models that several processes use are loaded once: one process runs the servers, its children attach to them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from promptlab.models.embedded import EmbeddedModel
from promptlab.models.engine import LENT
from promptlab.models.opening import open_model, options_in
from promptlab.models.vllm_server import serve_vllm

_VLLM = "vllm:"


@contextmanager
def shared(models: Sequence[str]) -> Iterator[dict[str, str]]:
    """Keep the servers of these models running; gives the environment in which child processes attach to them.

    There `open_model` of the same name, without other options, gives the same model with the same samples. Of several
    vLLM models none is kept: they would need the memory of all, while in one process each takes the last one's place.
    """
    addresses: dict[str, list[str]] = {}
    large = [name for name in models if name.startswith(_VLLM)]
    with ExitStack() as stack:
        if len(large) == 1:
            alone, told = options_in(large[0].removeprefix(_VLLM))
            served = stack.enter_context(serve_vllm(alone, progress=False, **told))
            addresses[large[0]] = [served.base_url]
        for model in [open_model(name) for name in models if name not in large]:
            if isinstance(model, EmbeddedModel):
                stack.callback(model.close)
                addresses |= model.lend()
        yield {LENT: json.dumps(addresses)}
