"""Questions: load, validate, hash, split; the built-in generator of word problems."""

from __future__ import annotations

from promptlab.questions.loading import load_questions
from promptlab.questions.sets import QuestionSet

__all__ = ["QuestionSet", "load_questions"]
