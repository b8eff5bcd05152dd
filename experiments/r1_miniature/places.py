"""Where things lie: the folder of what is trained and recorded, and a model's adapter."""

from __future__ import annotations

from pathlib import Path

from promptlab.assets import list_assets
from promptlab.errors import InputError

OUT = Path("out") / "r1_miniature"
ADAPTER = "adapter.gguf"


def adapter_of(out: Path, name: str) -> Path:
    """The adapter as training left it (``r1``, or ``r1@40`` as it was after step 40), else the one that ships.

    Raises
    ------
    InputError
        There is neither.
    """
    model, _, step = name.partition("@")
    trained = out / model / (f"step-{step}.gguf" if step else ADAPTER)
    if trained.is_file():
        return trained
    shipped = list_assets("data/adapters", ".gguf")
    if name not in shipped:
        raise InputError(f"{name} is not at {trained} and does not ship: train it first (ships: {', '.join(shipped)})")
    return shipped[name]
