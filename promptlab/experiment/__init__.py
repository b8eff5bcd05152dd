"""An experiment as one object: from a file, a notebook's parameters, or a script."""

from promptlab.experiment.designing import ALPHA, Experiment

__all__ = ["ALPHA", "Experiment"]
