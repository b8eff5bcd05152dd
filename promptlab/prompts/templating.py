"""A prompt from Jinja text: sandboxed, and every problem one `InputError`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from promptlab.errors import InputError


@lru_cache(maxsize=256)
def compiled(template: str) -> Any:
    """The template, if it is one."""
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    try:
        return ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template)
    except TemplateError as problem:
        raise InputError(f"template is not valid Jinja: {problem} (in {template[:60]!r})") from None


def filled(condition: str, template: str, **names: Any) -> str:
    """The text that a template makes of these names; `condition` is the one to blame."""
    from jinja2 import TemplateError

    try:
        return str(compiled(template).render(**names))
    except (TemplateError, TypeError, ArithmeticError) as problem:
        allowed = ", ".join(names)
        raise InputError(f"template of condition {condition!r}: {problem}; it may use {allowed}") from None
