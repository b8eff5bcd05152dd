"""``$AXIS`` somewhere in the parameters of a sweep: the value of that axis."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from promptlab.errors import InputError, unknown
from promptlab.sweeps.reading import Parameters, Sweep

_PLACE = re.compile(r"\$([A-Za-z_]\w*)")


def filled(parameters: Parameters, sweep: Sweep) -> tuple[dict[str, Any], set[str]]:
    """The parameters in which ``$AXIS`` stands for that axis's value, and the axes that do.

    Inside a longer text a number or a text is written out; what looks like no axis there (a formula, say) stays.
    """
    used: set[str] = set()
    axes = [axis.name for axis in sweep.grid]

    def value_of(name: str) -> Any:
        if name not in parameters:
            raise unknown("axis in the parameters:", f"${name}", [f"${axis}" for axis in axes if axis in parameters])
        used.add(name)
        return parameters[name]

    def written(found: re.Match[str]) -> str:
        name = found[1]
        if name not in axes and not difflib.get_close_matches(name, axes):
            return found[0]
        value = value_of(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise InputError(f"${name} stands inside a text and is {value!r}: only a text or a number can")
        return str(value)

    def fill(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: fill(part) for key, part in value.items()}
        if isinstance(value, list):
            return [fill(part) for part in value]
        if not isinstance(value, str):
            return value
        whole = _PLACE.fullmatch(value)
        return value_of(whole[1]) if whole else _PLACE.sub(written, value)

    return {name: fill(value) for name, value in parameters.items()}, used
