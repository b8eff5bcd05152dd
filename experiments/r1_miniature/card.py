"""Ship trained models: ``python -m experiments.r1_miniature.card r1 sft plain`` fills ``data/adapters/``.

For each model the adapter, its card, its curve as CSV and as a figure. Accuracies come from the recorded test samples,
with intervals that are clustered by template.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.r1_miniature.places import ADAPTER, OUT
from experiments.r1_miniature.recipe import load_recipe
from promptlab.errors import PromptlabError
from promptlab.records import Run, load_run
from promptlab.stats import mean_estimate

if TYPE_CHECKING:
    import pandas as pd

ADAPTERS = Path("data") / "adapters"
CURVES = {"loss": "loss a token", "accuracy": "accuracy of the sampled answers", "tokens": "tokens an answer"}
TEMPLATE = """\
# {model}: {purpose}
A LoRA adapter (rank {rank}, alpha {alpha}, all seven linear layers, fp16) on SmolLM2-135M-Instruct (Q4_1), \
{size:.1f} MB, for llama.cpp. Open it with `open_model("embedded:{model}")`.

**Licence.** Apache-2.0, as the base model.

**Data.** {data} Questions of promptlab's arithmetic generator, split `train`, seen templates only; no text of the \
dev, test or pool splits. Prompts are the package's own conditions; of the training prompts {few_shot:.0%} carry \
exemplars.

**Recipe.** {recipe} Seed {seed}. Every setting is in `experiments/r1_miniature/config/{model}.yaml`.

**Training.** {seconds:.0f} s; curve: [{model}.csv]({model}.csv), [{model}.png]({model}.png). \
All choices were made on the dev split.

## Accuracy on the test split
{n} questions x {k} samples, temperature {temperature:g}, top-p {top_p:g}, at most {max_tokens} tokens; \
95 % intervals, clustered by template.
{table}

**Limits.** One training seed: these numbers speak of this adapter, not of the method. It knows short word problems in \
the generator's English and little else.

**Again.** {commands} (a GPU; the README there says how long), then `python -m experiments.r1_miniature.card {model}`.
"""


def accuracy_table(frame: pd.DataFrame) -> str:
    """Accuracy by condition on the seen and the held-out templates, as Markdown."""
    means = frame.groupby(["condition", "question", "cluster", "held_out"], sort=False)["score"].mean().reset_index()
    lines = ["| condition | seen templates | held-out templates | tokens | cut off |", "|---|---|---|---|---|"]
    for condition, part in means.groupby("condition", sort=False):
        cells = [_interval(part[part["held_out"] == held_out]) for held_out in (False, True)]
        rows = frame[frame["condition"] == condition]
        cut = (rows["ending"] == "truncated").mean()
        lines.append(f"| {condition} | {cells[0]} | {cells[1]} | {rows['completion_tokens'].mean():.0f} | {cut:.1%} |")
    return "\n".join(lines)


def _interval(part: pd.DataFrame) -> str:
    if part.empty:
        return ""
    found = mean_estimate(part["score"].to_numpy(), part["cluster"].to_numpy(), proportion=True)
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}]"


def with_families(run: Run) -> pd.DataFrame:
    """The run's frame, and of each row whether its template was held out."""
    held_out = {question.id: question.meta["held_out"] for question in run.questions}
    frame = run.to_frame(completion=False)
    return frame.assign(held_out=frame["question"].map(held_out))


def figure(curve: pd.DataFrame, dev: pd.DataFrame | None, path: Path, title: str) -> None:
    """What the curve recorded, one panel each; dots are zero-shot accuracy on the dev set."""
    from matplotlib.figure import Figure

    shown = [name for name in CURVES if name in curve]
    drawing = Figure(figsize=(4.5 * len(shown), 3.2), layout="constrained")
    for axis, name in zip(drawing.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        axis.plot(curve["step"], curve[name], linewidth=1)
        axis.set(xlabel="step", ylabel=CURVES[name], title=title)
        if name == "accuracy" and dev is not None:
            first = dev[dev["condition"] == dev["condition"].iloc[0]]
            for family, part in first.groupby("templates", sort=False):
                axis.plot(part["step"], part["accuracy"], "o", label=f"dev, {family} templates")
            axis.legend()
    drawing.savefig(path, dpi=110, metadata={"Software": None})


def card(model: str, out: Path, target: Path) -> Path:
    """Copy and describe one trained model."""
    import pandas as pd

    folder, run = out / model, load_run(out / "recorded" / f"{model}.parquet")
    curve = pd.read_csv(folder / "curve.csv")
    dev = pd.read_csv(folder / "dev.csv") if (folder / "dev.csv").exists() else None
    target.mkdir(parents=True, exist_ok=True)
    adapter = Path(shutil.copyfile(folder / ADAPTER, target / f"{model}.gguf"))
    shutil.copyfile(folder / "curve.csv", target / f"{model}.csv")
    figure(curve, dev, target / f"{model}.png", model)
    frame = with_families(run)
    facts = {
        **run.manifest["sampling"],
        **_facts(model),
        "size": adapter.stat().st_size / 1e6,
        "seconds": _seconds(curve),
    }
    counts = {"n": frame["question"].nunique(), "k": frame["sample"].nunique(), "table": accuracy_table(frame)}
    path = target / f"{model}.md"
    path.write_text(TEMPLATE.format(**facts, **counts), encoding="utf-8")
    return path


def _seconds(curve: pd.DataFrame) -> float:
    """Time of all pieces: the clock starts anew in each."""
    seconds = curve["seconds"]
    return float(seconds.iloc[-1] + seconds[seconds.diff(-1) > 0][:-1].sum())


def _facts(model: str) -> dict[str, Any]:
    recipe = load_recipe(model)
    names = [recipe.start, model] if recipe.start else [model]
    return {
        **{name: getattr(recipe, name) for name in ("model", "purpose", "rank", "alpha", "seed")},
        "few_shot": recipe.mix.few_shot,
        "data": _data(model),
        "recipe": _method(model),
        "commands": " and ".join(f"`python -m experiments.r1_miniature.train {name}`" for name in names),
    }


def _data(model: str) -> str:
    recipe = load_recipe(model)
    if recipe.sft:
        return f"{recipe.sft.questions:,} questions with answers written by rule ({recipe.sft.answers})."
    assert recipe.grpo is not None
    return f"{recipe.grpo.questions * recipe.grpo.steps:,} questions (some more than once), no written answers."


def _method(model: str) -> str:
    recipe = load_recipe(model)
    if recipe.sft:
        sft = recipe.sft
        return f"SFT: {sft.epochs} epoch, batch {sft.batch}, Adam, learning rate {sft.lr:g} with a cosine."
    grpo = recipe.grpo
    assert grpo is not None
    start = f"the adapter `{recipe.start}`" if recipe.start else "the base model"
    return (
        f"GRPO from {start}: {grpo.steps} steps of {grpo.questions} questions x {grpo.samples} samples, {grpo.updates} "
        f"updates a step, learning rate {grpo.lr:g}, clip {grpo.clip_low:g} / {grpo.clip_high:g}, no KL term; reward: "
        f"1 for a right answer, {grpo.format_reward:g} for the form, {grpo.tag_reward:g} for each tag."
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.r1_miniature.card", description=__doc__)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--target", type=Path, default=ADAPTERS)
    args = parser.parse_args(arguments)
    try:
        for model in args.models:
            print(card(model, args.out, args.target))
    except (PromptlabError, OSError) as problem:
        print(f"card: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
