"""All features of one completion."""

from __future__ import annotations

import re
from math import nan

from promptlab.numerals import clean
from promptlab.reasoning import split_reasoning
from promptlab.traces.around import around_answer, is_bypass
from promptlab.traces.changing import calculations, changed, redone
from promptlab.traces.copying import copied_answer, copied_numbers, copied_span
from promptlab.traces.describing import VERSION
from promptlab.traces.languages import home_of
from promptlab.traces.loops import looped
from promptlab.traces.markers import markers, without_code
from promptlab.types import Completion, Grade, Prompt, Question

READ = 200_000  # characters of an output that are read: 32,768 tokens have some 130,000
Features = dict[str, float | bool | int]

_WORDS_ALONE = re.compile(
    r"\b(?:wait|let me (?:check|verify)|double[- ]check(?:s|ed|ing)?|hm+|aha|actually|on second thoughts?)\b",
    re.IGNORECASE,
)


def features(question: Question, prompt: Prompt, completion: Completion, grade: Grade) -> Features:
    """Features of one completion, by the names in `DESCRIPTIONS`.

    Of an endless output the first 200,000 characters are read, for loops the last.

    Examples
    --------
    >>> question = Question("q", "Ann has 5 coins and gets 4. How many?", ("9",))
    >>> shown = Prompt(exemplars=("Q: 30 + 7? A: 37",))
    >>> output = Completion("She has 5 + 30 = 35. Wait, 35.", "complete")
    >>> found = features(question, shown, output, Grade(0.0, "35", answered=True))
    >>> found["exemplar_numbers"], found["doubts"]
    (1, 1)
    """
    raw = split_reasoning(completion)
    said = tuple(part[:READ] for part in raw)
    reasoning, answer_text = map(clean, said)
    whole = f"{reasoning}\n{answer_text}"
    return {
        **_lengths(question, reasoning, answer_text, grade),
        "verification": len(_WORDS_ALONE.findall(whole)),
        **_turns(question, "\n".join(said), grade),
        **_again(reasoning or answer_text),
        **_languages(question, prompt, *said),
        **_loops("\n".join(raw)[-READ:]),
        **_copies(question, prompt, whole, grade),
        "traces_version": VERSION,
    }


def _lengths(question: Question, reasoning: str, answer_text: str, grade: Grade) -> Features:
    before, after = around_answer(question, reasoning, answer_text, grade)
    return {
        "reasoning_words": len(before.split()),
        "answer_words": len(after.split()),
        "bypassed": grade.answered and is_bypass(question, before),
    }


def _turns(question: Question, said: str, grade: Grade) -> Features:
    """Checks, doubts, and whether a changed answer follows."""
    text = without_code(said)
    found = markers(text, question.text)
    kinds = [marker.kind for marker in found]
    turn = changed(question, text, grade, found[-1].start if found else 0)
    names = ("changed", "changed_to_right", "changed_to_wrong")
    return {
        "checks": kinds.count("check"),
        "doubts": kinds.count("doubt"),
        **dict(zip(names, map(int, turn) if turn else [nan] * 3, strict=True)),
    }


def _again(cleaned: str) -> Features:
    """Only the reasoning, where there is some: an answer text that repeats it for the reader checks nothing."""
    again, otherwise = redone(calculations(cleaned))
    return {"redone": again, "redone_otherwise": otherwise}


def _languages(question: Question, prompt: Prompt, reasoning: str, answer_text: str) -> Features:
    home = home_of(question.text, prompt.turns[-1][1] if prompt.turns else "")
    return {
        "reasoning_script": home.other_script(reasoning),
        "answer_script": home.other_script(answer_text),
        "reasoning_foreign": home.foreign(reasoning),
        "answer_foreign": home.foreign(answer_text),
    }


def _loops(said: str) -> Features:
    share, at_end = looped(said)
    return {"looped": share, "loop_at_end": at_end}


def _copies(question: Question, prompt: Prompt, output: str, grade: Grade) -> Features:
    numbers = copied_numbers(question, prompt, output)
    return {
        "copied_number": bool(numbers),
        "exemplar_numbers": len(numbers),
        "copied_span": copied_span(question, prompt, output),
        "copied_answer": copied_answer(question, prompt, grade, numbers=bool(numbers)),
    }
