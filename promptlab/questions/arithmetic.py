"""The built-in generator of word problems: which questions, in which split, in which order.

Everything follows from ``(split, seed, levels, templates)`` through `random.Random` of a string, so it is the same in
every process and on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice
from random import Random
from string import ascii_uppercase

from promptlab import given
from promptlab.errors import InputError, unknown
from promptlab.questions.drawing import Draft, Template, all_templates, draw
from promptlab.questions.options import with_options
from promptlab.textnorm import normalise
from promptlab.types import Question, digest

LEVELS = (1, 2, 3, 4)
FAMILIES = ("seen", "held-out", "all")
# The last digit (of ten) of a text's digest decides its split: no text can be in two of them.
SPLITS = {"pool": (0, 1), "train": (2, 3, 4, 5), "dev": (6,), "test": (7, 8, 9)}
POOL_PER_TEMPLATE = 8  # exemplars of every kind: enough to show five of the question's own
_TRIES = 2_000  # draws before a template counts as used up


def split_of(normalised: str) -> str:
    """The split that a text belongs to, by a digest of its normalised form."""
    digit = int(digest(normalised)[:8], 16) % 10
    return next(split for split, digits in SPLITS.items() if digit in digits)


def _fresh(template: Template, level: int, split: str, rng: Random, used: set[str]) -> Draft | None:
    """A draft whose text falls into the split and is not among the used ones, to which it is added."""
    for _ in range(_TRIES):
        draft = draw(template, level, rng)
        if draft is None:
            continue
        text = normalise(draft.text)
        if text not in used and split_of(text) == split:
            used.add(text)
            return draft
    return None


def _as_question(draft: Draft, template: Template, split: str, name: str) -> Question:
    steps = [{"what": what, "expression": shown, "value": value} for what, shown, value in draft.steps]
    meta = {
        "level": draft.level,
        "template": template.name,
        "wording": draft.wording,
        "split": split,
        "held_out": template.held_out,
        "steps": steps,
        "rationale": " ".join(f"{what}: {shown} = {value}." for what, shown, value in draft.steps),
    }
    return Question(name, draft.text, (str(draft.steps[-1][2]),), "number", cluster=template.name, meta=meta)


def _stream(split: str, name: str, chosen: Sequence[Template], levels: Sequence[int]) -> Iterator[Question]:
    """Questions without end: every turn shows each template once, in an order of its own.

    A template whose texts of a level are used up is passed over from then on; the stream ends when all are.
    """
    used: set[str] = set()
    served = {template.name: [level for level in template.levels if level in levels] for template in chosen}
    for turn in count():
        active = [template for template in chosen if served[template.name]]
        if not active:
            return
        for template in Random(f"{name}/{turn}").sample(active, len(active)):
            level = served[template.name][turn % len(served[template.name])]
            draft = _fresh(template, level, split, Random(f"{name}/{turn}/{template.name}"), used)
            if draft is None:
                served[template.name].remove(level)
                continue
            yield _as_question(draft, template, split, f"{name}-{len(used) - 1}")


def choose(levels: Sequence[int], templates: str) -> list[Template]:
    """The templates of a family that serve one of the levels."""
    family = {"seen": (False,), "held-out": (True,), "all": (False, True)}[templates]
    return [t for t in all_templates() if t.held_out in family and set(t.levels) & set(levels)]


def generate(
    split: str,
    n: int,
    seed: int,
    levels: Sequence[int] = LEVELS,
    templates: str = "seen",
    choices: int | None = None,
) -> list[Question]:
    """The first `n` questions of a stream; templates take turns, so clusters differ in size by one at most.

    With `choices`, the same questions with so many options.

    Raises
    ------
    InputError
        For an unknown split, family or level; for held-out templates in ``train``; where the texts run out.
    """
    levels = _check(split, levels, templates)
    if choices is not None and not 2 <= given.whole("choices of arithmetic", choices, 2) <= len(ascii_uppercase):
        raise given.wrong("choices of arithmetic", choices, "a whole number from 2 to 26, as there are letters")
    name = f"arithmetic-{split}-{seed}"
    name += "" if levels == LEVELS else "-L" + "".join(map(str, levels))
    name += "" if templates == "seen" else f"-{templates}"
    found = list(islice(_stream(split, name, choose(levels, templates), levels), n))
    if len(found) < n:
        raise InputError(f"n={n}, but only {len(found)} different questions were found for {name}")
    return found if choices is None else [with_options(question, choices) for question in found]


def exemplar_pool(seed: int, levels: Sequence[int], templates: str, choices: int | None = None) -> list[Question]:
    """`POOL_PER_TEMPLATE` exemplars for every template that serves the levels."""
    return generate("pool", POOL_PER_TEMPLATE * len(choose(levels, templates)), seed, levels, templates, choices)


def _check(split: str, levels: Sequence[int], templates: str) -> tuple[int, ...]:
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    if templates not in FAMILIES:
        raise unknown("templates", templates, FAMILIES)
    if split == "train" and templates != "seen":
        raise InputError(f"templates={templates!r} with split='train': held-out templates are never trained on")
    if not levels or any(level not in LEVELS for level in levels):
        raise InputError(f"levels={levels!r}: expected one or more of {', '.join(map(str, LEVELS))}")
    return tuple(sorted(set(levels)))
