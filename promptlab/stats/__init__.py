"""Estimates from arrays, with an explicit random generator: one procedure for every comparison.

Nothing here knows of prompts, models or data frames.
"""

from promptlab.stats.attempts import bounded_mean, pass_at_k
from promptlab.stats.betting import BettingSequence, betting_sequence
from promptlab.stats.estimates import Estimate, mean_estimate, wilson
from promptlab.stats.exchanges import Exchange, exchanged
from promptlab.stats.families import Family, simultaneous
from promptlab.stats.odds import log_odds_contrast
from promptlab.stats.ratios import mean_ratio
from promptlab.stats.signflips import benjamini_hochberg, holm, sign_flip_p
from promptlab.stats.sparse import adjusted_interval, one_way_interval
from promptlab.stats.trials import Guess
from promptlab.stats.voting import Consensus, cons_at_k, consensus

__all__ = [
    "BettingSequence",
    "Consensus",
    "Estimate",
    "Exchange",
    "Family",
    "Guess",
    "adjusted_interval",
    "benjamini_hochberg",
    "betting_sequence",
    "bounded_mean",
    "cons_at_k",
    "consensus",
    "exchanged",
    "holm",
    "log_odds_contrast",
    "mean_estimate",
    "mean_ratio",
    "one_way_interval",
    "pass_at_k",
    "sign_flip_p",
    "simultaneous",
    "wilson",
]
