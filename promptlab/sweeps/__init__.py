"""Sweeps: many runs of notebooks, described by one file, checked, frozen, executed and resumed by one command."""

from promptlab.sweeps.freezing import read_frozen
from promptlab.sweeps.reading import Sweep, read_sweep
from promptlab.sweeps.states import State, read_state
from promptlab.sweeps.sweeping import Swept, sweep

__all__ = ["State", "Sweep", "Swept", "read_frozen", "read_state", "read_sweep", "sweep"]
