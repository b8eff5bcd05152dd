"""Published benchmarks by name: what each is, where its file comes from, and how a row becomes a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptlab.questions.benchmarks.cards import Benchmark
from promptlab.questions.benchmarks.published import BENCHMARKS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BENCHMARKS", "available_benchmarks"]

_SHOWN = ("name", "kind", "grading", "exemplars", "cluster", "licence", "gated", "note", "citation", "pinned")


def available_benchmarks() -> pd.DataFrame:
    """The benchmarks that `load_questions` knows by name, a row each: what it is, and how it is pinned and graded.

    Examples
    --------
    >>> available_benchmarks().loc["gsm8k", ["kind", "exemplars", "licence"]].tolist()
    ['number', 'train', 'MIT']
    """
    import pandas as pd

    return pd.DataFrame([_row(card) for card in BENCHMARKS.values()]).set_index("name")


def _row(card: Benchmark) -> dict[str, Any]:
    test = card.splits["test"]
    source = {"questions": test.size, "repo": test.repo, "revision": test.revision}
    return {key: getattr(card, key) for key in _SHOWN} | source
