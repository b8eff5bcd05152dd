"""What would be sent, how long it is and what it would cost: before any call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, TypeVar

from promptlab import given, markup
from promptlab.errors import InputError, unknown
from promptlab.prompts.conditions import Condition
from promptlab.types import AnswerFormat, Model, Prompt, Question, Sampling
from promptlab.wording import decimals

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


@dataclass(frozen=True, repr=False)
class Preview:
    """Prompts as sent and their lengths; `prompt()` gives one of them.

    `table` has a row a model and condition: ``requests``, tokens of the ``median`` and the ``longest`` prompt,
    ``prompt_tokens`` in all; ``worst_case`` (tokens) and ``worst_cost`` (US dollars) assume that every output uses all
    of `max_tokens`. A model that cannot count tokens has them estimated as characters / 4: ``counted`` is then False.
    """

    table: pd.DataFrame
    models: tuple[Model, ...]
    conditions: tuple[Condition, ...]
    questions: tuple[Question, ...]
    pool: tuple[Question, ...]
    answer_format: AnswerFormat | None

    def prompt(self, condition: str | None = None, question: str | None = None, model: int = 0) -> str:
        """The prompt exactly as the model reads it (by default of the first condition and question)."""
        chosen = _named(self.conditions, "name", condition, "condition")
        asked = _named(self.questions, "id", question, "question")
        if model not in range(len(self.models)):
            raise unknown("model of this preview", model, map(str, range(len(self.models))))
        return self.models[model].as_sent(self._render(chosen, asked, model))

    def _render(self, condition: Condition, question: Question, model: int = 0) -> Prompt:
        told = condition.asked_of(self.models[model])
        return told.render(question, pool=self.pool, answer_format=self.answer_format)

    def __repr__(self) -> str:
        prompts = "\n".join(f"--- {c.name}\n{self.prompt(c.name)}" for c in self.conditions)
        title = f"Prompts as sent, question {self.questions[0].id}"
        return markup.visible(f"{self.table.to_string(index=False)}\n\n{title}:\n{prompts}")

    def _repr_html_(self) -> str:
        rows = self.table.itertuples(index=False, name=None)
        prompts = [self._render(c, self.questions[0]) for c in self.conditions]
        cards = [
            markup.card(c.name, markup.turns(p.turns), markup.folded("as sent", markup.pre(self.models[0].as_sent(p))))
            for c, p in zip(self.conditions, prompts, strict=True)
        ]
        title = f"prompts for question {self.questions[0].id}"
        return markup.table(list(self.table.columns), rows) + markup.folded(title, markup.columns(cards))


def preview(
    models: Model | Sequence[Model],
    conditions: Condition | Sequence[Condition],
    questions: Sequence[Question],
    *,
    samples: int = 1,
    sampling: Sampling | None = None,
    answer_format: AnswerFormat | None = None,
    prices: tuple[float, float] | None = None,
) -> Preview:
    """Show exactly what a run would send, with tokens and, where prices are given, cost. Makes no paid call.

    Parameters
    ----------
    models, conditions, questions, samples, sampling, answer_format
        As for `promptlab.run`.
    prices
        US dollars for a million prompt tokens and for a million completion tokens; needs `sampling`.

    Returns
    -------
    Preview
        With `table` (a DataFrame), `prompt(condition, question)`, and a rich display in Jupyter.
    """
    import pandas as pd

    many, arms = given.listed("model", models), given.listed("condition", conditions)
    questions, samples = given.listed("question", questions), given.whole("samples of preview", samples, 1)
    given.optional("sampling", sampling)
    given.optional("answer_format", answer_format)
    if prices is not None and sampling is None:
        raise InputError("prices of preview need sampling=: what an output may cost depends on its max_tokens")
    cost = None if prices is None else given.two_prices(prices)
    pool = tuple(getattr(questions, "pool", ()))
    rows = []
    for arm in arms:
        arm.check_samples(samples, questions)
        told = [arm.asked_of(model) for model in many]
        prompts = {
            id(one): [one.render(question, pool=pool, answer_format=answer_format) for question in questions]
            for one in {id(one): one for one in told}.values()  # most arms are the same for every model
        }
        each = zip(many, told, strict=True)
        rows += [_row(model, arm.name, prompts[id(one)], samples, sampling, cost) for model, one in each]
    table = pd.DataFrame(rows)
    return Preview(table, tuple(many), tuple(arms), tuple(questions), pool, answer_format)


def _row(
    model: Model,
    condition: str,
    prompts: list[Prompt],
    samples: int,
    sampling: Sampling | None,
    prices: tuple[float, float] | None,
) -> dict[str, object]:
    counts = [model.count_tokens(prompt) for prompt in prompts]
    lengths = [n if n is not None else len(model.as_sent(p)) // 4 for n, p in zip(counts, prompts, strict=True)]
    sent, most = sum(lengths) * samples, (sampling.max_tokens if sampling else 0) * len(prompts) * samples
    row: dict[str, object] = {
        "model": model.name,
        "condition": condition,
        "requests": len(prompts) * samples,
        "median": int(median(lengths)),
        "longest": max(lengths),
        "counted": None not in counts,
        "prompt_tokens": sent,
    }
    if sampling:
        row["worst_case"] = sent + most
    if prices:
        cost = (sent * prices[0] + most * prices[1]) / 1e6
        row["worst_cost"] = round(cost, decimals(cost))
    return row


def _named(items: Sequence[T], attribute: str, wanted: str | None, what: str) -> T:
    if wanted is None:
        return items[0]
    for item in items:
        if getattr(item, attribute) == wanted:
            return item
    raise unknown(what, wanted, [getattr(item, attribute) for item in items])
