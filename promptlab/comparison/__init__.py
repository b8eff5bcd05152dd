"""Prompts compared within each question, and the effect on a model contrasted with that on its control."""

from promptlab.comparison.agreeing import Agreement, agree
from promptlab.comparison.comparing import Comparison, compare
from promptlab.comparison.contrasting import Contrast, Control, contrast, contrasts, control_pairs
from promptlab.comparison.deciding import Decided, Decisions, decided, decisions

__all__ = [
    "Agreement",
    "Comparison",
    "Contrast",
    "Control",
    "Decided",
    "Decisions",
    "agree",
    "compare",
    "contrast",
    "contrasts",
    "control_pairs",
    "decided",
    "decisions",
]
