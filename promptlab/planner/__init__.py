"""Before the run: what a design can find, what a wanted difference takes, and what it costs."""

from promptlab.planner.designing import Plan, plan

__all__ = ["Plan", "plan"]
