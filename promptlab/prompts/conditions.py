"""A prompt condition is a set of factors: what they are, what goes together, how two are added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from promptlab import given
from promptlab.errors import InputError, unknown
from promptlab.prompts.exemplars import NO_FACTORS, Exemplars
from promptlab.prompts.rendering import rendered
from promptlab.prompts.shuffling import variant_of, warn_of_fixed
from promptlab.prompts.templating import compiled
from promptlab.types import AnswerFormat, Model, Prompt, Question, digest

Layout = Literal["turns", "one-message", "system"]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One arm of an experiment. Every field is a factor, so every field can be a column.

    Parameters
    ----------
    name
        Unique within a run.
    instruction
        A sentence that follows the question.
    system
        None: the model's own default; ``""``: no system message at all; else the text.
    prefill
        The start of the model's own turn, for example ``"<think>\\n"``.
    template
        Jinja text for the last user turn (with `raw`, for the whole prompt) instead of the usual one. It may use
        ``question`` (with its choices, instruction and answer format), ``text`` (the bare question), ``choices``,
        ``instruction``, ``answer_format``, ``exemplars`` (each with ``question`` and ``answer``) and ``note``.
    raw
        Send the template's text as it is, without a chat template: for base models.
    exemplars, layout
        Which exemplars, and where they stand: earlier ``turns`` of the chat, in ``one-message`` with the question,
        or in the ``system`` message. An earlier turn reads like the last one, instruction and answer format included.
    note
        A sentence about the exemplars, right after the last of them: at the head of the last user turn (``turns``), of
        what follows them in ``one-message``, or at the end of the ``system`` message. A template that places the
        exemplars itself places ``note`` too. Without exemplars it is not sent.
    question_first
        The question stands before the exemplars, and is pointed at after them: in ``one-message`` only, since the last
        turn of a chat is the question's, and a system message comes first.
    replicate
        Another value gives other samples of the same prompt: an A/A comparison.
    variants, variant_seed
        More than 1: a choice-shuffle ensemble. Sample i shows the options in order ``i % variants``: as given, then in
        others that follow from the question's id and the seed; K must be a multiple of it. Options that speak of others
        ("(a) and (b)") keep their order, which a warning says. Answers are stored in the letters of the order as given.
    """

    name: str
    instruction: str = ""
    system: str | None = None
    prefill: str = ""
    template: str | None = None
    raw: bool = False
    exemplars: Exemplars | None = None
    layout: Layout = "turns"
    note: str = ""
    question_first: bool = False
    replicate: int = 0
    variants: int = 1
    variant_seed: int = 0

    def __post_init__(self) -> None:
        given.whole("variants of a condition", self.variants, 1)
        given.whole("variant_seed of a condition", self.variant_seed)
        if not self.name.strip():
            raise InputError("a condition needs a name")
        if self.layout not in get_args(Layout):
            raise unknown("layout of few_shot", self.layout, get_args(Layout))
        if self.raw and self.template is None:
            raise InputError(f"condition {self.name!r}: raw=True needs a template, since nothing else is sent")
        if self.raw and self.system:
            raise InputError(f"condition {self.name!r}: a raw prompt has no system message; put it into the template")
        if self.template is not None:
            compiled(self.template)
        if self.raw and self.exemplars and "exemplars" not in (self.template or ""):
            raise InputError(
                f"condition {self.name!r}: its raw template never uses `exemplars`, so none would be shown"
            )
        if self.note and self.placed == "template" and "note" not in (self.template or ""):
            raise InputError(f"condition {self.name!r}: its template places the exemplars, and never uses `note`")
        if self.question_first and self.placed != "one-message":
            placed = self.placed
            raise InputError(f"condition {self.name!r}: question_first needs layout='one-message', not {placed!r}")

    def __add__(self, other: Condition) -> Condition:
        """Both sets of factors: ``concise() + few_shot(k=3)``. Instructions follow one another; a clash is an error."""
        if not isinstance(other, Condition):
            return NotImplemented
        merged = {f.name: _merge(self, other, f.name, f.default) for f in fields(self) if f.name != "name"}
        return Condition(name=f"{self.name}+{other.name}", **merged)

    def but(self, **factors: Any) -> Condition:
        """A copy with some factors changed: ``few_shot(k=3).but(name="mine", system="")``."""
        names = [f.name for f in fields(self)]
        for name in factors:
            if name not in names:
                raise unknown("factor of Condition.but", name, names)
        return replace(self, **factors)

    @property
    def shots(self) -> int:
        return self.exemplars.k if self.exemplars else 0

    def factors(self) -> dict[str, str | int | float | bool]:
        """The factors as flat columns; texts that are long or differ by question are given by their digest."""
        shown = self.exemplars
        return {
            "shots": self.shots,
            **(shown.factors() if shown else NO_FACTORS),
            "layout": self._layout if shown else "",
            "note": self.note if shown else "",
            "question_first": self.question_first and bool(shown),
            "instruction": self.instruction,
            "system": "(default)" if self.system is None else self.system,
            "template": "" if self.template is None else digest(self.template),
            "prefill": self.prefill,
            "raw": self.raw,
            "variants": self.variants,
            "variant_seed": self.variant_seed if self.variants > 1 else 0,
        }

    def draw_of(self, question: Question) -> int:
        """The exemplar draw that a question belongs to (0 without exemplars)."""
        return self.exemplars.draw_of(question) if self.exemplars else 0

    def as_shown(self, question: Question, sample: int = 0) -> Question:
        """The question as one of its samples shows it: with several `variants`, its options in another order."""
        return variant_of(question, self.variants, self.variant_seed, sample)

    def check_samples(self, samples: int, questions: Sequence[Question] = ()) -> None:
        """Raise unless every variant would be asked equally often, since a vote would have the bias of some orders."""
        if samples % self.variants:
            raise InputError(
                f"samples={samples}, but condition {self.name!r} has variants={self.variants}: samples must be a "
                "multiple of it, so that every variant is asked equally often"
            )
        warn_of_fixed(self.variants, questions)

    def asked_of(self, model: Model) -> Condition:
        """The condition as this model is asked: in exemplars of style ``think`` its own tags, where none were named."""
        asked = self.exemplars.asked_of(model) if self.exemplars else None
        return self if asked is self.exemplars else replace(self, exemplars=asked)

    def render(
        self,
        question: Question,
        *,
        pool: Sequence[Question] = (),
        answer_format: AnswerFormat | None = None,
        sample: int = 0,
    ) -> Prompt:
        """Exactly what will be sent for a question.

        Parameters
        ----------
        question
            The question.
        pool
            Where exemplars come from, usually ``questions.pool``.
        answer_format
            The run's: its sentence ends the question's turn, the same in every condition.
        sample
            Which of the samples; it makes a difference where there are several `variants`.

        Raises
        ------
        InputError
            Too few exemplars, one that repeats the question, a template that does not render, no options to shuffle.
        """
        return rendered(self, self.as_shown(question, sample), pool, answer_format)

    @property
    def placed(self) -> str:
        """Where the exemplars go: a chat template that mentions them has placed them itself."""
        return "template" if self.template and "exemplars" in self.template else self._layout

    @property
    def _layout(self) -> Layout:
        """Questions without answers are no turns of a chat."""
        unanswered = self.exemplars is not None and self.exemplars.style == "questions"
        return "one-message" if unanswered and self.layout == "turns" else self.layout


def _merge(left: Condition, right: Condition, factor: str, default: Any) -> Any:
    a, b = getattr(left, factor), getattr(right, factor)
    if factor == "instruction":
        return "\n".join(part for part in (a, b) if part)
    if a != default and b != default and a != b:
        raise InputError(f"{left.name!r} + {right.name!r}: both set {factor} ({a!r} and {b!r})")
    return b if a == default else a
