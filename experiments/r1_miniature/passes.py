"""One gradient update in several passes over a batch, so that memory stays flat however long the prompts are.

The answers to one prompt stand behind it in one sequence. Each token sees the prompt and its own answer, and an
answer's positions go on from the prompt's end: it is computed as if it were alone, but the prompt once for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from experiments.r1_miniature.network import Network, Weights, backward, log_probs

# Tokens in one forward and backward pass; gradients add up over the passes of an update. In bf16 a token keeps 0.75 MB
# of activations, and 0.6 MB more for logits where it is an answer's; a mask is 2 bytes times the length, 12 KB at most.
_TOKENS = 6_144
_ALIGNED = 8  # fast kernels of a GPU read a mask whose rows have a multiple of this length


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
    for groups in pieces(examples):
        new = answer_log_probs(network, [[examples[i] for i in rows] for rows in groups], leaves)
        found = share([i for rows in groups for i in rows], new)
        backward(found["loss"])
        totals = {name: totals.get(name, 0.0) + float(value.detach()) for name, value in found.items()}
    optimiser.zero_grad(set_to_none=True)
    _pull_back(merged, leaves)
    torch.nn.utils.clip_grad_norm_(network.parameters(), clip_norm)
    optimiser.step()
    return totals


def pieces(examples: Sequence[Example]) -> list[list[list[int]]]:
    """Groups of about equal length together, as many as fit into one pass."""
    groups = sorted(_groups(examples), key=lambda rows: -_length(examples, rows))
    found: list[list[list[int]]] = [[]]
    for rows in groups:
        if found[-1] and (len(found[-1]) + 1) * _length(examples, found[-1][0]) > _TOKENS:
            found.append([])
        found[-1].append(rows)
    return found


def _groups(examples: Sequence[Example]) -> list[list[int]]:
    """Rows of one prompt together, cut where they are longer than a pass."""
    found: list[list[int]] = []
    latest: dict[tuple[int, ...], list[int]] = {}
    for i, example in enumerate(examples):
        rows = latest.get(tuple(example.prompt), [])
        if not rows or _length(examples, [*rows, i]) > _TOKENS:
            found.append(rows := [])
            latest[tuple(example.prompt)] = rows
        rows.append(i)
    return found


def _length(examples: Sequence[Example], rows: Sequence[int]) -> int:
    """Tokens of a group's sequence: the prompt once."""
    return len(examples[rows[0]].prompt) + sum(len(examples[i].answer) for i in rows)


def answer_log_probs(network: Network, groups: Sequence[Sequence[Example]], weights: Weights) -> Tensor:
    """Log-probability of every token of the answers, in reading order; the examples of a group have one prompt."""
    device = weights.embedding.device
    lines, before = zip(*map(_line, groups), strict=True)
    shared = any(len(group) > 1 for group in groups)
    length = max(map(len, lines))
    length = -(-length // _ALIGNED) * _ALIGNED if shared else length
    table = torch.tensor([line + [(0, 0, 0)] * (length - len(line)) for line in lines], device=device)
    tokens, positions, parts = table.unbind(-1)
    view = (positions, _mask(parts, network.dtype)) if shared else (None, None)
    states = network.hidden(tokens, weights, *view)
    at = torch.tensor([row * length + i for row, places in enumerate(before) for i in places], device=device)
    targets = torch.tensor([token for group in groups for e in group for token in e.answer], device=device)
    return log_probs(states.flatten(0, 1)[at], targets, weights)


def _line(group: Sequence[Example]) -> tuple[list[tuple[int, int, int]], list[int]]:
    """Token, position and part (the prompt is 0) of every place of a sequence; the places before answers' tokens."""
    prompt = group[0].prompt
    places, before = [(token, at, 0) for at, token in enumerate(prompt)], []
    for part, example in enumerate(group, 1):
        before += [len(prompt) - 1, *range(len(places), len(places) + len(example.answer) - 1)]
        places += [(token, at, part) for at, token in enumerate(example.answer[:-1], len(prompt))]
    return places, before


def _mask(parts: Tensor, dtype: torch.dtype) -> Tensor:
    """What to add to the scores: numbers, since a table of booleans would be copied and kept in every block."""
    own, other = parts[:, None, :, None], parts[:, None, None, :]
    seen = ((other == 0) | (other == own)).tril()
    return torch.zeros(seen.shape, dtype=dtype, device=parts.device).masked_fill_(~seen, -torch.inf)


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
