"""10,000 outputs that a model should not write: each gets a grade or a stated refusal, none hangs, none crashes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

import pytest

from promptlab.grading import drop_f1, expressions, grade, label, maths, number, regex, text
from promptlab.grading.workers import Pool
from promptlab.types import Completion, Grader, Question

OUTPUTS = 10_000
LONG = 1_000_000  # characters
QUESTIONS = {
    "number": Question("n", "7 + 5?", ("12",)),
    "label": Question("l", "Which?", ("B",), "label", tuple(f"choice {i}" for i in range(10))),
    "text": Question("t", "Where?", ("New York",), "text"),
    "drop": Question("d", "Which two?", ("12; New York", "17 March 1916"), "drop"),
    "math": Question("m", "Root?", (r"2\sqrt{3}", r"\text{none}"), "math"),
}
RIGHT = {"number": "12", "label": "B", "text": "New York", "drop": "12; New York", "math": r"2\sqrt{3}"}
GRADERS: tuple[Grader, ...] = (number, label, text, drop_f1, regex(r"answer is (.+)$"))
PLACES = (
    "{}",
    "\\boxed{{{}}}",
    "<answer>{}</answer>",
    "The answer is {}.",
    "So ${}$",
    "#### {}",
    "x = {}",
    "\\[ {} \\]",
)

# To compare these takes for ever, or all memory.
ENDLESS = ("9^{9^{9^{9}}}", "9**9**9**9", "(x+y)^{100000}", r"\sum_{n=1}^{10^{9}} n^{n}", "10^{10^{10}}", "((9!)!)!")
PIECES = (
    "12", "-", "B", "(", ")", "[", "]", "{", "}", "$", "\\", "^", "_", "=", ",", ";", ".", "\n", " ", "\t", "\x00",
    "\x1b[2J", "\r", "\u202e", "\u200b", "\ud800", "🤯", "١٢", "१२", "１２", "½", "²", "√", "π", "e", "inf", "nan",
    "1e999", "or", "not", "and", "\\frac", "\\boxed{", "\\input{/etc/passwd}", "\\write18{ls}", "\\def\\x{\\x}",
    "<answer>", "</answer>", "<think>", "</think>", "answer:", "The answer is", "Question:", "####", "0/0", "1/0", "%",
    "&", "__import__('os')", "{{answer}}", "A", "yes", "9" * 70,
)  # fmt: skip


def nested(rng: random.Random) -> str:
    opening, closing = rng.choice(
        [("(", ")"), ("{", "}"), ("\\frac{", "}{2}"), ("\\boxed{", "}"), ("[", "]"), ("-", "")]
    )
    depth = rng.choices([3, 30, 300, 20_000], weights=[9, 9, 9, 1])[0]
    return opening * depth + "12" + closing * rng.choice([depth, depth - 1, 0])


def soup(rng: random.Random) -> str:
    return "".join(rng.choices(PIECES, k=rng.randrange(40)))


LINES = (
    "9", "(", "{", "\\boxed{", "a ", "1,", "answer is ", "<answer>", "$", "\\[", "\\(x", "- ", "0.", "½", "**a", "_a^b",
    "| A | ", "minus ", "next most likely is ", "the answer is if ", "A、",
)  # fmt: skip


def long_line(rng: random.Random) -> str:
    piece = rng.choice(LINES)
    return (piece * (LONG // len(piece)))[:LONG]


def two_boxes(rng: random.Random) -> str:
    return f"\\boxed{{{rng.randrange(30)}}} or \\boxed{{{rng.choice(['12', 'B', soup(rng)])}}}"


def only_in_the_reasoning(rng: random.Random) -> str:
    return f"<think>\\boxed{{{rng.choice(list(RIGHT.values()))}}}" + rng.choice(["", "</think>", "</think>\n \n"])


def hostile(seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    kinds: list[Callable[[random.Random], str]] = [soup, nested, two_boxes, only_in_the_reasoning, long_line]
    for _ in range(OUTPUTS):
        inner = rng.choices(kinds, weights=[700, 30, 150, 100, 1])[0](rng)
        yield rng.choice(PLACES).format(inner) if rng.random() < 0.7 else inner


def check(grader: Grader, question: Question, output: str) -> float:
    found = grade(grader, question, Completion(output, "complete"), None)
    assert 0 <= found.score <= 1
    assert found.answered or not found.score
    assert found.why or found.score == 1, "every refusal says why"
    assert len(found.answer) <= 100
    return found.score


@pytest.mark.parametrize("grader", GRADERS, ids=lambda grader: grader.name)
def test_hostile_outputs(grader: Grader):
    question = QUESTIONS.get(grader.name, QUESTIONS["number"])
    scores = Counter(check(grader, question, output) for output in hostile(seed=1))
    assert scores.total() == OUTPUTS


def test_hostile_expressions(monkeypatch: pytest.MonkeyPatch):
    """A part of the same outputs, since most reach the worker; what is endless ends by its clock, here a short one."""
    pytest.importorskip("math_verify")
    pool = Pool(seconds=0.3)
    monkeypatch.setattr(expressions, "POOL", pool)
    outputs = [*islice(hostile(seed=2), OUTPUTS // 40), *(f"\\boxed{{{each}}}" for each in ENDLESS)]
    expressions._verdict.cache_clear()
    try:
        for output in outputs:
            check(maths, QUESTIONS["math"], output)
        endless = [maths(QUESTIONS["math"], f"\\boxed{{{each}}}") for each in ENDLESS]
    finally:
        pool.close()
        expressions._verdict.cache_clear()
    assert not any(grade.score for grade in endless), endless
    assert not any(grade.answered for grade in endless if "cannot be" in grade.why), endless
    assert sum("cannot be judged in" in grade.why for grade in endless) >= 3, endless
