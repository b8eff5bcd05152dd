"""Where the reasoning ends and the answer begins: one rule for graders and traces alike."""

from __future__ import annotations

import re

from promptlab.types import Completion

_CLOSE = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_OPEN = re.compile(r"<think(?:ing)?>", re.IGNORECASE)


def split_reasoning(completion: Completion) -> tuple[str, str]:
    """Split a completion into (reasoning, answer text).

    The server's own field comes first. In the text, everything up to the *last* closing tag is reasoning, also
    when the chat template put the opening tag into the prompt and only the closing one appears; after an opening
    tag that never closes there is no answer text.

    Examples
    --------
    >>> split_reasoning(Completion("<think>2 + 2</think>4", "complete"))
    ('2 + 2', '4')
    >>> split_reasoning(Completion("2 + 2</think>4", "complete"))
    ('2 + 2', '4')
    >>> split_reasoning(Completion("<think>2 + 2 is", "truncated"))
    ('2 + 2 is', '')
    """
    parts, rest = [completion.reasoning], completion.text
    closings = list(_CLOSE.finditer(rest))
    if closings:
        parts.append(rest[: closings[-1].start()])
        rest = rest[closings[-1].end() :]
    opening = _OPEN.search(rest)
    if opening:
        parts.append(rest[opening.end() :])
        rest = rest[: opening.start()]
    reasoning = "\n".join(part for part in parts if part)
    return _CLOSE.sub("", _OPEN.sub("", reasoning)).strip(), rest.strip()
