"""The only loop: pending requests -> `model.generate` -> commit; with progress, resume, extension and budget."""

from promptlab.runner.running import run

__all__ = ["run"]
