"""Exemplars whose rationales a model wrote itself, in an ordinary run over training questions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args, overload

from promptlab import given
from promptlab.choices import options_of
from promptlab.errors import InputError, unknown
from promptlab.reasoning import split_reasoning
from promptlab.types import Completion, Question, digest
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

Only = Literal["correct", "all"]
Part = Literal["reasoning", "answer"]

MADE_BY = "made_by"  # the place of the provenance in `Question.meta`

# Control tokens of a chat, in the models' several ways of writing them: shown to a model they end or open a turn.
_MARKER = re.compile(r"<([|｜])[^<>\s]{1,40}\1>|</?s>|\[/?INST\]|</?(?:start|end)_of_turn>")


class Answered(Protocol):
    """What is read of a run."""

    @property
    def path(self) -> Path: ...
    @property
    def model(self) -> str: ...
    @property
    def manifest(self) -> Mapping[str, Any]: ...
    @property
    def conditions(self) -> tuple[str, ...]: ...
    @property
    def questions(self) -> tuple[Question, ...]: ...
    def to_frame(self) -> pd.DataFrame: ...


@dataclass(frozen=True, repr=False)
class SelfMade(Sequence[Question]):
    """Exemplars with a model's own rationales: for ``few_shot(exemplars=...)``, or as the pool of `with_pool`.

    `left` has the ids of the questions that gave none, `passed` counts the samples that were passed over, by reason.
    Every exemplar says in ``meta["made_by"]`` where it comes from.
    """

    exemplars: tuple[Question, ...]
    left: tuple[str, ...]
    passed: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_run(
        cls, run: Answered, *, only: Only = "correct", condition: str | None = None, part: Part | None = None
    ) -> SelfMade:
        """One exemplar a question: its first sample (by index) that is complete, and right where `only` asks for it.

        Passed over is what would teach something else: an output with a loop (`looped`, where the run's frame has it),
        a rationale that is empty or has control tokens of a chat (``<|im_end|>``), an answer that is no single option.

        The run is the cache: `promptlab.run` on the same path pays nothing again, and its records stay the provenance.

        Parameters
        ----------
        run
            A run over training questions, usually zero-shot or chain of thought.
        only
            ``correct``: samples of score 1 alone, as Medprompt has it (arXiv 2311.16452); ``all``: the first answered
            one whatever it says, with the model's own answer where that is wrong.
        condition
            Whose samples; by default the run's only one.
        part
            ``reasoning``: what the model thought; ``answer``: the text after it, less the final answer in the run's
            format. By default the reasoning where there is some.

        Raises
        ------
        InputError
            No sample can be used, or the run has several conditions and none is named.
        """
        if not all(hasattr(run, name) for name in ("path", "model", "manifest", "questions", "to_frame")):
            raise given.wrong("run of from_run", run, "a Run, as lab.run and lab.load_run give it")
        for what, value, allowed in (("only", only, get_args(Only)), ("part", part, (None, *get_args(Part)))):
            if value not in allowed:
                raise unknown(f"{what} of from_run", value, allowed)
        chosen = _condition(run, condition)
        made, passed = _firsts(run, _allowed(run.to_frame(), chosen, only), part)
        if not made:
            what = "correct and complete" if only == "correct" else "complete and answered"
            told = f" (passed over: {_counts(passed)})" if passed else ""
            raise InputError(f"from_run: {run.path} has no {what} sample with a rationale under {chosen!r}{told}")
        usable = tuple(made[question.id] for question in run.questions if question.id in made)
        return cls(usable, tuple(question.id for question in run.questions if question.id not in made), passed)

    def __len__(self) -> int:
        return len(self.exemplars)

    @overload
    def __getitem__(self, index: int) -> Question: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Question, ...]: ...
    def __getitem__(self, index: int | slice) -> Question | tuple[Question, ...]:
        return self.exemplars[index]

    def __repr__(self) -> str:
        left = f", {counted(len(self.left), 'question')} left over" if self.left else ""
        passed = f", samples passed over: {_counts(self.passed)}" if self.passed else ""
        return f"<SelfMade: {counted(len(self), 'exemplar')} by {made_by(self.exemplars)}{left}{passed}>"


def made_by(exemplars: Iterable[Question]) -> str:
    """Whose rationales these are, with a digest of them; empty where no model wrote any."""
    made = [(each.meta[MADE_BY], each.meta["rationale"]) for each in exemplars if MADE_BY in each.meta]
    whose = dict.fromkeys(f"{_author(by)} under {by['condition']}" for by, _ in made)
    return f"{', '.join(whose)} ({digest([rationale for _, rationale in made])[:8]})" if made else ""


def _author(by: Mapping[str, Any]) -> str:
    """The run's model; with its adapter, since another one on the same base may bear the same name."""
    return f"{by['model']} (adapter {by['adapter'][:8]})" if by.get("adapter") else str(by["model"])


def _condition(run: Answered, wanted: str | None) -> str:
    if wanted is None and len(run.conditions) > 1:
        raise InputError(f"from_run: {run.path} has several conditions: name one of {', '.join(run.conditions)}")
    if wanted is not None and wanted not in run.conditions:
        raise unknown("condition of from_run", wanted, run.conditions)
    return wanted or run.conditions[0]


def _allowed(frame: pd.DataFrame, condition: str, only: Only) -> pd.DataFrame:
    """The rows that may be taken, in the order in which they are tried."""
    usable = (frame["condition"] == condition) & (frame["ending"] == "complete")
    if "variant" in frame:  # another one speaks of options in another order
        usable &= frame["variant"] == 0
    usable &= (frame["score"] >= 1) if only == "correct" else frame["answered"].astype(bool)
    return frame[usable].sort_values("sample", kind="stable")


def _firsts(run: Answered, frame: pd.DataFrame, part: Part | None) -> tuple[dict[str, Question], Counter[str]]:
    """The exemplar of each question, and how many samples before it were passed over for what."""
    questions = {question.id: question for question in run.questions}
    made: dict[str, Question] = {}
    passed: Counter[str] = Counter()
    for row in frame.to_dict("records"):
        if (name := str(row["question"])) in made:
            continue
        rationale = _rationale(run, row, part)
        if why := _unfit(rationale, row) or _unnamed(questions[name], row):
            passed[why] += 1
        else:
            made[name] = _exemplar(run, questions[name], row, rationale)
    return made, passed


def _unfit(rationale: str, row: Mapping[Any, Any]) -> str:
    if not rationale:
        return "no rationale"
    if _MARKER.search(rationale):
        return "control tokens"
    return "a loop" if (row.get("looped") or 0) > 0 else ""


def _unnamed(question: Question, row: Mapping[Any, Any]) -> str:
    named = question.kind != "label" or row["score"] >= 1 or row["answer"] in options_of(question.choices)
    return "" if named else "no single option"


def _counts(passed: Mapping[str, int]) -> str:
    return ", ".join(f"{number} for {why}" for why, number in passed.items())


def _rationale(run: Answered, row: Mapping[Any, Any], part: Part | None) -> str:
    completion = Completion(row["completion"], "complete", reasoning=row["reasoning"] or "")
    reasoning, answer_text = split_reasoning(completion)
    whole_answer = part == "answer" or (part is None and not reasoning)
    return _without_answer(answer_text, run.manifest) if whole_answer else reasoning


def _exemplar(run: Answered, question: Question, row: Mapping[Any, Any], rationale: str) -> Question:
    sample = {"key": row["key"], "condition": row["condition"], "sample": int(row["sample"])}
    weights = run.manifest["model"]
    which = {"model": run.model, "base": weights["name"], "adapter": weights.get("adapter", "")}
    provenance = {**which, "run": str(run.path), **sample}
    meta = {**question.meta, "rationale": rationale, MADE_BY: provenance}
    return replace(question, meta=meta, answers=question.answers if row["score"] >= 1 else (row["answer"],))


def _without_answer(text: str, manifest: Mapping[str, Any]) -> str:
    """The text up to its last final answer in the run's format: an exemplar states its answer itself."""
    asked = manifest["answer_format"]
    opening = asked["wrap"].partition("{answer}")[0].strip() if asked else ""
    return (text.rpartition(opening)[0] if opening and opening in text else text).strip()
