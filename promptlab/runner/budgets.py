"""Limits on tokens and cost that hold before a request is sent, not after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from promptlab import given
from promptlab.errors import InputError
from promptlab.types import Completion, Model, Prompt
from promptlab.wording import decimals

Prices = tuple[float, float]


@dataclass
class Budget:
    """One limit of one call of `run`, in `unit`; `prices` weigh a prompt and a completion token.

    What a completion does not say is counted at its worst: the estimate of its prompt, and all of `max_tokens`.
    """

    unit: str  # "tokens" or "USD"
    limit: float
    prices: Prices
    spent: float = 0.0

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        return prompt_tokens * self.prices[0] + completion_tokens * self.prices[1]

    def amount(self, value: float) -> str:
        return f"{value:,.0f} tokens" if self.unit == "tokens" else f"{value:,.{decimals(value)}f} USD"


class Budgets:
    """All limits together.

    Parameters
    ----------
    budgets
        None: nothing is limited, and no prompt is counted.
    count
        Tokens of a prompt, or an upper estimate.
    max_tokens
        The most that a completion can be.
    """

    def __init__(self, budgets: Sequence[Budget], count: Callable[[Prompt], float], max_tokens: int) -> None:
        self.budgets, self.max_tokens = budgets, max_tokens
        self._count = count

    def pay(self, prompt: Prompt, completion: Completion) -> None:
        """Count what a completion has really used."""
        for budget in self.budgets:
            sent, got = completion.prompt_tokens, completion.completion_tokens
            budget.spent += budget.of(
                self._count(prompt) if sent is None else sent, self.max_tokens if got is None else got
            )

    def fitting(self, prompts: Sequence[Prompt]) -> int:
        """How many of the next prompts fit for sure, in order, into what is left."""
        if not self.budgets:
            return len(prompts)
        left = [budget.limit - budget.spent for budget in self.budgets]
        for n, prompt in enumerate(prompts):
            left = [rest - worst for rest, worst in zip(left, self._worst(prompt), strict=True)]
            if min(left) < 0:
                return n
        return len(prompts)

    def refusal(self, prompt: Prompt) -> str:
        """Which limit the next request would break."""
        for budget, worst in zip(self.budgets, self._worst(prompt), strict=True):
            if budget.spent + worst > budget.limit:
                return (
                    f"spent {budget.amount(budget.spent)} of {budget.amount(budget.limit)}; the next request may "
                    f"need {budget.amount(worst)}"
                )
        return "nothing is left"

    def _worst(self, prompt: Prompt) -> list[float]:
        return [budget.of(self._count(prompt), self.max_tokens) for budget in self.budgets]


def budgets(model: Model, max_tokens: int, *, tokens: int | None, cost: float | None, prices: Prices | None) -> Budgets:
    """The limits that a caller set, checked.

    Raises
    ------
    InputError
        A limit that is not positive, or a cost without prices.
    """
    limits = []
    if tokens is not None:
        limits.append(Budget("tokens", _positive("max_tokens_total", tokens), (1.0, 1.0)))
    if cost is not None:
        limits.append(Budget("USD", _positive("max_cost", cost), _per_token(prices)))
    known: dict[str, float] = {}

    def count(prompt: Prompt) -> float:
        if prompt.hash not in known:
            counted = model.count_tokens(prompt)
            # No token of an ordinary text is shorter than two characters on average: an upper estimate.
            known[prompt.hash] = len(model.as_sent(prompt)) / 2 if counted is None else counted
        return known[prompt.hash]

    return Budgets(limits, count, max_tokens)


def _positive(name: str, value: float) -> float:
    return given.real(f"{name} of run", value, lambda limit: limit > 0, "a number > 0")


def _per_token(prices: Prices | None) -> Prices:
    if prices is None:
        raise InputError("max_cost of run needs prices=(0.5, 2.0): US dollars per million prompt and completion tokens")
    sent, got = given.two_prices(prices)
    return sent / 1e6, got / 1e6
