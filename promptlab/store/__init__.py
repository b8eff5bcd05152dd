"""The crash-safe records of a run: one directory with a manifest and one SQLite file."""

from promptlab.store.database import Store
from promptlab.store.manifest import environment, read_manifest, without_secrets, write_manifest
from promptlab.store.rows import Record, Sample, question_of, question_row, storable, storable_grade, storable_text

__all__ = [
    "Record",
    "Sample",
    "Store",
    "environment",
    "question_of",
    "question_row",
    "read_manifest",
    "storable",
    "storable_grade",
    "storable_text",
    "without_secrets",
    "write_manifest",
]
