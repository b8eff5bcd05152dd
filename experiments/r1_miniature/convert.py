"""The adapter as a file: llama.cpp's GGUF, which is also how models are handed on here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from experiments.r1_miniature.network import LINEAR, Network


def write_gguf(network: Network, path: Path, name: str) -> Path:
    """Write the adapter in fp16 for llama.cpp. The file appears whole or not at all."""
    from gguf import GGUFWriter

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    writer = GGUFWriter(part, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", network.alpha)
    writer.add_name(name)
    for kind in LINEAR:
        for side, stacked in (("a", network.a[kind]), ("b", network.b[kind])):
            for block, matrix in enumerate(stacked.detach().cpu().numpy().astype(np.float16)):
                writer.add_tensor(f"blk.{block}.{kind}.weight.lora_{side}", matrix)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return part.replace(path)


def gguf_size(path: Path) -> tuple[int, float]:
    """Rank and alpha of an adapter file."""
    from gguf import GGUFReader

    reader = GGUFReader(path)
    first = next(tensor for tensor in reader.tensors if tensor.name.endswith("lora_a"))
    return len(first.data), _alpha(reader)


def _alpha(reader: Any) -> float:
    return float(reader.get_field("adapter.lora.alpha").contents())


@torch.no_grad()
def read_gguf(network: Network, path: Path) -> None:
    """Load an adapter file into a network of the same rank and alpha.

    Raises
    ------
    ValueError
        The file's alpha or a tensor's shape is another.
    """
    from gguf import GGUFReader

    reader = GGUFReader(path)
    if (alpha := _alpha(reader)) != network.alpha:
        raise ValueError(f"{path.name} has alpha {alpha}, the recipe {network.alpha}")
    for tensor in reader.tensors:
        _, block, kind, _, side = tensor.name.split(".")
        target = (network.a if side == "lora_a" else network.b)[kind][int(block)]
        found = torch.from_numpy(np.array(tensor.data))
        if found.shape != target.shape:
            raise ValueError(f"{path.name}: {tensor.name} is {tuple(found.shape)}, needed is {tuple(target.shape)}")
        target.copy_(found)
