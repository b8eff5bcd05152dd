"""The grader of reading comprehension: DROP's F1 over bags of words, several spans aligned."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

from promptlab.grading.functions import FunctionGrader
from promptlab.grading.places import SENTENCE, SHOWN, in_words, last_line, readings, untagged
from promptlab.types import Grade, Grader, Question

Bag = frozenset[str]

MOST_SPANS = 200  # of a model's answer: the alignment costs their number times the gold spans'

_SPAN_ENDS = re.compile(r"[;\n]")
_LISTED = re.compile(r";|\n|,\s*(?:and\s)?|\sand\s")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def _drop(question: Question, answer_text: str) -> Grade:
    """Grade a number, date or spans by DROP's F1, the best over the gold answers; a score in [0, 1].

    Each text becomes the set of its words (split at spaces and hyphens), without case, articles and punctuation;
    numbers count by value (by DROP's own rule "$1.5" reads as 15, and so does "1.5%"). F1 of two sets is 0 where the
    gold one holds numbers and the other none of them. Several spans of one answer, joined by ``;``, are aligned one to
    one so that the sum is greatest (a span without a partner scores 0), and averaged; the result is rounded to 2
    decimals, as DROP's own evaluation does.

    Read from the last ``<answer>`` tag (the box in it, if there is one), else the last ``\\boxed{}``; there, or else
    anywhere, from what follows the last "the answer is" or "answer:", the sentence or the line; else from the last line
    or a short text whole. The reading that scores more counts.
    A model's answer is split at ``;`` and line ends; for a gold answer of several spans also at commas and "and".

    Examples
    --------
    >>> question = Question("q", "Which two?", ("Germany; Italy",), "drop")
    >>> [drop_f1(question, text).score for text in ("Italy and Germany", "The answer is Italy.", "France")]
    [1.0, 0.5, 0.0]
    """
    texts = [text for text in _places(next(readings(answer_text))) if text.strip()]
    score = max((_score(text, gold) for text in texts for gold in question.answers), default=0.0)
    why = "" if score == 1 else f"expected {' or '.join(question.answers)}" if texts else "no answer text"
    return Grade(score, texts[0].strip()[:SHOWN] if texts else "", bool(texts), why=why)


drop_f1: Grader = FunctionGrader(_drop, "drop", "4")


def _places(text: str) -> list[str]:
    bare = untagged(text)
    return in_words(text) or ([bare] if len(bare) <= SENTENCE else []) + [last_line(bare)]


def _score(said: str, gold: str) -> float:
    expected = _expected(gold)
    ends = _LISTED if len(expected) > 1 else _SPAN_ENDS
    found = [bag(span) for span in islice(filter(str.strip, ends.split(said)), MOST_SPANS)]
    return round(_aligned(expected, found), 2)


@lru_cache(maxsize=65_536)
def _expected(gold: str) -> tuple[Bag, ...]:
    return tuple(bag(span) for span in gold.split(";") if span.strip())


def bag(span: str) -> Bag:
    """The words that count of a span.

    Examples
    --------
    >>> sorted(bag("The 1,000-yard run, in a row"))
    ['1000.0', 'in', 'row', 'run', 'yard']
    """
    words = (_word(word) for word in re.split(r"[\s-]", span.strip().rstrip(".")))
    return frozenset(word for word in words if word)


def _word(token: str) -> str:
    lowered = token.lower()
    number = _number(lowered)
    if number is None:
        lowered = lowered.translate(_PUNCTUATION)
        number = _number(lowered)
    return str(number) if number is not None else " ".join(_ARTICLES.sub(" ", lowered).split())


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _aligned(gold: Sequence[Bag], said: Sequence[Bag]) -> float:
    """The mean F1 of the best one-to-one alignment, over as many spans as the longer list has."""
    if len(gold) == len(said) == 1:
        return _f1(gold[0], said[0])
    if not gold or not said:
        return 0.0
    from scipy.optimize import linear_sum_assignment

    scores = [[_f1(one, other) for other in said] for one in gold]
    rows, columns = linear_sum_assignment(scores, maximize=True)
    return sum(scores[i][j] for i, j in zip(rows, columns, strict=True)) / max(len(gold), len(said))


def _f1(gold: Bag, said: Bag) -> float:
    numbers = {word for word in gold if _number(word) is not None}
    common = gold & said
    if not common or (numbers and not numbers & said):
        return 0.0
    precision, recall = len(common) / len(said), len(common) / len(gold)
    return 2 * precision * recall / (precision + recall)
