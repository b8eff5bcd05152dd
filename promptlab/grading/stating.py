"""The value that stands after "the answer is", option or not; and whether the text takes it back."""

from __future__ import annotations

import re

from promptlab.grading import vocabulary as w

_SENTENCE_END = re.compile(r"(?<!\b[A-Z])(?<!\b[A-Z][a-z])[.!?](?:\s|\Z)")  # not after St. or U.S.
_GOES_ON = re.compile(
    rf"[,;]\s|\s(?:—|\((?![A-Z]\))|(?:which|whose|where|while|whereas|but|after|before|{w.BECAUSE})\b)"
)
_NUMBER = re.compile(
    r"(?:(?:about|around|approximately|roughly|exactly|only)\s)?[^\w\s(]{0,3}\d(?!\d{0,9}\s?\))", re.IGNORECASE
)
_WORKED = re.compile(
    r"\d\s?[-+*/×·÷–−^]\s?\d|[=≈→]|\b(?:minus|plus|less|times|divided|gives?|makes?|leaves?|equals?|is|are)\b"
)
_SHORT = 3  # words of an answer: "Answer: Tom has three apples" begins an explanation
_LETTER = re.compile(r"\([A-Z]\)")  # 84 degrees, option (C)
_VALUE = re.compile(r"\d|[A-Z]")
_OPENS = rf"(?i:{w.HENCE}|{w.OPENER}|{w.FIRST}|{w.ADVERB}|first|second|since|if|when|no|let|given|to|in|for)\b"
_NAME = re.compile(rf"(?!{_OPENS})(?:(?:(?i:the|of|de|der|la|le)|[A-Z]\S*)(?:\s+|\Z))+\Z")
_NONE = re.compile(rf"{w.NOT}\b|n['’]t\b|.*\b(?:right|correct|wrong|incorrect)\Z", re.IGNORECASE)
_TAKEN_BACK = re.compile(
    rf"(?:[.,;:!?…–—]\s|\n|\s\s)\W{{0,3}}(?:(?:but|hmm+|oh|well)\b,?\s)?(?:{w.CORRECTION}|let me (?:re-?)?check)\b",
    re.IGNORECASE,
)
_NOT_LISTED = re.compile(
    r"\bnot (?:among|listed|in the list|one of|an? (?:option|choice))\b|\bnone of the\b"
    r"|\b(?:closest|nearest)(?: (?:option|choice|one|answer|value|to (?:it|this|that)))?(?: is| would be|:|[.;!]|\Z)",
    re.IGNORECASE,
)


def first_sentence(line: str) -> str:
    """A line up to the end of its first sentence."""
    return _SENTENCE_END.split(line, maxsplit=1)[0]


def value(line: str) -> str | None:
    """The value with which a line begins, without what is added to it; no denial, nor the start of an explanation.

    Examples
    --------
    >>> [value(line) for line in ("84 degrees, up from 67.", "Rome, in Italy", "Tom had 84, lost 17", "not Rome.")]
    ['84 degrees', 'Rome', None, None]
    """
    sentence = first_sentence(line).strip()
    if _NONE.match(sentence):
        return None
    if len(sentence.split()) <= _SHORT and _VALUE.search(sentence) and not _GOES_ON.search(sentence):
        return sentence
    if _LETTER.search(sentence):
        return None
    head = _GOES_ON.split(sentence, maxsplit=1)[0].strip()
    if _NUMBER.match(head):
        return None if _WORKED.search(head) else head
    return head if head != sentence and len(head.split()) <= _SHORT and _NAME.match(head) else None


def rest(text: str) -> str | None:
    """What follows the last word that takes a statement back; None where nothing does.

    Examples
    --------
    >>> [rest(text) for text in ("Rome... wait, no. Paris.", "84 is not listed; 67 is close", "84. It was 67.")]
    ['. Paris.', '84 is not listed; 67 is close', None]
    """
    back = list(_TAKEN_BACK.finditer(text))
    if back:
        return text[back[-1].end() :]
    return text if _NOT_LISTED.search(text) else None
