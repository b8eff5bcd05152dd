"""How many questions, samples and draws a comparison needs, before it is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab import given, markup, tables
from promptlab.errors import InputError
from promptlab.planner.designs import Search, rough, shown
from promptlab.planner.expenses import expenses
from promptlab.planner.pilots import Pilot, pilot, typical_size
from promptlab.stats import Estimate
from promptlab.stats.power import POWER
from promptlab.stats.trials import guess_of, simulated_power
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

QUESTIONS = (50, 100, 200, 400, 800, 1600)
_SHARE = "a share above 0 and below 1 (0.02 is two points)"


@dataclass(frozen=True, eq=False)
class Plan:
    """What `plan` found. Differences are shares of 1; the sentences speak of points.

    Attributes
    ----------
    table : DataFrame
        A row a design, for the `comparison` that is the hardest to decide in it: `questions` in `clusters`, `samples`
        of each condition, `draws`, the standard error `se` of the difference, the true difference `detectable`, and,
        from a pilot with token columns, what all its arms take: `tokens`, `hours`, `cost`, each with ``_low`` and
        ``_high``, between which 90 % of such runs lie.
    needed : DataFrame
        A row a wanted difference, samples and draws: `questions` in `clusters` that find it in every comparison;
        `reason` where no number does.
    variances : DataFrame
        A row a comparison: variance of the difference between `questions`, the parts of it that `clusters` and `draws`
        share, and of `sampling`, of one sample of each condition.
    sentences : tuple of str
        One for each number of samples and draws, at the most questions of the table.
    notes : tuple of str
        What the plan rests on.
    """

    table: pd.DataFrame
    needed: pd.DataFrame
    variances: pd.DataFrame
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    alpha: float
    power: float
    comparisons: int
    cluster_size: float
    pilot: Pilot = field(repr=False)

    def simulated(
        self, questions: int, samples: int = 1, *, difference: float, replications: int = 200, seed: int = 0
    ) -> Estimate:
        """The power of one design by simulation: made-up answers, judged by the procedure that `compare` uses.

        The family has `comparisons` of the variances of the hardest one, each with this true `difference` (a share;
        below 0 for a loss). Clusters are of whole size; draws of exemplars are not simulated.
        """
        n = given.whole("questions of simulated", questions, 4)
        k = given.whole("samples of simulated", samples, 1)
        j = self.pilot.hardest(n, k, None, self.cluster_size)
        return simulated_power(
            guess_of(self.pilot.spreads[j], self.pilot.accuracies[j], difference),
            n,
            k,
            cluster_size=max(1, round(self.cluster_size)),
            comparisons=self.comparisons,
            alpha=self.alpha,
            rng=np.random.default_rng(seed),
            replications=given.whole("replications of simulated", replications, 2),
        )

    def to_markdown(self) -> str:
        """Designs, needs and what they rest on as Markdown."""
        wanted = tables.section("Questions for a wanted difference", shown(self.needed), self.notes)
        return f"{tables.section('What each design can find', shown(self.table), self.sentences)}\n\n{wanted}"

    def __repr__(self) -> str:
        return f"<Plan of {counted(len(self.table), 'design')}, {counted(self.comparisons, 'comparison')}>"

    def _repr_html_(self) -> str:
        notes = markup.bullets([*self.sentences, *self.notes])
        return markup.card("Plan", tables.html(shown(self.table)), tables.html(shown(self.needed)), notes)


def plan(
    basis: Any,
    *,
    baseline: str | None = None,
    conditions: Sequence[str] | None = None,
    questions: Any = QUESTIONS,
    samples: int | Sequence[int] = (1, 4),
    draws: int | Sequence[int] | None = None,
    wanted: float | Sequence[float] = (0.02, 0.05),
    comparisons: int | None = None,
    cluster_size: float | None = None,
    alpha: float = 0.05,
    power: float = POWER,
    tokens_per_second: float | None = None,
    prices: tuple[float, float] | None = None,
) -> Plan:
    """Say what designs of a comparison can find, and what a wanted difference takes, before anything is run.

    Miller's (2024, arXiv 2411.00640) power formulas, with the design effect of clusters, the part of the variance that
    only more draws of exemplars shrink, and t's critical value at ``alpha / comparisons``: Bonferroni's, which is a
    little larger than that of `compare`, so that the plan is on the safe side. With n questions in clusters of m and K
    samples, ``detectable = (t_(1 - alpha/2c) + z_power) sqrt((questions + (m - 1) clusters + sampling / K) / n)`` in
    terms of `Plan.variances` and c comparisons (`promptlab.stats.power`). Miller's worked numbers check it
    (tests/test_stats_power.py), simulated runs judged by `compare`'s procedure do so too (`Plan.simulated`).

    Parameters
    ----------
    basis : Run, DataFrame, list of those, or Guess
        A pilot, from which variances and tokens are estimated, or what is believed without one.
    baseline, conditions
        As for `compare`, of the pilot.
    questions : int, sequence of int, or QuestionSet
        How many; of a set of questions their number and the sizes of their clusters.
    samples : int or sequence of int
        K, of each condition on each question.
    draws : int or sequence of int, optional
        D draws of exemplars, question i under draw i mod D: the plan is then for exemplar sets in general, and needs a
        pilot with two draws or more. None: for the draws that are shown, as `compare` judges.
    wanted : float or sequence of float
        True differences to find; shares of 1 (0.02 is two points).
    comparisons : int, optional
        How many are judged together; by default those of the pilot, or 1.
    cluster_size : float, optional
        Questions a cluster; where sizes m differ ``sum m² / sum m``. By default that of `questions`, or the pilot's.
    alpha, power : float
        One minus the confidence of all intervals together; the chance to find a true difference; in (0, 1).
    tokens_per_second : float, optional
        Completion tokens of one GPU, all its parallel requests together: gives `hours` (GPU-hours).
    prices : (float, float), optional
        USD per million prompt and completion tokens: gives `cost`.

    Raises
    ------
    InputError
        A number out of its range, an unknown baseline; the basis does not hold what is asked for.

    Examples
    --------
    >>> from promptlab.stats.trials import Guess
    >>> guess = Guess((0.50, 0.45), within=0.10, correlation=0.6, cluster_correlation=0.2)
    >>> found = plan(guess, questions=400, samples=4, wanted=0.02, comparisons=6, cluster_size=4)
    >>> print(found.sentences[0].split("; ")[0])
    With 400 questions in 100 clusters and 4 samples each, true differences of 8.7 points are found with 80 % power in \
a family of 6 at 5 %
    """
    sizes, of_set = _questions(questions)
    counts = list(product(_whole("samples", samples, 1), (None,) if draws is None else _whole("draws", draws, 2)))
    wishes = _several("wanted", wanted, lambda name, one: given.real(name, one, lambda d: 0 < d < 1, _SHARE))
    level = given.real("alpha of plan", alpha, lambda a: 0 < a < 1, "above 0 and below 1")
    chance = given.real("power of plan", power, lambda p: 0 < p < 1, "above 0 and below 1")
    known = pilot(basis, baseline, conditions)
    m = given.whole("comparisons of plan", len(known.spreads) if comparisons is None else comparisons, 1)
    size = known.cluster_size if of_set is None else of_set
    if cluster_size is not None:
        size = given.real("cluster_size of plan", cluster_size, lambda size: size >= 1, "a number >= 1")
    search = Search(known.enough_for(size, draws is not None), m, level, chance, size)
    spent = expenses(known, tokens_per_second, prices)
    table, wants = search.table(sizes, counts, spent), search.needed(wishes, counts)
    return Plan(
        table=table,
        needed=wants,
        variances=known.variances,
        sentences=search.sentences(table, wants),
        notes=(*search.notes(with_draws=draws is not None), *filter(None, [rough(table)]), *spent.notes),
        alpha=level,
        power=chance,
        comparisons=m,
        cluster_size=size,
        pilot=known,
    )


def _questions(asked: Any) -> tuple[list[int], float | None]:
    """Numbers of questions; of a set its length, and how many questions a cluster holds."""
    if isinstance(asked, Sequence) and len(asked) and all(hasattr(one, "cluster") for one in asked):
        labels = [one.cluster if one.cluster is not None else i for i, one in enumerate(asked)]
        return [given.whole("questions of plan", len(asked), 4)], typical_size(labels)
    return _whole("questions", asked, 4), None


def _whole(name: str, asked: Any, least: int) -> list[int]:
    return _several(name, asked, lambda what, one: given.whole(what, one, least))


def _several(name: str, asked: Any, checked: Callable[[str, Any], Any]) -> list[Any]:
    """One value or several, checked, in order and each once."""
    parts = [asked] if isinstance(asked, str) or not isinstance(asked, Iterable) else list(asked)
    if not parts:
        raise InputError(f"{name} of plan is empty: at least one is needed")
    return sorted({checked(f"{name} of plan", one) for one in parts})
