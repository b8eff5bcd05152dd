"""Exemplars whose rationales a model wrote itself, in an ordinary run over training questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args, overload

from promptlab.errors import InputError, unknown
from promptlab.reasoning import split_reasoning
from promptlab.types import Completion, Question, digest
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

Only = Literal["correct", "all"]
Part = Literal["reasoning", "answer"]

MADE_BY = "made_by"  # the place of the provenance in `Question.meta`


class Answered(Protocol):
    """What is read of a run."""

    @property
    def path(self) -> Path: ...
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

    `left` has the ids of the questions that gave none. Every exemplar says in ``meta["made_by"]`` where it comes from.
    """

    exemplars: tuple[Question, ...]
    left: tuple[str, ...]

    @classmethod
    def from_run(
        cls, run: Answered, *, only: Only = "correct", condition: str | None = None, part: Part | None = None
    ) -> SelfMade:
        """One exemplar a question: its first sample (by index) that is complete, and right where `only` asks for it.

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
        for what, value, allowed in (("only", only, get_args(Only)), ("part", part, (None, *get_args(Part)))):
            if value not in allowed:
                raise unknown(f"{what} of from_run", value, allowed)
        chosen = _condition(run, condition)
        firsts = _firsts(run.to_frame(), chosen, only)
        made = (_exemplar(run, each, firsts[each.id], part) for each in run.questions if each.id in firsts)
        usable = tuple(exemplar for exemplar in made if exemplar.meta["rationale"])
        if not usable:
            what = "correct and complete" if only == "correct" else "complete and answered"
            raise InputError(f"from_run: {run.path} has no {what} sample with a rationale under {chosen!r}")
        kept = {exemplar.id for exemplar in usable}
        return cls(usable, tuple(question.id for question in run.questions if question.id not in kept))

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
        return f"<SelfMade: {counted(len(self), 'exemplar')} by {made_by(self.exemplars)}{left}>"


def made_by(exemplars: Iterable[Question]) -> str:
    """Whose rationales these are, with a digest of them; empty where no model wrote any."""
    made = [(each.meta[MADE_BY], each.meta["rationale"]) for each in exemplars if MADE_BY in each.meta]
    whose = dict.fromkeys(f"{by['model']} under {by['condition']}" for by, _ in made)
    return f"{', '.join(whose)} ({digest([rationale for _, rationale in made])[:8]})" if made else ""


def _condition(run: Answered, wanted: str | None) -> str:
    if wanted is None and len(run.conditions) > 1:
        raise InputError(f"from_run: {run.path} has several conditions: name one of {', '.join(run.conditions)}")
    if wanted is not None and wanted not in run.conditions:
        raise unknown("condition of from_run", wanted, run.conditions)
    return wanted or run.conditions[0]


def _firsts(frame: pd.DataFrame, condition: str, only: Only) -> dict[str, Mapping[Any, Any]]:
    """The row of each question that is taken."""
    usable = (frame["condition"] == condition) & (frame["ending"] == "complete") & (frame["replicate"] == 0)
    if "variant" in frame:  # another one speaks of options in another order
        usable &= frame["variant"] == 0
    usable &= (frame["score"] >= 1) if only == "correct" else frame["answered"].astype(bool)
    rows = frame[usable].sort_values("sample", kind="stable").drop_duplicates("question")
    return {str(row["question"]): row for row in rows.to_dict("records")}


def _exemplar(run: Answered, question: Question, row: Mapping[Any, Any], part: Part | None) -> Question:
    completion = Completion(row["completion"], "complete", reasoning=row["reasoning"] or "")
    reasoning, answer_text = split_reasoning(completion)
    if part == "answer" or (part is None and not reasoning):
        reasoning = _without_answer(answer_text, run.manifest)
    sample = {"key": row["key"], "condition": row["condition"], "sample": int(row["sample"])}
    provenance = {"model": run.manifest["model"]["name"], "run": str(run.path), **sample}
    meta = {**question.meta, "rationale": reasoning, MADE_BY: provenance}
    return replace(question, meta=meta, answers=question.answers if row["score"] >= 1 else (row["answer"],))


def _without_answer(text: str, manifest: Mapping[str, Any]) -> str:
    """The text up to its last final answer in the run's format: an exemplar states its answer itself."""
    asked = manifest["answer_format"]
    opening = asked["wrap"].partition("{answer}")[0].strip() if asked else ""
    return (text.rpartition(opening)[0] if opening and opening in text else text).strip()
