"""Conditions that differ in the number of exemplars alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptlab.errors import InputError, unknown

if TYPE_CHECKING:
    import pandas as pd

PROMPT = ("instruction", "system", "template", "prefill", "raw", "variants")  # k = 0 must not differ here
KIND = (
    *("style", "select", "layout", "order", "content", "embedding", "max_overlap", "note", "question_first"),
    *("draws", "exemplar_seed", "given", "rationales"),
)
YOUNGER = {  # what older records, which lack them, were made with
    **{"order": "as-picked", "content": "own", "embedding": "", "max_overlap": 0.96, "rationales": ""},
    **{"note": "", "question_first": False, "variants": 1, "variant_seed": 0},
}


@dataclass(frozen=True)
class Series:
    """The arms of one model that differ in k alone, by increasing k."""

    model: str
    name: str
    arms: tuple[tuple[str, str], ...]
    shots: tuple[int, ...]


def _arms(samples: pd.DataFrame) -> pd.DataFrame:
    """A row an arm: model, condition, shots and the factors that the samples tell."""
    if "shots" not in samples:
        raise InputError("runs lack the column shots: the number of exemplars that each condition shows")
    factors = [c for c in (*PROMPT, *KIND) if c in samples]
    arms = samples.drop_duplicates(["model", "condition"])[["model", "condition", "shots", *factors]]
    arms = arms.fillna({name: value for name, value in YOUNGER.items() if name in arms})
    return arms.astype(dict.fromkeys(("model", "condition", *factors), str))


def series_of(samples: pd.DataFrame, baseline: str) -> tuple[list[Series], tuple[str, ...]]:
    """The series of all models, and notes on the conditions with exemplars that belong to none.

    Raises
    ------
    InputError
        There is no column `shots`, no such baseline, it shows exemplars, no series has two numbers of shots.
    """
    arms = _arms(samples)
    prompt, kind = ([c for c in names if c in arms] for names in (PROMPT, KIND))
    starts = arms[arms["condition"] == baseline]
    if not len(starts):
        raise unknown("baseline", baseline, list(dict.fromkeys(arms["condition"])))
    if (starts["shots"] > 0).any():
        raise InputError(f"baseline {baseline!r} shows exemplars: a dose-response starts at 0 shots")
    shown = arms[arms["shots"] > 0].merge(starts[["model", *prompt]], on=["model", *prompt], how="left", indicator=True)
    alike = shown[shown["_merge"] == "both"]
    groups = [rows.sort_values("shots", kind="stable") for _, rows in alike.groupby(["model", *kind], sort=False)]
    several = [rows for rows in groups if rows["shots"].nunique() > 1]
    alone = [name for rows in groups if rows["shots"].nunique() == 1 for name in rows["condition"]]
    unlike = list(shown.loc[shown["_merge"] != "both", "condition"])
    notes = (*_left("of its kind with one number of shots only", alone), *_left(f"not {baseline}'s prompt", unlike))
    if not several:
        raise InputError("; ".join(["there are no two conditions that differ in shots alone", *notes]))
    naming = [c for c in kind if len({str(rows[c].iloc[0]) for rows in several}) > 1]
    return [_one_series(rows, naming, baseline) for rows in several], notes


def _one_series(rows: pd.DataFrame, naming: Sequence[str], baseline: str) -> Series:
    model, first = str(rows["model"].iloc[0]), rows.iloc[0]
    name = ", ".join(first[c] if c in KIND[:3] else f"{c} {first[c]}" for c in naming if first[c])
    arms = ((model, baseline), *((model, str(condition)) for condition in rows["condition"]))
    return Series(model, name or "few-shot", arms, (0, *(int(k) for k in rows["shots"])))


def _left(why: str, names: Sequence[str]) -> list[str]:
    return [f"In no series ({why}): {', '.join(dict.fromkeys(names))}."] if names else []
