"""A prompt condition is a set of factors; it turns a question into exactly what is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, Literal, get_args

from promptlab.errors import InputError, unknown
from promptlab.prompts.exemplars import Exemplars
from promptlab.types import AnswerFormat, Message, Prompt, Question, digest

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
        ``instruction``, ``answer_format`` and ``exemplars`` (each with ``question`` and ``answer``).
    raw
        Send the template's text as it is, without a chat template: for base models.
    exemplars, layout
        Which exemplars, and where they stand: earlier ``turns`` of the chat, in ``one-message`` with the question,
        or in the ``system`` message. An earlier turn reads like the last one, instruction and answer format included.
    replicate
        Another value gives other samples of the same prompt: an A/A comparison.
    """

    name: str
    instruction: str = ""
    system: str | None = None
    prefill: str = ""
    template: str | None = None
    raw: bool = False
    exemplars: Exemplars | None = None
    layout: Layout = "turns"
    replicate: int = 0

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("a condition needs a name")
        if self.layout not in get_args(Layout):
            raise unknown("layout of few_shot", self.layout, get_args(Layout))
        if self.raw and self.template is None:
            raise InputError(f"condition {self.name!r}: raw=True needs a template, since nothing else is sent")
        if self.raw and self.system:
            raise InputError(f"condition {self.name!r}: a raw prompt has no system message; put it into the template")
        if self.template is not None:
            _compiled(self.template)
        if self.raw and self.exemplars and "exemplars" not in (self.template or ""):
            raise InputError(
                f"condition {self.name!r}: its raw template never uses `exemplars`, so none would be shown"
            )

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

    def factors(self) -> dict[str, str | int | bool]:
        """The factors as flat columns; texts that are long or differ by question are given by their digest."""
        shown = self.exemplars
        return {
            "shots": self.shots,
            "style": shown.style if shown else "",
            "select": shown.select if shown else "",
            "layout": self.layout if shown else "",
            "draws": shown.draws if shown and not shown.given else 0,
            "exemplar_seed": shown.seed if shown else 0,
            "given": digest([(q.text, q.answers) for q in shown.given]) if shown and shown.given else "",
            "instruction": self.instruction,
            "system": "(default)" if self.system is None else self.system,
            "template": "" if self.template is None else digest(self.template),
            "prefill": self.prefill,
            "raw": self.raw,
        }

    def draw_of(self, question: Question) -> int:
        """The exemplar draw that a question belongs to (0 without exemplars)."""
        return self.exemplars.draw_of(question) if self.exemplars else 0

    def render(
        self, question: Question, *, pool: Sequence[Question] = (), answer_format: AnswerFormat | None = None
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

        Raises
        ------
        InputError
            Too few exemplars, one that repeats the question, or a template that does not render.
        """
        chosen = self.exemplars.pick(question, pool) if self.exemplars else ()
        shown = [self._shown(exemplar, answer_format) for exemplar in chosen]
        turn = self._turn(question, shown, answer_format)
        record = tuple(f"{exemplar.text}\n{answer}" for exemplar, (_, answer) in zip(chosen, shown, strict=True))
        if self.raw:
            return Prompt(text=turn, prefill=self.prefill, exemplars=record)
        messages = [*self._before(shown), Message("user", self._with_examples(shown, turn))]
        return Prompt(messages=tuple(messages), prefill=self.prefill, exemplars=record)

    def _shown(self, exemplar: Question, answer_format: AnswerFormat | None) -> tuple[str, str]:
        """An earlier turn reads like the last one, instruction and format included; inside a text they stand once."""
        assert self.exemplars is not None
        asked = self._usual(exemplar, answer_format) if self._placed == "turns" else _with_choices(exemplar)
        return asked, self.exemplars.show(exemplar, answer_format)

    def _turn(self, question: Question, shown: list[tuple[str, str]], answer_format: AnswerFormat | None) -> str:
        usual = self._usual(question, answer_format)
        if self.template is None:
            return usual
        return _fill(
            self,
            question=usual,
            text=question.text,
            choices=list(question.choices),
            instruction=self.instruction,
            answer_format=answer_format.sentence if answer_format else "",
            exemplars=[{"question": q, "answer": a} for q, a in shown],
        )

    def _usual(self, question: Question, answer_format: AnswerFormat | None) -> str:
        sentence = answer_format.sentence if answer_format else ""
        return "\n".join(part for part in (_with_choices(question), self.instruction, sentence) if part)

    @property
    def _placed(self) -> str:
        """Where the exemplars go: a chat template that mentions them has placed them itself."""
        return "template" if self.template and "exemplars" in self.template else self.layout

    def _before(self, shown: list[tuple[str, str]]) -> Iterable[Message]:
        """The messages before the last user turn."""
        in_system = bool(shown) and self._placed == "system"
        blocks = _blocks(shown) if in_system else ""
        if self.system is not None or in_system:
            yield Message("system", "\n\n".join(part for part in (self.system, blocks) if part))
        if self._placed == "turns":
            for asked, answered in shown:
                yield Message("user", asked)
                yield Message("assistant", answered)

    def _with_examples(self, shown: list[tuple[str, str]], turn: str) -> str:
        if not shown or self._placed != "one-message":
            return turn
        return f"{_blocks(shown)}\n\nNow answer this question.\n{turn}"


def _with_choices(question: Question) -> str:
    lines = [f"{chr(65 + i)}. {choice}" for i, choice in enumerate(question.choices)]
    return "\n".join([question.text, *lines])


def _blocks(shown: list[tuple[str, str]]) -> str:
    return "\n\n".join(["Here are some examples.", *(f"Question: {q}\nAnswer: {a}" for q, a in shown)])


def _merge(left: Condition, right: Condition, factor: str, default: Any) -> Any:
    a, b = getattr(left, factor), getattr(right, factor)
    if factor == "instruction":
        return "\n".join(part for part in (a, b) if part)
    if a != default and b != default and a != b:
        raise InputError(f"{left.name!r} + {right.name!r}: both set {factor} ({a!r} and {b!r})")
    return b if a == default else a


@lru_cache(maxsize=256)
def _compiled(template: str) -> Any:
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    try:
        return ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template)
    except TemplateError as problem:
        raise InputError(f"template is not valid Jinja: {problem} (in {template[:60]!r})") from None


def _fill(condition: Condition, **names: Any) -> str:
    from jinja2 import TemplateError

    try:
        return str(_compiled(condition.template or "").render(**names))
    except (TemplateError, TypeError, ArithmeticError) as problem:
        allowed = ", ".join(names)
        raise InputError(f"template of condition {condition.name!r}: {problem}; it may use {allowed}") from None
