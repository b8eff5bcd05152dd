"""Few-shot against zero-shot at equal cost: the exemplars' tokens spent on more samples instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from promptlab import given, markup, tables
from promptlab.comparison.attempted import has_answers
from promptlab.comparison.costed import cost_sentence, cost_table, scores_of_row
from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.comparison.options import check
from promptlab.comparison.reading import TOKENS, as_numbers, joined_samples
from promptlab.comparison.tested import Tested
from promptlab.errors import InputError, unknown
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

OUTPUT_PRICE = 4.0  # of o1 (15 and 60 US dollars a million), GPT-4o (2.5 and 10) and DeepSeek-R1 (0.55 and 2.19)
SHOWN = ["model", "k", "cost", "affordable", "k_baseline", "score", "baseline_score", "difference", "low", "high"]
SHOWN += ["reason", "verdict", "validity", "oracle", "baseline_oracle"]


@dataclass(frozen=True, eq=False)
class CostMatched:
    """What `cost_matched` found. Scores and differences are shares of 1.

    Attributes
    ----------
    table : DataFrame
        A row a model and number `k` of the condition's samples: its `cost` a question, in prompt tokens; `affordable`,
        the samples that the baseline gets for it; `k_baseline`, how many of them there are to vote; `score` and
        `baseline_score` (cons@k of either: pass@1 where k = 1), their `difference` with `low` and `high`, simultaneous
        over the table, and `verdict`; `oracle` and `baseline_oracle` (pass@k: what a perfect judge of the samples would
        reach, no score that anybody gets); `short`, what is lacking; `validity`.
    verdicts : tuple of str
        A sentence a row.
    """

    table: pd.DataFrame
    verdicts: tuple[str, ...]
    condition: str
    baseline: str
    output_price: float
    label: str = ""

    tested: ClassVar[Tested] = Tested("votes at equal cost")

    def to_markdown(self) -> str:
        """Table and sentences as Markdown."""
        return tables.section(self._title, self._shown, [*self.verdicts, self._priced])

    @property
    def _title(self) -> str:
        return f"{self.label + ': ' if self.label else ''}{self.condition} against {self.baseline} at equal cost"

    @property
    def _shown(self) -> pd.DataFrame:
        return tables.estimates(self.table[SHOWN], "difference")

    @property
    def _priced(self) -> str:
        return (
            f"A completion token costs {self.output_price:g} times as much as a prompt token, and every sample pays "
            "for its prompt (no cache). The oracle columns are pass@k, which needs a perfect judge."
        )

    def __repr__(self) -> str:
        return f"<CostMatched of {self.condition!r} against {self.baseline!r}: {counted(len(self.table), 'row')}>"

    def _repr_html_(self) -> str:
        return markup.card(self._title, tables.html(self._shown), markup.bullets([*self.verdicts, self._priced]))


def cost_matched(
    runs: Any,
    condition: str,
    *,
    more: Any = None,
    baseline: str = "zero-shot",
    output_price: float = OUTPUT_PRICE,
    alpha: float = 0.05,
    seed: int = 0,
    label: str = "",
) -> CostMatched:
    """A condition with k samples against the baseline with as many samples as the same tokens buy.

    A sample costs its prompt tokens plus `output_price` times its completion tokens, meaned over the questions of each
    arm. k samples of the condition buy ``floor(k cost / cost of the baseline)`` of the baseline, of which a majority
    vote is taken (`promptlab.stats.consensus`, averaged over subsets); where fewer samples exist those are used, and
    `short` says how many are needed. The differences within each question are estimated as any (`simultaneous`).
    Checked by hand-made token counts and by `cons_at_k` (tests/test_comparison_costing.py).

    Parameters
    ----------
    runs : Run, DataFrame, or list of those
        Samples as for `compare`, with the columns `answer`, `prompt_tokens` and `completion_tokens`.
    more : Run, DataFrame, or list of those, optional
        Samples of the baseline that stand for those in `runs`: more of them than `runs` needed.
    condition, baseline : str
        The dearer condition, and the cheaper one.
    output_price : float
        The price of a completion token in prompt tokens; 1 counts tokens alike.
    alpha, seed, label
        As for `compare`.

    Raises
    ------
    InputError
        A condition is unknown, a column is missing, a sample costs nothing.
    """
    check("cost_matched", alpha=alpha, seed=seed)
    price = given.real("output_price of cost_matched", output_price, lambda x: x >= 0, "a number >= 0")
    samples = runs if more is None else _replaced(runs, more, baseline)
    design = crossed(samples, [baseline, condition]).completed()
    has_answers(design, "cost_matched")
    costs = _costs(design, price)
    rows = [row for model in design.models() for row in _rows(design, costs, model, condition, baseline)]
    scores = [scores_of_row(design, row, condition, baseline, seed) for row in rows]
    table = cost_table(design, rows, scores, alpha, seed)
    sentences = tuple(cost_sentence(row, condition, baseline) for row in table.to_dict("records"))
    return CostMatched(table, sentences, condition, baseline, price, label)


def _replaced(runs: Any, more: Any, baseline: str) -> pd.DataFrame:
    """The samples of `runs`, but for the baseline's, which are those of `more`."""
    import pandas as pd

    others, own = joined_samples(runs), joined_samples(more)
    kept = [others[others["condition"].astype(str) != baseline], own[own["condition"].astype(str) == baseline]]
    return pd.concat(kept, ignore_index=True)


def _costs(design: Crossed, price: float) -> Floats:
    """What one sample of each arm costs, in prompt tokens."""
    for name in TOKENS:
        if name not in design.samples:
            raise InputError(f"runs of cost_matched lack the column {name}: nothing says what a sample costs")
    sent, got = (design.means(as_numbers(design.samples[name])) for name in TOKENS)
    costs = [np.mean(row[~np.isnan(row)]) if (~np.isnan(row)).any() else 0.0 for row in sent + price * got]
    if min(costs) <= 0:
        raise InputError("cost_matched: the samples of an arm state no tokens, so nothing says what it costs")
    return np.array(costs)


def _rows(design: Crossed, costs: Floats, model: str, condition: str, baseline: str) -> list[dict[str, Any]]:
    """For each k of the condition's samples what the baseline can afford."""
    for name in (condition, baseline):
        if name not in design.conditions(model):
            raise unknown(f"condition of model {model!r} in cost_matched", name, design.conditions(model))
    ours, theirs = (design.arms.index((model, name)) for name in (condition, baseline))
    most, exist = (int(design.counted(~design.missing)[arm].max()) for arm in (ours, theirs))
    rows = []
    for k in range(1, most + 1):
        affordable = int(k * costs[ours] / costs[theirs] + 1e-9)
        used = min(affordable, exist)
        short = f"{affordable} samples of {baseline} are affordable, {exist} exist" if used < affordable else ""
        short = short or ("" if used else f"the tokens of {k} do not buy one sample of {baseline}")
        sizes = {"k": k, "cost": k * costs[ours], "affordable": affordable, "k_baseline": used, "short": short}
        rows.append({"model": model, "condition": condition, **sizes})
    return rows
