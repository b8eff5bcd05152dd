"""What a sampled answer earns: the package's own grader for correctness, a little for the form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from experiments.r1_miniature.chains import wrap_of
from experiments.r1_miniature.mixing import Task
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

    def total(self, format_reward: float, tag_reward: float) -> float:
        return self.correct + format_reward * self.well_formed + tag_reward * self.tags


def reward(task: Task, completion: Completion) -> Reward:
    """Grade one completion of a reasoning model."""
    _, answer_text = split_reasoning(completion)
    wrap = wrap_of(task.answer_format)
    marks = (*THINK, *(piece.strip(" .") for piece in wrap.split("{answer}")))
    once = sum(completion.text.count(mark) == 1 for mark in marks if mark)
    whole = completion.ending == "complete" and well_formed(completion.text.strip(), wrap)
    return Reward(float(number(task.question, answer_text).score), whole, once)


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
    before, after = map(re.escape, wrap.split("{answer}"))
    has_digit = any(letter.isdigit() for letter in thought)
    return has_digit and bool(re.fullmatch(rf"\s*{before}\s*-?\d[\d,]*\s*{after}", answer))
