"""What a sampled answer earns: the package's own grader for correctness, a little for the form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from experiments.r1_miniature.chains import wrap_of
from experiments.r1_miniature.languages import english_share
from experiments.r1_miniature.mixing import Task
from promptlab.formats import ANSWER_IS
from promptlab.grading import number
from promptlab.reasoning import split_reasoning
from promptlab.types import Completion

THINK = ("<think>", "</think>")


@dataclass(frozen=True)
class Reward:
    """The parts of a reward; `total` weighs them by the recipe."""

    correct: float
    well_formed: bool
    tags: int  # how many of the four marks stand exactly once
    english: float  # share of the thought's words

    def total(self, format_reward: float, tag_reward: float, english_reward: float = 0.0) -> float:
        form = format_reward * self.well_formed + tag_reward * self.tags
        return self.correct + form + english_reward * self.english


def reward(task: Task, completion: Completion, answers: Literal["thinking", "worked"] = "thinking") -> Reward:
    """Grade one completion of a model that answers with a thought, or with a worked solution."""
    thought, answer_text = split_reasoning(completion)
    thinks = answers == "thinking"
    wrap = wrap_of(task.answer_format) if thinks else (task.answer_format or ANSWER_IS).wrap
    marks = (*(THINK if thinks else ()), *(piece.strip(" .") for piece in wrap.split("{answer}")))
    once = sum(completion.text.count(mark) == 1 for mark in marks if mark)
    formed = well_formed if thinks else well_worked
    whole = completion.ending == "complete" and formed(completion.text.strip(), wrap)
    return Reward(float(number(task.question, answer_text).score), whole, once, english_share(thought))


def well_formed(text: str, wrap: str) -> bool:
    """A thought with at least one digit in it, then nothing but the answer: a bare number in its wrap.

    Without the digit and the bare number a model has been seen to earn the form with the template's own words.

    Examples
    --------
    >>> well_formed("<think>\\n2 + 2 = 4.\\n</think>\\n<answer>4</answer>", "<answer>{answer}</answer>")
    True
    >>> well_formed("<think>\\nreasoning\\n</think>\\n<answer>4</answer>", "<answer>{answer}</answer>")
    False
    """
    thought, closing, answer = text.removeprefix(THINK[0]).partition(THINK[1])
    if not (text.startswith(THINK[0]) and closing) or THINK[0] in thought:
        return False
    return _has_digit(thought) and bool(re.fullmatch(_final(wrap), answer))


def well_worked(text: str, wrap: str) -> bool:
    """A solution with at least one digit in it, then a bare number in its wrap; no thought.

    Examples
    --------
    >>> well_worked("2 + 2 = 4. The answer is 4.", "The answer is {answer}.")
    True
    >>> well_worked("The answer is 4.", "The answer is {answer}.")
    False
    """
    found = re.search(rf"{_final(wrap)}\Z", text)
    return bool(found) and THINK[0] not in text and _has_digit(text[: found.start() if found else 0])


def _final(wrap: str) -> str:
    before, after = map(re.escape, wrap.split("{answer}"))
    return rf"\s{{0,9}}{before}\s{{0,9}}-?\d[\d,]{{0,30}}\s{{0,9}}{after}"


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)
