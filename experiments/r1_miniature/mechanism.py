"""Where a few-shot loss comes from, step by step: ``python -m experiments.r1_miniature.mechanism recorded:plain``.

Exploratory: no hypothesis of `registration.yaml` is judged by it, and it was written after H1's scores were seen.
Without names it reads the registered seeds. Each way of going wrong has its part of the loss; the parts sum to it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.r1_miniature.evidence import recorded
from experiments.r1_miniature.pooling import effect, less, pooled_parts
from experiments.r1_miniature.registered import BASELINE, FEW, conditions, merged, models
from experiments.r1_miniature.steps import RIGHT, WAYS, check, with_steps
from promptlab import tables
from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.errors import InputError, PromptlabError
from promptlab.records import Run, load_run
from promptlab.records.files import card_of, rows_of
from promptlab.records.parquet import complete, read
from promptlab.records.showing import Card
from promptlab.stats import mean_ratio, simultaneous
from promptlab.types import Question

if TYPE_CHECKING:
    import pandas as pd

ALPHA = 0.05
DESCRIBED = ("done", "skipped", "mended", "copied", "calculations")
_KEPT = ("model", "condition", "question", "cluster", "sample", "score", "ending", "answered")


def checked(run: Run, n_questions: int | None = None) -> pd.DataFrame:
    """A row a sample under the registered conditions: its place and score, and what `steps.check` says of it.

    A zero-shot answer is checked as if it had been shown the exemplars that its question has in one of the few-shot
    conditions, each in turn: numbers that are theirs by chance count on both sides.
    """
    import pandas as pd

    asked = with_steps(islice(run.questions, n_questions), run.path)
    names = [condition.name for condition in conditions()]
    frame = complete(read(run.path))
    frame = frame[frame["question"].isin(list(asked)) & frame["condition"].isin(names)]
    rows = [_row(row, card, asked) for row, card in _with_exemplars(rows_of(frame), names[1:])]
    return pd.DataFrame(rows)


def _with_exemplars(rows: Sequence[Mapping[str, Any]], few: Sequence[str]) -> Iterator[tuple[Mapping[str, Any], Card]]:
    cards = [(row, card_of(row)) for row in rows]
    shown = {(card.sample.question, card.sample.condition): card.prompt.exemplars for _, card in cards}
    for row, card in cards:
        if card.sample.condition == BASELINE:
            as_if = shown.get((card.sample.question, few[card.sample.sample % len(few)]), ())
            card = replace(card, prompt=replace(card.prompt, exemplars=as_if))
        yield row, card


def _row(row: Mapping[str, Any], card: Card, asked: Mapping[str, Question]) -> dict[str, Any]:
    if card.grade is None:
        raise InputError(f"sample {card.sample.key!r} has no grade: Run.regrade gives it one")
    found = check(asked[card.sample.question], card.prompt, card.sample.completion, card.grade)
    return {name: row[name] for name in _KEPT} | asdict(found)


def accounting(frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """One model's loss by the ways of going wrong: a row a way, intervals that hold for all of them together.

    `before` and `after` are shares of the zero-shot and the few-shot answers; `part` is what the way does to accuracy;
    the parts sum to the few-shot effect. `share` is the part over the effect, where that is away from 0.
    """
    import pandas as pd

    (name,) = frame["model"].unique()
    design = _design(frame)
    signs = design.signs([dict(effect(name, FEW, BASELINE))])
    values = np.hstack([design.differences(part, signs) for part in _parts(design)])
    found = simultaneous(values, design.clusters, ALPHA, rng=np.random.default_rng(seed))
    whole = design.differences(design.score, signs)[:, 0]
    shares = [mean_ratio(column, whole, design.clusters, ALPHA / len(WAYS)) for column in values.T]
    table = pd.DataFrame({"way": WAYS, **_levels(design, name)})
    table["part"], table["low"], table["high"] = found.estimate, found.low, found.high
    for column, of in (("share", "value"), ("share_low", "low"), ("share_high", "high")):
        table[column] = [getattr(share, of) for share in shares]
    return table


def accounting_of_seeds(frame: pd.DataFrame, model: str, control: str) -> pd.DataFrame:
    """The same over trained seeds: the parts of the models' effect, of the controls', and of their contrast.

    Each interval is at ALPHA over the number of ways, with the variance of seeds and questions.
    """
    import pandas as pd

    design = _design(frame)
    ours, theirs = ([effect(name, FEW, BASELINE) for name in models(side)] for side in (model, control))
    columns = {model: ours, control: theirs, "contrast": [less(*two) for two in zip(ours, theirs, strict=True)]}
    rows = []
    for way, part in zip(WAYS, _parts(design), strict=True):
        row: dict[str, Any] = {"way": way}
        for name, seeds in columns.items():
            found = pooled_parts(design, seeds, part, ALPHA / len(WAYS))
            row |= {name: found.value, f"{name} low": found.low, f"{name} high": found.high}
        rows.append(row)
    return pd.DataFrame(rows)


def described(frame: pd.DataFrame) -> pd.DataFrame:
    """Means of what else the check says, by model and arm: of true steps the shares done, skipped and mended."""
    joined = _joined(frame)
    for name in ("done", "skipped", "mended"):
        joined[name] = joined[name] / joined["steps"]
    means = joined.groupby(["model", "condition"], sort=False)[list(DESCRIBED)].mean()
    return means.astype(float).reset_index()


def _design(frame: pd.DataFrame) -> Crossed:
    return crossed(_joined(frame))


def _joined(frame: pd.DataFrame) -> pd.DataFrame:
    """The four few-shot conditions as one, as registered, and beside them what was checked."""
    return merged(frame).join(frame.drop(columns=list(_KEPT)))


def _parts(design: Crossed) -> list[Floats]:
    """What each way takes from the score of a sample; NaN where the score is missing."""
    way = design.samples["way"].to_numpy()
    lost = np.where(way == RIGHT, 0.0, design.score - 1)
    return [np.where(design.missing, np.nan, np.where(way == one, lost, 0.0)) for one in WAYS]


def _levels(design: Crossed, name: str) -> dict[str, list[float]]:
    """Shares of all answers that go wrong in each way, zero-shot and few-shot."""
    arms = {"before": design.arms.index((name, BASELINE)), "after": design.arms.index((name, FEW))}
    means = [-design.means(part) for part in _parts(design)]
    return {key: [float(np.nanmean(mean[arm])) for mean in means] for key, arm in arms.items()}


def _in_percent(frame: pd.DataFrame) -> pd.DataFrame:
    """Shares of 1 in percent, or points, with one decimal; counts as they are."""
    shares = [str(name) for name in frame.select_dtypes("float") if name != "calculations"]
    return frame.assign(
        **{name: [f"{round(100 * v, 1) + 0.0:.1f}" if v == v else "" for v in frame[name]] for name in shares}
    )


def _told(name: str, frame: pd.DataFrame, table: pd.DataFrame) -> str:
    title = f"{name}: few-shot less zero-shot {100 * table['part'].sum():+.1f} points, by the first step gone wrong"
    return "\n\n".join([tables.section(title, _in_percent(table)), tables.markdown(_in_percent(described(frame)))])


def _told_of_seeds(frame: pd.DataFrame, model: str = "r1-short", control: str = "sft-short") -> str:
    table = accounting_of_seeds(frame, model, control)
    both = described(frame)
    both["model"] = both["model"].str.rpartition("-")[0]
    means = _in_percent(both.groupby(["model", "condition"], sort=False).mean().reset_index())
    title = f"{model} and {control}, eight seeds of each: parts in points"
    return "\n\n".join([tables.section(title, _in_percent(table)), tables.markdown(means)])


def main(arguments: Sequence[str] | None = None) -> int:
    import pandas as pd

    from experiments.r1_miniature.step_figure import save

    parser = argparse.ArgumentParser(prog="python -m experiments.r1_miniature.mechanism", description=__doc__)
    parser.add_argument("runs", nargs="*", help="runs in Parquet files, as load_run takes them; none: the seeds")
    parser.add_argument("--questions", type=int, help="only the first of them (a quick look)")
    parser.add_argument("--out", type=Path, help="a folder for the figure of the parts (of named runs)")
    args = parser.parse_args(arguments)
    try:
        found = {}
        for name in args.runs:
            frame = checked(load_run(name), args.questions)
            found[name.removeprefix("recorded:")] = accounting(frame)
            print(_told(name, frame, list(found.values())[-1]), end="\n\n", flush=True)
        if found and args.out:
            print(*save(found, args.out), sep="\n")
        if not args.runs:
            seeds = {name: run for name, run in recorded().items() if name.startswith(("r1-short", "sft-short"))}
            print(_told_of_seeds(pd.concat([checked(r, args.questions) for r in seeds.values()], ignore_index=True)))
    except (PromptlabError, OSError) as problem:
        print(f"mechanism: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
