"""Whether right answers differ from wrong ones in a feature: over all samples, and within one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from promptlab import markup, tables
from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.comparison.reading import as_numbers
from promptlab.comparison.tested import Tested
from promptlab.errors import unknown
from promptlab.stats import Estimate, mean_estimate
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

TOKENS, WORDS = "reasoning_tokens", "reasoning_words"


@dataclass(frozen=True, eq=False)
class Association:
    """What `associated` found. It says what goes together, not what causes what.

    Attributes
    ----------
    table : DataFrame
        A row an arm: `raw` (right samples less wrong ones, over all questions), `within` (the same between samples of
        one question, averaged over questions), each with `_low` and `_high` (intervals hold for all rows of one kind
        together), `samples`, `questions` (with right and wrong samples), `left_out` (samples that did not end by
        themselves), `reason` where there is no interval of `within`.
    feature : str
        What was compared.
    ratio : bool
        Differences of logarithms, shown as ratios less 1: 0.1 is "10 % more".
    sentences : tuple of str
        A sentence an arm.
    """

    table: pd.DataFrame
    feature: str
    ratio: bool
    alpha: float
    sentences: tuple[str, ...]
    label: str = ""

    tested: ClassVar[Tested] = Tested("what goes with right answers")

    def to_markdown(self) -> str:
        """Table and sentences as Markdown."""
        return tables.section(self.heading, tables.estimates(self.table, "within"), self.sentences)

    @property
    def heading(self) -> str:
        what = f"{self.feature.replace('_', ' ')}: right answers against wrong ones"
        return f"{self.label}: {what}" if self.label else what

    def __repr__(self) -> str:
        return f"<Association of {self.feature} with right answers: {counted(len(self.table), 'arm')}>"

    def _repr_html_(self) -> str:
        shown = tables.html(tables.estimates(self.table, "within"))
        return markup.card(self.heading, shown, markup.bullets(self.sentences))


def associated(
    runs: Any,
    feature: str | None = None,
    *,
    conditions: Sequence[str] | None = None,
    ratio: bool | None = None,
    alpha: float = 0.05,
    label: str = "",
) -> Association:
    """Compare right with wrong samples in a feature, over all questions and within each.

    Hard questions make long reasoning and wrong answers: over all questions (`raw`) that alone associates the two.
    `within` compares samples of the same question and condition, which differ by chance only; questions whose samples
    are all right or all wrong say nothing about it (Neuhaus and Kalbfleisch 1998, Biometrics 54, 638-645). Only
    samples that ended by themselves count: a truncated one is long and wrong by construction.

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        As for `compare`, with several samples a question.
    feature : str, optional
        A numeric column; by default ``reasoning_tokens`` where every sample has it, else ``reasoning_words``.
    conditions : sequence of str, optional
        Only these.
    ratio : bool, optional
        Compare logarithms; by default for the two lengths. A value under 1 counts as 1.
    alpha : float
        One minus the confidence of the intervals of all arms together (Bonferroni).
    label : str
        Stands in headings and figures.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("m", "a", q, s, float(s < 1 + q // 20), 50 * q + s) for q in range(40) for s in range(4)]
    >>> samples = pd.DataFrame(rows, columns=["model", "condition", "question", "sample", "score", "words"])
    >>> found = associated(samples, "words")  # long questions are right more often, long samples of one never
    >>> round(found.table["raw"][0]), round(found.table["within"][0])
    (265, -2)
    """
    design = crossed(runs, conditions)
    feature = length_of(design) if feature is None else feature
    measured = design.samples.select_dtypes(["number", "bool", "boolean"]).columns.drop("score")
    if feature not in measured:
        raise unknown("feature of associated", feature, measured)
    ratio = feature in (TOKENS, WORDS) if ratio is None else ratio
    table = _table(design, values_of(design, feature, ratio), ratio, alpha)
    sentences = tuple(_sentence(row, feature, ratio) for row in table.to_dict("records"))
    return Association(table, feature, ratio, alpha, sentences, label)


def length_of(design: Crossed) -> str:
    """Tokens and words are never mixed: tokens only where every sample has them."""
    known = TOKENS in design.samples and design.samples[TOKENS].notna().all()
    return TOKENS if known else WORDS


def values_of(design: Crossed, feature: str, ratio: bool) -> Floats:
    """The feature of the samples that count; NaN for the others."""
    values = as_numbers(design.samples[feature])
    values = np.log(np.maximum(values, 1.0)) if ratio else values
    return np.where(design.missing | (design.ending != "complete"), np.nan, values)


def _table(design: Crossed, values: Floats, ratio: bool, alpha: float) -> pd.DataFrame:
    import pandas as pd

    right = design.score >= 1
    by_right, by_wrong = (design.means(np.where(side, values, np.nan)) for side in (right, ~right))
    shown = np.expm1 if ratio else np.asarray
    rows = []
    for i, (model, condition) in enumerate(design.arms):
        here = (design.arm == i) & ~np.isnan(values)
        raw = _raw(design, values, here, right, alpha / len(design.arms))
        within = mean_estimate(by_right[i] - by_wrong[i], design.clusters, alpha / len(design.arms))
        row: dict[str, Any] = {"model": model, "condition": condition}
        for name, e in (("raw", raw), ("within", within)):
            row |= {k: float(shown(v)) for k, v in zip(_names(name), (e.value, e.low, e.high), strict=True)}
        left_out = int(((design.arm == i) & ~design.missing & np.isnan(values)).sum())
        reason = within.reason if within.n else "no question has right and wrong samples"
        rows.append({**row, "samples": int(here.sum()), "questions": within.n, "left_out": left_out, "reason": reason})
    return pd.DataFrame(rows)


def _names(kind: str) -> tuple[str, str, str]:
    return kind, f"{kind}_low", f"{kind}_high"


def _raw(design: Crossed, values: Floats, here: np.ndarray, right: np.ndarray, alpha: float) -> Estimate:
    """Difference of two means of samples; its interval from each question's part in it (linearised, by cluster)."""
    parts = np.zeros(len(design.questions))
    difference = np.nan
    sides = [(here & right, 1), (here & ~right, -1)]
    if all(side.any() for side, _ in sides):
        means = [values[side].mean() for side, _ in sides]
        difference = float(means[0] - means[1])
        for (side, sign), mean in zip(sides, means, strict=True):
            residuals = sign * (values[side] - mean) / side.sum()
            parts += np.bincount(design.question[side], residuals, len(parts))
    asked = np.bincount(design.question[here], minlength=len(parts)) > 0
    return mean_estimate(np.where(asked, difference + asked.sum() * parts, np.nan), design.clusters, alpha)


def _sentence(row: dict[Any, Any], feature: str, ratio: bool) -> str:
    what, where = feature.replace("_", " "), f"{row['model']} under {row['condition']}"
    raw = f"over all questions {_amount(row['raw'], ratio)}" if row["raw"] == row["raw"] else "raw: not estimable"
    if row["within_low"] != row["within_low"]:
        return f"{where}, {what}: nothing can be said within questions ({row['reason']}); {raw}."
    span = f"[{_amount(row['within_low'], ratio)}, {_amount(row['within_high'], ratio)}]"
    size = counted(row["questions"], "question")
    return f"{where}, {what}: right less wrong {_amount(row['within'], ratio)} {span} within {size}; {raw}."


def _amount(value: float, ratio: bool) -> str:
    return f"{100 * value:+.1f} %" if ratio else f"{value:+.3g}"
