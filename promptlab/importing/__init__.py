"""Outputs that others recorded, as runs that `compare` and `contrast` take."""

from promptlab.importing.imported import ImportedRun
from promptlab.importing.reading import import_run, import_runs

__all__ = ["ImportedRun", "import_run", "import_runs"]
