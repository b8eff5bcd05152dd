"""Judge the registered hypotheses from the recorded samples: ``python -m experiments.r1_miniature.judged``.

It prints a sentence a hypothesis, each by the rule that `registration.yaml` states (`rules`), and draws the seeds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.r1_miniature import registered
from experiments.r1_miniature.evidence import RESULTS, recorded, samples, stamp
from experiments.r1_miniature.places import OUT
from experiments.r1_miniature.pooling import Pooled, pooled
from experiments.r1_miniature.registered import BASELINE, FEW, MARGIN, models
from experiments.r1_miniature.rules import (
    GAINED,
    LARGE,
    TRIPLE,
    Seeds,
    State,
    state_of_gain,
    state_of_loss,
    state_of_narrow,
    state_of_sameness,
)
from promptlab.comparison import SeedContrast, compare
from promptlab.comparison.crossed import crossed
from promptlab.comparison.verdicts import interval
from promptlab.errors import PromptlabError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Judgement:
    """One hypothesis: what the registered rule says of the samples, in a word and in a sentence."""

    hypothesis: str
    state: State
    sentence: str

    def __str__(self) -> str:
        return f"{self.hypothesis}: {self.state}. {self.sentence}"


def judge(frame: pd.DataFrame) -> list[Judgement]:
    """Every hypothesis; those whose samples are not all there are not run, and none of their scores is read."""
    return [_if_run(name, needed, found, frame) for name, (needed, found) in HYPOTHESES.items()]


def _if_run(
    name: str, needed: Sequence[str], found: Callable[[pd.DataFrame], tuple[State, str]], frame: pd.DataFrame
) -> Judgement:
    lacking = sorted(set(needed) - set(frame["model"].astype(str)))
    if lacking:
        first_and_last = " to ".join(dict.fromkeys((lacking[0], lacking[-1])))
        return Judgement(name, "not run", f"Of {len(needed)} models {len(lacking)} are not recorded: {first_and_last}.")
    return Judgement(name, *found(frame[frame["model"].isin(needed)]))


def h1(frame: pd.DataFrame) -> tuple[State, str]:
    """The primary test; where RL did not change zero-shot accuracy it was not put to the test."""
    found, did = registered.over_seeds(frame, "r1-short", "sft-short"), check(frame)
    state, words = _of_seeds(found, state_of_loss)
    if not did.valid or did.low <= 0 <= did.high:
        state, words = "open", f"Not put to the test: RL changed too little. {words}"
    elif state == "refuted":
        words = f"A loss of {100 * LARGE:g} points or more is refuted. {words}"
    return state, f"{words} Check, zero-shot accuracy of r1-short less sft-short: {_interval(did)}."


def check(frame: pd.DataFrame) -> Pooled:
    """H1's check: zero-shot accuracy after RL less that before, over the seeds."""
    return _pooled(frame, GAINED, lambda low, high: "none" if low <= 0 <= high else "some")


def h2(frame: pd.DataFrame) -> tuple[State, str]:
    """The narrow models against each other, and what the exemplars do to plain: these three models only."""
    found = registered.of_pair(frame)
    plain = compare(registered.merged(frame[frame["model"] == "plain"]), baseline=BASELINE, conditions=[FEW])
    row, loss = found.table.iloc[0], plain.table.iloc[0]
    valid = "invalid" not in (row["validity"], loss["validity"])
    state = state_of_narrow((row["low"], row["high"]), (loss["low"], loss["high"])) if valid else "open"
    return state, f"Margin {100 * MARGIN:g} points. {found.verdicts[0]} {plain.verdicts[0]}"


def h3(frame: pd.DataFrame) -> tuple[State, str]:
    """Exemplars in RL against RL without them; beside it what they do to the start."""
    state, words = _of_seeds(registered.over_seeds(frame, "r1-mixed", "r1-short"), state_of_gain)
    beside = registered.over_seeds(frame, "r1-mixed", "sft-short")
    return state, f"{words} It speaks of H1's loss, if H1 found one. Beside it: {beside.verdicts[0]}"


def h4(frame: pd.DataFrame) -> tuple[State, str]:
    """What RL does to plain models less what it does to reasoning ones."""
    found = triple(frame)
    state: State = state_of_sameness(found.low, found.high) if found.valid else "open"
    agreeing = sum(one * found.value > 0 for one in found.each)
    words = f"(plain-rl - plain-short) - (r1-short - sft-short), few-shot against zero-shot: {_interval(found)}"
    return state, f"{words}; {agreeing} of {len(found.each)} seeds on this side of 0. Validity: {found.validity}."


def triple(frame: pd.DataFrame) -> Pooled:
    """H4's difference of contrasts, paired by seed."""
    return _pooled(frame, TRIPLE, state_of_sameness)


H1_MODELS = (*models("r1-short"), *models("sft-short"))
HYPOTHESES: dict[str, tuple[Sequence[str], Callable[[pd.DataFrame], tuple[State, str]]]] = {
    "H1": (H1_MODELS, h1),
    "H2": (registered.SHIPPED, h2),
    "H3": ((*H1_MODELS, *models("r1-mixed")), h3),
    "H4": ((*H1_MODELS, *models("plain-rl"), *models("plain-short")), h4),
}


def _pooled(frame: pd.DataFrame, seeds: Seeds, decide: Callable[[float, float], str]) -> Pooled:
    return pooled(crossed(registered.merged(frame)), seeds, decide, alpha=0.05)


def _of_seeds(found: SeedContrast, rule: Callable[[float, float], State]) -> tuple[State, str]:
    row = found.table.iloc[0]
    valid = row["validity"] != "invalid" and row["low"] == row["low"]
    return (rule(row["low"], row["high"]) if valid else "open"), found.verdicts[0]


def _interval(found: Pooled) -> str:
    return interval(found.value, found.low, found.high)


def main(arguments: Sequence[str] | None = None) -> int:
    from experiments.r1_miniature.seed_figure import save

    parser = argparse.ArgumentParser(prog="python -m experiments.r1_miniature.judged", description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--out", type=Path, default=OUT / "judged")
    args = parser.parse_args(arguments)
    try:
        runs = recorded(args.results)
        frame = samples(runs)
        told = stamp(runs)
        print(told, *judge(frame), sep="\n")
        print(*save(frame, args.out, told), sep="\n")
    except (PromptlabError, OSError) as problem:
        print(f"judged: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
