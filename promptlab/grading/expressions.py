"""The grader for questions whose answer is a mathematical expression in LaTeX."""

from __future__ import annotations

import re
from functools import lru_cache

from promptlab.grading.functions import FunctionGrader
from promptlab.grading.latex import comparable, is_formula, same, styled
from promptlab.grading.numeric import final_number
from promptlab.grading.places import SHOWN, Refusal, certain, declared, first_answer, innermost, last_line, untagged
from promptlab.grading.workers import MEBIBYTES, POOL, SECONDS, check_installed
from promptlab.numerals import written
from promptlab.onenumber import DENIAL
from promptlab.types import Grade, Grader, Question

LONGEST = 500  # characters of an expression

_DISPLAY = re.compile(rf"\\\[(.{{1,{LONGEST}}}?)\\\]|\$\$(.{{1,{LONGEST}}}?)\$\$", re.DOTALL)
_INLINE = re.compile(
    rf"(?<!\\)\$(?!\s)([^$\n]{{1,{LONGEST}}}?)(?<![\s\\])\$(?!\d)|\\\(([^\n]{{1,{LONGEST}}}?)\\\)"  # as Pandoc reads $
)
_BETWEEN = re.compile(r"\s*(?:,|,?\s*and|,?\s*or|&)\s*")
_COMES_TO = re.compile(  # what leads to the result of a sentence: "we get $3$", not "for $n = 3$"
    r"(?:\A|[:=]|\b(?:is|are|be|was|were|equals?|get|gets|gives?|gave|yields?|obtain|have|has|find|to|total of|"
    r"value of|about|exactly|approximately|so|hence|thus|therefore|answer))\W*\Z",
    re.IGNORECASE,
)
_MARK = re.compile(r"\A[#*>\s]+")
_SENTENCE_END = re.compile(r"(?<!\\)[.!?](?:\s|\Z)")
_COMMAND_TEXT = re.compile(r"\\[A-Za-z]+\s*\{[A-Za-z ]*\}")
_PROSE = re.compile(r"(?<![\\A-Za-z])(?!(?:arc)?(?:sin|cos|tan|cot|sec|csc)|log|exp|sqrt)[A-Za-z]{3,}")
_DENIED = re.compile(r"\bnot\b|n['’]t\b", re.IGNORECASE)
_DENIED_AFTER = re.compile(rf"\s*{DENIAL}", re.IGNORECASE)
_WHY = {
    "timeout": f"cannot be judged in {SECONDS:g} seconds of computing",
    "memory": f"cannot be judged in {MEBIBYTES} MiB",
    "crash": "cannot be judged: comparing it ended the process",
    "unreadable": "cannot be read as LaTeX",
}


def _maths(question: Question, answer_text: str) -> Grade:
    """Grade a mathematical expression: equal to a gold answer in value, whatever its form.

    The final answer is what stands in the last ``<answer>`` tag (the box in it, if there is one), else in the last
    ``\\boxed{}``, of a sentence there its formula; else after ``####`` on the last line; else after the last "the
    answer is" or "answer:"; else the last formula of the last line, or what follows its ``=``; else the last number of
    the text. Of a chain of equations the last side counts.

    Equal text (style aside) and plain numbers are settled at once, and exactly: no rounding, no tolerance. 1/3 is not
    0.333. Units, degrees, currency and the percent sign are left aside, and so is the base of 204_5 where the answer
    names none (the question does). An equation in one unknown that is not solved (x^2 = 3) is no number, and a set is
    no tuple. Everything else is compared by math-verify (the extra `maths`) in a process of its own, with
    5 seconds of computing and 1 GiB of memory. What takes more, cannot be read as LaTeX or is too long scores 0 and
    counts as not answered, since nobody can tell whether it is right; `why` says so. Form is not graded: an unfactored
    polynomial equals the factored one.

    Examples
    --------
    >>> question = Question("q", "Half of 3?", (r"\\frac{3}{2}",), "math")
    >>> maths(question, "Half of it is $\\\\boxed{1.5}$").score, maths(question, "So x = 3/4.").score
    (1.0, 0.0)
    """
    check_installed()
    found = first_answer(answer_text, _read)
    if isinstance(found, Refusal):
        return Grade(0.0, found.answer[:SHOWN], found.answered, why=found.why)
    if len(found) > LONGEST:
        return Grade(0.0, found[:SHOWN], False, why=f"cannot be judged: an answer of more than {LONGEST} characters")
    verdicts = [_verdict(*comparable(gold, found)) for gold in question.answers]
    right = "equal" in verdicts
    why = "" if right else next((_WHY[each] for each in verdicts if each in _WHY), "")
    expected = "" if right else f"expected {' or '.join(question.answers)}"
    return Grade(float(right), found[:SHOWN], not why, why=f"{why}; {expected}" if why else expected)


maths: Grader = FunctionGrader(_maths, "math", "6")


@lru_cache(maxsize=16_384)
def _verdict(gold: str, said: str) -> str:
    settled = same(gold, said)
    if settled is not None:
        return "equal" if settled else "different"
    asked = styled(said)
    return POOL.compare(styled(gold), asked) if is_formula(asked) else "unreadable"


def _read(text: str) -> str | Refusal:
    place = innermost(text)
    if place and _is_prose(place.text) and (said := _said_in(place.text)):
        return said
    if place and place.name == "answer tag" and _is_prose(place.text) and _INLINE.search(place.text):
        return Refusal(place.text, False, "cannot be judged: a sentence that names no formula as its result", True)
    if place:
        return place.text or Refusal("", False, f"the {place.name} is empty", final=True)
    text = untagged(text)
    text = _DISPLAY.sub(lambda found: f"${' '.join((found[1] or found[2]).split())}$", text)
    line = last_line(text)
    if line.startswith("####"):
        return _formula(_MARK.sub("", line), 0) or Refusal("", False, "nothing after ####")
    return _stated(text) or _of_sentence(text, line)


def _said_in(text: str) -> str:
    """The formula of a sentence in an answer's place: "We get $3$."; nothing where there is none.

    None is the one in "5 ways for $n = 3$", nor any where numbers stand outside formulas.
    """
    if said := _stated(text):
        return said
    line = last_line(text)
    lists = _lists(line)
    if not lists or any(declared(text)) or any(map(str.isdigit, _INLINE.sub("", line))):
        return ""
    return _formula(line, -1) if _COMES_TO.search(line[: lists[-1][0].start()]) else ""


def _stated(text: str) -> str:
    """The formula after "the answer is", the last place first."""
    said = (_formula(_MARK.sub("", phrase), 0) for _, phrase in certain(text))
    return next(filter(None, said), "")


def _formula(line: str, which: int) -> str:
    """The first (0) or last (-1) formula of a line, or several that are listed; without one, the first sentence."""
    lists = _lists(line)
    if not lists:
        return _SENTENCE_END.split(line, maxsplit=1)[0].strip("*` ")
    chosen = lists[which]
    denied = _DENIED.search(line, 0, chosen[0].start()) or _DENIED_AFTER.match(line, chosen[-1].end())
    return "" if denied else ",".join((found[1] or found[2]).strip() for found in chosen)


def _lists(line: str) -> list[list[re.Match[str]]]:
    """The formulas of a line, those that only a comma or "and" parts together."""
    lists: list[list[re.Match[str]]] = []
    for found in _INLINE.finditer(line):
        joined = lists and _BETWEEN.fullmatch(line, lists[-1][-1].end(), found.start())
        lists[-1].append(found) if joined else lists.append([found])
    return lists


def _of_sentence(text: str, line: str) -> str | Refusal:
    """The last formula of the last line; what follows its ``=``; the line if it is no prose; the last number."""
    if _INLINE.search(line) and (said := _formula(line, -1)):
        return said
    line = _MARK.sub("", line).strip("*` ")
    line = line.rstrip("!") if " " in line else line  # in a sentence an exclamation, else a factorial
    before, equals, after = line.partition("=")
    if equals:
        return (after if _is_prose(before) else line).strip()
    if line and (not _is_prose(line) or len(line.split()) < 3):
        return line
    number = final_number(text)
    return number if isinstance(number, Refusal) else written(number)


def _is_prose(line: str) -> bool:
    return _PROSE.search(_COMMAND_TEXT.sub("", line)) is not None
