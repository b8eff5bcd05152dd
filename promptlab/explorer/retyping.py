"""Earlier turns that were edited in place, as exemplars of one's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from promptlab.errors import InputError
from promptlab.formats import ANSWER_IS
from promptlab.types import AnswerFormat

PICKING = (  # what of few_shot no longer matters when the exemplars are given
    *("k", "style", "select", "order", "content", "embedding", "max_overlap", "draws", "seed", "exemplars"),
)
_REASONED = {"think": r"<think>\n(.+)\n</think>\n", "worked": "(.+) "}


def given_exemplars(turns: Sequence[str], instruction: str, asked: AnswerFormat | None) -> dict[str, Any]:
    """Options of `few_shot` that show these turns of user and assistant.

    Raises
    ------
    InputError
        One of them does not end as all exemplars do.
    """
    tail = "".join(f"\n{part}" for part in (instruction, asked.sentence if asked else "") if part)
    for turn in turns[::2]:
        if not turn.endswith(tail):
            raise InputError(f"an exemplar's question ends as every question does, with {tail.strip()!r}: keep that")
    questions, answers = [turn.removesuffix(tail) for turn in turns[::2]], turns[1::2]
    style, told = _told(answers, asked)
    return {"exemplars": [(question, *parts) for question, parts in zip(questions, told, strict=True)], "style": style}


def _told(answers: Sequence[str], asked: AnswerFormat | None) -> tuple[str, list[tuple[str, ...]]]:
    """The style in which all answers are written, and of each the answer and its rationale."""
    final = re.escape((asked or ANSWER_IS).wrap).replace(re.escape("{answer}"), "(.+)")
    patterns = {style: reasoned + final for style, reasoned in _REASONED.items()}
    patterns["answers"] = final if asked else "(.+)"
    for style, pattern in patterns.items():
        found = [re.fullmatch(pattern, answer, re.DOTALL) for answer in answers]
        if all(found):
            return style, [match.groups()[::-1] for match in found if match]
    wrap = (asked or ANSWER_IS).wrap
    if not all(re.fullmatch(f".*{final}", answer, re.DOTALL) for answer in answers):
        raise InputError(f"an exemplar's answer ends as the answer format says, with {wrap!r}: keep that")
    raise InputError(
        f"the exemplars' answers are not all written in one way: before {wrap!r} stands in each of them the reasoning "
        "and then a space, or in each nothing"
    )
