"""What an output took from the exemplars: numbers, a passage, an answer that stand nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from promptlab.numerals import clean, numerals
from promptlab.textnorm import normalise
from promptlab.types import Grade, Prompt, Question

_COUNTING = frozenset(map(Fraction, range(11)))  # "this needs 3 steps", "4. Now add": said without a model to copy
_WORD = re.compile(r"[぀-ヿ㐀-鿿]|\w+")
_READ = 20_000  # characters of an exemplar, and of the rest of a prompt, in which passages are looked for
_END = "\n"  # no word: no passage goes from one text into the next


def copied_numbers(question: Question, prompt: Prompt, output: str) -> frozenset[Fraction]:
    """Numbers of the output that only the exemplars hold; a result is none of them, it may be a slip."""
    return _foreign(question, prompt) & _brought_in(output) if prompt.exemplars else frozenset()


def copied_answer(question: Question, prompt: Prompt, grade: Grade, *, numbers: bool) -> bool:
    """A wrong answer that only the exemplars hold; a number, if other `numbers` of theirs stand in the output as well.

    A label says nothing: every exemplar may have the same four.
    """
    if not prompt.exemplars or not grade.answered or grade.score >= 1 or question.kind == "label":
        return False
    if question.kind == "number":
        value = next((n.value for n in numerals(clean(grade.answer))), None)
        return numbers and value in _foreign(question, prompt)
    answer, shown = normalise(grade.answer), normalise(" ".join(prompt.exemplars))
    return bool(answer) and f" {answer} " in f" {shown} " and f" {answer} " not in f" {normalise(question.text)} "


def copied_span(question: Question, prompt: Prompt, output: str) -> int:
    """Words of the longest passage that stands in the exemplars, but not in the rest of the prompt."""
    if not prompt.exemplars:
        return 0
    shown, asked = _passages(*prompt.exemplars), _passages(question.text, _rest(prompt))
    longest = here = there = 0
    at_shown = at_asked = 0
    for word in _WORD.findall(output.casefold()):
        at_shown, here = _step(shown, at_shown, here, word)
        at_asked, there = _step(asked, at_asked, there, word)
        longest = max(longest, here if here > there else 0)
    return longest


def _rest(prompt: Prompt) -> str:
    """What is sent besides the exemplars: the question, the instruction, the sentence on the format."""
    sent = "\n".join(text for _, text in prompt.turns)
    lines = {line.strip() for exemplar in prompt.exemplars for line in exemplar.splitlines()}
    for line in sorted(lines, key=len, reverse=True):
        if len(line) > 12:  # a shorter one may be a part of what is asked
            sent = sent.replace(line, "\n")
    return sent


# -- passages: a suffix automaton, which finds in one pass the longest passage that ends at each word ------------------

_State = tuple[dict[str, int], int, int]  # (where each next word leads, suffix link, longest passage)


@lru_cache(maxsize=256)  # the same exemplars and question come back for every sample
def _passages(*texts: str) -> Sequence[_State]:
    words = [word for text in texts for word in (*_WORD.findall(clean(text)[:_READ].casefold()), _END)]
    nexts: list[dict[str, int]] = [{}]
    links, lengths, last = [-1], [0], 0
    for word in words:
        new = len(nexts)
        nexts.append({})
        links.append(0)
        lengths.append(lengths[last] + 1)
        at = last
        while at >= 0 and word not in nexts[at]:
            nexts[at][word] = new
            at = links[at]
        if at >= 0:
            links[new] = _target(nexts, links, lengths, at, word)
        last = new
    return list(zip(nexts, links, lengths, strict=True))


def _target(nexts: list[dict[str, int]], links: list[int], lengths: list[int], at: int, word: str) -> int:
    """The state that the new one's suffix link leads to; split off where a longer passage shares it."""
    old = nexts[at][word]
    if lengths[old] == lengths[at] + 1:
        return old
    split = len(nexts)
    nexts.append(dict(nexts[old]))
    links.append(links[old])
    lengths.append(lengths[at] + 1)
    while at >= 0 and nexts[at].get(word) == old:
        nexts[at][word] = split
        at = links[at]
    links[old] = split
    return split


def _step(states: Sequence[_State], at: int, length: int, word: str) -> tuple[int, int]:
    """State and length of the longest passage that ends with this word."""
    while at > 0 and word not in states[at][0]:
        at = states[at][1]
        length = states[at][2]
    if word in states[at][0]:
        return states[at][0][word], length + 1
    return 0, 0


# -- numbers -----------------------------------------------------------------------------------------------------------


def _foreign(question: Question, prompt: Prompt) -> frozenset[Fraction]:
    return _values(*prompt.exemplars) - _COUNTING - _of_question(question)


def _brought_in(output: str) -> frozenset[Fraction]:
    """The numbers that do not enter the output as a result, right after ``=``."""
    first: dict[Fraction, int] = {}
    for n in numerals(output):
        if n.value is not None:
            first.setdefault(n.value, n.start)
    return frozenset(
        value for value, start in first.items() if not output[max(0, start - 5) : start].rstrip().endswith("=")
    )


def _of_question(question: Question) -> frozenset[Fraction]:
    """Numbers that a right output may well hold: those of the question, its answers, steps and rationale."""
    steps = [part for step in question.meta.get("steps", ()) for part in _step_texts(step)]
    return _values(question.text, *question.answers, str(question.meta.get("rationale") or ""), *steps)


def _step_texts(step: Any) -> Iterable[str]:
    return [str(part) for part in step.values()] if isinstance(step, Mapping) else [str(step)]


@lru_cache(maxsize=4096)  # the same exemplars and question come back for every sample
def _values(*texts: str) -> frozenset[Fraction]:
    return frozenset(n.value for n in numerals("\n".join(map(clean, texts))) if n.value is not None)
