"""A page about saved records that can be sent to somebody."""

from promptlab.reporting.writing import report

__all__ = ["report"]
