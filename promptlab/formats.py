"""The answer formats that a run can ask for; the sentence is the same in every arm.

In a `wrap`, ``{answer}`` stands for the answer and every other character for itself:
``wrap.replace("{answer}", answer)``. It is no format string, so the braces of ``\\boxed{}`` need no doubling. The
sentences hold no placeholder such as a letter or dots: trained models have been seen to copy those word for word.
"""

from __future__ import annotations

from promptlab.types import AnswerFormat

BOXED = AnswerFormat("boxed", "Put your final answer in \\boxed{}.", "\\boxed{{answer}}")
ANSWER_TAGS = AnswerFormat(
    "answer-tags", "Put your final answer between <answer> and </answer>.", "<answer>{answer}</answer>"
)
ANSWER_IS = AnswerFormat(
    "answer-is", 'End with a sentence that begins with "The answer is".', "The answer is {answer}."
)

FORMATS = {each.name: each for each in (BOXED, ANSWER_TAGS, ANSWER_IS)}
