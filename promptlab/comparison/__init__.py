"""Prompts compared within each question, and the effect on a model contrasted with that on its control."""

from promptlab.comparison.ablating import Ablation, ablation
from promptlab.comparison.agreeing import Agreement, agree
from promptlab.comparison.associating import Association, associated
from promptlab.comparison.attempted import cons_at_k, pass_at_k
from promptlab.comparison.balloting import vote
from promptlab.comparison.comparing import Comparison, compare
from promptlab.comparison.contrasting import Contrast, contrast
from promptlab.comparison.controls import Control, contrasts, control_pairs
from promptlab.comparison.costing import CostMatched, cost_matched
from promptlab.comparison.deciding import Decided, decided
from promptlab.comparison.dosing import DoseResponse, dose
from promptlab.comparison.drawn import Drawn, over_draws
from promptlab.comparison.explaining import Explanation, explain_loss
from promptlab.comparison.featuring import feature_table
from promptlab.comparison.lengths import ByLength, by_length
from promptlab.comparison.oddities import Oddities, oddest
from promptlab.comparison.placing import PositionBias, position_bias
from promptlab.comparison.scattering import draw_components
from promptlab.comparison.seeds import SeedContrast, contrast_seeds
from promptlab.comparison.stopped import Decisions, decisions
from promptlab.comparison.summaries import summarise

__all__ = [
    "Ablation",
    "Agreement",
    "Association",
    "ByLength",
    "Comparison",
    "Contrast",
    "Control",
    "CostMatched",
    "Decided",
    "Decisions",
    "DoseResponse",
    "Drawn",
    "Explanation",
    "Oddities",
    "PositionBias",
    "SeedContrast",
    "ablation",
    "agree",
    "associated",
    "by_length",
    "compare",
    "cons_at_k",
    "contrast",
    "contrast_seeds",
    "contrasts",
    "control_pairs",
    "cost_matched",
    "decided",
    "decisions",
    "dose",
    "draw_components",
    "explain_loss",
    "feature_table",
    "oddest",
    "over_draws",
    "pass_at_k",
    "position_bias",
    "summarise",
    "vote",
]
