"""Models for vLLM made from the embedded ones: the base, the base with tokens for thinking, adapters in peft's form."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from llama_layout import LINEAR, to_halves
from promptlab.models.fetching import base_path, cache_dir

OPTIONS: dict[str, Any] = {"dtype": "float32", "max_model_len": 1024, "enforce_eager": True}
THINKING = {"<jupyter_script>": "<think>", "<empty_output>": "</think>"}  # unused tokens, under other names


def make_base() -> Path:
    """The embedded base, de-quantised to float32 (540 MB), in the user's cache; made once."""
    folder = cache_dir() / "vllm-base"
    if not folder.is_dir():
        part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
        _convert(part)
        part.rename(folder)
    return folder


def _convert(folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    file = base_path()
    plain = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32, quantization_config=plain
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name).save_pretrained(folder)


def make_thinker(base: Path, folder: Path) -> Path:
    """The same weights behind a vocabulary with ``<think>`` and ``</think>``, as vLLM's parser of reasoning needs."""
    folder.mkdir()
    for file in base.iterdir():
        (folder / file.name).symlink_to(file)
    tokenizer = folder / "tokenizer.json"
    text = tokenizer.read_text(encoding="utf-8")
    tokenizer.unlink()
    content = json.loads(text)
    for token in content["added_tokens"]:
        if token["content"] in THINKING:
            token |= {"content": THINKING[token["content"]], "special": False}
    vocabulary = content["model"]["vocab"]
    content["model"]["vocab"] = {THINKING.get(word, word): number for word, number in vocabulary.items()}
    tokenizer.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return folder


def make_peft(gguf: Path, folder: Path) -> Path:
    """An adapter as peft and vLLM read it, of one that llama.cpp reads."""
    import numpy as np
    import torch
    from gguf import GGUFReader
    from safetensors.torch import save_file

    from experiments.r1_miniature.convert import gguf_size
    from experiments.r1_miniature.network import read_base

    shape, _ = read_base(base_path())
    tensors = {}
    for tensor in GGUFReader(gguf).tensors:
        _, block, kind, _, side = tensor.name.split(".")
        matrix = torch.from_numpy(np.array(tensor.data))
        place = f"base_model.model.model.layers.{block}.{LINEAR[kind]}"
        rows = matrix if side == "lora_a" else to_halves(matrix, kind, shape)
        tensors[f"{place}.lora_{side[-1].upper()}.weight"] = rows.float().contiguous()
    folder.mkdir()
    save_file(tensors, folder / "adapter_model.safetensors")
    rank, alpha = gguf_size(gguf)
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": rank, "lora_alpha": alpha, "bias": "none"}
    config["target_modules"] = sorted(name.rpartition(".")[2] for name in LINEAR.values())
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder
