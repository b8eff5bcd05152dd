"""Which profile a model has, by its name or path."""

from __future__ import annotations

import re

from promptlab.models.families import available_profiles, profile_named
from promptlab.models.profiles import Profile

_CACHED = re.compile(r"models--(?:[^/]*--)?([^/]+)/snapshots/[^/]+$")  # the hub's cache: the last part is a commit

# Families that think, or may, and have no profile here; the words are those of their names on the hub.
_THINKING = re.compile(
    r"^(?!.*(base|instruct|coder|embedding|reranker))"
    r".*((?<!non-)(?<!no-)(think|reason)|magistral|glm-?4\.[5-9]|deepseek-v3\.[1-9]|smollm3|qwen[-_.]?3"
    r"|(^|-)(open)?r1-|exaone-deep|skywork-or1|deepscaler|minimax-m\d|^mimo-|^s1(\.\d)?-|marco-o1|sky-t1)"
)


def profile_of(model: str) -> Profile:
    """The profile of a model, by the last part of its name or path, also in the hub's cache.

    Examples
    --------
    >>> [profile_of(name).name for name in ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "Qwen/Qwen3-8B", "o3-mini")]
    ['r1', 'qwen3', 'o-series']
    """
    name = _last_part(model)
    fitting = (
        profile for profile in available_profiles().values() if profile.pattern and re.search(profile.pattern, name)
    )
    return next(fitting, profile_named("chat"))


def lacks_profile(model: str) -> bool:
    """Whether a model gets the profile "chat", and by its name may think all the same."""
    return profile_of(model).name == "chat" and _THINKING.search(_last_part(model)) is not None


def _last_part(model: str) -> str:
    path = model.rstrip("/")
    cached = _CACHED.search(path)
    return (cached[1] if cached else path.rsplit("/", 1)[-1]).lower()
