"""When two texts count as the same question."""

from __future__ import annotations

import re
import unicodedata

# Marks that do not change what is asked: 1.5 keeps its point, and (2 + 3) * 4 its brackets.
_QUIET = re.compile(r"[?!,;:\"'`…“”‘’]|\.(?!\d)")


def normalise(text: str) -> str:
    """Casefold, unify Unicode forms, drop quiet punctuation, collapse white space. Signs and brackets stay.

    Examples
    --------
    >>> normalise("  What IS 7 + 1? ") == normalise("what is 7 + 1")
    True
    >>> normalise("What is 7 + 1?") == normalise("What is 7 - 1?")
    False
    >>> normalise("What is (2 + 3) * 4?") == normalise("What is 2 + 3 * 4?")
    False
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_QUIET.sub(" ", folded).split())
