"""Train one model: ``python -m experiments.r1_miniature.train r1``. Run again to resume where it stopped.

Everything random follows from the recipe's seed and the step, so a run in pieces is the run in one piece.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from experiments.r1_miniature import dev
from experiments.r1_miniature.convert import read_gguf, write_gguf
from experiments.r1_miniature.grpo import build_levels, train_step
from experiments.r1_miniature.mixing import OPENED
from experiments.r1_miniature.network import Network, load_network
from experiments.r1_miniature.places import ADAPTER, OUT, adapter_of
from experiments.r1_miniature.recipe import Recipe, load_recipe, replica, stated
from experiments.r1_miniature.rejection import EXAMPLES, examples_of
from experiments.r1_miniature.resuming import TABLES, Standing, append
from experiments.r1_miniature.sampler import Sampler
from experiments.r1_miniature.sft import plan, rate, sft_step
from experiments.r1_miniature.tokens import Tokens
from promptlab.errors import InputError, PromptlabError
from promptlab.models.fetching import base_path

_CHECKPOINT_SECONDS = 60


def main(arguments: list[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    try:
        recipe = load_recipe(args.model, args.set)
        recipe = recipe if args.replica is None else replica(recipe, args.replica)
        finished = train(recipe, args)
    except (PromptlabError, ValueError) as problem:
        print(f"train: {problem}", file=sys.stderr)
        return 2
    return 0 if finished else 3


def train(recipe: Recipe, args: argparse.Namespace) -> bool:
    """Train from the checkpoint or from the start; False where the time ran out (run again to go on)."""
    session = Session(recipe, args)
    if (session.folder / ADAPTER).exists():
        session.log(f"{recipe.model} is trained already: {session.folder / ADAPTER}")
        return True
    first = session.begin()
    step = first - 1
    for step, row in session.steps(first):
        session.record(step, row)
        if session.out_of_time():
            session.save(step + 1)
            session.log(f"time is up after step {step}: run the same command again to go on")
            return False
    session.finish(step)
    return True


class Session:
    """One training process: the network, its folder, its clock."""

    def __init__(self, recipe: Recipe, args: argparse.Namespace) -> None:
        self.recipe, self.args = recipe, args
        self.folder: Path = args.out / recipe.model
        self.folder.mkdir(parents=True, exist_ok=True)
        self.started = self.saved = time.monotonic()
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS sums in a fixed order
        self.tokens = Tokens(base_path())
        self.network: Network = load_network(
            base_path(), rank=recipe.rank, alpha=recipe.alpha, device=args.device, seed=recipe.seed
        )
        stage: Any = recipe.sft or recipe.grpo
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=stage.lr, betas=tuple(stage.betas))
        self.levels = build_levels(recipe) if recipe.grpo else None
        settings = stated(recipe) | ({"--steps": args.steps} if recipe.sft else {})  # its rate depends on how many
        self.standing = Standing(self.folder, settings, self.network, self.optimiser, self.levels)
        self._sampler: Sampler | None = None
        self.log(f"{recipe.model}: {recipe.purpose}; on {args.device}; ready")

    @property
    def sampler(self) -> Sampler:
        """Made at first use and kept: its buffers and graphs are dear."""
        self._sampler = self._sampler or Sampler(self.network)
        return self._sampler

    def steps(self, first: int) -> Iterator[tuple[int, dict[str, float]]]:
        return self._sft_steps(first) if self.recipe.sft else self._grpo_steps(first)

    def _sft_steps(self, first: int) -> Iterator[tuple[int, dict[str, float]]]:
        sft = self.recipe.sft
        assert sft is not None
        examples = examples_of(self.recipe, self.tokens, self.args.out, self.args.device)
        batches = plan(examples, sft, self.recipe.seed)
        last = min(len(batches), self.args.steps or len(batches))
        self.log(f"{len(examples)} examples, {sum(map(len, examples)) / len(examples):.0f} tokens each, {last} steps")
        for step in range(first, last):
            lr = rate(step, last, sft)
            chosen = [examples[i] for i in batches[step]]
            loss = sft_step(self.network, self.optimiser, chosen, lr, sft.clip_norm)
            yield step, {"loss": loss, "lr": lr}

    def _grpo_steps(self, first: int) -> Iterator[tuple[int, dict[str, float]]]:
        grpo, levels = self.recipe.grpo, self.levels
        assert grpo is not None
        assert levels is not None
        for step in range(first, self.args.steps or grpo.steps):
            row = train_step(self.recipe, self.network, self.optimiser, self.sampler, self.tokens, levels, step)
            if self.args.keep and (step + 1) % self.args.keep == 0:
                write_gguf(self.network, self.folder / f"step-{step + 1}.gguf", f"{self.recipe.model} {step + 1}")
            if (step + 1) % grpo.dev_every == 0 and self.args.dev:
                self._evaluate(dev.ZERO if OPENED.name in self.recipe.mix.conditions else dev.QUICK, step, 200, 2)
            yield step, row | {f"level_{level}": p for level, p in levels.accuracy.items()}

    def record(self, step: int, row: dict[str, float]) -> None:
        """Append to the curve, print now and then, save now and then."""
        append(self.folder / "curve.csv", {"step": step, **row, "seconds": round(self.seconds, 1)})
        if step % (10 if self.recipe.sft else 1) == 0:
            self.log(f"step {step}: " + ", ".join(f"{name} {value:.4g}" for name, value in row.items()))
        if time.monotonic() - self.saved > _CHECKPOINT_SECONDS:
            self.save(step + 1)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def out_of_time(self) -> bool:
        return self.seconds > self.args.seconds

    def save(self, step: int) -> None:
        self.standing.save(step)
        self.saved = time.monotonic()

    def begin(self) -> int:
        """Go back to the checkpoint, or begin: with a first one, so that the folder is of this recipe from now on."""
        step = self.standing.load()
        if step is not None:
            if (grpo := self.recipe.grpo) and step > (last := self.args.steps or grpo.steps):
                raise InputError(f"{self.folder} has {step} steps behind it, asked for are {last}: it cannot go back")
            self.log(f"resumed at step {step}")
            return step
        for name in (*TABLES, EXAMPLES):  # of who knows what recipe
            (self.folder / name).unlink(missing_ok=True)
        if self.recipe.start:
            start = adapter_of(self.args.out, self.recipe.start)
            read_gguf(self.network, start)
            self.log(f"starts from {start}")
        self.save(0)
        return 0

    def finish(self, step: int) -> None:
        """Write the adapter as it ships, read it back, and score what was written on the dev set."""
        write_gguf(self.network, self.folder / "written.gguf", f"promptlab {self.recipe.model}")
        read_gguf(self.network, self.folder / "written.gguf")
        if self.args.dev:
            conditions = dev.ZERO if OPENED.name in self.recipe.mix.conditions else dev.THOROUGH
            self._evaluate(conditions, step, self.args.dev, 2)
        recipe = json.dumps(stated(self.recipe), indent=1)
        (self.folder / "recipe.json").write_text(recipe + "\n", encoding="utf-8")
        (self.folder / "written.gguf").replace(self.folder / ADAPTER)
        self.log(f"done after {self.seconds:.0f} s: {self.folder / ADAPTER}")

    def _evaluate(self, conditions: Any, step: int, n: int, samples: int) -> None:
        self.sampler.refresh()
        limit, n = self.args.dev_tokens, min(n, self.args.dev or n)
        for score in dev.evaluate(self.sampler, self.tokens, conditions, n=n, samples=samples, max_tokens=limit):
            append(self.folder / "dev.csv", {"step": step, **score.row()})
            self.log(f"dev {score}")

    def log(self, line: str) -> None:
        stamped = f"[{self.seconds:6.1f} s] {line}"
        print(stamped, flush=True)
        with (self.folder / "log.txt").open("a", encoding="utf-8") as file:
            file.write(stamped + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments.r1_miniature.train", description=__doc__)
    parser.add_argument("model", help="a recipe in config/, for example r1")
    parser.add_argument("--replica", type=int, metavar="N", help="another seed: MODEL-N, from the start's replica N")
    parser.add_argument("--steps", type=int, default=0, help="fewer steps than the recipe says")
    parser.add_argument("--seconds", type=float, default=540, help="stop and save after this time (540)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", type=Path, default=OUT, help="one folder a model (out/r1_miniature)")
    parser.add_argument("--dev", type=int, default=300, help="dev questions at the end; 0: none")
    parser.add_argument("--dev-tokens", type=int, default=256, help="token budget of a dev answer (256)")
    parser.add_argument("--keep", type=int, default=0, metavar="N", help="GRPO: keep the adapter of every N-th step")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change the recipe (dry runs)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
