"""What is simulated: the methods, and for each the cells that tell something new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from benchmarks import trials
from benchmarks.attempts import attempts
from benchmarks.doses import SHOTS, doses
from benchmarks.populations import ALONE, FIVES, TWENTY, Cell, Right
from benchmarks.powers import powers
from benchmarks.seeds import seeds

ACCURACIES = (0.05, 0.2, 0.5, 0.8, 0.95)
LOST = (0.05, 0.1, 0.2, 0.3, 0.45)
TRIALS: dict[str, Callable[[Cell, np.random.Generator], Right]] = {
    "score": trials.score,
    "attempts": attempts,
    "differences": trials.differences,
    "one-way": trials.one_way,
    "as-shipped": trials.as_shipped,
    "contrasts": trials.contrasts,
    "sign-flips": trials.sign_flips,
    "log-odds": trials.log_odds,
    "exchanged": trials.exchange,
    "betting": trials.betting,
    "two-way": trials.two_ways,
    "dose": doses,
    "seeds": seeds,
    "plan": powers,
    "A/A": trials.alike,
    "A/A-recorded": trials.halves,
}
Families = Sequence[tuple[int, bool]]  # comparisons, and whether some of them are moved


def cells() -> list[Cell]:
    """The whole grid for differences, of the others what tells them apart; fewer replications where one is slow."""
    single, family, either = [(1, False)], [(1, False), (1, True), (6, False), (6, True)], [(1, False), (1, True)]
    two, middle = (ALONE, FIVES), (0.2, 0.5)
    made = [*_grid("score", single), *_grid("attempts", single, samples=(8, 20), most=5000)]
    made += [*_grid("differences", family), *_grid("sign-flips", [family[0], *family[2:]])]
    made += _grid("one-way", family, (ALONE,), (30, 50, 75, 100, 150), (1,), LOST)
    made += _grid("one-way", family, (FIVES,), (150, 250, 500), (1,), LOST)
    made += _grid("contrasts", [(1, False), (6, True)], layouts=two)
    made += _grid("log-odds", either, layouts=two)
    made += _grid("betting", [*either, (6, True)], layouts=two, sizes=(100, 500), most=5000)
    made += _grid("exchanged", [(1, False), (6, False)], layouts=(ALONE,), sizes=(12, 30, 100))
    for draws in (8, 20):
        made += _grid("two-way", either, layouts=two, sizes=(100, 500), draws=draws)
    of_doses = [(len(SHOTS) - 1, moved) for moved in (False, True)]
    made += _grid("dose", of_doses, layouts=two, samples=(1,), accuracies=middle, most=1000)
    made += _grid("dose", of_doses, layouts=two, sizes=(100,), samples=(8,), accuracies=middle, most=1000)
    for number in (3, 5, 8):
        made += _grid("seeds", either, (ALONE,), (30, 100), (4,), (0.5,), seeds=number, most=1000)
        made += _grid("seeds", either, (FIVES,), (100,), (4,), (0.2,), seeds=number, most=1000)
    made += _grid("plan", [(1, True), (6, True)], layouts=two, sizes=(100, 200, 400), accuracies=middle, most=4000)
    made += _grid("as-shipped", family[::3], layouts=(ALONE,), sizes=(30, 100), most=2000)
    made += _grid("A/A", [(6, False)], layouts=two, sizes=(100,), samples=(2,))
    return made + [Cell("A/A-recorded", 400, 2, np.nan, "recorded", m, most=200) for m in (1, 6)]


def _grid(
    method: str,
    families: Families,
    layouts: Sequence[str] = (ALONE, FIVES, TWENTY),
    sizes: Sequence[int] = (30, 100, 500),
    samples: Sequence[int] = (1, 8),
    accuracies: Sequence[float] = ACCURACIES,
    **options: int,
) -> list[Cell]:
    every = product(sizes, samples, accuracies, layouts, families)
    made = [Cell(method, n, k, a, layout, family, moved, **options) for n, k, a, layout, (family, moved) in every]
    return [cell for cell in made if not _known(cell)]


def _known(cell: Cell) -> bool:
    """Whether other cells tell the same."""
    if cell.method in ("score", "attempts"):
        return (cell.n, cell.layout) == (100, TWENTY)  # the same as clusters of 5
    intervals = cell.method in ("differences", "contrasts")
    return (
        (cell.n, cell.layout) == (100, TWENTY)
        or cell.accuracy == 0.8  # equal: the mirror image of 0.2; moved to 0.9: that of 0.1, between 0.05 and 0.2
        or (cell.accuracy > 0.5 and not cell.moved)
        or (intervals and not cell.moved and (cell.n, cell.layout) == (500, ALONE))  # the slowest, and the easiest
    )
