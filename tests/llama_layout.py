"""How Hugging Face's LLaMA names and orders the matrices that llama.cpp's files hold."""

from __future__ import annotations

from typing import Any

LINEAR = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
NORMS = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}


def to_halves(rows: Any, kind: str, shape: Any) -> Any:
    """Rows of a query or key matrix from llama.cpp's rotary order (pairs are neighbours) to Hugging Face's (halves)."""
    heads = {"attn_q": shape.heads, "attn_k": shape.kv_heads}.get(kind)
    return rows.unflatten(0, (heads, shape.head // 2, 2)).transpose(1, 2).flatten(0, 2) if heads else rows
