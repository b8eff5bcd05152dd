"""One base exception, so that ``except PromptlabError`` catches what promptlab itself reports.

A message names the parameter, its owner, the value that was given and what is allowed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

_MANY = 100  # names that an error lists


class PromptlabError(Exception):
    """Base of every error that promptlab raises on purpose."""


class InputError(PromptlabError, ValueError):
    """A parameter, file or configuration is not what it should be; nothing was called or changed."""


class Problems(InputError):
    """Several at once, a line each."""

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(str(self).split("\n"))


class ModelError(PromptlabError, RuntimeError):
    """A model or server cannot be used at all (not one failed sample: that is an ending)."""


class StoreError(PromptlabError, RuntimeError):
    """A run directory cannot be read or written."""


class BudgetError(PromptlabError, RuntimeError):
    """The next request would exceed the budget that the caller set."""


def lines_of(problem: PromptlabError) -> tuple[str, ...]:
    """Each problem that an error speaks of."""
    return problem.lines if isinstance(problem, Problems) else (str(problem),)


def unknown(what: str, value: object, allowed: Iterable[str]) -> InputError:
    """An error for a name that is not among the allowed ones, with the nearest of them.

    Examples
    --------
    >>> str(unknown("condition", "few-shots", ["zero-shot", "few-shot"]))
    "unknown condition 'few-shots': did you mean 'few-shot'? Allowed: zero-shot, few-shot"
    >>> str(unknown("source", "MATH-500", ["gsm8k", "math500"]))
    "unknown source 'MATH-500': did you mean 'math500'? Allowed: gsm8k, math500"
    >>> str(unknown("option", "dtipe", ["dtype", *map(str, range(999))]))
    "unknown option 'dtipe': did you mean 'dtype'? Allowed: dtype, ... (1000 in all)"
    """
    names = [str(name) for name in allowed]
    bare = {_bare(name): name for name in reversed(names)}
    near = [bare[found] for found in difflib.get_close_matches(_bare(value), bare, n=1)]
    near = near or [n for n in names if n.endswith(f":{value}")]
    hint = f"did you mean {near[0]!r}? " if near else ""
    return InputError(f"unknown {what} {value!r}: {hint}Allowed: {_listed(names, _bare(value), bare)}")


def _listed(names: list[str], value: str, bare: Mapping[str, str]) -> str:
    """All names, or of very many those that look most like a value."""
    if len(names) <= _MANY:
        return ", ".join(names)
    near = difflib.get_close_matches(value, bare, n=10, cutoff=0.3)
    return ", ".join([*(bare[found] for found in near), f"... ({len(names)} in all)"])


def _bare(name: object) -> str:
    """A name as names are compared: MATH-500 is near math500."""
    return str(name).casefold().replace("-", "").replace("_", "").replace(" ", "")
