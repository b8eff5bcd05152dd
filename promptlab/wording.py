"""How counts and small amounts read in a sentence."""

from __future__ import annotations

import math


def counted(n: int, noun: str) -> str:
    """A count with its noun.

    Examples
    --------
    >>> counted(1, "question"), counted(1200, "question"), counted(0, "choice")
    ('1 question', '1,200 questions', '0 choices')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def decimals(amount: float) -> int:
    """How many decimals an amount of money needs: four, and more where fewer than three digits would be left of it.

    Examples
    --------
    >>> [f"{amount:.{decimals(amount)}f}" for amount in (0, 12.5, 0.00042, 1.2e-7)]
    ['0.0000', '12.5000', '0.000420', '0.000000120']
    """
    return max(4, 2 - math.floor(math.log10(abs(amount)))) if amount else 4
