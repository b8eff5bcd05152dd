"""A model against its control: the difference of differences on the same questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab import markup, tables
from promptlab.comparison import verdicts
from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.comparison.validity import Judged, decide_contrast, judge
from promptlab.errors import InputError, unknown
from promptlab.stats import Estimate, log_odds_contrast
from promptlab.stats.power import detectable

if TYPE_CHECKING:
    import pandas as pd

Control = str | Mapping[str, str | Sequence[str]]  # of all other models, or for each model its own

FLOOR, CEILING = 0.1, 0.9
SHOWN = ["condition", "model_difference", "control_difference", "contrast", "low", "high", "questions", "flag"]
SHOWN += ["detectable", "reason", "verdict", "validity"]


@dataclass(frozen=True, eq=False)
class Contrast:
    """What `contrast` found. Scores and differences are shares of 1; the sentences speak of points.

    Attributes
    ----------
    table : DataFrame
        A row a condition: `model_difference`, `control_difference` (each to the baseline), their `contrast` with
        `low` and `high` (simultaneous over the table), the same as `log_odds`, `flag` (``scale-dependent``,
        ``floor/ceiling``), `reason` where a variance does not exist, `verdict`
        (``less favourable | more favourable | inconclusive``), `validity`, `detectable` (the true contrast that would
        be found with 80 % power).
    verdicts : tuple of str
        A sentence a condition.
    """

    table: pd.DataFrame
    verdicts: tuple[str, ...]
    model: str
    control: str
    baseline: str
    alpha: float
    seed: int
    label: str = ""

    def to_markdown(self) -> str:
        """Differences of differences and verdicts as Markdown."""
        heading = f"{self.label}: " if self.label else ""
        title = f"{heading}{self.model} against its control {self.control}"
        return tables.section(title, self._shown, [*self.verdicts, self.power])

    @property
    def power(self) -> str:
        """What a contrast of this size can find: the smallest and the largest of the detectable contrasts."""
        return verdicts.power(self.table, "contrast")

    @property
    def _shown(self) -> pd.DataFrame:
        return tables.estimates(self.table[SHOWN], "model_difference", "control_difference", "contrast")

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self.table["verdict"].value_counts().items())
        return f"<Contrast of {self.model!r} with {self.control!r}: {counts}>"

    def _repr_html_(self) -> str:
        inner = tables.html(self._shown)
        heading = f"{self.label}: " if self.label else ""
        return markup.card(
            f"{heading}{self.model} less {self.control}", inner, markup.bullets([*self.verdicts, self.power])
        )


def contrast(
    runs: Any,
    *,
    model: str | int,
    control: str | int,
    baseline: str,
    conditions: Sequence[str] | None = None,
    alpha: float = 0.05,
    seed: int = 0,
    label: str = "",
) -> Contrast:
    """What each condition does to a model, less what it does to its control, on the questions that both answered.

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        Tidy samples of both models, see `compare`.
    model, control : str or int
        Names, or positions in order of appearance.
    baseline : str
        The condition to which both differences are taken.
    conditions, alpha, seed, label
        As for `compare`.

    Raises
    ------
    InputError
        A model is unknown or is its own control, they share no condition besides the baseline.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(m, c, q, float(m == "plain" or c == "a" or q < 9)) for m in ("r1", "plain") for c in "ab"
    ...         for q in range(40)]
    >>> frame = pd.DataFrame(rows, columns=["model", "condition", "question", "score"])
    >>> contrast(frame, model="r1", control="plain", baseline="a").table.loc[0, "flag"]
    'floor/ceiling'
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha}; allowed: above 0 and below 1")
    design = crossed(runs, None if conditions is None else [baseline, *conditions]).completed()
    ours, theirs = (_named(design, given, what) for given, what in ((model, "model"), (control, "control")))
    if ours == theirs:
        raise InputError(f"model and control are both {ours!r}: a contrast needs two models")
    conditions = shared_conditions(design, ours, theirs, baseline)
    cells = [[(ours, c), (ours, baseline), (theirs, c), (theirs, baseline)] for c in conditions]
    signs = design.signs(dict(zip(four, (1, -1, -1, 1), strict=True)) for four in cells)
    judged = judge(design, signs, decide_contrast, alpha=alpha, seed=seed, bound=2)
    table = _table(design, conditions, cells, judged, alpha)
    rows = table.to_dict("records")
    names = {"model": ours, "control": theirs, "baseline": baseline}
    sentences = (verdicts.contrast_sentence(row, **names, alpha=alpha) for row in rows)
    return Contrast(table, tuple(sentences), ours, theirs, baseline, alpha, seed, label)


def contrasts(runs: Any, control: Control, *, baseline: str, **options: Any) -> list[Contrast]:
    """Each model against its control, or controls.

    Parameters
    ----------
    runs, baseline, options
        As for `contrast`.
    control : str or mapping
        The model that is the control of all others, or ``{model: its control, or several}``; empty for none.

    Raises
    ------
    InputError
        As for `contrast`.
    """
    if not control:
        return []
    design = crossed(runs)  # read once
    pairs = control_pairs(control, design.models())
    return [contrast(design.samples, model=m, control=c, baseline=baseline, **options) for m, c in pairs]


def control_pairs(control: Control, models: Sequence[str]) -> list[tuple[str, str]]:
    """(model, control) for each contrast that `control` asks for.

    Raises
    ------
    InputError
        One of them is none of the models, or no name.

    Examples
    --------
    >>> control_pairs("plain", ["plain", "r1"])
    [('r1', 'plain')]
    >>> control_pairs({"r1": ["plain", "sft"]}, ["plain", "sft", "r1"])
    [('r1', 'plain'), ('r1', 'sft')]
    """
    if isinstance(control, str):
        pairs = [(model, control) for model in models if control and model != control]
    else:
        several = {model: [given] if isinstance(given, str) else given for model, given in control.items()}
        for model, given in several.items():
            if not isinstance(given, list | tuple) or not given:
                raise InputError(f"control of {model!r} is {given!r}; allowed: a model's name, or a list of names")
        pairs = [(model, one) for model, given in several.items() for one in given]
    for name in chain.from_iterable(pairs):
        if name not in models:
            raise unknown("control", name, models)
    return pairs


def _named(design: Crossed, given: str | int, what: str) -> str:
    models = design.models()
    if isinstance(given, int) and 0 <= given < len(models):
        return models[given]
    if given not in models:
        raise unknown(what, given, models)
    return str(given)


def shared_conditions(design: Crossed, ours: str, theirs: str, baseline: str) -> list[str]:
    """The conditions besides the baseline that both models have."""
    both = [c for c in design.conditions(ours) if c in design.conditions(theirs)]
    if baseline not in both:
        raise unknown(f"baseline for {ours!r} and {theirs!r}", baseline, both)
    if len(both) < 2:
        raise InputError(f"{ours!r} and {theirs!r} share no condition besides the baseline {baseline!r}")
    return [c for c in both if c != baseline]


def _table(
    design: Crossed, conditions: list[str], cells: list[list[tuple[str, str]]], judged: Judged, alpha: float
) -> pd.DataFrame:
    import pandas as pd

    f, means = judged.family, design.means(design.score)
    rows = []
    for condition, four in zip(conditions, cells, strict=True):
        arms = means[[design.arms.index(cell) for cell in four]].T
        here = ~np.isnan(arms).any(axis=1)
        odds = log_odds_contrast(arms[here], (1, -1, -1, 1), design.clusters[here], alpha / len(conditions))
        rows.append(_row(condition, arms[here], odds))
    table = pd.DataFrame(rows)
    for name, values in (
        ("contrast", f.estimate),
        ("low", f.low),
        ("high", f.high),
        ("se", f.se),
        ("p_holm", judged.p_holm),
    ):
        table[name] = values
    table["questions"], table["clusters"], table["method"], table["reason"] = f.n, f.n_clusters, f.method, f.reason
    table["verdict"], table["validity"], table["validity_why"] = judged.verdicts, judged.validity, judged.why
    table["detectable"] = detectable(f.se, f.critical)
    return table


def _row(condition: str, arms: Floats, odds: Estimate) -> dict[str, Any]:
    """`arms`: question means of model, model under baseline, control, control under baseline."""
    after, before, control_after, control_before = arms.mean(axis=0) if len(arms) else [np.nan] * 4
    accuracy = after - before - control_after + control_before
    turned = accuracy * odds.value < 0 and abs(accuracy) > 1e-9
    extreme = any(score < FLOOR or score > CEILING for score in (control_after, control_before))
    flags = [name for name, on in (("scale-dependent", turned), ("floor/ceiling", extreme)) if on]
    return {
        "condition": condition,
        "model_difference": after - before,
        "control_difference": control_after - control_before,
        "log_odds": odds.value,
        "log_odds_low": odds.low,
        "log_odds_high": odds.high,
        "flag": "; ".join(flags),
    }
