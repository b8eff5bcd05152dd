"""Sampling many answers at once: prompts prefilled once a group, a static cache, CUDA graphs on a GPU."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from experiments.r1_miniature.arena import Arena, up
from experiments.r1_miniature.network import Network, Weights
from experiments.r1_miniature.rollout import Rollout, Settings


class Sampler:
    """Samples from a network. Call `refresh` after every change of the adapter."""

    @torch.no_grad()
    def __init__(self, network: Network, keep: int = 3) -> None:
        self.network, self._keep = network, keep
        self.weights: Weights = _copy(network.merged())
        self._arenas: dict[tuple[int, ...], Arena] = {}

    @torch.no_grad()
    def refresh(self) -> None:
        """Write the newly merged weights into the tensors that the captured graphs read."""
        for old, new in zip(_tensors(self.weights), _tensors(self.network.merged()), strict=True):
            old.copy_(new)

    @torch.no_grad()
    def sample(self, prompts: Sequence[Sequence[int]], samples: int, settings: Settings, seed: int) -> Rollout:
        """Answer every prompt `samples` times; the same call gives the same tokens on the same machine."""
        torch.manual_seed(seed)
        arena = self._arena(prompts, samples, settings)
        arena.prefill(prompts)
        for position in range(settings.max_tokens - 1):
            if position % 16 == 0 and arena.finished(position):
                break
            arena.advance(position)
        return arena.rollout()

    def _arena(self, prompts: Sequence[Sequence[int]], samples: int, settings: Settings) -> Arena:
        """Buffers and graphs for this size; the last `keep` sizes are kept for the next batch of the same size."""
        width = up(max(map(len, prompts)))
        key = (len(prompts), samples, width, hash(settings))
        if key not in self._arenas:
            while len(self._arenas) >= self._keep:
                del self._arenas[next(iter(self._arenas))]
            self._arenas[key] = Arena(self.network, self.weights, len(prompts), samples, width, settings)
        return self._arenas[key]


def _tensors(weights: Weights) -> list[Tensor]:
    return [t for block in weights.blocks for t in block.values()] + [weights.embedding, weights.final_norm]


def _copy(weights: Weights) -> Weights:
    blocks = tuple({name: t.detach().clone() for name, t in block.items()} for block in weights.blocks)
    return Weights(blocks, weights.embedding.detach().clone(), weights.final_norm.detach().clone())
