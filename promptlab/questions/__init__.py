"""Questions: load, validate, hash, split; the built-in generator of word problems; published benchmarks by name."""

from __future__ import annotations

from promptlab.questions.benchmarks import available_benchmarks
from promptlab.questions.loading import load_questions
from promptlab.questions.sets import QuestionSet

__all__ = ["QuestionSet", "available_benchmarks", "load_questions"]
