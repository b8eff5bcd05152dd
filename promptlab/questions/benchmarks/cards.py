"""What is known of a benchmark: its card, and the pinned file of each split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from promptlab.types import Question

Reader = Callable[[Mapping[str, Any], str], Question | None]


@dataclass(frozen=True)
class Split:
    """One file: `size` questions, `columns` that it must have, `key` for the one that names a row.

    `sha256`: the file at the hub first, then other editions of the same rows.
    """

    repo: str
    revision: str
    file: str
    size: int
    columns: str
    read: Reader
    key: str = ""
    sha256: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        return PurePath(self.file).suffix


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A card. `exemplars` names the split that the pool comes from; `cluster` says what a question's cluster is."""

    name: str
    splits: Mapping[str, Split]
    kind: str
    grading: str
    licence: str
    citation: str
    exemplars: str = ""
    cluster: str = ""
    gated: bool = False
    note: str = ""

    @property
    def pinned(self) -> str:
        """How each split is pinned: the bytes of its file, or its revision and size alone."""
        return ", ".join(f"{name}: {'file' if split.sha256 else 'revision'}" for name, split in self.splits.items())
