"""The base model's tokeniser, built from its GGUF file (byte-level BPE; digits stand alone)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

CONTROL = 3  # llama.cpp's token type for tokens that are structure, not text
END_OF_TURN = "<|im_end|>"
ENDS = (END_OF_TURN, "<|endoftext|>")  # llama.cpp ends an answer at either


@lru_cache(maxsize=1)
def open_gguf(base: Path) -> Any:
    """The file, memory-mapped; kept, since reading the vocabulary takes seconds."""
    from gguf import GGUFReader

    return GGUFReader(base)


class Tokens:
    """Text to token ids and back, as llama.cpp does it with special tokens parsed."""

    def __init__(self, base: Path) -> None:
        reader = open_gguf(base)
        words, kinds, merges = (_field(reader, name) for name in ("tokens", "token_type", "merges"))
        self._bpe = _bpe(words, [word for word, kind in zip(words, kinds, strict=True) if kind == CONTROL], merges)
        self.ends = tuple(words.index(word) for word in ENDS)

    def encode(self, text: str) -> list[int]:
        ids: list[int] = self._bpe.encode(text, add_special_tokens=False).ids
        return ids

    def encode_all(self, texts: list[str]) -> list[list[int]]:
        return [found.ids for found in self._bpe.encode_batch(texts, add_special_tokens=False)]

    def decode_all(self, rows: list[list[int]]) -> list[str]:
        return list(self._bpe.decode_batch(rows, skip_special_tokens=True))


def _field(reader: Any, name: str) -> list[Any]:
    return list(reader.get_field(f"tokenizer.ggml.{name}").contents())


def _bpe(words: list[str], control: list[str], merges: list[str]) -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    pairs = [(left, right) for left, _, right in (merge.partition(" ") for merge in merges)]
    bpe = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, pairs))
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    bpe.add_special_tokens([AddedToken(word, normalized=False, special=True) for word in control])
    return bpe
