"""Which weights vLLM is to run: a model of the hub at one commit, a folder by its content, LoRA adapters likewise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from promptlab import given
from promptlab.errors import InputError, ModelError
from promptlab.hub import hub_file
from promptlab.models.failures import one_line
from promptlab.types import digest

_PARTS = ("*.json", "*.jinja", "*.model", "*.txt", "*.py", "*.safetensors", "*.bin")  # what can change an answer


@dataclass(frozen=True)
class Weights:
    """A model: its name without the places of this machine, and what to load."""

    name: str
    place: str  # a folder, or the hub's name
    commit: str | None  # of the hub; None: a folder

    @property
    def revision(self) -> str:
        """The hub's commit, or the digest of the folder's files."""
        return self.commit or _content(Path(self.place), _PARTS)


@dataclass(frozen=True)
class Adapter:
    """A LoRA adapter in peft's form; `rank` is the smallest of vLLM's ranks that holds it."""

    name: str
    folder: Path
    rank: int

    @property
    def hash(self) -> str:
        return _content(self.folder, ("adapter_config.json", "adapter_model.*"))


def find_weights(model: str, revision: str | None = None) -> Weights:
    """The folder of that name, else the hub's model at the commit that `revision` (default ``main``) now names.

    Raises
    ------
    ModelError
        There is no such folder, and the hub or its local cache does not have it.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        return Weights(model, model, _commit(model, revision))
    if revision is not None:
        raise InputError(f"revision={revision!r}: {model} is a folder, whose content is its revision")
    if not (folder / "config.json").is_file():
        raise InputError(f"{model} holds no config.json: vLLM needs a model's folder in Hugging Face's form")
    folder = folder.resolve()
    return Weights(folder.name, str(folder), None)


def find_adapter(lora: object, name: str | None = None) -> Adapter:
    """The adapter in a folder.

    Raises
    ------
    InputError
        It is not one in peft's form.
    """
    folder = given.on_disk("lora", lora).resolve()
    try:
        rank = int(json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))["r"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise InputError(
            f"lora: {folder} is no adapter in peft's form ({one_line(problem)}): vLLM needs a folder with"
            " adapter_config.json and adapter_model.safetensors"
        ) from None
    return Adapter(name or folder.name, folder, next((size for size in _RANKS if size >= rank), rank))


_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # vLLM takes no other for max_lora_rank


def _commit(model: str, revision: str | None) -> str:
    """The hub names the folder of a download after its commit, also in the cache of a machine without network."""
    try:
        return hub_file(model, "config.json", revision=revision).parent.name
    except (OSError, ValueError) as problem:
        raise ModelError(
            f"{model!r} is neither a folder here nor to be had from the hub: {one_line(problem)}. A gated model needs"
            " HF_TOKEN in the environment; without network, download it elsewhere and give its folder"
        ) from None


def _content(folder: Path, patterns: Sequence[str]) -> str:
    files = sorted({file for pattern in patterns for file in folder.glob(pattern)})
    stats = [(file, file.stat()) for file in files]
    return digest([[file.name, _hash(file, stat.st_mtime_ns, stat.st_size)] for file, stat in stats])


@lru_cache(maxsize=1024)
def _hash(file: Path, mtime_ns: int, size: int) -> str:
    """SHA-256, about a second a GB; time and size are part of the cache's key."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
