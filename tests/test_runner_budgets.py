"""Amounts in messages: a sum that was spent is never nothing."""

from __future__ import annotations

import pytest

from promptlab.runner.budgets import Budget, Budgets
from promptlab.types import Completion, Message, Prompt

ASKED = Prompt(messages=(Message("user", "What is 1 + 1?"),))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0000 USD"), (1.2e-7, "0.000000120 USD"), (0.00042, "0.000420 USD"), (0.0512, "0.0512 USD"),
        (1234.5, "1,234.5000 USD"),
    ],
)  # fmt: skip
def test_an_amount_has_at_least_three_digits(value: float, text: str):
    assert Budget("USD", 1.0, (0.0, 0.0)).amount(value) == text


def test_a_refusal_of_a_tiny_budget_says_what_was_spent():
    limits = Budgets([Budget("USD", 1.8e-5, (1e-7, 2e-7))], count=lambda prompt: 10, max_tokens=80)
    limits.pay(ASKED, Completion("2", "complete", prompt_tokens=10, completion_tokens=3))
    assert limits.refusal(ASKED) == ("spent 0.00000160 USD of 0.0000180 USD; the next request may need 0.0000170 USD")
