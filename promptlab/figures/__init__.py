"""Figures: comparison objects in, matplotlib Axes out. No statistic is computed here, and no global state is touched.

Every function takes ``ax=`` and returns the Axes that it drew on; `save` writes SVG, PNG, the numbers as CSV and an alt
text made from them.
"""

from promptlab.figures.bars import accounting, changes
from promptlab.figures.curves import dose_response, has_doses
from promptlab.figures.describing import alt_text
from promptlab.figures.dots import degradation, feature, power, scores, within
from promptlab.figures.evidence import forest_table
from promptlab.figures.forests import forest
from promptlab.figures.saving import save
from promptlab.figures.trends import lengths, training
from promptlab.figures.versus import against_control, slope_chart

__all__ = [
    "accounting",
    "against_control",
    "alt_text",
    "changes",
    "degradation",
    "dose_response",
    "feature",
    "forest",
    "forest_table",
    "has_doses",
    "lengths",
    "power",
    "save",
    "scores",
    "slope_chart",
    "training",
    "within",
]
