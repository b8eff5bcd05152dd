"""What a run left behind: a tidy frame, the outputs side by side, and grading again without a model."""

from promptlab.records.opening import load_run, recorded_runs
from promptlab.records.scoring import Scorer
from promptlab.records.showing import Shown
from promptlab.records.view import Run

__all__ = ["Run", "Scorer", "Shown", "load_run", "recorded_runs"]
