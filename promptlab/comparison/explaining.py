"""What about the exemplars a loss comes from: controls compared with both ends of the loss, as one family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptlab import markup, tables
from promptlab.comparison.apart import copies
from promptlab.comparison.comparing import Comparison, assembled
from promptlab.comparison.crossed import Crossed, crossed
from promptlab.comparison.explained import CONTROL, SHOWN, explained_table
from promptlab.comparison.options import check, chosen
from promptlab.comparison.paragraphs import paragraph_of
from promptlab.comparison.placebos import placebos
from promptlab.comparison.tested import Tested, removed
from promptlab.comparison.validity import Judged, decide, judge
from promptlab.errors import InputError
from promptlab.stats import Family

if TYPE_CHECKING:
    import pandas as pd

    Pair = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Explanation:
    """What `explain_loss` found. Scores, differences and `share` are shares of 1.

    Attributes
    ----------
    table : DataFrame
        A row a model and condition: its `role` (``base``, ``A/A``, ``control``), which factors are `changed` against
        the base, the `length` of its prompts as a multiple of the base's, in tokens; of an A/A arm `same_texts`, the
        share of outputs that the arm which it repeats has as well (1: no test of chance), and what shows that they hold
        `apart` samples; `difference` to the baseline with `low`, `high`, `verdict`; `removed`, the difference to the
        base (the part of the loss that the control removes) with `removed_low`, `removed_high`, `removed_verdict`
        (empty where that difference is invalid) and `removed_detectable` (the true part that would be found with 80 %
        power); `share` of the loss with `share_low`, `share_high` and `share_reason` where there is none; `copied`, the
        share of outputs with a number found only in the exemplars, with `copied_reason` where none can be; `validity`,
        the worse of the two, and `validity_why`.
    paragraphs : tuple of str
        For each model what can be said, and what cannot.
    copies : tuple of str
        A/A arms, and arms without keys, whose outputs are equal too often for independent samples: also the first
        `warnings`.
    to_baseline, to_base : Comparison
        The same differences as comparisons, for figures, `accounting` and `transitions`. Intervals of the differences
        hold for both together.
    """

    table: pd.DataFrame
    paragraphs: tuple[str, ...]
    base: str
    baseline: str
    alpha: float
    to_baseline: Comparison = field(repr=False)
    to_base: Comparison = field(repr=False)
    copies: tuple[str, ...] = ()
    label: str = ""

    @cached_property
    def tested(self) -> Tested:
        """All differences of both comparisons, one family, for a registration."""
        whole, again = self.to_baseline.tested, self.to_base.table
        pairs = zip(again["model"], again["condition"], strict=True)
        tests = (*whole.tests, *(removed(pair, self.base) for pair in pairs))
        settings = {name: value for name, value in whole.settings.items() if name != "others"}
        return replace(whole, family="loss_controls", tests=tests, settings=settings)

    @property
    def paragraph(self) -> str:
        """All that was found, as text."""
        return "\n\n".join(self.paragraphs)

    @property
    def controls(self) -> tuple[str, ...]:
        """The names of the controls."""
        return tuple(dict.fromkeys(self.table.loc[self.table["role"] == CONTROL, "condition"]))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before reading on."""
        return tuple(dict.fromkeys((*self.copies, *self.to_baseline.warnings, *self.to_base.warnings)))

    def to_markdown(self) -> str:
        """The table of controls and the paragraphs as Markdown."""
        return "\n\n".join([tables.section(self._title, self._shown, self.warnings), *self.paragraphs])

    @property
    def _title(self) -> str:
        return f"{self.label + ': ' if self.label else ''}controls of {self.base} against {self.baseline}"

    @property
    def _shown(self) -> pd.DataFrame:
        return tables.estimates(self.table[SHOWN], "difference")

    def __repr__(self) -> str:
        models = self.table["model"].nunique()
        controls = (self.table["role"] == CONTROL).sum()
        return f"<Explanation of {self.base!r} against {self.baseline!r}: {controls} controls, models: {models}>"

    def _repr_html_(self) -> str:
        return markup.card(self._title, tables.html(self._shown), markup.bullets([*self.paragraphs, *self.warnings]))


def explain_loss(
    runs: Any,
    *,
    base: str,
    baseline: str = "zero-shot",
    conditions: Sequence[str] | None = None,
    margin: float | None = None,
    alpha: float = 0.05,
    seed: int = 0,
    label: str = "",
) -> Explanation:
    """Which part of the loss of a few-shot condition each of its controls removes.

    Every condition besides the two is a control of `base`: it is compared with `baseline` and with `base`, and all
    differences of all models are one family (`promptlab.stats.simultaneous`). The share of the loss is ``(control -
    base) / (baseline - base)`` with Fieller's interval (`promptlab.stats.mean_ratio`) at alpha over the number of
    shares, or at what its difference has in the family where that is less: a share is off 0 only where its difference
    is. Where no loss was shown there is nothing to divide, and none is given. Checked by those two functions on the
    same differences, and by samples with a known share (tests/test_comparison_explaining.py).

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        Samples under the conditions of `lab.few_shot_controls`, as for `compare`; every model needs an A/A arm of
        `baseline` and of `base` (``zero-shot#1``) with the same factors. No arm may hold samples of another, which
        `key` shows (of a recorded file it is computed anew); where a DataFrame has none, A/A arms must have another
        `replicate`, and not all outputs (`completion`) of two arms may be the same.
    base, baseline : str
        The condition with exemplars, and the one without.
    conditions : sequence of str, optional
        Only these, besides the two and their A/A arms. Choose before looking.
    margin, alpha, seed, label
        As for `compare`.

    Raises
    ------
    InputError
        A condition is unknown, an A/A arm is missing or has other prompts, two arms share a sample, and as for
        `compare`.
    """
    check("explain_loss", alpha=alpha, seed=seed, margin=margin)
    design = _designed(runs, base, baseline, conditions)
    again = placebos(design, (baseline, base))
    options: dict[str, Any] = {"margin": margin, "alpha": alpha, "seed": seed, "label": label}
    first, second = _compared(design, base, baseline, again[baseline], options)
    table = explained_table(first, second, again)
    paragraphs = tuple(paragraph_of(rows, first) for _, rows in table.groupby("model", sort=False))
    return Explanation(table, paragraphs, base, baseline, alpha, first, second, tuple(copies(design, again)), label)


def _compared(
    design: Crossed, base: str, baseline: str, left_out: Sequence[str], options: dict[str, Any]
) -> tuple[Comparison, Comparison]:
    """Everything against the baseline, and the controls against the base: judged as one family."""
    to_baseline = [arm for arm in design.arms if arm[1] != baseline]
    to_base = [arm for arm in to_baseline if arm[1] != base and arm[1] not in left_out]
    pairs = [(arm, end) for end, arms in ((baseline, to_baseline), (base, to_base)) for arm in arms]
    signs = design.signs({arm: 1, (arm[0], end): -1} for arm, end in pairs)
    alpha, seed, margin = options["alpha"], options["seed"], options["margin"]
    judged = judge(design, signs, lambda low, high: decide(low, high, margin), alpha=alpha, seed=seed, bound=1)
    cut, options = len(to_baseline), options | {"family": len(pairs)}
    return (
        assembled(design, to_baseline, _part(judged, slice(None, cut)), baseline=baseline, **options),
        assembled(design, to_base, _part(judged, slice(cut, None)), baseline=base, **options),
    )


def _designed(runs: Any, base: str, baseline: str, conditions: Sequence[str] | None) -> Crossed:
    if base == baseline:
        raise InputError(f"base and baseline of explain_loss are both {base!r}: there is no loss between them")
    whole = crossed(runs)
    if conditions is not None:
        again = [name for _, name in whole.arms if name.startswith((f"{base}#", f"{baseline}#"))]
        whole = crossed(whole.samples, chosen("explain_loss", baseline, [base, *again, *conditions]))
    for model in whole.models():
        for name in (baseline, base):
            if name not in whole.conditions(model):
                raise InputError(f"model {model!r} has no samples under {name!r}: explain_loss compares with it")
    return whole.completed()


def _part(judged: Judged, of: slice) -> Judged:
    """Some of the columns, with the intervals that hold for all of them."""
    family = Family(*(getattr(judged.family, one.name)[of] for one in fields(Family)))
    rest = {one.name: getattr(judged, one.name)[of] for one in fields(Judged) if one.name not in ("family", "values")}
    return Judged(family=family, values=judged.values[:, of], **rest)
