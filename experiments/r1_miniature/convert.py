"""The adapter as a file: llama.cpp's GGUF (also how models are handed on here) and peft's folder (for vLLM)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from experiments.r1_miniature.network import LINEAR, Network, Shape

PEFT_NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
PEFT_BASE = "HuggingFaceTB/SmolLM2-135M-Instruct"


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
    return len(first.data), float(reader.get_field("adapter.lora.alpha").contents())  # type: ignore[union-attr]


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
    alpha = reader.get_field("adapter.lora.alpha").contents()  # type: ignore[union-attr]
    if alpha != network.alpha:
        raise ValueError(f"{path.name} has alpha {alpha}, the recipe {network.alpha}")
    for tensor in reader.tensors:
        _, block, kind, _, side = tensor.name.split(".")
        target = (network.a if side == "lora_a" else network.b)[kind][int(block)]
        found = torch.from_numpy(np.array(tensor.data))
        if found.shape != target.shape:
            raise ValueError(f"{path.name}: {tensor.name} is {tuple(found.shape)}, needed is {tuple(target.shape)}")
        target.copy_(found)


def write_peft(network: Network, folder: Path) -> Path:
    """Write ``adapter_config.json`` and ``adapter_model.safetensors`` as peft and vLLM read them."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for kind, name in PEFT_NAMES.items():
        for block in range(network.shape.blocks):
            place = f"base_model.model.model.layers.{block}.{name}"
            into, out = network.a[kind][block].detach().cpu(), network.b[kind][block].detach().cpu()
            tensors[f"{place}.lora_A.weight"] = into.contiguous()
            tensors[f"{place}.lora_B.weight"] = to_halves(out, kind, network.shape).contiguous()
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(_peft_config(network), indent=1) + "\n", encoding="utf-8")
    return folder


def to_halves(rows: Tensor, kind: str, shape: Shape) -> Tensor:
    """Rows of a query or key matrix from llama.cpp's rotary order (pairs are neighbours) to Hugging Face's (halves)."""
    heads = {"attn_q": shape.heads, "attn_k": shape.kv_heads}.get(kind)
    if heads is None:
        return rows
    return rows.unflatten(0, (heads, shape.head // 2, 2)).transpose(1, 2).flatten(0, 2)


def _peft_config(network: Network) -> dict[str, object]:
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": PEFT_BASE,
        "r": network.rank,
        "lora_alpha": network.alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "inference_mode": True,
        "target_modules": sorted(name.rpartition(".")[2] for name in PEFT_NAMES.values()),
    }
