"""What there is to train and to record, part by part of the experiment: commands, what shows that they are done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from experiments.r1_miniature.places import ADAPTER
from experiments.r1_miniature.record import BASE, DESIGNS
from experiments.r1_miniature.registered import MANY, SEEDS, SHIPPED

CONTROLLED = ("r1-narrow", "sft-narrow", "plain", "r1")
CURVE, ZERO = "r1-short-1", "zero"
LANGUAGE_START, LANGUAGE = "sft-lang", ("r1-lang", "r1-lang-consistent")
# The trainings of which steps are kept, for curves.
KEPT = {CURVE: range(10, 81, 10), ZERO: range(100, 1001, 100)} | dict.fromkeys(LANGUAGE, range(20, 81, 20))
# What a dry run on a CPU changes: everything runs, on a little.
_DRY = {
    "sft": "--steps 2 --set sft.questions=16 --set sft.batch=4",
    "grpo": "--steps 2 --set grpo.questions=2 --set grpo.samples=4 --set grpo.max_tokens=24",
    "train": "--device cpu --dev 2 --dev-tokens 12",
    "record": "--device cpu --questions 2 --samples 1 --max-tokens 8",
}


@dataclass(frozen=True)
class Job:
    """One command, the file that shows that it is done, and the files that it waits for; paths below the output."""

    command: tuple[str, ...]  # train or record, the model, options
    product: str
    needs: tuple[str, ...] = ()

    @property
    def trains(self) -> bool:
        return self.command[0] == "train"

    def __str__(self) -> str:
        return " ".join(part for part in self.command if not part.startswith("--"))

    def small(self) -> list[str]:
        """Options that make it fit a CPU; the last of two counts."""
        from experiments.r1_miniature.recipe import load_recipe

        if not self.trains:
            return _DRY["record"].split()
        kind = "sft" if load_recipe(self.command[1]).sft else "grpo"
        return f"{_DRY['train']} {_DRY[kind]}".split()


def train(model: str, start: str = "", seed: int | None = None) -> Job:
    """A training, as the replica of a seed where one is given."""
    end, replica = ("", ()) if seed is None else (f"-{seed}", ("--replica", str(seed)))
    name = f"{model}{end}"
    keep = ("--keep", str(KEPT[name].step)) if name in KEPT else ()
    needs = (_adapter(f"{start}{end}"),) if start else ()
    return Job(("train", model, *replica, *keep), _adapter(name), needs)


def record(name: str, design: str = "conditions", *, after: str = "", questions: int = 0) -> Job:
    """A recording, after a file of a training; without one the model ships or is the base."""
    more = ("--questions", str(questions)) if questions else ()
    product = f"recorded/{name}{DESIGNS[design].suffix}.parquet"
    return Job(("record", name, "--design", design, *more), product, (after,) if after else ())


def _adapter(name: str) -> str:
    return f"{name}/{ADAPTER}"


def _shipped() -> Iterator[Job]:
    starts = {"plain": "", "plain-robust": "", "sft-narrow": "", "sft": "", "r1-narrow": "sft-narrow", "r1": "sft"}
    yield from (train(model, start) for model, start in starts.items())
    yield from (record(model, after=_adapter(model)) for model in starts)
    yield record(BASE)


def _seeds(model: str, start: str) -> Iterator[Job]:
    """Every seed of a model and of its start, each recorded under the registered design as soon as it is trained."""
    for seed in range(1, SEEDS + 1):
        yield train(start, seed=seed)
        yield train(model, start, seed)
        yield from (record(name, "registered", after=_adapter(name)) for name in (f"{start}-{seed}", f"{model}-{seed}"))


def _curves() -> Iterator[Job]:
    """The checkpoints of one training, from its start on."""
    yield train("sft-short", seed=1)
    yield train("r1-short", "sft-short", 1)
    for design in ("steps", "attempts"):
        yield record("sft-short-1", design, after=_adapter("sft-short-1"))
        yield from _checkpoints(CURVE, design)


def _checkpoints(model: str, design: str) -> Iterator[Job]:
    return (record(f"{model}@{step}", design, after=f"{model}/step-{step}.gguf") for step in KEPT[model])


def _languages() -> Iterator[Job]:
    """Two trainings from a start that mixes languages, which differ in one reward; and their checkpoints."""
    yield train(LANGUAGE_START)
    yield from (train(model, LANGUAGE_START) for model in LANGUAGE)
    yield record(LANGUAGE_START, "languages", after=_adapter(LANGUAGE_START))
    for model in LANGUAGE:
        yield from _checkpoints(model, "languages")


def _zero() -> Iterator[Job]:
    """GRPO from the base, in its own template; the checkpoints, and the base before them."""
    yield train(ZERO)
    yield record(BASE, "opened")
    yield from _checkpoints(ZERO, "opened")


def _distilled() -> Iterator[Job]:
    """The base, trained on what `r1`, which ships, answered rightly."""
    yield train("distill")
    yield record("distill", after=_adapter("distill"))


PARTS: dict[str, Callable[[], Iterator[Job]]] = {
    "shipped": _shipped,
    "controls": lambda: (record(name, "controls") for name in CONTROLLED),
    "H1": lambda: _seeds("r1-short", "sft-short"),
    "H2": lambda: (record(name, "registered", questions=MANY) for name in SHIPPED),
    "H3": lambda: _seeds("r1-mixed", "sft-short"),
    "H4": lambda: _seeds("plain-rl", "plain-short"),
    "curves": _curves,
    "dose": lambda: (record(name, "dose") for name in (*CONTROLLED, "sft")),
    "distill": _distilled,
    "zero": _zero,
    "language": _languages,
}
