"""The models of a sweep, asked before anything is paid for whether they are there and take what they will get."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from typing import Any

from promptlab.errors import InputError, ModelError, PromptlabError
from promptlab.models import open_model
from promptlab.prompts import Condition
from promptlab.sweeps.expanding import Planned
from promptlab.types import Model, Prompt, Sampling

_SETTINGS = [part.name for part in fields(Sampling)]
Key = tuple[Any, ...]


class Models:
    """Models that stay open while a sweep is checked; one that is not to be had is not asked again."""

    def __init__(self) -> None:
        self._open: dict[str, Model] = {}
        self._wrong: dict[str, str] = {}
        self._seen: set[Key] = set()

    def unopened(self, names: Sequence[str]) -> Iterator[str]:
        """What is wrong with those that cannot be opened."""
        for name in names:
            try:
                if name not in self._open and name not in self._wrong:
                    self._open[name] = open_model(name)
            except PromptlabError as problem:
                self._wrong[name] = str(problem)
            if name not in self._open:
                yield self._wrong[name]

    def asked(self, condition: Condition, name: str) -> Condition:
        """The condition as this model is asked, where it could be opened."""
        return condition.asked_of(self._open[name]) if name in self._open else condition

    def check(self, name: str, key: Key, sampling: Sampling, prompts: Sequence[Prompt]) -> Iterator[str]:
        """What a model says of prompts whose `key` is new, or why it cannot be asked."""
        if name in self._wrong:
            yield self._wrong[name]
        elif key not in self._seen:
            self._seen.add(key)
            try:
                self._open[name].check(sampling, prompts)
            except ModelError as problem:
                self._wrong[name] = str(problem)
                yield str(problem)
            except InputError as problem:
                yield str(problem)

    def unreachable(self, run: Planned) -> Iterator[str]:
        """The same where there are no prompts, since something else is wrong with the experiment."""
        yield from self.unopened(run.models)
        said = {name: run.parameters.get(name) for name in _SETTINGS}
        settings: dict[str, Any] = {"max_tokens": 1} | {name: v for name, v in said.items() if v is not None}
        with suppress(InputError, TypeError):  # the experiment says so itself
            sampling = Sampling(**settings)
            for name in (name for name in run.models if name in self._open):
                yield from self.check(name, (name, repr(sampling)), sampling, ())

    def close(self) -> None:
        for model in self._open.values():
            model.close()
