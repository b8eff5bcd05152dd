"""A few-shot condition's name follows its settings, unless somebody has given it another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptlab.prompts import condition_from


def usual_name(options: Mapping[str, Any]) -> str:
    """What `few_shot` calls it, and the draw, which it does not tell."""
    name = condition_from({"few-shot": {**options, "name": None}}).name
    return f"{name}-draw-{seed}" if (seed := options.get("seed", 0)) else name


def changed_options(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The new options with the old ones' name where that was not the usual one, else with the usual one."""
    named = old.get("name") not in (None, usual_name({**old, "name": None}))
    options = {key: value for key, value in new.items() if key != "name"}
    if named:
        return {**options, "name": old["name"]}
    return {**options, "name": usual_name(options)} if options.get("seed") else options
