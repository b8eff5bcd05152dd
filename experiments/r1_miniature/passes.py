"""One gradient update in several passes over a batch, so that memory stays flat however long the prompts are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from experiments.r1_miniature.network import Network, Weights, backward, log_probs

_TOKENS = 6_144  # tokens in one forward and backward pass; gradients add up over the passes of an update


@dataclass(frozen=True)
class Example:
    """Tokens of a prompt and of its answer."""

    prompt: list[int]
    answer: list[int]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.answer)


Share = Callable[[list[int], Tensor], dict[str, Tensor]]


def update(
    network: Network, optimiser: torch.optim.Optimizer, examples: Sequence[Example], share: Share, clip_norm: float
) -> dict[str, float]:
    """One update of the adapter.

    Parameters
    ----------
    share
        From some rows of `examples` and the log-probabilities of their answers' tokens, row after row, to their share
        of the update's ``loss`` (and of other figures to report): shares add up over the passes.
    """
    merged = network.merged()
    leaves = _leaves(merged)
    totals: dict[str, float] = {}
    for rows in pieces(examples):
        table, marks = batch_tensors([examples[i] for i in rows], network.base("output_norm").device)
        found = share(rows, answer_log_probs(network, table, marks, leaves))
        backward(found["loss"])
        totals = {name: totals.get(name, 0.0) + float(value.detach()) for name, value in found.items()}
    optimiser.zero_grad(set_to_none=True)
    _pull_back(merged, leaves)
    torch.nn.utils.clip_grad_norm_(network.parameters(), clip_norm)
    optimiser.step()
    return totals


def pieces(examples: Sequence[Example]) -> list[list[int]]:
    """Rows of about equal length together, as many as fit into one pass."""
    found: list[list[int]] = [[]]
    for i in sorted(range(len(examples)), key=lambda row: -len(examples[row])):
        if found[-1] and (len(found[-1]) + 1) * len(examples[found[-1][0]]) > _TOKENS:
            found.append([])
        found[-1].append(i)
    return found


def batch_tensors(examples: Sequence[Example], device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Tokens padded on the right, and where the answers' tokens are: both (batch, length)."""
    longest = max(map(len, examples))
    rows = [e.prompt + e.answer + [0] * (longest - len(e)) for e in examples]
    marks = [[0] * len(e.prompt) + [1] * len(e.answer) + [0] * (longest - len(e)) for e in examples]
    return torch.tensor(rows, device=device), torch.tensor(marks, dtype=torch.bool, device=device)


def answer_log_probs(network: Network, table: Tensor, marks: Tensor, weights: Weights) -> Tensor:
    """Log-probability of every marked token, in reading order: (marked tokens,)."""
    states = network.hidden(table[:, :-1], weights)
    return log_probs(states[marks[:, 1:]], table[:, 1:][marks[:, 1:]], weights)


def _leaves(merged: Weights) -> Weights:
    """The merged weights as leaves: passes collect their gradients here, and the adapter is reached once."""
    blocks = tuple({n: t.detach().requires_grad_(t.requires_grad) for n, t in b.items()} for b in merged.blocks)
    return Weights(blocks, merged.embedding, merged.final_norm)


def _pull_back(merged: Weights, leaves: Weights) -> None:
    """Carry the collected gradients from the merged weights to the adapter."""
    pairs = [
        (whole, leaf.grad)
        for block, leaf_block in zip(merged.blocks, leaves.blocks, strict=True)
        for whole, leaf in zip(block.values(), leaf_block.values(), strict=True)
        if leaf.grad is not None
    ]
    torch.autograd.backward([whole for whole, _ in pairs], [gradient for _, gradient in pairs])
