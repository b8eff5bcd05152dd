"""How a token is drawn, and the answers that come of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_NUCLEUS = 256  # top-p looks at this many tokens: exact unless the nucleus is larger


@dataclass(frozen=True)
class Settings:
    """How tokens are drawn; temperature 0 takes the most probable one."""

    temperature: float
    top_p: float
    max_tokens: int
    ends: tuple[int, ...]  # tokens that end an answer


@dataclass(frozen=True)
class Rollout:
    """Answers of one batch: (rows, max_tokens) tensors; row g * samples + s is sample s of prompt g."""

    tokens: Tensor
    log_probs: Tensor  # of each drawn token under the whole distribution at this temperature
    lengths: Tensor  # tokens of each answer, its end token counted
    ended: Tensor  # False: cut by max_tokens

    def rows(self) -> list[list[int]]:
        """The tokens of each answer as lists, end tokens included."""
        table, lengths = self.tokens.tolist(), self.lengths.tolist()
        return [row[:length] for row, length in zip(table, lengths, strict=True)]


def draw(logits: Tensor, temperature: float, top_p: float) -> tuple[Tensor, Tensor]:
    """One token a row by the Gumbel trick, and its log-probability before the nucleus is cut; (rows, vocabulary)."""
    if temperature == 0:
        best, token = logits.log_softmax(-1).max(-1)
        return token, best
    scores = (logits / temperature).log_softmax(-1)
    if top_p >= 1:
        token = _gumbel(scores)
        return token, scores.gather(-1, token[:, None])[:, 0]
    top, ids = scores.topk(min(_NUCLEUS, scores.shape[-1]), -1)
    before = top.exp().cumsum(-1) - top.exp()
    chosen = _gumbel(top.masked_fill(before >= top_p, -torch.inf))[:, None]
    return ids.gather(-1, chosen)[:, 0], top.gather(-1, chosen)[:, 0]


def _gumbel(scores: Tensor) -> Tensor:
    return (scores - torch.empty_like(scores).exponential_().log()).argmax(-1)
