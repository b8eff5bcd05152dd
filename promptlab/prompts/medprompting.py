"""Medprompt (Nori et al. 2023, arXiv 2311.16452) out of what there is: one condition, and the steps towards it.

Its vote is no prompt: `promptlab.vote` makes it of the samples.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from promptlab import given
from promptlab.prompts.conditions import Condition
from promptlab.prompts.library import few_shot, several, zero_shot
from promptlab.types import Question

Shown = Iterable[Question | tuple[str, ...]]

_STEPS = 5  # of the published ablation


def medprompt(
    k: int = 5, ensemble: int = 5, *, exemplars: Shown = (), select: Any = "nearest", name: str = "", **factors: Any
) -> Condition:
    """The k nearest exemplars with their rationales, and an ensemble over orders of the options.

    Run it with ``samples=ensemble``, or a multiple of it; `vote` then takes the majority.

    Parameters
    ----------
    k
        Shots.
    ensemble
        Orders of the options (`variants`); the question needs options where it is more than 1. With 1 there is no
        ensemble: this is then the nearest exemplars alone, and votes are made of samples of the same prompt.
    exemplars
        What they are picked from. For Medprompt's own, the right answers that the same model gave to training
        questions, ``Exemplars.from_run(run)``; by default the questions' pool with its worked solutions.
    select, name, factors
        As for `few_shot`.

    Examples
    --------
    >>> medprompt().name, medprompt().variants, medprompt().shots
    ('medprompt-5x5', 5, 5)
    """
    named = name or f"medprompt-{k}x{ensemble}"
    return few_shot(k, select=select, exemplars=exemplars, variants=ensemble, name=named, **factors)


def medprompt_steps(k: int = 5, ensemble: int = 5, *, exemplars: Shown = (), **factors: Any) -> list[Condition]:
    """The published ablation's steps (section 5.2): each adds one thing to the one before it.

    Nothing; random exemplars, answers alone; their rationales; the nearest exemplars instead; other orders of the
    options. Each has a `replicate` of its own, since random exemplars may be the nearest ones too, and the last step
    sends the prompts of the one before it among others: no completion counts in two steps.

    Parameters
    ----------
    k, exemplars, factors
        As for `medprompt`.
    ensemble
        Orders of the options, two or more: with one the last step would be the step before it.

    Raises
    ------
    InputError
        An ensemble of one.

    Examples
    --------
    >>> [condition.name for condition in medprompt_steps()]
    ['zero-shot', 'few-shot-5-answers', 'few-shot-5', 'few-shot-5-nearest', 'medprompt-5x5']
    """
    given.whole("ensemble of medprompt_steps", ensemble, 2)
    from_pool = {"exemplars": several(exemplars), **factors}
    steps = [
        zero_shot(**factors),
        few_shot(k, style="answers", select="random", **from_pool),
        few_shot(k, select="random", **from_pool),
        few_shot(k, select="nearest", **from_pool),
        medprompt(k, ensemble, **from_pool),
    ]
    return _apart(steps, range(_STEPS))


def medprompt_followup(k: int = 5, ensemble: int = 5, *, exemplars: Shown = (), **factors: Any) -> list[Condition]:
    """What the follow-up tried on a reasoning model, each against the first (Nori et al. 2024, arXiv 2411.03590).

    A minimal prompt, the one of `medprompt_steps`; the nearest exemplars, answers alone; an ensemble of the minimal
    prompt. Replicates go on where those of `medprompt_steps` end: both lists can be one run.

    Examples
    --------
    >>> [condition.name for condition in medprompt_followup()]
    ['zero-shot', 'few-shot-5-answers-nearest', 'ensemble-5']
    """
    given.whole("ensemble of medprompt_followup", ensemble, 2)
    steps = [
        zero_shot(**factors),
        few_shot(k, style="answers", select="nearest", exemplars=several(exemplars), **factors),
        zero_shot(name=f"ensemble-{ensemble}", variants=ensemble, **factors),
    ]
    return _apart(steps, (0, _STEPS, _STEPS + 1))


def _apart(steps: list[Condition], replicates: Iterable[int]) -> list[Condition]:
    """Steps whose samples are their own, whatever prompts they have in common."""
    each = zip(steps, replicates, strict=True)
    return [step.but(replicate=step.replicate + replicate) for step, replicate in each]
