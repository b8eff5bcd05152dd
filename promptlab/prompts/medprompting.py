"""Medprompt (Nori et al. 2023, arXiv 2311.16452) out of what there is: one condition, and the steps towards it.

Its vote is no prompt: `promptlab.vote` makes it of the samples.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from promptlab.prompts.conditions import Condition
from promptlab.prompts.library import few_shot, zero_shot
from promptlab.types import Question

Shown = Iterable[Question | tuple[str, ...]]


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
        Orders of the options (`variants`); the question needs options where it is more than 1.
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
    options. The last one sends the prompts of the one before it among others, and so has another `replicate`: no
    completion counts in two steps.

    Parameters
    ----------
    k, ensemble, exemplars, factors
        As for `medprompt`.

    Examples
    --------
    >>> [condition.name for condition in medprompt_steps()]
    ['zero-shot', 'few-shot-5-answers', 'few-shot-5', 'few-shot-5-nearest', 'medprompt-5x5']
    """
    from_pool = {"exemplars": tuple(exemplars), **factors}
    return [
        zero_shot(**factors),
        few_shot(k, style="answers", select="random", **from_pool),
        few_shot(k, select="random", **from_pool),
        few_shot(k, select="nearest", **from_pool),
        medprompt(k, ensemble, **from_pool).but(replicate=1),
    ]


def medprompt_followup(k: int = 5, ensemble: int = 5, *, exemplars: Shown = (), **factors: Any) -> list[Condition]:
    """What the follow-up tried on a reasoning model, each against the first (Nori et al. 2024, arXiv 2411.03590).

    A minimal prompt; the nearest exemplars, answers alone; an ensemble of the minimal prompt.

    Examples
    --------
    >>> [condition.name for condition in medprompt_followup()]
    ['zero-shot', 'few-shot-5-answers-nearest', 'ensemble-5']
    """
    return [
        zero_shot(**factors),
        few_shot(k, style="answers", select="nearest", exemplars=tuple(exemplars), **factors),
        zero_shot(name=f"ensemble-{ensemble}", variants=ensemble, **factors).but(replicate=1),
    ]
