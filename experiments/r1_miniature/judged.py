"""Judge the registered hypotheses from the recorded samples: ``python -m experiments.r1_miniature.judged``.

It prints a sentence a hypothesis, each by the rule that `registration.yaml` states, and draws the seeds. What the
registration leaves open (when H2, H3 and H4 count as refuted) was settled here before the first sample of theirs, but
after H1 had been judged by its own rule (LOG.md, 2026-11-25).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from experiments.r1_miniature import registered
from experiments.r1_miniature.evidence import RESULTS, recorded, samples, stamp
from experiments.r1_miniature.pooling import Arms, Pooled, effect, less, pooled
from experiments.r1_miniature.registered import BASELINE, FEW, MARGIN, models
from promptlab.comparison import SeedContrast, compare
from promptlab.comparison.crossed import crossed
from promptlab.comparison.verdicts import interval
from promptlab.errors import PromptlabError

if TYPE_CHECKING:
    import pandas as pd

State = Literal["confirmed", "refuted", "open", "not run"]
Seeds = list[Arms]  # one a seed
LARGE = 0.025  # the loss that H1 is refuted as


@dataclass(frozen=True)
class Judgement:
    """One hypothesis: what the registered rule says of the samples, in a word and in a sentence."""

    hypothesis: str
    state: State
    sentence: str

    def __str__(self) -> str:
        return f"{self.hypothesis}: {self.state}. {self.sentence}"


# -- rules: intervals in, a state out ----------------------------------------------------------------------------------


def state_of_loss(low: float, high: float) -> State:
    """H1: a loss is confirmed below 0, and refuted as one of `LARGE` or more above that."""
    return "confirmed" if high < 0 else "refuted" if low > -LARGE else "open"


def state_of_gain(low: float, high: float) -> State:
    """H3: what removes a loss has its interval above 0."""
    return "confirmed" if low > 0 else "refuted" if high < 0 else "open"


def state_of_sameness(low: float, high: float) -> State:
    """H4: no margin was registered, so nothing confirms that two effects are the same; a difference refutes it."""
    return "refuted" if low > 0 or high < 0 else "open"


def state_of_narrow(contrast: tuple[float, float], plain: tuple[float, float]) -> State:
    """H2: the contrast within the margin and a loss of plain; refuted where either is shown to be otherwise."""
    (low, high), (worst, best) = contrast, plain
    if low > -MARGIN and high < MARGIN and best < 0:
        return "confirmed"
    return "refuted" if low > MARGIN or high < -MARGIN or worst > 0 else "open"


# -- what is compared: over the seeds, signed sums of arms -------------------------------------------------------------


def few(model: str) -> Seeds:
    """What the exemplars do to each seed of a model."""
    return [effect(name, FEW, BASELINE) for name in models(model)]


def each_less(ours: Seeds, theirs: Seeds) -> Seeds:
    """Seed by seed."""
    return [less(*two) for two in zip(ours, theirs, strict=True)]


THINKING = each_less(few("r1-short"), few("sft-short"))  # what RL adds to the effect: H1
PLAIN = each_less(few("plain-rl"), few("plain-short"))
TRIPLE = each_less(PLAIN, THINKING)  # H4
GAINED = [{(a, BASELINE): 1, (b, BASELINE): -1} for a, b in zip(models("r1-short"), models("sft-short"), strict=True)]


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
    parser.add_argument("--out", type=Path, default=Path("out") / "r1_miniature" / "judged")
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
