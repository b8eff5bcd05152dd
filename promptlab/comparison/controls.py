"""Which model is the control of which, and all contrasts at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from promptlab import given
from promptlab.comparison.contrasting import Contrast, contrast
from promptlab.comparison.crossed import crossed
from promptlab.errors import InputError, unknown

Control = str | Mapping[str, str | Sequence[str]]  # of all other models, or for each model its own


def contrasts(runs: Any, control: Control, *, baseline: str, **options: Any) -> list[Contrast]:
    """Each model against its control, or controls.

    Parameters
    ----------
    runs, baseline, options
        As for `contrast`.
    control : str or mapping
        The model that is the control of all others, or ``{model: its control, or several}``; empty for none.

    Raises
    ------
    InputError
        As for `contrast`.
    """
    if not control:
        return []
    design = crossed(runs)  # read once
    pairs = control_pairs(control, design.models())
    return [contrast(design.samples, model=m, control=c, baseline=baseline, **options) for m, c in pairs]


def control_pairs(control: Control, models: Sequence[str]) -> list[tuple[str, str]]:
    """(model, control) for each contrast that `control` asks for.

    Raises
    ------
    InputError
        One of them is none of the models, or no name.

    Examples
    --------
    >>> control_pairs("plain", ["plain", "r1"])
    [('r1', 'plain')]
    >>> control_pairs({"r1": ["plain", "sft"]}, ["plain", "sft", "r1"])
    [('r1', 'plain'), ('r1', 'sft')]
    """
    given.instance("control", control, str | Mapping, "a model's name, or {model: its control, or several}")
    if isinstance(control, str):
        pairs = [(model, control) for model in models if control and model != control]
    else:
        several = {model: [named] if isinstance(named, str) else named for model, named in control.items()}
        for model, named in several.items():
            if not isinstance(named, list | tuple) or not named:
                raise InputError(f"control of {model!r} is {named!r}; allowed: a model's name, or a list of names")
        pairs = [(model, one) for model, named in several.items() for one in named]
    for name in chain.from_iterable(pairs):
        if name not in models:
            raise unknown("control", name, models)
    return pairs
