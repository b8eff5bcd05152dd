"""Answers found, compared and graded: pure functions of a question and the answer text, never of the reasoning."""

from __future__ import annotations

from promptlab.grading.choosing import as_grader, by_kind, check_gradable, grader_named
from promptlab.grading.expressions import maths
from promptlab.grading.judging import grade, has_format
from promptlab.grading.labels import label
from promptlab.grading.numeric import number
from promptlab.grading.spans import drop_f1
from promptlab.grading.texts import regex, text

__all__ = [
    "as_grader",
    "by_kind",
    "check_gradable",
    "drop_f1",
    "grade",
    "grader_named",
    "has_format",
    "label",
    "maths",
    "number",
    "regex",
    "text",
]
