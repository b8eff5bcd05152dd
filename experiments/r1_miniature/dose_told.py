"""What more exemplars do, in sentences computed from the numbers; each series by itself stands in the tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from experiments.r1_miniature.dose_runs import MODELS, series_of
from experiments.r1_miniature.doses import ALL, LINE, MEAN
from promptlab.comparison.verdicts import interval, points

if TYPE_CHECKING:
    import pandas as pd


def of_samples(samples: pd.DataFrame) -> str:
    """What was recorded, and what is absent."""
    there = list(dict.fromkeys(samples["model"]))
    lacking = [f"the model {model}" for model in MODELS if model not in there]
    each = series_of(samples)
    last = max(k for by_k in each.values() for k in by_k)
    lacking += [f"{name} beyond k = {max(by_k)}" for name, by_k in each.items() if max(by_k) < last]
    failed = int(samples["score"].isna().sum())
    sizes = f"{samples['question'].nunique()} questions, {samples['sample'].nunique()} samples each, k up to {last}"
    return (
        f"{len(samples):,} samples of {', '.join(there)} ({sizes}; {failed} without a score). "
        f"Absent: {', '.join(lacking) or 'nothing of the design'}."
    )


def of_dose(differences: pd.DataFrame, shapes: pd.DataFrame) -> Iterator[str]:
    """A sentence a model: its series by shape, and the effect at the first and the last k."""
    for model, rows in shapes.groupby("model", sort=False):
        told = [_shape(str(shape), of) for shape, of in rows.groupby("shape", sort=False)]
        mine = differences[differences["model"] == model].groupby("series", sort=False)
        ends = f"at the first k {_range(mine.head(1))}, at the last {_range(mine.tail(1))}"
        yield f"{model}, for these exemplar sets: {'; '.join(told)}. Against zero-shot {ends}."


def _shape(shape: str, rows: pd.DataFrame) -> str:
    doubts = [f"{row.series} {row.validity}" for row in rows.itertuples() if row.validity != "ok"]
    slopes = f"{_ends(rows['slope'])} a shot" + "".join(f"; {doubt}" for doubt in doubts)
    return (
        f"{shape}: {', '.join(rows['series']).replace(', one message', '').replace(', turns', ' as turns')} ({slopes})"
    )


def _range(rows: pd.DataFrame) -> str:
    return f"{_ends(rows['difference'])} ({(rows['verdict'] != 'inconclusive').sum()} of {len(rows)} series decided)"


def _ends(values: Any) -> str:
    low, high = points(values.min()), points(values.max())
    return low if low == high else f"{low.removesuffix(' points')} to {high}"


def of_drawn(effects: pd.DataFrame) -> Iterator[str]:
    """A sentence a model: what holds for exemplars drawn like these."""
    for model, rows in effects.groupby("model", sort=False):
        yield f"{model}, for exemplars drawn like these: {_sides(rows, 'drawn_')}."


def of_models(models: pd.DataFrame) -> Iterator[str]:
    """A sentence a pair of models: whether exemplars do more, or less, to the one than to the other."""
    for (pair, differ), rows in models.groupby(["pair", "differ in"], sort=False) if len(models) else ():
        yield f"{pair} (they differ in {differ}): {_sides(rows)}."


def _sides(rows: pd.DataFrame, which: str = "") -> str:
    """Of `MEAN` and `LINE` the mean of all series, and how many of them are away from 0."""
    low, high = f"{which}low", f"{which}high"
    told = []
    for what in (MEAN, LINE):
        here = rows[rows["what"] == what].set_index("series")
        whole: Any = here.loc[ALL]
        each = here.drop(ALL)
        counts = [
            f"{n} {side}" for side, n in (("below", (each[high] < 0).sum()), ("above", (each[low] > 0).sum())) if n
        ]
        size = interval(whole["difference"], whole[low], whole[high])
        told.append(f"{what} {size}, of {len(each)} series {' and '.join(counts) or 'none away from'} 0")
    return "; ".join(told)


def of_kinds(kinds: pd.DataFrame) -> Iterator[str]:
    """A sentence a model: which kinds and layouts differ at equal k, in the mean over k."""
    for model, rows in kinds[kinds["shots"].isna()].groupby("model", sort=False):
        told = [f"{row['contrast']} {_size(row)}" for row in _decided(rows).to_dict("records")]
        rest = len(rows) - len(told)
        yield f"{model}, at equal k: {', '.join([*told, *([f'{rest} contrasts open'] if rest else [])])}."


def of_parts(parts: pd.DataFrame) -> Iterator[str]:
    """Two sentences a model: which ways of going wrong have a part in the effect, and which of these change with k."""
    for model, rows in parts[parts["series"] == ALL].groupby("model", sort=False):
        for what, said in ((MEAN, "parts of the mean effect"), (LINE, "parts that change with k")):
            told = [_part(row) for row in _decided(rows[rows["what"] == what]).to_dict("records")]
            yield f"{model}, {said}, mean of all series: {', '.join(told) or 'none away from 0'}."


def _part(row: dict[Any, Any]) -> str:
    if row["share"] != row["share"]:
        return f"{row['way']} {_size(row)}"
    ends = f"[{100 * row['share_low']:.0f}, {100 * row['share_high']:.0f}]"
    return f"{row['way']} {_size(row)}, {100 * row['share']:.0f} % of it {ends}"


def of_repeats(repeats: pd.DataFrame) -> Iterator[str]:
    """A sentence a model: how often an exemplar's answer is given as the own, wrong one (of bare answers shown)."""
    for model, rows in repeats[repeats["series"].str.contains("answers")].groupby("model", sort=False):
        contrast, each = rows[rows["shots"].isna()], rows[rows["shots"].notna()].groupby("series", sort=False)
        told = [f"{name} {_size(here.iloc[0])} to {_size(here.iloc[-1])}" for name, here in each]
        told += [f"{row['series']} {_size(row)}" for row in contrast.to_dict("records")]
        yield f"{model}, an exemplar's answer given as the own, above chance, first k to last: {'; '.join(told)}."


def _size(row: Any) -> str:
    return interval(row["difference"], row["low"], row["high"])


def _decided(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["low"] > 0) | (rows["high"] < 0)]
