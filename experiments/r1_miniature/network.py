"""The embedded model's network in plain PyTorch: a frozen LLaMA with a LoRA adapter on every linear layer.

The layout is the GGUF file's own: rows of the query and key projections stand in llama.cpp's rotary order (pairs are
neighbours), so an adapter trained here is llama.cpp's adapter as it is.
The adapter is merged before use, W + s B A, and the sum is rounded to `dtype`: sampling and loss read the very same
rounded weights, so that the policy that is trained is the policy that answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.r1_miniature.tokens import open_gguf

LINEAR = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
NORMS = ("attn_norm", "ffn_norm")


@dataclass(frozen=True)
class Shape:
    """The sizes that the file states."""

    blocks: int
    width: int
    heads: int
    kv_heads: int
    rope_base: float
    epsilon: float

    @property
    def head(self) -> int:
        return self.width // self.heads

    @property
    def group(self) -> int:
        """Query heads that share a key and value head."""
        return self.heads // self.kv_heads


@dataclass(frozen=True)
class Weights:
    """What one forward pass reads: a list of matrices (one a block) for every kind, and the two shared tensors."""

    blocks: tuple[Mapping[str, Tensor], ...]
    embedding: Tensor
    final_norm: Tensor


class Network(nn.Module):
    """Base weights as fp32 buffers, stacked over the blocks; `a` and `b` are the adapter, the only parameters."""

    def __init__(self, shape: Shape, tensors: Mapping[str, Tensor], *, rank: int, alpha: float, dtype: torch.dtype):
        super().__init__()
        self.shape, self.rank, self.alpha, self.dtype = shape, rank, alpha, dtype
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor)
        self.a, self.b = nn.ParameterDict(), nn.ParameterDict()
        for name in LINEAR:
            blocks, out, into = tensors[name].shape
            self.a[name] = nn.Parameter(torch.empty(blocks, rank, into).uniform_(-(into**-0.5), into**-0.5))
            self.b[name] = nn.Parameter(torch.zeros(blocks, out, rank))

    def merged(self) -> Weights:
        """The weights to use, differentiable in the adapter."""
        scale = self.alpha / self.rank
        kinds = {n: torch.baddbmm(self.base(n), self.b[n], self.a[n], alpha=scale).to(self.dtype) for n in LINEAR}
        kinds |= {name: self.base(name).to(self.dtype) for name in NORMS}
        split = {name: stacked.unbind(0) for name, stacked in kinds.items()}
        blocks = tuple({name: parts[i] for name, parts in split.items()} for i in range(self.shape.blocks))
        return Weights(blocks, self.base("token_embd").to(self.dtype), self.base("output_norm").to(self.dtype))

    def adapter(self) -> dict[str, Tensor]:
        """The parameters alone, on the CPU: what a checkpoint keeps."""
        return {name: parameter.detach().cpu() for name, parameter in self.named_parameters()}

    def base(self, name: str) -> Tensor:
        return self.get_buffer(name)

    def hidden(
        self, tokens: Tensor, weights: Weights, positions: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Final states for tokens of shape (batch, length), padded on the right: causal, so pads are never seen.

        `positions` (batch, length) and a `mask`, added to the scores (batch, 1, length, length), may say otherwise.
        """
        x = functional.embedding(tokens, weights.embedding)
        turn = rotary_table(self.shape, tokens.shape[1], tokens.device)
        turn = turn if positions is None else turn[positions][:, None]
        for block in weights.blocks:
            query, key, value = self.projections(self.norm(x, block["attn_norm"]), block, turn)
            seen = self.attention(query, key, value, mask)
            x = self.after_attention(x, seen.transpose(1, 2).flatten(2), block)
        return self.norm(x, weights.final_norm)

    def attention(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        if mask is None:
            return functional.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
        # With a mask and enable_gqa a GPU is left with the one kernel that keeps the scores of every head.
        key, value = (side.repeat_interleave(self.shape.group, 1) for side in (key, value))
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)

    def projections(self, x: Tensor, block: Mapping[str, Tensor], turn: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rotated queries, rotated keys and values, each (batch, heads, length, head)."""
        sides = (functional.linear(x, block[name]) for name in ("attn_q", "attn_k", "attn_v"))
        query, key, value = (s.unflatten(-1, (-1, self.shape.head)).transpose(-3, -2) for s in sides)
        return rotate(query, turn), rotate(key, turn), value

    def after_attention(self, x: Tensor, seen: Tensor, block: Mapping[str, Tensor]) -> Tensor:
        x = x + functional.linear(seen, block["attn_output"])
        h = self.norm(x, block["ffn_norm"])
        gate = functional.silu(functional.linear(h, block["ffn_gate"])) * functional.linear(h, block["ffn_up"])
        return x + functional.linear(gate, block["ffn_down"])

    def norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return functional.rms_norm(x, (self.shape.width,), weight, self.shape.epsilon)


def rotary_table(shape: Shape, length: int, device: torch.device) -> Tensor:
    """Cosine and sine of every position's angles: (length, head / 2, 2)."""
    rates = shape.rope_base ** (-torch.arange(0, shape.head, 2, device=device, dtype=torch.float32) / shape.head)
    angles = torch.arange(length, device=device, dtype=torch.float32)[:, None] * rates
    return torch.stack((angles.cos(), angles.sin()), -1)


def rotate(x: Tensor, turn: Tensor) -> Tensor:
    """Turn each neighbouring pair of the last dimension by its angle; `turn` broadcasts over the others."""
    (left, right), (cos, sin) = x.unflatten(-1, (-1, 2)).unbind(-1), turn.unbind(-1)
    return torch.stack((left * cos - right * sin, left * sin + right * cos), -1).flatten(-2).to(x.dtype)


def log_probs(states: Tensor, targets: Tensor, weights: Weights) -> Tensor:
    """Log-probability of each target token after the states: (n, width), (n,) -> (n,) in fp32."""
    logits = functional.linear(states, weights.embedding).float()
    return -functional.cross_entropy(logits, targets, reduction="none")


def backward(loss: Tensor) -> None:
    """Gradients in an order of summation that does not change from run to run (as far as CUDA offers one)."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        loss.backward()
    finally:
        torch.use_deterministic_algorithms(False)


def read_base(path: Path) -> tuple[Shape, dict[str, Tensor]]:
    """Shape and dequantised fp32 tensors of the base model's GGUF file."""
    from gguf.quants import dequantize

    reader = open_gguf(path)
    raw = {t.name.removesuffix(".weight"): torch.tensor(dequantize(t.data, t.tensor_type)) for t in reader.tensors}
    shape = _shape(reader)
    stacked = {n: torch.stack([raw[f"blk.{i}.{n}"] for i in range(shape.blocks)]) for n in (*LINEAR, *NORMS)}
    return shape, {**stacked, "token_embd": raw["token_embd"], "output_norm": raw["output_norm"]}


def _shape(reader: Any) -> Shape:
    def value(key: str) -> Any:
        return reader.get_field(f"llama.{key}").contents()

    return Shape(
        blocks=value("block_count"),
        width=value("embedding_length"),
        heads=value("attention.head_count"),
        kv_heads=value("attention.head_count_kv"),
        rope_base=value("rope.freq_base"),
        epsilon=value("attention.layer_norm_rms_epsilon"),
    )


def load_network(base: Path, *, rank: int, alpha: float, device: str, seed: int = 0) -> Network:
    """The base with a fresh adapter: bf16 on a GPU, fp32 on a CPU (where bf16 would only be slow)."""
    torch.manual_seed(seed)
    shape, tensors = read_base(base)
    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    return Network(shape, tensors, rank=rank, alpha=alpha, dtype=dtype).to(device)
