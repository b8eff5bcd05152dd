"""The explorer in JupyterLab: what a prompt does to a model, seen within seconds.

What is on screen is one frozen `State`; prompts, code and YAML are pure functions of it, and know no widget. The
widgets are in `views`, which alone needs ipywidgets.
"""

from promptlab.explorer.opening import explore
from promptlab.explorer.state import State

__all__ = ["State", "explore"]
