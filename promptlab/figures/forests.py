"""A forest plot: one's own results over datasets and models, and what others have published, clearly apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from promptlab import given
from promptlab.errors import InputError
from promptlab.figures import describing, drawing, layouts, legends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from promptlab.comparison import Comparison

    Sources = Comparison | Sequence[Comparison] | Mapping[str, Comparison]

OWN, QUOTED = "own", "published"
What = Literal["difference", "score"]
_UNITS = {"difference": "points", "score": "%"}


def forest(
    comparisons: Sources,
    quoted: pd.DataFrame | None = None,
    *,
    what: What = "difference",
    conditions: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Results of several datasets and models below each other, with intervals; below a rule what others have published.

    Filled where a verdict is reached, as in `degradation`; the intervals hold for all comparisons of one dataset
    together; a single own result reaches down as a band. What is quoted is a grey cross without an interval, since none
    was published, with its source, the smallest first.

    Parameters
    ----------
    comparisons
        For each dataset a comparison: a mapping from its name, or a list of comparisons that have labels.
    quoted
        For differences rows of `lab.published_findings` (`before`, `after`), each with its level and direction; for
        scores rows of ``lab.published("deepseek_r1")`` (`value`). Findings without figures are counted, not drawn.
    what
        ``difference`` to the baseline, or ``score``.
    conditions
        Only these; by default all.
    ax
        Where to draw; a new figure by default.
    """
    table = forest_table(comparisons, quoted, what=what, conditions=conditions)
    lines = _lines(table, 0 if quoted is None else len(quoted) - int((table["origin"] == QUOTED).sum()))
    ax = ax or drawing.axes(height=1.0 + 0.21 * sum(line.tall for line in lines))
    if what == "difference":
        ax.axvline(0, color=drawing.GREY, linewidth=1)
    _draw(ax, table, lines)
    ax.set_xlabel(_xlabel(dict(_named(comparisons)), what))
    beside = ", published figures without" if (table["origin"] == QUOTED).any() else ""
    told = f"Forest plot: {what}s over datasets and models, own results with intervals{beside}"
    drawing.tell(ax, describing.estimates(told, table, "estimate", _UNITS[what], zero=what == "difference"))
    return ax


def forest_table(
    comparisons: Sources,
    quoted: pd.DataFrame | None = None,
    *,
    what: What = "difference",
    conditions: Sequence[str] | None = None,
) -> pd.DataFrame:
    """What `forest` draws, a row a point: `origin` (own, published), names, `estimate`, `low`, `high`, `source`, ..."""
    import pandas as pd

    given.one_of("what of forest", what, _UNITS)
    blocks = [_own(name, found, what, conditions) for name, found in _named(comparisons)]
    if quoted is not None:
        blocks.append(_quoted(quoted, what))
    table = pd.concat(blocks, ignore_index=True)
    return table.fillna({"verdict": "", "validity": "ok"}) if what == "difference" else table


def _named(comparisons: Sources) -> list[tuple[str, Comparison]]:
    from promptlab.comparison import Comparison

    if isinstance(comparisons, Comparison):
        comparisons = [comparisons]
    several = list(comparisons.items()) if isinstance(comparisons, Mapping) else [("", each) for each in comparisons]
    if not several:
        raise InputError("comparisons of figures.forest is empty: give {dataset: comparison}")
    for _, found in several:
        drawing.drawable("forest", found, Comparison)
    return [(name or found.label, found) for name, found in several]


def _own(dataset: str, found: Comparison, what: What, conditions: Sequence[str] | None) -> pd.DataFrame:
    table = found.table if what == "difference" else found.summary
    known = list(dict.fromkeys(table["condition"]))
    for condition in conditions or ():
        given.one_of("condition of forest", condition, known)
    table = table[table["condition"].isin(known if conditions is None else list(conditions))]
    kept = [name for name in ("model", "condition", "low", "high", "reason", "verdict", "validity") if name in table]
    return table[kept].assign(origin=OWN, dataset=dataset, estimate=table[what], source="")


def _quoted(quoted: pd.DataFrame, what: What) -> pd.DataFrame:
    needed = ["before", "after"] if what == "difference" else ["value"]
    lacking = [name for name in needed if name not in quoted]
    if lacking:
        raise InputError(f"quoted lacks the column {lacking[0]}, which a forest of {what}s draws: see lab.published")
    rows = quoted.dropna(subset=needed)
    estimate = (rows["after"] - rows["before"] if what == "difference" else rows["value"]) / 100
    dataset, condition = ("dataset", "shots") if what == "difference" else ("benchmark", "metric")
    found = rows[["model", "source"]].assign(
        origin=QUOTED, dataset=rows[dataset], condition=rows[condition].map(_in_shots), estimate=estimate, low=np.nan,
        high=np.nan, reason="none was published", level=rows.get("level", ""), direction=rows.get("direction", ""),
    )  # fmt: skip
    return found.sort_values("estimate", kind="stable") if what == "difference" else found


def _in_shots(condition: str) -> str:
    return f"{condition} shots" if re.fullmatch(r"\d+ to \d+", condition) else condition


@dataclass(frozen=True)
class _Line:
    """A label, of a row or a heading, and how many lines it takes."""

    label: str
    row: Any = None  # its index in the table

    @property
    def tall(self) -> float:
        return max(1.0, 0.75 * (self.label.count("\n") + 1)) + (self.row is None) * 0.4


def _lines(table: pd.DataFrame, wordless: int) -> list[_Line]:
    lines: list[_Line] = []
    own, quoted = (table[table["origin"] == origin] for origin in (OWN, QUOTED))
    several = own["condition"].nunique() > 1
    for dataset, rows in own.groupby("dataset", sort=False):
        lines.append(_Line(str(dataset)))
        labels = rows["model"] + ": " + rows["condition"] if several else rows["model"]
        lines += [_Line(label, i) for i, label in labels.items()]
    if len(quoted):
        more = f"\n({wordless} more give no figures)" if wordless else ""
        lines.append(_Line(f"published, no intervals{more}"))
    return lines + [_Line(_quotation(row), i) for i, row in zip(quoted.index, quoted.to_dict("records"), strict=True)]


def _quotation(row: dict[Any, Any]) -> str:
    source = re.search(r"arXiv [\d.]+( v\d+)?", row["source"])
    origin = ", ".join(filter(None, [source[0] if source else row["source"][:30], row["level"], row["direction"]]))
    what, under = f"{row['model']}, {row['dataset']}", row["condition"]
    words = [f"{what}: {under}"] if len(what) + len(under) < 38 else [what, layouts.balanced(under, 33)]
    return "\n".join([*words, origin])


def _draw(ax: Axes, table: pd.DataFrame, lines: Sequence[_Line]) -> None:
    ends = np.cumsum([line.tall for line in lines])
    middles = ends - np.array([line.tall for line in lines]) / 2
    place = {line.row: y for line, y in zip(lines, middles, strict=True) if line.row is not None}
    own, quoted = (table[table["origin"] == origin] for origin in (OWN, QUOTED))
    y = np.array([place[i] for i in own.index])
    filled = drawing.decided(own) if "verdict" in own else None
    drawing.dots(ax, 100 * own["estimate"], y, 100 * own["low"], 100 * own["high"], drawing.style(0, "_"), filled)
    drawing.remarks(ax, 100 * own["estimate"], y, own, 100 * own["high"])
    if len(quoted):
        places = [place[i] for i in quoted.index]
        ax.plot(100 * quoted["estimate"], places, "x", color=drawing.GREY, markersize=6, markeredgewidth=1.6)
        heading = next(i for i, line in enumerate(lines) if line.row is None and line.label.startswith(QUOTED))
        ax.axhspan(ends[heading - 1], ends[-1], color=drawing.GREY, alpha=0.08, linewidth=0)
        if len(own) == 1 and own["low"].notna().all():
            ax.axvspan(
                *(100 * own[["low", "high"]].iloc[0]), color=drawing.style(0, "_")["color"], alpha=0.1, linewidth=0
            )
    _label(ax, lines, middles, ends[-1])
    _key(ax, filled is not None, len(quoted) > 0)


def _key(ax: Axes, decided: bool, quoted: bool) -> None:
    ax.plot([], [], **drawing.style(0, "own, decided" if decided else "own"), linestyle="")
    if decided:
        ax.plot([], [], **drawing.style(0, "own, not decided"), linestyle="", markerfacecolor="white")
    if quoted:
        ax.plot([], [], "x", color=drawing.GREY, markeredgewidth=1.6, label="published, without an interval")
    legends.legend_below(ax)


def _label(ax: Axes, lines: Sequence[_Line], middles: np.ndarray, end: float) -> None:
    drawing.tidy(ax)
    ax.grid(visible=False, axis="y")
    ax.set_yticks(middles, [line.label for line in lines], fontsize="small", linespacing=1.0)
    ax.tick_params(axis="y", length=0)
    for line, text in zip(lines, ax.get_yticklabels(), strict=True):
        text.set_fontweight("bold" if line.row is None else "normal")
    ax.set_ylim(end, 0)
    ax.margins(x=0.08)


def _xlabel(named: Mapping[str, Comparison], what: What) -> str:
    levels = " and ".join(sorted({drawing.level(found) for found in named.values()}))
    if what == "score":
        return f"questions answered correctly, % ({levels} of each dataset)"
    baselines = " or ".join(dict.fromkeys(found.baseline for found in named.values()))
    return f"difference to {baselines}, points ({levels} of each dataset)"
