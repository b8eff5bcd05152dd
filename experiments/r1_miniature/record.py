"""Record many samples of a model on a GPU: ``python -m experiments.r1_miniature.record r1 sft plain``.

Each model is one `promptlab.run` (resumable: run it again) under every condition of a design; it goes to
``recorded/<model>.parquet`` (``<model>-draws.parquet``), less `DROPPED`, which `promptlab.load_run` opens. Copied to
``data/recorded/`` it ships.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.r1_miniature import registered
from experiments.r1_miniature.mixing import OPENED
from experiments.r1_miniature.places import OUT, adapter_of
from experiments.r1_miniature.rewards import THINK
from promptlab.errors import PromptlabError, unknown
from promptlab.formats import FORMATS
from promptlab.grading import number
from promptlab.prompts import (
    Condition,
    chain_of_thought,
    concise,
    few_shot,
    few_shot_controls,
    r1_zero_template,
    zero_shot,
)
from promptlab.questions import QuestionSet, load_questions
from promptlab.runner import run
from promptlab.types import Sampling

if TYPE_CHECKING:
    import pandas as pd

BASE = "instruct"
SHOTS, DOSES, DRAWS, SIMILAR = (1, 3, 5), (1, 2, 3, 4, 5, 6, 8), 8, 3
CROSSED = 16  # draws that all meet the same questions
MAX_TOKENS, SEED, FRESH = 256, 0, 42
# Random by nature, so they would be half of the file, or empty; keys and seeds follow from the design. Seconds tell of
# the batch and not of the sample.
DROPPED = ("key", "seed", "reasoning", "seconds", "error", "cached_tokens", "reasoning_tokens")


def conditions() -> list[Condition]:
    """Every condition that is recorded, the baseline first."""
    plain = [zero_shot(), concise(), chain_of_thought(), r1_zero_template()]
    layouts, styles = ("turns", "one-message"), ("worked", "answers")
    shots = [
        few_shot(k=k, style=style, layout=layout, draws=DRAWS)  # type: ignore[arg-type]
        for layout in layouts
        for style in styles
        for k in SHOTS
    ]
    similar = [few_shot(k=SIMILAR, select="own-kind", layout=layout) for layout in layouts]  # type: ignore[arg-type]
    return [*plain, *shots, *similar]


def crossed_draws() -> list[Condition]:
    """The same shots under many draws, each shown to every question: how much the choice of exemplars matters."""
    drawn = [few_shot(k=3, draws=1, seed=seed, name=f"few-shot-3-draw-{seed}") for seed in range(CROSSED)]
    return [zero_shot(), *drawn]


def over_training() -> list[Condition]:
    """Shots in every style and layout, for the checkpoints of one training."""
    return [c for c in conditions() if c.name == "zero-shot" or (c.shots and c.factors()["select"] == "random")]


def doses() -> list[Condition]:
    """One exemplar to eight: five kinds in one message, the two usual ones as turns, too (own kind: up to 6)."""
    kinds: dict[str, dict[str, Any]] = {
        "worked": {},
        "answers": {"style": "answers"},
        "think": {"style": "think", "think_tags": THINK},
        "own-kind": {"select": "own-kind"},
        "wrong-answers": {"style": "answers", "content": "wrong-answers"},
    }
    places = [("one-message", name) for name in kinds] + [("turns", "worked"), ("turns", "answers")]
    wanted = [(layout, name, k) for layout, name in places for k in DOSES if (name, k) != ("own-kind", 8)]
    return [zero_shot(), *(few_shot(k=k, layout=layout, **kinds[name]) for layout, name, k in wanted)]  # type: ignore[arg-type]


def recorded_questions(n: int) -> QuestionSet:
    """The first `n` test questions of seed 0: a smaller set with the same options is the beginning of this one."""
    return load_questions("arithmetic", split="test", n=n, seed=SEED, templates="all")


def fresh_questions(n: int) -> QuestionSet:
    """The first `n` dev questions of a seed that nothing was chosen by: the test split is left alone."""
    return load_questions("arithmetic", split="dev", n=n, seed=FRESH, templates="seen")


def controls() -> list[Condition]:
    """A few-shot condition, what explains its loss, and the A/A arms."""
    return few_shot_controls(few_shot(k=3, layout="one-message", draws=DRAWS, name="few-shot"))


@dataclass(frozen=True)
class Design:
    conditions: Callable[[], list[Condition]]
    questions: int
    samples: int
    suffix: str  # of the model's name in files
    asked: Callable[[int], QuestionSet] = recorded_questions
    answer_format: str = "answer-is"


DESIGNS = {
    "conditions": Design(conditions, 400, 4, ""),
    "draws": Design(crossed_draws, 100, 2, "-draws"),
    "controls": Design(controls, 400, 4, "-controls"),
    "registered": Design(
        registered.conditions, registered.QUESTIONS, registered.SAMPLES, "-registered", registered.questions
    ),
    "steps": Design(over_training, 200, 2, "-steps", registered.questions),
    "dose": Design(doses, 200, 3, "-dose", registered.questions),  # 29,400 samples
    "attempts": Design(lambda: [zero_shot()], 200, 16, "-attempts", registered.questions),
    "opened": Design(lambda: [OPENED], 200, 16, "-opened", registered.questions, "none"),
    "languages": Design(lambda: [zero_shot()], 800, 4, "-languages", fresh_questions),
}


def record(name: str, args: argparse.Namespace) -> Path:
    """Run one model under every condition (or go on with it) and write its Parquet file."""
    from experiments.r1_miniature.gpu_model import GpuModel

    started, design = time.monotonic(), DESIGNS[args.design]
    model = GpuModel(name, None if name == BASE else adapter_of(args.out, name), args.device)
    chosen = [c for c in design.conditions() if not args.only or c.name in args.only]
    done = run(
        model,
        chosen,
        design.asked(args.questions or design.questions),
        samples=args.samples or design.samples,
        sampling=Sampling(max_tokens=args.max_tokens, temperature=0.6, top_p=0.95, seed=SEED),
        grader=number,
        answer_format=FORMATS.get(args.answer_format or design.answer_format),
        path=args.out / "runs" / f"{name}{design.suffix}",
        progress=False,
    )
    folder = args.out / "recorded"
    folder.mkdir(parents=True, exist_ok=True)
    path = done.to_parquet(folder / f"{name}{design.suffix}.parquet", drop=DROPPED)
    blind = design.asked is registered.questions
    _tell(name, done.to_frame(completion=False), path, time.monotonic() - started, blind)
    return path


def _tell(name: str, frame: pd.DataFrame, path: Path, seconds: float, blind: bool) -> None:
    """What was recorded; of registered samples no score, since none may be looked at before all are in."""
    print(f"{name}: {len(frame):,} samples in {seconds:.0f} s, {path.stat().st_size / 1e6:.2f} MB", flush=True)
    if blind:
        return
    for condition, part in frame.groupby("condition", sort=False):
        ended = (part["ending"] == "complete").mean()
        tokens = part["completion_tokens"].mean()
        print(f"  {condition:36} {part['score'].mean():.3f} right, {tokens:5.0f} tokens, {ended:.3f} ended", flush=True)


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.r1_miniature.record", description=__doc__)
    parser.add_argument("models", nargs="+", help=f"trained models, or {BASE}")
    parser.add_argument("--design", default="conditions", choices=DESIGNS)
    parser.add_argument("--questions", type=int, help="fewer than the design's (dry runs)")
    parser.add_argument("--samples", type=int, help="fewer than the design's (dry runs)")
    parser.add_argument("--max-tokens", type=int, default=MAX_TOKENS)
    parser.add_argument("--answer-format", choices=["none", *FORMATS], help="another than the design's")
    parser.add_argument("--only", nargs="*", metavar="CONDITION", help="some of the conditions (dry runs)")
    parser.add_argument("--device", default=_device())
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args(arguments)
    known = [c.name for c in DESIGNS[args.design].conditions()]
    try:
        for wanted in args.only or ():
            if wanted not in known:
                raise unknown("condition", wanted, known)
        for name in args.models:
            record(name, args)
    except (PromptlabError, OSError) as problem:
        print(f"record: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
