"""Options that speak of others, by label, by place or as a whole: in another order they would say something else."""

from __future__ import annotations

import re
import string
from functools import lru_cache

from promptlab.choices import numbered, unlettered

_CAPITALS = (
    r"\b[A-Z]\)?,? ?(?:\b(?:and|or|nor|und|oder|noch|als auch|et|ou|ni|y|o)\b|[&和或与]) ?\(?[A-Z]\b|"
    r"(?i:\b(?:same|identical|equal|like|option|choice|answer)s?(?: as| to)?) (?:\(?[A-Z]\b|\([a-z]\))|"
    r"(?i:\b(?:first|last|other|previous|preceding|former) (?:two|three|four|five|options?|choices?|answers?)\b)|"
    r"(?i:\b(?:second|third|fourth) (?:option|choice|answer)\b)|"
    r"(?i:\b(?:all|everything|anything|any|none)(?: of (?:them|these|those))? (?:but|except(?: for)?)) \(?[A-Z]\b|"
    r"(?i:\b(?:all|none|any|both|either|neither) (?:of (?:(?:the )?(?:others?|given|listed|mentioned|provided|"
    r"remaining|alternatives|responses|statements|previous|preceding|following|foregoing|aforementioned|"
    r"(?:(?:possible|correct|suggested|proposed) )?(?:(?:answer )?(?:options?|choices?)|answers?)|"
    r"(?:two|three|four|five)(?= (?:options|choices|answers|statements)\b|\W*$))|them|these|those)|above)\b|"
    r"^(?:all|none|any|both|either|neither) of .*\babove\W*$|"
    r"^(?:all|none|both|neither|alle|keine?[rs]?|beides?|toutes|tous|aucune?|todos|todas|ninguno|ninguna|ambos|ambas)\W*$|"
    r"\b(?:alle[rs]?|keine?[rs]?|beides?|nichts) (?:davon|dieser|der|oben|vo[nr]|obigen|genannten|antworten)\b|"
    r"\b(?:toutes|tous|aucune?) (?:(?:de |d['’])?(?:les|ces|cela|des|elles|eux) ?(?:réponses|choix|options)?\W*$|"
    r"(?:(?:de )?(?:les|ces|des) )?(?:réponses|choix|options|propositions|ci-dessus|deux)\b)|\bles deux\W*$|"
    r"\b(?:todas|todos|ninguna|ninguno|ambas|ambos) (?:(?:de )?(?:las|los|estas|estos) )?"
    r"(?:anteriores|opciones|respuestas|son|es)\b|\bthe above\b|"
    r"^(?:all|none|both|neither)(?: the)?(?: answers?| options?| choices?| statements?)? (?:is|are) "
    r"(?:correct|right|true|incorrect|wrong|false)\b|"
    r"\b(?:first|second|third|fourth) (?:and|or|nor) (?:the )?(?:second|third|fourth|last)(?: ones?| options?)?\W*$)|"
    r"^\(?[A-Z]\)?(?: ?[,/+] ?\(?[A-Z]\)?)+\W*$|^[Oo]nly \(?[A-Z]\)?(?: is\b|\W*$)|^\(?[A-Z]\)? only\W*$|"
    r"以上|上述|^[都皆均全]"
)
_LABEL = re.compile(r"^\(?[A-Za-z\d](?:[).:]|\s[-–—])\s+")
_BRACKETED = re.compile(r"(?<!\S)\(([a-z])\)")  # "(a)" is a label, wherever it stands
_NUMBER = re.compile(r"(?<!\S)\((\d{1,2})\)")
_PAIR = re.compile(
    r"^(?:(?:both|either|neither|only|weder|sowohl) )?(?:(?:options?|choices?|answers?|antwort(?:en)?) )?"
    r"(?P<one>[a-z]|\d{1,2})"
    r"(?:,? (?:and|or|nor|und|oder|noch|als auch|et|ou|ni) | ?[,&] ?)(?P<other>[a-z]|\d{1,2})\b"
)
_ALONE = re.compile(
    r"^(?:only (?P<one>\d{1,2})(?: is\b|\W*$)|(?P<other>\d{1,2}) only\W*$|"
    r"(?:(?:all|everything|anything|any) (?:but|except(?: for)?)|(?:the )?same as) (?P<third>[a-z]|\d{1,2})\W*$)"
)
_NAMED = re.compile(r"\b(?:option|choice|answer)s? (?P<one>\d{1,2})\b")


@lru_cache
def _capitals(n: int) -> re.Pattern[str]:
    """With the letters of n options: "T and B cells" names none of four."""
    return re.compile(_CAPITALS.replace("[A-Z]", f"[A-{string.ascii_uppercase[min(n, 26) - 1]}]"))


@lru_cache(maxsize=65_536)
def refers(choices: tuple[str, ...]) -> str:
    """The first option that speaks of others; empty where none does.

    Examples
    --------
    >>> refers(("Paris", "Rome", "(a) and (b)")), refers(("1. Paris", "2. Rome", "3. Both 1 and 2")), refers(("x", "y"))
    ('(a) and (b)', '3. Both 1 and 2', '')
    """
    labels = set(string.ascii_lowercase[: len(choices)])
    numbers = set(map(str, range(1, len(choices) + 1)))
    pairs = labels | numbers if numbered(choices) else labels
    for choice, bare in zip(choices, unlettered(choices), strict=True):
        forms = (choice, bare, _LABEL.sub("", choice))
        if any(_speaks(form, len(choices), pairs, numbers) for form in forms):
            return choice
    return ""


def _speaks(choice: str, n: int, pairs: set[str], numbers: set[str]) -> bool:
    """Of others by capitals or in words; or by small letters or numbers, where those are `pairs` of labels."""
    if _capitals(n).search(_BRACKETED.sub(lambda found: found[1].upper(), choice)):
        return True
    folded = _NUMBER.sub(r"\1", choice).casefold()
    rules = ((_PAIR, pairs), (_ALONE, pairs), (_NAMED, numbers))
    found = [(rule.search(folded), of) for rule, of in rules]
    return any(match and set(filter(None, match.groupdict().values())) <= of for match, of in found)
