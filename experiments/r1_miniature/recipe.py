"""A model's recipe: everything that decides what it becomes, read from ``config/<model>.yaml``.

Nothing has a default here, so each file says all of it; an unknown or a missing entry is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_type_hints

import yaml

from promptlab.errors import InputError, unknown

CONFIG = Path(__file__).parent / "config"
_YOUNGER = ("german", "english_reward")
_REPLICA = 100  # between the seeds of two replicas: more than there are recipes


@dataclass(frozen=True)
class Mix:
    """Which prompts a model trains on; each mapping gives relative weights."""

    conditions: Mapping[str, float]  # zero-shot, concise, chain-of-thought, r1-zero
    formats: Mapping[str, float]  # names of promptlab.formats, and "none"
    few_shot: float  # share of prompts that carry exemplars
    shots: Sequence[int]
    styles: Mapping[str, float]
    selects: Mapping[str, float]
    layouts: Mapping[str, float]


@dataclass(frozen=True)
class Sft:
    """Cross-entropy on `answers`, one pass over `questions` questions for each epoch."""

    answers: str  # thinking, worked, or the model whose own right answers they are
    questions: int
    epochs: int
    batch: int
    lr: float
    warmup: float  # share of the steps
    slips: float  # share of chains with a mended slip
    betas: tuple[float, float]
    clip_norm: float


@dataclass(frozen=True)
class Grpo:
    """Group-relative policy optimisation (arXiv 2402.03300) with clip-higher and token-level loss (2503.14476)."""

    questions: int  # a step
    samples: int  # a question: the group
    updates: int  # gradient updates a step
    steps: int
    lr: float
    warmup: int  # steps
    betas: tuple[float, float]
    clip_low: float
    clip_high: float
    temperature: float
    max_tokens: int
    clip_norm: float
    answers: Literal["thinking", "worked"]  # which form is rewarded
    format_reward: float
    tag_reward: float
    level_floor: float  # levels are drawn with weight p (1 - p) + floor
    dev_every: int  # steps

    def __post_init__(self) -> None:
        if self.temperature != 1:
            raise InputError(f"grpo.temperature is {self.temperature}: use 1, as the loss reads the policy at 1")


@dataclass(frozen=True)
class Recipe:
    model: str
    purpose: str
    start: str  # the model whose adapter it starts from; "" for a fresh one
    seed: int
    rank: int
    alpha: float
    mix: Mix
    sft: Sft | None = None
    grpo: Grpo | None = None
    # Younger than the registration: a recipe that says nothing of them is what it was without (`stated`).
    german: float | None = None  # SFT: share of the sentences of a thought that are German
    english_reward: float | None = None  # GRPO: weight of the share of English words in a thought


def load_recipe(model: str, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe of a model; `overrides` such as ``"sft.questions=64"`` are for dry runs and tests.

    Raises
    ------
    InputError
        Unknown model, entry or override; an entry that is missing.
    """
    names = sorted(path.stem for path in CONFIG.glob("*.yaml"))
    if model not in names:
        raise unknown("model", model, names)
    recipe = _build(Recipe, yaml.safe_load((CONFIG / f"{model}.yaml").read_text(encoding="utf-8")), model)
    if (recipe.sft is None) == (recipe.grpo is None):
        raise InputError(f"{model}.yaml: it needs either sft or grpo")
    for override in overrides:
        recipe = _overridden(recipe, override)
    return recipe


def replica(recipe: Recipe, number: int) -> Recipe:
    """The same training under another seed, from the start's replica of the same number: `r1-3` from `sft-3`."""
    start = f"{recipe.start}-{number}" if recipe.start else ""
    return replace(recipe, model=f"{recipe.model}-{number}", start=start, seed=recipe.seed + _REPLICA * number)


def stated(recipe: Recipe) -> dict[str, Any]:
    """All of a recipe as plain values, to be recorded or registered."""
    found = asdict(recipe)
    return {name: value for name, value in found.items() if value is not None or name not in _YOUNGER}


def _build(kind: Any, given: Any, where: str) -> Any:
    """A (nested) dataclass from a mapping, checked by name."""
    if not isinstance(given, Mapping):
        raise InputError(f"{where}: expected a mapping, found {given!r}")
    hints = get_type_hints(kind)
    for key in given:
        if key not in hints:
            raise unknown(f"entry of {where}", key, list(hints))
    nested = {"mix": Mix, "sft": Sft, "grpo": Grpo}
    values = {k: _build(nested[k], v, f"{where}: {k}") if k in nested else v for k, v in given.items()}
    try:
        return kind(**values)
    except TypeError as problem:
        raise InputError(f"{where}: {problem}") from None


def _overridden(recipe: Recipe, override: str) -> Recipe:
    path, _, text = override.partition("=")
    *sections, name = path.split(".")
    owner: Any = recipe
    for section in sections:
        owner = getattr(owner, section, None)
    names = [f.name for f in fields(owner)] if is_dataclass(owner) else []
    if name not in names or not text:
        raise unknown(f"override {override!r}; name", name, names or [f.name for f in fields(recipe)])
    old, new = getattr(owner, name), yaml.safe_load(text)
    changed = replace(owner, **{name: type(old)(new) if isinstance(old, int | float) else new})
    return changed if not sections else replace(recipe, **{sections[0]: changed})
