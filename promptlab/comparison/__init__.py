"""Prompts compared within each question, and the effect on a model contrasted with that on its control."""

from promptlab.comparison.agreeing import Agreement, agree
from promptlab.comparison.comparing import Comparison, compare
from promptlab.comparison.contrasting import Contrast, Control, contrast, contrasts, control_pairs
from promptlab.comparison.deciding import Decided, Decisions, decided, decisions
from promptlab.comparison.dosing import DoseResponse, dose
from promptlab.comparison.drawn import Drawn, draw_components, over_draws
from promptlab.comparison.seeds import SeedContrast, contrast_seeds

__all__ = [
    "Agreement",
    "Comparison",
    "Contrast",
    "Control",
    "Decided",
    "Decisions",
    "DoseResponse",
    "Drawn",
    "SeedContrast",
    "agree",
    "compare",
    "contrast",
    "contrast_seeds",
    "contrasts",
    "control_pairs",
    "decided",
    "decisions",
    "dose",
    "draw_components",
    "over_draws",
]
