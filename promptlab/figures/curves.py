"""The dose-response as a figure: scores over shots, and the paired differences that give the verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptlab.errors import InputError
from promptlab.figures import describing, drawing, legends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from promptlab.comparison import Comparison, DoseResponse

KIND = ("style", "select", "layout")


def dose_response(found: DoseResponse | Comparison, ax: Axes | None = None) -> Axes:
    """What more exemplars do, a colour a model and a marker a kind of exemplars.

    Of a `DoseResponse` (from `promptlab.dose`) the paired differences to k = 0, which give its verdicts, filled where
    one is reached; the legend has shape and slope. In a figure of its own they stand below the scores. Of a
    `Comparison` the scores alone, from the baseline if that is at k = 0; a kind that was shown with one k only is left
    out where another has several: one dose is no dose-response.

    Raises
    ------
    InputError
        There is nothing to draw: see `has_doses`.
    """
    from promptlab.comparison import Comparison, DoseResponse

    drawing.drawable("dose_response", found, DoseResponse, Comparison)
    top = ax
    if isinstance(found, DoseResponse):
        top, ax = (ax, _paired(found, ax)) if ax else _both(found)
    else:
        top = ax = _scores(found, ax)
    legends.headline(top, found.label)
    legends.legend_below(ax)
    return ax


def has_doses(found: Comparison, *, several: bool = False) -> bool:
    """Whether conditions differ in the number of exemplars that they show; without that there is no dose-response.

    With `several` in two numbers of one kind at least, besides the baseline's none, as `lab.dose` needs them.
    """
    from promptlab.comparison.series import series_of

    if not several:
        return "shots" in found.summary and bool(_dosed(found))
    try:
        return bool(series_of(found.design.samples, found.baseline))
    except InputError:
        return False


def _both(found: DoseResponse) -> tuple[Axes, Axes]:
    upper, lower = drawing.stacked(height=5.6 + 0.15 * len(found.slopes))
    _scores(found.comparison, upper).set_xlabel("")
    return upper, _paired(found, lower)


def _paired(found: DoseResponse, ax: Axes) -> Axes:
    import pandas as pd

    models = found.comparison.design.models()
    kinds = list(dict.fromkeys(found.slopes["series"]))
    ax.axhline(0, color=drawing.GREY, linewidth=1)
    for i, slope in enumerate(found.slopes.to_dict("records")):
        rows = found.table[(found.table["model"] == slope["model"]) & (found.table["series"] == slope["series"])]
        look = drawing.style(models.index(slope["model"]), _told(slope))
        look["marker"] = drawing.style(kinds.index(slope["series"]), "")["marker"] if len(kinds) > 1 else look["marker"]
        x = rows["shots"].to_numpy(float) + _beside(i, len(found.slopes))
        low, high = (100 * rows[name] for name in ("low", "high"))
        drawing.dots(ax, 100 * rows["difference"], x, low, high, look, drawing.decided(rows), upright=True)
        drawing.remarks(ax, 100 * rows["difference"], x, rows, high, upright=True)
        ax.plot([0, *x], [0, *(100 * rows["difference"])], color=look["color"], linewidth=1, alpha=0.6)
    drawing.make_room(ax)
    ax.set_xticks(sorted({0, *found.table["shots"]}))
    ax.set_xlabel("exemplars shown (shots k); open: not decided")
    ax.set_ylabel(f"difference to {found.baseline}, points\n({drawing.level(found, len(found.table))})")
    what = f"Dose-response: paired difference to {found.baseline} by number of exemplars"
    told = f"{describing.estimates(what, found.table, 'difference', 'points')} {' '.join(found.verdicts)}"
    drawing.tell(ax, told, pd.concat([found.table, found.slopes], ignore_index=True))
    return drawing.tidy(ax)


def _told(slope: dict[Any, Any]) -> str:
    from promptlab.comparison.verdicts import interval

    size = drawing.with_minus(interval(slope["slope"], slope["low"], slope["high"]))
    doubt = "" if slope["validity"] == "ok" else f" ({slope['validity']})"
    return f"{slope['model']}, {slope['series']}: {slope['shape']}{doubt}; {size} a shot"


def _scores(comparison: Comparison, ax: Axes | None) -> Axes:
    import pandas as pd

    lines = _dosed(comparison)
    if not lines:
        raise InputError("figures.dose_response: no conditions differ in the number of exemplars that they show")
    ax = ax or drawing.axes(height=3.4 + 0.12 * len(lines))
    kinds = list(dict.fromkeys(kind for _, kind, _ in lines))
    models = comparison.design.models()
    for i, (model, kind, points) in enumerate(lines):
        look = drawing.style(models.index(model), ", ".join((model, *filter(None, kind))))
        look["marker"] = drawing.style(kinds.index(kind), "")["marker"] if len(kinds) > 1 else look["marker"]
        x = points["shots"].to_numpy(float) + _beside(i, len(lines))
        drawing.dots(ax, 100 * points["score"], x, 100 * points["low"], 100 * points["high"], look, upright=True)
        drawing.remarks(ax, 100 * points["score"], x, points, 100 * points["high"], upright=True)
        ax.plot(x, 100 * points["score"], color=look["color"], linewidth=1, alpha=0.6)
    ax.set_xticks(sorted({k for *_, points in lines for k in points["shots"]}))
    ax.set_ylim(bottom=0)
    drawing.make_room(ax)
    ax.set_xlabel("exemplars shown (shots k)")
    ax.set_ylabel(f"correct, %\n({drawing.level(comparison, len(comparison.summary))})")
    what = "Dose-response: score by number of exemplars shown"
    points = pd.concat([points for *_, points in lines]).drop_duplicates()
    drawing.tell(ax, describing.estimates(what, points, "score", "%", zero=False), points)
    return drawing.tidy(ax)


def _beside(i: int, of: int) -> float:
    """Lines stand a little beside each other, so that their intervals can be told apart."""
    return 0.07 * (i - (of - 1) / 2)


def _dosed(comparison: Comparison) -> list[tuple[str, tuple[str, ...], pd.DataFrame]]:
    """(model, kind of exemplars, its points by shots) for each line of the dose-response."""
    summary = comparison.summary
    if "shots" not in summary:
        raise InputError("the comparison's samples lack the column shots: nothing says how many exemplars were shown")
    known = [name for name in KIND if name in summary]
    shown = summary[summary["shots"] > 0].groupby(["model", *known], sort=False)
    most = shown["shots"].nunique().max() if len(shown) else 0
    lines = [
        (str(model), tuple(map(str, kind)), _from_baseline(comparison, str(model), arms))
        for (model, *kind), arms in shown
        if most < 2 or arms["shots"].nunique() > 1
    ]
    return [line for line in lines if line[2]["shots"].nunique() > 1]


def _from_baseline(comparison: Comparison, model: str, arms: pd.DataFrame) -> pd.DataFrame:
    """The baseline's score, where that shows no exemplars, then those of the arms by shots."""
    import pandas as pd

    start = comparison.summary[drawing.baseline(comparison, model)]
    return pd.concat([start[~(start["shots"] > 0)].assign(shots=0), arms.sort_values("shots")])
