"""The ready-made conditions, and their names in YAML files and notebook parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from functools import wraps
from typing import Any, ParamSpec

from promptlab.errors import InputError, unknown
from promptlab.given import wrong
from promptlab.prompts.conditions import Condition, Layout
from promptlab.prompts.exemplars import GIVEN, MAX_OVERLAP, Content, Exemplars, Order, Style
from promptlab.prompts.selecting import Ranking, Step
from promptlab.prompts.similarity import AUTO
from promptlab.types import Question

P = ParamSpec("P")

CONCISE = "Be concise."
STEP_BY_STEP = "Let's think step by step."  # Kojima et al. 2022, arXiv 2205.11916

# The structure of DeepSeek-R1-Zero's training prompt (arXiv 2501.12948, table 1) in our own words: a dialogue, the
# two pairs of tags, the question after "User:", the end at "Assistant:". No placeholder stands between the tags,
# since a small model learns to copy it.
R1_ZERO = """\
This is a dialogue between a User and an Assistant. The User asks a question. The Assistant first thinks it through \
in its mind, between <think> and </think>, and then gives the User the answer, between <answer> and </answer>.
{% for exemplar in exemplars %}User: {{ exemplar.question }}
Assistant: {{ exemplar.answer }}
{% endfor %}User: {{ question }}
Assistant:"""


def _known_options(make: Callable[..., Condition]) -> list[str]:
    """A constructor's own parameters; then the factors of a condition that it hands on."""
    own = [
        name
        for name, parameter in inspect.signature(make).parameters.items()
        if parameter.kind != parameter.VAR_KEYWORD
    ]
    return list(dict.fromkeys([*own, *(factor.name for factor in fields(Condition))]))


def _checked(make: Callable[P, Condition]) -> Callable[P, Condition]:
    """A mistyped option is named as the caller wrote it, before anything else is said about the others."""

    @wraps(make)
    def with_known_options(*args: P.args, **options: P.kwargs) -> Condition:
        for option in options:
            if option not in _known_options(make):
                raise unknown(f"option of {make.__name__}", option, _known_options(make))
        return make(*args, **options)

    return with_known_options


@_checked
def zero_shot(*, name: str = "zero-shot", **factors: Any) -> Condition:
    """The question alone.

    Examples
    --------
    >>> from promptlab.types import Question
    >>> zero_shot().render(Question("q1", "What is 2 + 2?", ("4",))).messages
    (Message(role='user', content='What is 2 + 2?'),)
    """
    return _condition(name, factors)


@_checked
def concise(*, name: str = "concise", **factors: Any) -> Condition:
    """The question and a request to be concise."""
    return _condition(name, {"instruction": CONCISE, **factors})


@_checked
def chain_of_thought(*, name: str = "chain-of-thought", **factors: Any) -> Condition:
    """Zero-shot chain of thought: the question and "Let's think step by step." (arXiv 2205.11916)."""
    return _condition(name, {"instruction": STEP_BY_STEP, **factors})


@_checked
def r1_zero_template(*, name: str = "r1-zero", chat: bool = False, **factors: Any) -> Condition:
    """The training template of DeepSeek-R1-Zero (arXiv 2501.12948, table 1), worded anew after its structure.

    Sent as raw text, as to a base model; ``chat=True`` sends it as a user message instead, for servers that only chat.
    """
    return _condition(name, {"template": R1_ZERO, "raw": not chat, **factors})


@_checked
def from_template(template: str, *, name: str, **factors: Any) -> Condition:
    """A condition from your own Jinja text; see `Condition` for the variables that it may use.

    Examples
    --------
    >>> from promptlab.types import Question
    >>> mine = from_template("You are an accountant. {{ text }}", name="accountant")
    >>> mine.render(Question("q1", "What is 2 + 2?", ("4",))).messages[0].content
    'You are an accountant. What is 2 + 2?'
    """
    return _condition(name, {"template": template, **factors})


_USUAL = ("worked", "random", "as-picked", "own", "turns")  # goes without saying in a name


@_checked
def few_shot(
    k: int | None = None,
    *,
    style: Style = "worked",
    select: str | Step | Ranking | None = None,
    layout: Layout = "turns",
    order: Order = "as-picked",
    content: Content = "own",
    embedding: str = AUTO,
    max_overlap: float = MAX_OVERLAP,
    draws: int = 8,
    seed: int = 0,
    exemplars: Iterable[Question | Sequence[str]] = (),
    think_tags: tuple[str, ...] = (),
    name: str | None = None,
    **factors: Any,
) -> Condition:
    """`k` exemplars before the question.

    Parameters
    ----------
    k
        Shots; with explicit `exemplars` all of them by default.
    style, order, content, embedding, max_overlap, draws, seed, think_tags
        See `Exemplars`.
    select
        See `Exemplars`; by default ``random``, or ``given`` with explicit `exemplars`.
    layout
        ``turns``, ``one-message`` or ``system``; see `Condition`.
    exemplars
        Explicit exemplars: questions, or (question, answer) or (question, answer, rationale) tuples. With `select` they
        are the pool: ``few_shot(k=5, select="nearest", exemplars=Exemplars.from_run(run))``.

    Examples
    --------
    >>> few_shot(k=3, layout="one-message").name
    'few-shot-3-one-message'
    >>> few_shot(k=3, select="own-kind+nearest", order="nearest-last", embedding="tfidf").name
    'few-shot-3-own-kind+nearest-nearest-last'
    >>> few_shot(exemplars=[("What is 1 + 1?", "2")], style="answers").shots
    1
    """
    given = tuple(_as_exemplar(i, item) for i, item in enumerate(several(exemplars)))
    shots = len(given) if k is None and given else k
    if not isinstance(shots, int) or isinstance(shots, bool):
        raise InputError(f"few_shot needs k, the number of shots (an integer); got {k!r}")
    picker = Exemplars(
        k=shots,
        style=style,
        select=select or (GIVEN if given else "random"),
        order=order,
        content=content,
        embedding=embedding,
        max_overlap=max_overlap,
        draws=draws,
        seed=seed,
        given=given,
        think_tags=think_tags,
    )
    told = (style, picker.selected, order, content, layout)
    usual = "-".join([f"few-shot-{shots}", *(each for each in told if each not in _USUAL)])
    return _condition(name or usual, {"exemplars": picker, "layout": layout, **factors})


def _condition(name: str, factors: dict[str, Any]) -> Condition:
    replicate = factors.get("replicate", 0)
    return Condition(name=f"{name}#{replicate}" if replicate else name).but(**factors)


def several(exemplars: Any) -> tuple[Any, ...]:
    """Exemplars as they were given, to be gone through more than once."""
    if isinstance(exemplars, str) or not isinstance(exemplars, Iterable):
        raise wrong(
            "exemplars of few_shot", exemplars, "a list of questions or tuples; those of a run: Exemplars.from_run(run)"
        )
    return tuple(exemplars)


def _as_exemplar(number: int, item: Question | Sequence[str]) -> Question:
    if isinstance(item, Question):
        return item
    if not isinstance(item, tuple | list) or len(item) not in (2, 3) or not all(isinstance(part, str) for part in item):
        raise InputError(
            f"few_shot: exemplar {number + 1} is {item!r}; expected a Question, (question, answer) or "
            "(question, answer, rationale)"
        )
    if not (item[0].strip() and item[1].strip()):
        raise InputError(f"few_shot: exemplar {number + 1} is {item!r}: its question or its answer is blank")
    meta = {"rationale": item[2]} if len(item) == 3 else {}
    return Question(id=f"given-{number}", text=item[0], answers=(item[1],), meta=meta)


CONDITIONS: dict[str, Callable[..., Condition]] = {
    "zero-shot": zero_shot,
    "concise": concise,
    "chain-of-thought": chain_of_thought,
    "few-shot": few_shot,
    "r1-zero": r1_zero_template,
    "from-template": from_template,
}


def condition_from(spec: str | dict[str, Any]) -> Condition:
    """A condition from a word or a small mapping, as it stands in a YAML file or a notebook's parameters.

    Examples
    --------
    >>> condition_from({"few-shot": {"k": 3, "style": "answers"}}).name
    'few-shot-3-answers'
    """
    kind, options = (spec, {}) if isinstance(spec, str) else _single(spec)
    if kind not in CONDITIONS:
        raise unknown("condition", kind, CONDITIONS)
    for option in options:
        if option not in (known := _known_options(CONDITIONS[kind])):
            raise unknown(f"option of condition {kind!r}", option, known)
    try:
        return CONDITIONS[kind](**options)
    except TypeError as problem:
        raise InputError(f"condition {kind!r}: {problem}") from None


def _single(spec: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(spec, dict) or len(spec) != 1:
        raise InputError(f"a condition is a name or one {{name: {{option: value}}}}; got {spec!r}")
    kind, options = next(iter(spec.items()))
    if not isinstance(options, dict | None):
        raise InputError(f"options of condition {kind!r} must be a mapping; got {options!r}")
    return kind, dict(options or {})
