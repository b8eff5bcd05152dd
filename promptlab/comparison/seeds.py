"""Trained seeds of a model against as many seeds of its control: what holds for training, not for two models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptlab import markup, tables
from promptlab.comparison import verdicts
from promptlab.comparison.contrasting import contrast, shared_conditions
from promptlab.comparison.crossed import Crossed, crossed
from promptlab.comparison.options import check, chosen
from promptlab.comparison.seeded import seed_row, seed_sentence
from promptlab.comparison.tested import Tested, contrasts_of
from promptlab.errors import InputError, unknown
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

SHOWN = ["condition", "model_difference", "control_difference", "contrast", "low", "high", "seeds", "agreeing"]
SHOWN += ["questions", "detectable", "flag", "reason", "verdict", "validity"]
PAIRS = ["model", "control", "condition", "contrast", "low", "high", "verdict", "validity"]


@dataclass(frozen=True, eq=False)
class SeedContrast:
    """What `contrast_seeds` found. Scores and differences are shares of 1; the sentences speak of points.

    Attributes
    ----------
    table : DataFrame
        A row a condition, means over the seeds: `model_difference`, `control_difference`, their `contrast` with `se`,
        `df`, `low`, `high` (simultaneous over the table), `se_seeds` and `se_questions` (of seeds alone, of questions
        alone), `agreeing` (seeds whose contrast has the sign of the mean), `flag` as in `Contrast`, `verdict`
        (``less favourable | more favourable | inconclusive | no claim``), `validity`, `detectable` (the true contrast
        found with 80 % power).
    pairs : DataFrame
        A row a condition and seed, as in `Contrast.table`; intervals hold for all of its rows, each for two models.
    verdicts : tuple of str
        A sentence a condition.
    tested : Tested
        Its tests and settings, for a registration.
    """

    table: pd.DataFrame
    pairs: pd.DataFrame
    verdicts: tuple[str, ...]
    models: tuple[str, ...]
    controls: tuple[str, ...]
    baseline: str
    alpha: float
    seed: int
    label: str = ""
    tested: Tested = field(repr=False, kw_only=True)

    @property
    def power(self) -> str:
        """The smallest and the largest of the detectable contrasts; empty where nothing is claimed."""
        known = self.table["detectable"].notna().any()
        return verdicts.power(self.table, "contrast") if known else ""

    @property
    def _notes(self) -> list[str]:
        return [*self.verdicts, *filter(None, [self.power])]

    def to_markdown(self) -> str:
        """Contrasts over the seeds and seed by seed, with verdicts, as Markdown."""
        whole = tables.section(self._title, self._shown, self._notes)
        return f"{whole}\n\n{tables.section('Seed by seed', tables.estimates(self.pairs[PAIRS], 'contrast'))}"

    @property
    def _shown(self) -> pd.DataFrame:
        return tables.estimates(self.table[SHOWN], "model_difference", "control_difference", "contrast")

    @property
    def _title(self) -> str:
        heading = f"{self.label}: " if self.label else ""
        return f"{heading}{', '.join(self.models)} against {', '.join(self.controls)}, paired by seed"

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self.table["verdict"].value_counts().items())
        return f"<SeedContrast of {counted(len(self.models), 'seed')}: {counts}>"

    def _repr_html_(self) -> str:
        seeds = markup.folded("Seed by seed", tables.html(tables.estimates(self.pairs[PAIRS], "contrast")))
        return markup.card(self._title, tables.html(self._shown), markup.bullets(self._notes), seeds)


def contrast_seeds(
    runs: Any,
    *,
    models: Sequence[str],
    controls: Sequence[str],
    baseline: str,
    conditions: Sequence[str] | None = None,
    alpha: float = 0.05,
    seed: int = 0,
    label: str = "",
) -> SeedContrast:
    """Contrast seeds of a model with seeds of its control, the first with the first and so on.

    The mean over seeds of the contrasts, on the questions that all of them answered. Its variance is that between the
    seeds over their number, and the questions' (clustered) added: ``V_seeds + V_questions - V_both`` by `two_way`,
    which takes out what both count and never falls below the larger; t with one less than the number of seeds as df;
    Bonferroni over the conditions, since five seeds cannot be resampled (Cameron, Gelbach & Miller 2011, see
    `promptlab.stats.twoway.two_way`). With fewer than five seeds there is neither interval nor verdict on training,
    only on each pair. Where questions are alike this is SciPy's ``ttest_1samp`` over the seeds, which checks it
    (tests/test_comparison_seeds.py).

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        Tidy samples of all the models, see `compare`.
    models, controls : sequence of str
        Names in the same order of seeds; at least two of each.
    baseline, conditions, alpha, seed, label
        As for `contrast`.

    Raises
    ------
    InputError
        Models and controls are not equally many, one occurs twice or is unknown, and as for `contrast`.

    Examples
    --------
    >>> import pandas as pd
    >>> models, controls = ["r1", "r2"], ["sft1", "sft2"]
    >>> rows = [(m, c, q, float(q % 10 < (4 if m[0] == "r" and c == "b" else 7))) for m in models + controls
    ...         for c in "ab" for q in range(60)]
    >>> frame = pd.DataFrame(rows, columns=["model", "condition", "question", "score"])
    >>> contrast_seeds(frame, models=models, controls=controls, baseline="a")
    <SeedContrast of 2 seeds: 1 no claim>
    """
    check("contrast_seeds", alpha=alpha, seed=seed)
    design = crossed(runs, chosen("contrast_seeds", baseline, conditions))
    pairs = _paired(design, models, controls)
    design = design.completed([*models, *controls])
    shared = [set(shared_conditions(design, *pair, baseline)) for pair in pairs]
    names = [c for c in design.conditions(pairs[0][0]) if all(c in here for here in shared)]
    if not names:
        raise InputError(f"the seeds share no condition besides the baseline {baseline!r}")
    options: dict[str, Any] = {"baseline": baseline, "conditions": names, "alpha": alpha / len(pairs), "seed": seed}
    each = _seed_by_seed(design, pairs, options)
    table = _table(design, pairs, each, names, baseline, alpha)
    sentences = (seed_sentence(row, each, baseline) for row in table.to_dict("records"))
    return SeedContrast(
        table=table,
        pairs=each,
        verdicts=tuple(sentences),
        models=tuple(models),
        controls=tuple(controls),
        baseline=baseline,
        alpha=alpha,
        seed=seed,
        label=label,
        tested=contrasts_of(design, "seed_contrasts", pairs, names, baseline=baseline, alpha=alpha, seed=seed),
    )


def _paired(design: Crossed, models: Sequence[str], controls: Sequence[str]) -> list[tuple[str, str]]:
    for what, names in (("models", models), ("controls", controls)):
        if not isinstance(names, list | tuple) or len(names) < 2:
            raise InputError(f"{what} is {names!r}; needed: a list of the names of two seeds or more")
    if len(models) != len(controls):
        raise InputError(f"{len(models)} models and {len(controls)} controls: each seed needs its partner")
    both = [*models, *controls]
    for name in both:
        if name not in design.models():
            raise unknown("model", name, design.models())
        if both.count(name) > 1:
            raise InputError(f"{name!r} occurs twice: one training cannot stand for two seeds")
    return list(zip(models, controls, strict=True))


def _seed_by_seed(design: Crossed, pairs: Sequence[tuple[str, str]], options: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    found = [contrast(design.taken, model=model, control=control, **options) for model, control in pairs]
    named = [one.table.assign(model=one.model, control=one.control) for one in found]
    return pd.concat(named, ignore_index=True)


def _table(
    design: Crossed, pairs: list[tuple[str, str]], each: pd.DataFrame, names: list[str], baseline: str, alpha: float
) -> pd.DataFrame:
    import pandas as pd

    level = alpha / len(names)
    rows = []
    for name in names:
        fours = [((m, name), (m, baseline), (c, name), (c, baseline)) for m, c in pairs]
        signs = design.signs(dict(zip(four, (1, -1, -1, 1), strict=True)) for four in fours)
        rows.append({"condition": name, **seed_row(design, signs, each[each["condition"] == name], level)})
    return pd.DataFrame(rows)
