"""What all figures share: colours, axes, points with intervals, what stands beside them. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation

    from promptlab.comparison import Comparison, DoseResponse

# Any two of them, and grey and black, look apart to colour-blind readers, too (tests/test_figures_colours.py); a line
# or point has a marker of its own besides, a bar a hatch.
COLOURS = ("#003366", "#ee8800", "#00bbaa", "#9911ee", "#ff5588", "#55aaff", "#666600", "#662233")
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "p")
GREY = "#5f5f5f"
WIDTH = 7.2  # inches, as a blog shows it
_BESIDE: tuple[tuple[int, int], dict[str, Any]] = (7, 0), {"va": "center"}
_ABOVE: tuple[tuple[int, int], dict[str, Any]] = (0, 5), {"va": "bottom", "ha": "center", "rotation": 90}
_NUMBERS = "promptlab_numbers"  # an attribute of Axes
_MAKERS = {"Comparison": "compare", "Contrast": "contrast", "DoseResponse": "dose", "Plan": "plan"}
_MAKERS |= {"Association": "associated", "ByLength": "by_length"}


def height(table: pd.DataFrame) -> float:
    """Inches for a row a condition, in which the models stand below each other."""
    return 1.2 + max(0.4, 0.15 * table["model"].nunique()) * table["condition"].nunique()


def axes(height: float) -> Axes:
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(WIDTH, height), layout="constrained")[1]


def stacked(height: float) -> tuple[Axes, Axes]:
    import matplotlib.pyplot as plt

    upper, lower = plt.subplots(nrows=2, sharex=True, figsize=(WIDTH, height), layout="constrained")[1]
    return upper, lower


def tell(ax: Axes, text: str, table: pd.DataFrame) -> None:
    """Keep the alt text and the numbers with the Axes; `describing.alt_text` and `drawn_from` find them there.

    Comes when all words on the Axes are there: a name in them is no formula.
    """
    literal(ax)
    ax.set_label(text)
    setattr(ax, _NUMBERS, table)


def literal(artist: Artist) -> None:
    """Show a dollar sign in any text as it is: two of them would be taken for a formula, and most are none."""
    from matplotlib.text import Text

    for text in artist.findobj(Text):
        if isinstance(text, Text) and "$" in text.get_text():
            text.set_parse_math(False)


def drawn_from(figure: Figure) -> pd.DataFrame:
    """The numbers of all that promptlab drew in a figure; of several panels each row says which (1 is the first)."""
    import pandas as pd

    tables = [getattr(ax, _NUMBERS) for ax in figure.axes if hasattr(ax, _NUMBERS)]
    if not tables:
        raise InputError("data of save: promptlab did not draw this figure, so say what it was drawn from")
    if len(tables) == 1:
        return tables[0]
    numbered = [table.assign(panel=i) for i, table in enumerate(tables, start=1)]
    return pd.concat(numbered, ignore_index=True)


def drawable(figure: str, found: object, *kinds: type) -> None:
    """Raise unless it is one of the objects that this figure draws."""
    if not isinstance(found, kinds):
        wanted = " or ".join(f"{kind.__name__} (from lab.{_MAKERS[kind.__name__]})" for kind in kinds)
        raise InputError(f"figures.{figure} draws a {wanted}, and got a {type(found).__name__}")


def style(i: int, label: str) -> dict[str, Any]:
    """Colour and marker of series i; where colours have to be used again, they come with other markers."""
    turn, colour = divmod(i, len(COLOURS))
    marker = MARKERS[(i + turn) % len(MARKERS)]
    return {"color": COLOURS[colour], "marker": marker, "label": in_legend(label), "markersize": 6}


def in_legend(label: str) -> str:
    """A legend leaves out what begins with an underscore: then something invisible is the beginning."""
    return f"\N{ZERO WIDTH SPACE}{label}" if label.startswith("_") else label


def by_model(table: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame, float]]:
    """Each model's style, rows and offset, so that models in one row of a figure do not cover each other."""
    models = list(dict.fromkeys(table["model"]))
    step = min(0.3, 0.8 / len(models))
    for i, model in enumerate(models):
        yield style(i, str(model)), table[table["model"] == model], step * (i - (len(models) - 1) / 2)


def dots(
    ax: Axes,
    value: pd.Series,
    place: np.ndarray,
    low: pd.Series,
    high: pd.Series,
    style: dict[str, Any],
    filled: np.ndarray | None = None,
    *,
    upright: bool = False,
) -> None:
    """Points with their own lower and upper ends; a missing end draws no bar rather than a false one."""
    v = value.to_numpy(float)
    ends = np.nan_to_num(np.vstack([v - low.to_numpy(float), high.to_numpy(float) - v]).clip(min=0))
    x, y, bars = (place, v, {"yerr": ends}) if upright else (v, place, {"xerr": ends})
    ax.errorbar(x, y, **bars, linestyle="", color=style["color"], elinewidth=1.4, capsize=2)
    faces = [style["color"]] * len(v) if filled is None else [style["color"] if f else "white" for f in filled]
    ax.scatter(
        x,
        y,
        s=36,
        c=faces,
        marker=style["marker"],
        edgecolors=style["color"],
        zorder=3,
        label=style["label"],
        clip_on=False,
    )


def decided(rows: pd.DataFrame) -> np.ndarray:
    """Whether each row's verdict is one to rely on: reached, neither invalid nor flagged."""
    sure = (rows["verdict"] != "inconclusive") & (rows["validity"] != "invalid")
    return np.asarray(sure & (rows["flag"] == "") if "flag" in rows else sure)


def away(rows: pd.DataFrame) -> np.ndarray:
    """Whether each row's interval leaves out 0."""
    return np.asarray((rows["low"] > 0) | (rows["high"] < 0))


def remarks(
    ax: Axes,
    value: pd.Series,
    place: np.ndarray,
    rows: pd.DataFrame,
    high: pd.Series | None = None,
    *,
    upright: bool = False,
) -> None:
    """Beside a point (right of its upper end `high`): why it has no interval, or why not to rely on its verdict."""
    points = np.nan_to_num(value.to_numpy(float))
    ends = points if high is None else np.fmax(points, high.to_numpy(float))
    missing = np.where(value.notna(), "no interval: ", "not estimable: ")
    for end, at, none, row in zip(ends, place, missing, rows.to_dict("records"), strict=True):
        if why := f"{none}{row['reason']}" if row["reason"] and row["low"] != row["low"] else doubt(row):
            remark(ax, why, (at, end) if upright else (end, at), upright=upright)


def remark(ax: Axes, text: str, spot: tuple[float, float], *, upright: bool = False) -> Annotation:
    offset, turned = _ABOVE if upright else _BESIDE
    return ax.annotate(text, spot, offset, textcoords="offset points", fontsize="small", color=GREY, **turned)


def make_room(ax: Axes) -> None:
    """Let the axis end above the remarks that stand upright, so that each is seen to belong to its point."""
    bottom, top = ax.get_ylim()
    figure: Any = ax.get_figure(root=True)
    points = ax.get_window_extent().height * 72 / figure.dpi
    for text in ax.texts:
        share = (8 + 5.5 * len(text.get_text())) / points
        if share < 0.7:  # a text that is as long as the axis stands out
            top = max(top, (text.xy[1] - share * bottom) / (1 - share))  # type: ignore[attr-defined]  # of annotations
    ax.set_ylim(bottom, top)


def doubt(row: dict[Any, Any]) -> str:
    """An open verdict is in doubt already, unless it is invalid."""
    valid = row.get("validity", "ok")
    doubtful = valid == "invalid" or (valid != "ok" and row["verdict"] != "inconclusive")
    return "; ".join(filter(None, [valid if doubtful else "", row.get("flag", "")]))


def with_minus(numbers: str) -> str:
    """Drawn as on the axes: a minus sign where text files and alt texts have the hyphen, which can be searched for."""
    return numbers.replace("-", "\N{MINUS SIGN}")


def condition_axis(ax: Axes, labels: Sequence[str]) -> None:
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    tidy(ax)


def tidy(ax: Axes) -> Axes:
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="both", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def baseline(comparison: Comparison, model: str) -> pd.Series:
    summary = comparison.summary
    return (summary["model"] == model) & (summary["condition"] == comparison.baseline)


def level(found: Comparison | DoseResponse, family: int = 0) -> str:
    """With the size of the family, since a comparison that stands in two of them may be decided in the smaller one."""
    return f"{100 * (1 - found.alpha):g} % simultaneous intervals{f' of {family}' if family else ''}"


def row_label(row: dict[Any, Any], table: pd.DataFrame) -> str:
    return f"{row['model']}: {row['condition']}" if table["model"].nunique() > 1 else str(row["condition"])
