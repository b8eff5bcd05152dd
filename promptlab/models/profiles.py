"""What a family of models wants to be asked with; the facts are in `families.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from promptlab.types import Sampling


@dataclass(frozen=True, kw_only=True, repr=False)
class Profile:
    """How a family of models is to be asked.

    Attributes
    ----------
    name, about, source
        What it is called, for which models it is, and the page that says so.
    pattern
        Found in the last part of a model's name, in small letters; empty: chosen by the profile's name only.
    max_tokens, temperature, top_p, extra
        The recommended sampling; see `sampling`.
    thinks
        Whether its models think before they answer; None: not known.
    off
        The profile of the same weights with thinking off.
    mode
        What stands behind a model's name in this mode: ``no-think``.
    switch, soft
        The chat template's variables that set this mode, and the words of a message that do.
    effort, efforts
        The `reasoning_effort` that is sent where none is asked for, and those that can be.
    unsent
        Settings that the server rejects or ignores, among temperature, top_p and seed.
    refused
        Keys of `Sampling.extra` that it rejects or ignores.
    limit
        The server's name for `max_tokens`.
    system
        The role of a system message at OpenAI itself, "avoid": none is recommended, or "refused": none is taken.
    prefill
        A recommended start of the model's turn, for ``prefill=`` of a condition; the library sends none by itself.
    continues
        Whether a prefill can be had at all.
    think_tags
        What opens and closes its reasoning where that is text; empty: nothing that a message could hold.
    """

    name: str
    about: str
    source: str
    pattern: str = ""
    max_tokens: int = 32_768
    temperature: float = 0.6
    top_p: float = 0.95
    extra: Mapping[str, Any] = field(default_factory=dict)
    thinks: bool | None = True
    off: str = ""
    mode: str = ""
    switch: Mapping[str, Any] = field(default_factory=dict)
    soft: str = ""
    effort: str = ""
    efforts: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    limit: str = "max_tokens"
    system: Literal["system", "developer", "avoid", "refused"] = "system"
    prefill: str = ""
    continues: bool = True
    think_tags: tuple[str, ...] = ("<think>", "</think>")

    def sampling(self, **changes: Any) -> Sampling:
        """The recommended `Sampling`, with `changes`.

        Examples
        --------
        >>> from promptlab.models.families import available_profiles
        >>> available_profiles()["r1"].sampling(max_tokens=8192)
        Sampling(max_tokens=8192, temperature=0.6, top_p=0.95, seed=0, extra={})
        """
        found = Sampling(
            max_tokens=self.max_tokens, temperature=self.temperature, top_p=self.top_p, extra=dict(self.extra)
        )
        return replace(found, **changes)

    def __repr__(self) -> str:
        extra = "".join(f", {key} {value}" for key, value in self.extra.items())
        limits = f"temperature {self.temperature}, top_p {self.top_p}{extra}, {self.max_tokens:,} tokens"
        return f"Profile({self.name!r}: {self.about}; {limits})"
