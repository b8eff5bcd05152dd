"""A model's server: its address, its key, and what it says of itself."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from promptlab.errors import InputError
from promptlab.models.accepting import accepted_keys
from promptlab.models.cards import context_of, read_card
from promptlab.models.counting import tokenises
from promptlab.models.dialects import HOSTED
from promptlab.models.redacting import unquoted
from promptlab.models.transport import is_loopback
from promptlab.types import Prompt

OPENAI_URL = "https://api.openai.com/v1"
_REGIONS = (".api.openai.com", ".openai.azure.com")  # eu.api.openai.com; Azure's, by the name of a resource


@dataclass(frozen=True)
class Endpoint:
    """Nothing is asked before it is needed, and then once; `name` is what messages call the model."""

    base_url: str
    model: str
    name: str
    key_env: str | None

    @property
    def hosted(self) -> str:
        """The kind of the server, as far as its address tells it."""
        host = urlsplit(self.base_url).hostname or ""
        return HOSTED if f".{host}".endswith(_REGIONS) else ""

    @property
    def kind(self) -> str:
        """What runs the model: "openai", "vllm", "llamacpp", or what else the server says of itself.

        Only an address makes it "openai": a proxy says so of whatever stands behind it.
        """
        said = str(self._card.get("owned_by", "")) if not self.hosted else ""
        return self.hosted or ("" if said == HOSTED else said)

    @property
    def context(self) -> int | None:
        """Tokens for prompt and output together, where the server tells (vLLM, SGLang, llama.cpp)."""
        return None if self.hosted else context_of(self._card)

    def accepted(self, prompts: Sequence[Prompt]) -> list[str] | None:
        """The names that a request for such prompts may hold; None: this server does not tell."""
        return accepted_keys(self.kind, self.base_url, self.key(), prompts)

    @cached_property
    def counts(self) -> bool:
        """Whether its tokeniser can be asked."""
        return tokenises(self.kind, self.base_url, self.model, self.key())

    def key(self) -> str:
        """Read when needed; a server on this machine gets "none" rather than a key that is meant for others."""
        if self.key_env is None and is_loopback(self.base_url):
            return "none"
        variable = self.key_env or "OPENAI_API_KEY"
        if not (key := unquoted(os.environ.get(variable, ""))):
            raise InputError(f"{self.name!r} needs an API key: set the environment variable {variable}")
        return key

    @cached_property
    def _card(self) -> Mapping[str, Any]:
        return read_card(self.base_url, self.model, self.key())
