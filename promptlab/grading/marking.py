"""The labels in a text: which letters are meant as one, and which of them are denied.

In a marked text ⟦B⟧ was called a label ("option B", "(B)"), ⟨B⟩ is a capital by itself, ⟬B⟭ is denied ("not B").
"""

from __future__ import annotations

import re
from collections.abc import Container

from promptlab.choices import signed
from promptlab.grading import vocabulary as w
from promptlab.numerals import clean

LABEL = "[⟦⟨][a-z][⟧⟩]"  # in lower case, as all patterns are
TEXT = r"\s?[).:,(–—-][^⟦⟨⟬.;:?\n]{1,80}?"
GAP = rf"(?:{TEXT})?"  # B) Paris, B (Paris), "B, which has the tower,"
NOUN = rf"(?:{w.ARTICLES})?{w.RIGHT_ONE}(?:{w.LABEL_NOUN}\s|选项\s?)?"  # the correct option
BACK = 80  # characters before a label that are looked at
READ = 5_000  # characters at a text's end in which labels are marked

_SIGNS = str.maketrans(dict.fromkeys("⟦⟧⟨⟩⟬⟭", "") | {"İ": "I"})  # the one letter that is longer in lower case
_LETTER = re.compile(rf"(?<!{w.WORD})(?<!-)(?<![A-Z]\.)([(（\[\"“'‘]\s?)?([A-Za-z])(?!{w.WORD})(\s?\\?[)）\]\"”])?")
_CALLED = re.compile(rf"(?:\b{w.LABEL_NOUN}\s|选项\s?)\Z")
_ENDS_THERE = re.compile(r"\s?(?:[.,;:)!\n]|\Z|(?:is|because)\b)")
_STANDS = {"A": re.compile(w.NO_ARTICLE), "I": re.compile(w.NO_PRONOUN)}
_NO_NAME = re.compile(r"(?!-\w|\.[A-Za-z])")  # C-14, B.C.
_TOKEN = re.compile("[⟦⟨]([A-Z])[⟧⟩]")

# "A, B and C" is one list, "A, B" is not: "it is A, B is wrong"
_LISTED = re.compile(
    rf"{LABEL}(?:(?:[、和与及或]{LABEL}){{1,9}}|(?:\s?,\s?{LABEL}){{0,9}}\s?(?:,\s?)?(?![、和与及或]){w.AND}\s?{LABEL})?",
    re.IGNORECASE,
)
_DENIED_BEFORE = re.compile(
    rf"(?:{w.NONE}\s(?:(?:of|von|de)\s)?(?:{LABEL},?\s(?:(?:{w.AND}|nor|noch|ni)\s)?){{0,9}}"
    rf"|{w.NOT}\s(?:(?!{w.TURN}\b)[^\W\d]{{1,15}}\s){{0,4}}|{w.AGAINST}\s(?:both\s)?{NOUN}"
    rf"|\b{w.WRONG}\s{w.ANSWER}\b[^⟦⟨⟬.;?\n]{{0,20}}|{w.NOT_CJK}[^⟦⟨⟬,;.。而但所\n]{{0,6}})\Z"
)
_FALSE_ONE = re.compile(rf"(?:{w.EXCEPT}|{w.UNTRUE_ONE}\s)\Z")  # all are true but D; the one that is not true is D
_DENIED_AFTER = re.compile(  # B (Paris) is wrong; B, Paris, is wrong
    rf"(?:\s?[(][^⟦⟨⟬)\n]{{1,60}}[)]|,\s?(?=which|(?!{w.CONNECTIVE}\b))[^⟦⟨⟬.;:,?\n]{{1,60}},)?\s?{w.IS_WRONG}|{w.CROSSED}"
)
_STRUCK = re.compile(r"~~[^~\n]{1,200}~~|<(s|del|strike)>[^<\n]{1,200}</\1>", re.IGNORECASE)
_TAGS_LAST = re.compile(r"(?:\s{0,9}<[|/]?\w{1,30}\|?>){1,9}\s{0,9}\Z")  # B</s>
_EMPHASIS = re.compile(r"</?(?:b|strong|i|em|u|mark)>|(?<![\w\\])_{1,2}(\(?[A-Za-z]\)?)_{1,2}(?!\w)", re.IGNORECASE)
_RANKED = re.compile(rf"\b{w.RANKED}(?:\s[^\W\d]{{1,20}}){{0,4}}\s?(?::|{w.COPULA}\s)[^.;,\n]{{1,80}}", re.IGNORECASE)
_FORMULA = re.compile(r"\\\((?!\s?[A-Za-z]\s?\\\))([^\n]{1,100}?)\\\)|\\\[(?!\s?[A-Za-z]\s?\\\])([^\n]{1,100}?)\\\]")
_BOX = re.compile(r"^([ \t]{0,9})[-*+][ \t]{1,3}\[([ xX])\]", re.MULTILINE)


def readable(text: str) -> str:
    """A text cleaned, without what is struck out or named second, nor a closing tag; of a list of tasks what is done
    is ticked.

    Examples
    --------
    >>> readable("~~A~~ B"), readable("- [ ] A\\n- [x] B")
    ('B', '- A\\n✓ B')
    """
    text = _BOX.sub(lambda box: box[1] + ("-" if box[2] == " " else "✓"), _STRUCK.sub(" ", text))
    text = _FORMULA.sub(lambda found: found[1] or found[2], text)
    cleaned = clean(_TAGS_LAST.sub("", _EMPHASIS.sub(lambda found: found[1] or "", text)))
    return _RANKED.sub(" ", signed(cleaned)).strip()


def marked(text: str, letters: Container[str]) -> str:
    """A cleaned text with its labels marked.

    Examples
    --------
    >>> marked("Option A is wrong, (b) is not; so C. Plan B? A cat.", "ABC")
    'Option ⟬A⟭ is wrong, ⟬B⟭ is not; so ⟨C⟩. Plan ⟨B⟩? A cat.'
    >>> marked("options A and C", "ABC")
    'options ⟦A⟧ and ⟦C⟧'
    """
    text = text.translate(_SIGNS)
    found = _LETTER.sub(lambda each: _token(each) if each[2].upper() in letters else each.group(), text[-READ:])
    low = found.lower()

    def deny(run: re.Match[str]) -> str:
        start, end = max(0, run.start() - BACK), run.start()
        denied = _DENIED_BEFORE.search(low, start, end) and not _FALSE_ONE.search(low, start, end)
        if denied or _DENIED_AFTER.match(low, run.end()):
            return _TOKEN.sub(r"⟬\1⟭", run.group())
        return _TOKEN.sub(r"⟦\1⟧", run.group()) if run.group().startswith("⟦") else run.group()

    return text[:-READ] + _LISTED.sub(deny, found)


def unmarked(text: str) -> str:
    """The text of a marked one: what was called a label stands in brackets, what is denied is gone.

    Examples
    --------
    >>> unmarked("⟬A⟭ is wrong, ⟦B⟧ is not")
    '¬ is wrong, (B) is not'
    """
    return re.sub("⟬[A-Z]⟭", "¬", re.sub("⟦([A-Z])⟧", r"(\1)", text)).translate(_SIGNS)


def _token(found: re.Match[str]) -> str:
    before, letter, after = found.groups("")
    if before and after:
        return f"⟦{letter.upper()}⟧"
    if not all(rule.match(found.string, found.end(2)) for rule in (_NO_NAME, _STANDS.get(letter, _NO_NAME))):
        return found.group()
    if _CALLED.search(found.string[max(0, found.start() - 16) : found.start()].lower()):
        meant = letter.isupper() or _ENDS_THERE.match(found.string, found.end(2))
        return f"{before}⟦{letter.upper()}⟧{after}" if meant else found.group()
    return f"{before}⟨{letter}⟩{after}" if letter.isupper() else found.group()
