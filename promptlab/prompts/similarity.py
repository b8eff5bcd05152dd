"""How alike two questions are: by their words, which finds near-duplicates; by an embedding, which finds neighbours."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.errors import InputError
from promptlab.numberwords import in_digits
from promptlab.prompts.contents import CJK
from promptlab.textnorm import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

AUTO, TFIDF = "auto", "tfidf"
SENTENCES = "sentence-transformers/all-MiniLM-L6-v2@c9745ed1d9f207416be6d2e6f8de32d1f16199bf"

Texts = tuple[str, ...]

_CHARACTER = re.compile(f"([{CJK}])")
_MARKUP = re.compile(r"\*\*|__|\$|\\[()\[\]]")  # bold, and what opens and closes a formula


@lru_cache(maxsize=16_384)
def bare(text: str) -> str:
    """A text as repeats are looked for: normalised, without invisible characters and markup, number words as digits.

    Where words are not set apart (Chinese, Japanese, Korean) characters are.

    Examples
    --------
    >>> bare("What is **seven** + $1$?"), bare("七加一?")
    ('what is 7 + 1', '七 加 一')
    """
    if text.isascii():
        return normalise(in_digits(_MARKUP.sub(" ", text)))
    seen = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(_CHARACTER.sub(r" \1 ", normalise(in_digits(_MARKUP.sub(" ", seen)))).split())


def overlap(one: str, other: str) -> float:
    """The share of words and pairs of neighbouring words that two texts have in common (Dice's coefficient), in [0, 1].

    Examples
    --------
    >>> overlap("What is 7 + 1?", "what IS 7 + 1")
    1.0
    >>> round(overlap("What is 7 + 1?", "What is 7 + 2?"), 2)
    0.78
    """
    first, second = _pieces(one), _pieces(other)
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 1.0


@lru_cache(maxsize=16_384)
def _pieces(text: str) -> Counter[Any]:
    words = bare(text).split()
    return Counter([*words, *pairwise(words)])


def embedding_named(name: str) -> str:
    """The embedding that a name stands for: ``auto`` is the sentence model where its package is installed, else TF-IDF.

    Raises
    ------
    InputError
        The name is neither a folder nor MODEL@REVISION: a model without its revision may be another one tomorrow.
    """
    if name == AUTO:
        return SENTENCES if find_spec("sentence_transformers") else TFIDF
    if name != TFIDF and "@" not in name and not Path(name).is_dir():
        raise InputError(
            f"embedding of few_shot is {name!r}: it must be {AUTO!r}, {TFIDF!r}, a sentence-transformers model as "
            "'MODEL@REVISION', or its folder"
        )
    return name


@lru_cache(maxsize=64)  # asked for the choice, and again for the order
def similarities(embedding: str, question: str, texts: Texts) -> NDArray[np.float64]:
    """The cosine of a question and each of the texts, to six places: rounding errors must not decide who is nearest."""
    return np.round(_index(embedding, texts)(question).astype(float), 6)


@lru_cache(maxsize=8)
def _index(embedding: str, texts: Texts) -> Callable[[str], Any]:
    """What compares a question with these texts; they are embedded once in a process."""
    return _tfidf(texts) if embedding == TFIDF else _sentences(embedding, texts)


def _tfidf(texts: Texts) -> Callable[[str], Any]:
    """Words and pairs of neighbouring words, numbers and signs included, weighted by how rare each is in the texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    how = {"preprocessor": normalise, "tokenizer": str.split, "token_pattern": None, "ngram_range": (1, 2)}
    vectoriser = TfidfVectorizer(**how)
    vectors = vectoriser.fit_transform(texts)
    return lambda question: vectors @ vectoriser.transform([question]).toarray().ravel()


def _sentences(embedding: str, texts: Texts) -> Callable[[str], Any]:
    vectors = _encoder(embedding)(list(texts))
    return lambda question: vectors @ _encoded(embedding, question)


@lru_cache(maxsize=16_384)  # the same question comes back under every condition
def _encoded(embedding: str, question: str) -> Any:
    return _encoder(embedding)([question])[0]


@lru_cache(maxsize=2)
def _encoder(embedding: str) -> Callable[[list[str]], Any]:
    """What turns texts into vectors of length 1."""
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise InputError(
            f"embedding={embedding!r} needs sentence-transformers (the extra `embeddings`): run `python -m pip install "
            f"'sentence-transformers>=3'`, or take embedding={TFIDF!r}"
        ) from None
    name, _, revision = (embedding, "", "") if Path(embedding).is_dir() else embedding.rpartition("@")
    try:
        model = SentenceTransformer(name, revision=revision or None)
    except (OSError, ValueError) as problem:
        reason = f"{str(problem).partition(chr(10))[0]:.200}"
        raise InputError(f"embedding={embedding!r} cannot be loaded ({reason}); {TFIDF!r} needs no model") from None
    return lambda texts: model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
