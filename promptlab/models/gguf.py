"""Read what a GGUF file says it is, before an engine that would end the process over a bad one gets it.

Format: the specification of the ggml project, version 3 (little-endian).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import IO

from promptlab.errors import ModelError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MOST = 1 << 20  # entries or characters: a header that claims more is damaged


def read_header(path: Path) -> dict[str, object]:
    """The key-value pairs in front of the tensors.

    Raises
    ------
    ValueError
        Not a GGUF file, or one that is cut or damaged.
    """
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ValueError("it is not a GGUF file")
        try:
            version, _, pairs = _scalar(file, "I"), _scalar(file, "Q"), _scalar(file, "Q")
            if version not in (2, 3) or pairs > _MOST:
                raise ValueError(f"GGUF version {version} with {pairs} entries")
            return {_string(file): _value(file, _scalar(file, "I")) for _ in range(pairs)}
        except (struct.error, KeyError, UnicodeDecodeError) as error:
            raise ValueError("its header is cut or damaged") from error


def _scalar(file: IO[bytes], code: str) -> int:
    size = struct.calcsize("<" + code)
    value: int = struct.unpack("<" + code, file.read(size))[0]
    return value


def _string(file: IO[bytes]) -> str:
    length = _scalar(file, "Q")
    if length > _MOST:
        raise ValueError(f"a string of {length} bytes in the header")
    data = file.read(length)
    if len(data) < length:
        raise ValueError("its header is cut or damaged")
    return data.decode("utf-8")


def _value(file: IO[bytes], kind: int) -> object:
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        inner, length = _scalar(file, "I"), _scalar(file, "Q")
        if length > _MOST or inner == _ARRAY:
            raise ValueError(f"an array of {length} entries in the header")
        return [_value(file, inner) for _ in range(length)]
    return _scalar(file, _SCALARS[kind])


def check_adapter(path: Path) -> None:
    """Raise `ModelError` where a file is not a LoRA adapter for a model of the llama architecture."""
    if not path.is_file():
        raise ModelError(f"there is no adapter file {path}")
    try:
        header = read_header(path)
    except ValueError as error:
        raise ModelError(f"{path} is not an adapter for the embedded model: {error}") from error
    wanted = {"general.architecture": "llama", "general.type": "adapter", "adapter.type": "lora"}
    for key, value in wanted.items():
        if header.get(key) != value:
            raise ModelError(
                f"{path} is not an adapter for the embedded model: {key} is {header.get(key)!r}, needed is {value!r}"
            )
