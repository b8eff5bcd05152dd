"""One model's mode: its profile, thinking on or off, its effort; what is sent for it, and what cannot be."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from promptlab import given
from promptlab.errors import InputError, unknown
from promptlab.models.families import available_profiles, profile_named
from promptlab.models.profiles import Profile
from promptlab.models.recognising import lacks_profile, profile_of
from promptlab.types import Message, Prompt, Sampling

Way = Literal["template", "field", "text"]  # how a server is told to think or not


@dataclass(frozen=True)
class Mode:
    """A profile and the effort that is sent; `guessed`: no profile is known for a model that may think."""

    profile: Profile
    effort: str = ""
    guessed: bool = False

    @property
    def suffix(self) -> str:
        """What stands behind the model's name where this is not the default mode of its weights."""
        return self.profile.mode or (self.effort if self.effort != self.profile.effort else "")

    def named(self, model: str, mark: str = "#") -> str:
        """The model's name in this mode."""
        return f"{model}{mark}{self.suffix}" if self.suffix else model

    @property
    def template(self) -> dict[str, Any]:
        """The variables of the chat template that set this mode."""
        return {**self.profile.switch, **({"reasoning_effort": self.effort} if self.effort else {})}

    def body(self, way: Way | None, *, effort_twice: bool = False) -> dict[str, Any]:
        """What a request's body holds to set this mode; `effort_twice`: also as a variable of the template."""
        switch = self.profile.switch
        effort: dict[str, Any] = {"reasoning_effort": self.effort} if self.effort else {}
        variables = {**(switch if way == "template" else {}), **(effort if effort_twice else {})}
        kwargs = {"chat_template_kwargs": variables} if variables else {}
        return {**effort, **kwargs, **(switch if way == "field" else {})}

    def check_way(self, model: str, way: Way) -> None:
        """Raise `InputError` where there is no switch that a server could be told of in that way."""
        if not self.profile.switch:
            raise InputError(
                f"thinking_by={way!r} of {model!r}: models of profile {self.profile.name!r} have no switch for"
                " thinking; leave it out, or say with profile= which family this is"
            )

    def messages(self, prompt: Prompt, way: Way | None) -> tuple[Message, ...]:
        """The messages as sent: the soft switch stands at the end of the user's last one."""
        if way != "text" or not self.profile.soft or not prompt.messages:
            return prompt.messages
        *before, last = prompt.messages
        return (*before, Message(last.role, f"{last.content} {self.profile.soft}"))

    def check(self, name: str, sampling: Sampling, prompts: Sequence[Prompt]) -> None:
        """Raise `InputError` for what models of this family reject or ignore."""
        for setting in ("temperature", "top_p"):
            if setting in self.profile.unsent and getattr(sampling, setting) != 1:
                raise InputError(
                    f"{name!r} takes no {setting} (profile {self.profile.name!r}, {self.profile.source}): pass"
                    " Sampling(temperature=1, top_p=1, ...), which says so; neither is then sent"
                )
        for prompt in prompts:
            if prompt.text is not None and self.suffix:
                raise InputError(
                    f"{name!r}: {self.suffix!r} is set by a chat template, which a raw prompt does not get"
                )
            if prompt.prefill and prompt.text is None and not self.profile.continues:
                raise InputError(
                    f"{name!r} does not continue a started assistant turn (profile {self.profile.name!r}): leave"
                    " prefill empty"
                )
            if self.profile.system == "refused" and any(message.role == "system" for message in prompt.messages):
                raise InputError(
                    f"{name!r} takes no system message (profile {self.profile.name!r}, {self.profile.source}): put it"
                    " into the instruction or a template, in every arm"
                )

    def refused(self) -> dict[str, str]:
        """Keys that `Sampling.extra` must not have, each with the reason."""
        ours = "open the model with thinking= or reasoning_effort=, so that its name tells"
        own = [*self.template, "chat_template_kwargs"] if self.template else []
        rejected = f"models of profile {self.profile.name!r} do not take it ({self.profile.source})"
        return {**dict.fromkeys(self.profile.refused, rejected), **dict.fromkeys(own, ours)}

    def notes(self, name: str, sampling: Sampling, prompts: Sequence[Prompt]) -> tuple[str, ...]:
        """Where a run differs from what the family's page recommends, for its manifest; a system message also warns."""
        notes = tuple(self._differing(sampling))
        if self.guessed:
            notes += (f"no profile for this family, {self.profile.name!r} is used: see profile= and thinking_by=",)
        if self.profile.system == "avoid" and any(
            m.role == "system" and m.content for p in prompts for m in p.messages
        ):
            advice = (
                f"there is a system message, and profile {self.profile.name!r} recommends to send none"
                f" ({self.profile.source}): put it into the instruction or a template, in every arm"
            )
            warnings.warn(f"{name!r}: {advice}", stacklevel=4)
            notes += (advice,)
        return notes

    def _differing(self, sampling: Sampling) -> Iterator[str]:
        wanted = self.profile.sampling()
        if not self.profile.source:
            return
        pairs = [(key, getattr(sampling, key), getattr(wanted, key)) for key in ("temperature", "top_p")]
        pairs += [(key, sampling.extra.get(key, "not set"), value) for key, value in wanted.extra.items()]
        for key, found, value in pairs:
            if found != value:
                yield f"{key} is {found}; profile {self.profile.name!r} recommends {value}"
        if sampling.max_tokens < wanted.max_tokens:
            yield f"max_tokens is {sampling.max_tokens}; profile {self.profile.name!r} recommends {wanted.max_tokens}"


def mode_of(
    model: str, profile: str | None = None, thinking: bool | None = None, reasoning_effort: str | None = None
) -> tuple[str, Mode]:
    """The server's name of a model, and its mode.

    ``NAME#no-think`` and ``NAME#high`` say in the name what `thinking` and `reasoning_effort` say.

    Examples
    --------
    >>> name, mode = mode_of("Qwen/Qwen3-8B#no-think")
    >>> name, mode.profile.name, mode.template
    ('Qwen/Qwen3-8B', 'qwen3-no-think', {'enable_thinking': False})
    """
    model, mark, said = model.partition("#")
    if mark and (thinking is not None or reasoning_effort is not None):
        raise InputError(f"{model}#{said}: the mode is in the name already, leave out thinking= and reasoning_effort=")
    found = profile_of(model) if profile is None else profile_named(profile)
    if mark:
        thinking, reasoning_effort = _said(model, said, found)
    if thinking is not None:
        found = _thinking(model, found, thinking)
    if reasoning_effort is not None and reasoning_effort not in found.efforts:
        raise _no_effort(model, found, reasoning_effort)
    return model, Mode(found, reasoning_effort or found.effort, profile is None and lacks_profile(model))


def _said(model: str, said: str, profile: Profile) -> tuple[bool | None, str | None]:
    """What stands behind the # in a name, as `thinking` and `reasoning_effort`."""
    known = {"think": (True, None), "no-think": (False, None), **{effort: (None, effort) for effort in profile.efforts}}
    if said not in known:
        raise unknown(f"mode of {model!r}", said, known)
    return known[said]


def _thinking(model: str, profile: Profile, wanted: bool) -> Profile:
    """The profile with thinking on or off."""
    given.instance("thinking", wanted, bool, "True or False")
    if profile.thinks is None:
        switchable = [other.name for other in available_profiles().values() if other.off]
        raise InputError(
            f"thinking={wanted} of {model!r}: no profile says how this model is switched; if it is like one of these,"
            f" say so with profile=: {', '.join(switchable)}"
        )
    if profile.thinks == wanted:
        return profile
    if not profile.off:
        raise InputError(f"thinking={wanted} of {model!r}: models of profile {profile.name!r} cannot be switched so")
    return profile_named(profile.off)


def _no_effort(model: str, profile: Profile, effort: str) -> InputError:
    if not profile.efforts:
        return InputError(
            f"reasoning_effort={effort!r} of {model!r}: models of profile {profile.name!r} have none; see profile="
        )
    return unknown(f"reasoning_effort of {model!r}", effort, profile.efforts)
