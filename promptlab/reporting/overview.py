"""The tables at the top: what all parts found, a row a comparison, and what became of each part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from promptlab import markup, tables
from promptlab.comparison.contrasting import SHOWN as CONTRASTS
from promptlab.comparison.rendering import SHOWN as DIFFERENCES
from promptlab.comparison.stopped import SHOWN as DECISIONS
from promptlab.reporting import elements
from promptlab.reporting.judging import Judged
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

_FIRST = ("run", "model", "control", "condition", "verdict", "validity", "flag")


def overview(judged: Sequence[Judged]) -> str:
    """Verdicts and validity of everything, then the parts with their stamps."""
    found = [
        ("Each condition against the baseline (shares of 1)", _joined(judged, _differences)),
        ("Each model against its control (shares of 1)", _joined(judged, _contrasts)),
        ("Runs that could stop as soon as they were decided", _joined(judged, _decisions)),
    ]
    shown = [elements.table(frame, caption) for caption, frame in found if len(frame)]
    notes = [elements.paragraph(_family(judged), "note")] if len(judged) > 1 else []
    first = _in_words(judged[0]) if len(judged) == 1 else []
    nothing = [] if shown else [elements.paragraph("No verdict: the table below says why.")]
    return elements.section("Verdicts", *first, *nothing, *shown, *notes, elements.table(_parts(judged), "Runs"))


def _in_words(one: Judged) -> list[str]:
    words = [markup.bullets(one.comparison.digest)] if one.comparison else []
    return [elements.paragraph(one.stamp, "stamp"), *words]


def _family(judged: Sequence[Judged]) -> str:
    return (
        f"The intervals hold together within each run. Over the {counted(len(judged), 'run')} nothing is adjusted: the "
        "more of them are looked at, the more likely is one that stands out by chance."
    )


def _joined(judged: Sequence[Judged], rows: Callable[[Judged], Iterable[pd.DataFrame]]) -> pd.DataFrame:
    """One frame over all parts, its verdict where the eye begins; with one part, no column says which."""
    import pandas as pd

    frames = [frame.assign(run=one.part.title if len(judged) > 1 else "") for one in judged for frame in rows(one)]
    if not frames:
        return pd.DataFrame()
    whole = pd.concat([frame.astype(object) for frame in frames], ignore_index=True)
    return whole[sorted(whole.columns, key=lambda c: _FIRST.index(c) if c in _FIRST else len(_FIRST))]


def _differences(one: Judged) -> Iterable[pd.DataFrame]:
    if one.comparison:
        yield tables.estimates(one.comparison.table[[*DIFFERENCES, "validity_why"]], "difference")


def _contrasts(one: Judged) -> Iterable[pd.DataFrame]:
    for found in one.contrasts:
        table = tables.estimates(found.table[[*CONTRASTS, "validity_why"]], "contrast")
        yield table.assign(model=found.model, control=found.control)


def _decisions(one: Judged) -> Iterable[pd.DataFrame]:
    if one.decisions:
        yield one.decisions.table[DECISIONS]


def _parts(judged: Sequence[Judged]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([_part(one) for one in judged])


def _part(one: Judged) -> dict[str, object]:
    part, state = one.part, one.part.state
    row: dict[str, object] = {"run": part.title, "state": state.state if state else "", "registration": one.stamp}
    row |= {"models": ", ".join(run.model for run in part.runs), "samples": sum(map(len, part.frames))}
    failed = f"cell {state.cell}: {state.error}" if state and state.cell else state.error if state else ""
    return row | {
        "problem": "; ".join(filter(None, [failed, one.problem])),
        "seconds": state.seconds if state else None,
    }
