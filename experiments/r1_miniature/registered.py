"""The registered experiment: is it reasoning, RL, or training on zero-shot prompts that makes few-shot hurt?

``python -m experiments.r1_miniature.registered`` freezes the design into ``registration.yaml``, once, before the first
test sample. The test questions are drawn with a seed that comes from the file's hash: nobody could know them before.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.r1_miniature.recipe import load_recipe, stated
from promptlab.comparison import Contrast, SeedContrast, contrast, contrast_seeds
from promptlab.errors import InputError
from promptlab.formats import ANSWER_IS
from promptlab.prompts import Condition, few_shot, zero_shot
from promptlab.questions import QuestionSet, load_questions
from promptlab.registering import Registration
from promptlab.runner.sessions import plain_json
from promptlab.types import Sampling, digest

if TYPE_CHECKING:
    import pandas as pd

FILE = Path(__file__).parent / "registration.yaml"
SEEDS, SAMPLES, QUESTIONS, MANY = 8, 4, 400, 1200
SAMPLING = Sampling(max_tokens=256, temperature=0.6, top_p=0.95, seed=0)
MARGIN = 0.05  # of H2: a fifth of what the narrow models lose
BASELINE, FEW = "zero-shot", "few-shot-3"
RECIPES = ("sft-short", "r1-short", "r1-mixed", "plain-short", "plain-rl")
SHIPPED = ("sft-narrow", "r1-narrow", "plain")
HYPOTHESES = {
    "H1": "Primary, alone at 5 %: GRPO on zero-shot prompts alone lowers few-shot accuracy, less zero-shot accuracy, "
    "against its own robust start. contrast_seeds(r1-short-1..8, sft-short-1..8) on the mean of the four few-shot "
    "conditions against zero-shot; confirmed if the whole 95 % interval is below 0, refuted as a loss of 2.5 points "
    "or more if it is above -2.5, else open. Judged once, when all eight seeds are in.",
    "H1 check": "RL did something: zero-shot accuracy of r1-short less that of sft-short, over the eight seeds. If its "
    "interval holds 0, H1 was not put to the test, whatever it gives.",
    "H2": "The narrow models' loss is due to the narrow prompts: the contrast of r1-narrow and sft-narrow has its 95 % "
    "interval within 5 points of 0, and plain, which neither thinks nor met RL, loses too (its own 95 % interval "
    "below 0). One training of each: it speaks of these three models. On 1,200 questions.",
    "H3": "Secondary, 5 % alone: exemplars in half of the prompts of GRPO remove H1's loss: contrast_seeds(r1-mixed, "
    "r1-short), interval above 0; and r1-mixed against sft-short beside it.",
    "H4": "Secondary, 5 % alone: without reasoning RL does the same: the triple difference (plain-rl - plain-short) - "
    "(r1-short - sft-short), paired by seed, with the variance of contrast_seeds.",
}
POWER = {
    "questions": "One pair of the shipped models (r1, sft; 400 questions, 4 samples) has a standard error of 1.12 "
    "points",
    "H1": "found with 80 % power over 8 seeds (t with 7 degrees of freedom), if seeds do not differ: between 1.3 "
    "points (what questions do differs by seed) and 3.7 (it is the same in each); if the seeds' contrasts have a "
    "standard deviation of 1.5 points: 2.2 to 4.0; of 3 points: 3.7 to 5.0",
    "H2": "one pair of the narrow models (400 questions) has a standard error of 1.79 points; at 1,200, about 1.3 (not "
    "less, as templates are few): within 5 points with 80 % power if the truth is within 1.3 points of 0",
    "H3, H4": "H3 as H1; H4 about 1.4 times that",
}
STATED = {
    "exclusions": "None. Truncated, empty and unparsed answers score 0 and are counted; validity as `compare` has it. "
    "A training that fails (no adapter) is trained again with the same seed; a seed is never replaced by its result.",
    "order": "Seeds are trained as machine time comes, in the order of their numbers. Dev accuracy may be looked at. "
    "No score of a test sample is looked at before H1's sixteen models are all recorded; H2 may be judged by itself.",
    "chosen before, on the dev split": "Learning rate 1.5e-4 over 3e-4, the start's 8,000 questions over 16,000 (GRPO "
    "raised zero-shot dev accuracy from 0.37 to 0.47 in 100 steps from the first, from 0.50 to 0.53 from the second), "
    "with replica 0, which is not among the seeds. The few-shot accuracy of no model after GRPO was looked at.",
}


# What graded the samples; `number` has a later version since, which gives each of them the same score (LOG.md).
GRADER = {"name": "number", "version": "4"}


def conditions() -> list[Condition]:
    """Zero-shot, and four ways to show three exemplars whose mean is the few-shot outcome."""
    few = [
        few_shot(k=3, style=style, layout=layout, draws=8)
        for layout in ("turns", "one-message")
        for style in ("worked", "answers")
    ]
    return [zero_shot(), *few]


def models(recipe: str) -> list[str]:
    """The names of a recipe's seeds."""
    return [f"{recipe}-{seed}" for seed in range(1, SEEDS + 1)]


def design() -> dict[str, Any]:
    """What is frozen, as plain values: questions as the rule that draws them from the file's hash."""
    drawn_from = load_questions("arithmetic", split="test", n=1, seed=0, templates="seen").origin
    found = {
        "hypotheses": HYPOTHESES,
        "power": POWER,
        "stated": STATED,
        "seeds": SEEDS,
        "recipes": {name: stated(load_recipe(name)) for name in RECIPES},
        "shipped models": list(SHIPPED),
        "conditions": {c.name: _prompts(c) for c in conditions()},
        "baseline": BASELINE,
        "outcome": f"{FEW}: the samples of the four few-shot conditions together",
        "questions": {
            "rule": f"arithmetic, split test, seen templates, the first {QUESTIONS} ({MANY} for H2) with the seed "
            "int(hash[:8], 16)",
            "templates": drawn_from["templates_hash"],
        },
        "samples": SAMPLES,
        "sampling": asdict(SAMPLING),
        "answer_format": asdict(ANSWER_IS),
        "grader": dict(GRADER),
        "alpha": 0.05,
        "margin of H2": MARGIN,
        "bootstrap seed": 0,
    }
    plain: dict[str, Any] = plain_json(found)
    return plain


def _prompts(condition: Condition) -> str:
    """Digest of what it sends for some dev questions: the test questions are not known yet."""
    asked = load_questions("arithmetic", split="dev", n=50, seed=0)
    return digest([condition.render(q, pool=asked.pool, answer_format=ANSWER_IS).hash for q in asked])


def questions(n: int = QUESTIONS, file: Path = FILE) -> QuestionSet:
    """The first `n` test questions, drawn with the seed that the registration's hash gives."""
    seed = int(Registration.read(file).hash[:8], 16)
    return load_questions("arithmetic", split="test", n=n, seed=seed, templates="seen")


def merged(samples: pd.DataFrame) -> pd.DataFrame:
    """The four few-shot conditions as one, the samples numbered on."""
    names = [c.name for c in conditions()[1:]]
    kept = samples[samples["condition"].astype(str).isin([BASELINE, *names])].copy()
    place = kept["condition"].astype(str).map({name: i for i, name in enumerate(names)})
    kept["sample"] = kept["sample"] + SAMPLES * place.fillna(0).astype(int)
    kept["condition"] = place.notna().map({True: FEW, False: BASELINE})
    return kept[["model", "condition", "question", "cluster", "sample", "score", "ending", "answered"]]


def over_seeds(samples: pd.DataFrame, model: str, control: str) -> SeedContrast:
    """H1 (``r1-short``, ``sft-short``), H3 (``r1-mixed``, ``r1-short``): all seeds, or an error."""
    frame = merged(samples)
    lacking = set(models(model) + models(control)) - set(frame["model"].astype(str))
    if lacking:
        raise InputError(f"judged when all seeds are in; lacking: {', '.join(sorted(lacking))}")
    return contrast_seeds(frame, models=models(model), controls=models(control), baseline=BASELINE, conditions=[FEW])


def of_pair(samples: pd.DataFrame, model: str = "r1-narrow", control: str = "sft-narrow") -> Contrast:
    """H2's contrast, for these two models."""
    return contrast(merged(samples), model=model, control=control, baseline=BASELINE, conditions=[FEW])


def freeze(path: Path = FILE) -> Registration:
    """Write the registration; an existing one is never written over."""
    made = Registration(design(), datetime.now(UTC).isoformat(timespec="seconds"))
    _write(path, {"registered": made.registered, "hash": made.hash, "design": made.design})
    return Registration.read(path)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    import yaml

    from promptlab.registering.registration import HEAD

    with path.open("x", encoding="utf-8") as stream:
        stream.write(HEAD + yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=120))


def main(arguments: Sequence[str] = ()) -> int:
    made = Registration.read(FILE) if FILE.exists() else freeze()
    same = design() == made.design
    print(f"registered {made.registered}, hash {made.hash}: {'as registered' if same else 'the code deviates from it'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
