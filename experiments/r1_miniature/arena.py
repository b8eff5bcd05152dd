"""The buffers that a batch of answers is sampled in.

`groups` prompts are answered `samples` times each. The keys and values of a prompt are kept once for its group; every
answer (a row) has a cache of its own for the tokens that it adds. One decoding step is the same sequence of kernels for
every position within a bucket of 64, so on a GPU it is captured once a bucket and replayed; on a CPU the same function
runs as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from experiments.r1_miniature.network import Network, Weights, rotary_table
from experiments.r1_miniature.rollout import Rollout, Settings, draw

BUCKET = 64
_PREFILL_TOKENS = 65_536  # prompts are prefilled in pieces of about this many tokens


def up(length: int) -> int:
    """To whole buckets."""
    return -(-length // BUCKET) * BUCKET


@dataclass
class Arena:
    """The buffers of one batch size."""

    network: Network
    weights: Weights
    groups: int
    samples: int
    width: int  # tokens that a prompt may have
    settings: Settings
    _graphs: dict[int, torch.cuda.CUDAGraph] = field(default_factory=dict)
    _pool: Any = None  # memory that the graphs share: they never run at the same time

    def __post_init__(self) -> None:
        shape, device = self.network.shape, self.weights.embedding.device
        rows, steps = self.groups * self.samples, up(self.settings.max_tokens)

        def cache(first: int, length: int) -> Tensor:
            size = (shape.blocks, first, shape.kv_heads, length, shape.head)
            return torch.zeros(size, dtype=self.network.dtype, device=device)

        self.prompt_keys, self.prompt_values = cache(self.groups, self.width), cache(self.groups, self.width)
        self.keys, self.values = cache(rows, steps), cache(rows, steps)
        self.tokens = torch.zeros(rows, steps, dtype=torch.long, device=device)
        self.log_probs = torch.zeros(rows, steps, device=device)
        self.at = torch.zeros(1, dtype=torch.long, device=device)
        self.lengths = torch.zeros(self.groups, dtype=torch.long, device=device)
        self.starts = torch.zeros(rows, dtype=torch.long, device=device)  # each row's prompt length
        self.turn = rotary_table(shape, self.width + steps, device)

    def prefill(self, prompts: Sequence[Sequence[int]]) -> None:
        """Read the prompts, keep their keys and values, draw each answer's first token."""
        device = self.tokens.device
        self.lengths.copy_(torch.tensor([len(prompt) for prompt in prompts]))
        self.starts.copy_(self.lengths.repeat_interleave(self.samples))
        padded = [list(prompt) + [0] * (self.width - len(prompt)) for prompt in prompts]
        table = torch.tensor(padded, device=device)
        piece = max(1, _PREFILL_TOKENS // self.width)
        last = [self._read(table[i : i + piece], i) for i in range(0, self.groups, piece)]
        self.at.zero_()
        self._draw(torch.cat(last).repeat_interleave(self.samples, 0), 0)

    def _read(self, table: Tensor, first: int) -> Tensor:
        """Prefill some groups; their states at the last prompt token."""
        network, here = self.network, slice(first, first + len(table))
        x = functional.embedding(table, self.weights.embedding)
        for i, block in enumerate(self.weights.blocks):
            query, key, value = network.projections(network.norm(x, block["attn_norm"]), block, self.turn[: self.width])
            self.prompt_keys[i, here], self.prompt_values[i, here] = key, value
            seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
            x = network.after_attention(x, seen.transpose(1, 2).flatten(2), block)
        last = x[torch.arange(len(table), device=x.device), self.lengths[here] - 1]
        return network.norm(last, self.weights.final_norm)

    def _draw(self, states: Tensor, position: Tensor | int) -> None:
        """Draw the next token of every row and write it at `position`."""
        logits = functional.linear(states, self.weights.embedding).float()
        token, log_prob = draw(logits, self.settings.temperature, self.settings.top_p)
        if isinstance(position, int):
            self.tokens[:, position], self.log_probs[:, position] = token, log_prob
        else:
            self.tokens.index_copy_(1, position, token[:, None])
            self.log_probs.index_copy_(1, position, log_prob[:, None])

    def advance(self, position: int) -> None:
        """Read the token at `position` and draw the one after it."""
        bucket = up(position + 1)
        if not self.tokens.is_cuda:
            self._step(bucket)
        else:
            if bucket not in self._graphs:
                self._graphs[bucket] = self._capture(lambda: self._step(bucket))
            self._graphs[bucket].replay()

    def _capture(self, step: Callable[[], None]) -> torch.cuda.CUDAGraph:
        """Capture a step. CUDA asks for a rehearsal; what it wrote and drew is put back, so it leaves no trace."""
        at, random, side = self.at.clone(), torch.cuda.get_rng_state(), torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            step()
        torch.cuda.current_stream().wait_stream(side)
        self.at.copy_(at)
        torch.cuda.set_rng_state(random)
        graph, self._pool = torch.cuda.CUDAGraph(), self._pool or torch.cuda.graph_pool_handle()
        with torch.cuda.graph(graph, pool=self._pool):
            step()
        return graph

    def _step(self, bucket: int) -> None:
        network = self.network
        turn = self.turn[self.starts + self.at]
        masks = self._masks(bucket)
        x = functional.embedding(self.tokens.index_select(1, self.at), self.weights.embedding)  # (rows, 1, width)
        for i, block in enumerate(self.weights.blocks):
            h = network.norm(x, block["attn_norm"])
            query, key, value = network.projections(h, block, turn[:, None, None])
            self.keys[i].index_copy_(2, self.at, key)
            self.values[i].index_copy_(2, self.at, value)
            x = network.after_attention(x, self._attend(i, query, bucket, masks), block)
        self._draw(network.norm(x[:, 0], self.weights.final_norm), self.at + 1)
        self.at.add_(1)

    def _masks(self, bucket: int) -> tuple[Tensor, Tensor]:
        """What may not be seen: pads after a prompt (groups, 1, 1, width), places not yet written (bucket)."""
        device = self.tokens.device
        pads = torch.arange(self.width, device=device) >= self.lengths[:, None, None, None]
        return pads, torch.arange(bucket, device=device) > self.at

    def _attend(self, i: int, query: Tensor, bucket: int, masks: tuple[Tensor, Tensor]) -> Tensor:
        """Attention over the group's prompt and the row's own tokens, normalised together: (rows, 1, width)."""
        shape = self.network.shape
        query = query.view(len(query), shape.kv_heads, shape.group, shape.head) * shape.head**-0.5
        to_prompt = (self._by_group(query) @ self.prompt_keys[i].mT).float().masked_fill(masks[0], -torch.inf)
        to_own = (query @ self.keys[i, :, :, :bucket].mT).float().masked_fill(masks[1], -torch.inf)
        both = torch.cat((self._by_row(to_prompt), to_own), -1).softmax(-1).to(query.dtype)
        on_prompt, on_own = both.split((self.width, bucket), -1)
        seen = self._by_row(self._by_group(on_prompt) @ self.prompt_values[i])
        return (seen + on_own @ self.values[i, :, :, :bucket]).flatten(1)[:, None]

    def _by_group(self, x: Tensor) -> Tensor:
        """(rows, kv heads, queries, d) -> (groups, kv heads, samples * queries, d): one product a group."""
        return x.unflatten(0, (self.groups, self.samples)).transpose(1, 2).flatten(2, 3)

    def _by_row(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.samples, -1)).transpose(1, 2).flatten(0, 1)

    def finished(self, position: int) -> bool:
        """Whether every row has ended by `position`."""
        return bool(self._is_end()[:, : position + 1].any(1).all())

    def _is_end(self) -> Tensor:
        return torch.isin(self.tokens, torch.tensor(self.settings.ends, device=self.tokens.device))

    def rollout(self) -> Rollout:
        longest = self.settings.max_tokens
        tokens, ends = self.tokens[:, :longest].clone(), self._is_end()[:, :longest]
        ended = ends.any(1)
        lengths = torch.where(ended, ends.int().argmax(1) + 1, longest)
        return Rollout(tokens, self.log_probs[:, :longest].clone(), lengths, ended)
