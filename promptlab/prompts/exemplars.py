"""Which exemplars a question is shown, in what order, and how one exemplar reads."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

from promptlab import given as checked
from promptlab.errors import InputError, unknown
from promptlab.formats import ANSWER_IS
from promptlab.prompts.contents import Shown, first_answer, labelled
from promptlab.prompts.rationales import SelfMade, made_by
from promptlab.prompts.selecting import Ranking, Step, ranking_of
from promptlab.prompts.similarity import AUTO, embedding_named
from promptlab.types import AnswerFormat, Model, Question, digest
from promptlab.wording import counted

if TYPE_CHECKING:
    from promptlab.prompts.picking import Selector

Style = Literal["worked", "answers", "questions", "think"]
Order = Literal["as-picked", "nearest-last", "nearest-first", "shuffled"]
Content = Literal["own", "wrong-answers", "other-domain", "unrelated"]

GIVEN = "given"
NO_FACTORS: dict[str, str | int | float] = {  # of a condition without exemplars
    **dict.fromkeys(("style", "select", "order", "content", "embedding", "given", "rationales"), ""),
    **dict.fromkeys(("max_overlap", "draws", "exemplar_seed"), 0),
}
MAX_OVERLAP = 0.96
THINK = ("<think>", "</think>")


@dataclass(frozen=True, kw_only=True)
class Exemplars:
    """A rule that picks `k` exemplars for a question; `on` binds it to a pool, to look at what it picks.

    Parameters
    ----------
    k
        Shots, at least 1.
    style
        ``worked``: the rationale, then the answer; ``think``: the rationale in `think_tags`, then the answer (some chat
        templates cut the reasoning out of earlier turns: see the preview); ``answers``: the answer alone;
        ``questions``: the question alone. Without an answer there is no turn to show: with ``layout="turns"`` the
        questions then stand in one message with the question that is asked. A template's ``exemplar.answer`` is empty.
    select
        ``random``; ``fixed`` (one random choice for all questions); ``nearest`` or ``most-different`` by `embedding`;
        ``balanced`` (one of each label in turn: the first answer where exemplars are of kind ``label``, else their
        `cluster`); ``own-kind`` (those of the question's own `cluster`). They join:
        ``own-kind+nearest``, ``nearest+balanced``; in code also as `promptlab.prompts.selecting`'s objects. ``given``:
        always the first of `given`, in their order.
    order
        How the picked ones stand before the question: ``as-picked`` (the most preferred first), by similarity to it
        ``nearest-last`` or ``nearest-first``, or ``shuffled`` (by the question's id and `seed`, never as picked).
    content
        ``own``: what they are. Else a control: ``wrong-answers`` (answers change places so that each is wrong;
        rationales stay), ``other-domain`` (promptlab's own exemplars without arithmetic in the place of the pool), or
        ``unrelated`` (prose in the place of each text, about as many tokens long, asked for and answering nothing).
    embedding
        How similar two questions' texts are: ``tfidf`` (words and pairs of words, weighted within the pool), a
        sentence-transformers model as ``MODEL@REVISION`` or its folder, or ``auto``: the model
        `promptlab.prompts.similarity.SENTENCES` where that package is installed, else ``tfidf``.
    max_overlap
        Near-duplicates of the question are passed over: exemplars that share more than this of its words and pairs of
        words (Dice's coefficient), or repeat it outright, markup, invisible characters and number words aside;
        paraphrases are not found. With options on both sides it repeats the question where at least half of them are
        the same, or the right one is. Questions that are legitimate
        neighbours stay below 0.96: 400 arithmetic ones and their pool reach 0.952 (one template, one number changed),
        400 of GSM8K's test questions and the others 0.70, the halves of MATH-500 0.70.
    draws
        How many random choices there are. A question's draw follows from its id alone, so neither the order of the
        questions nor an extension of the run changes what a question is shown. Only ``random`` has draws; ``nearest``,
        ``most-different`` and ``fixed`` have one.
    given
        Exemplars of your own: shown as they are, or (with another `select` than ``given``) the pool to pick from.

    think_tags
        What opens and closes the reasoning of style ``think``. By default the model's own, as its profile has them
        (``[THINK]`` for Magistral), so that one condition suits every model; ``<think>`` where that says nothing, or no
        model is known yet (`Condition.render`). Tags that are named are shown to every model, and the factor `style`
        then names the opening one.

    Notes
    -----
    Choices are nested: the exemplars of k = 1 are the first picked of k = 3. Another `order` keeps the choice and not
    its places, and wrong answers depend on k.
    """

    k: int
    style: Style = "worked"
    select: str | Step | Ranking = "random"
    order: Order = "as-picked"
    content: Content = "own"
    embedding: str = AUTO
    max_overlap: float = MAX_OVERLAP
    draws: int = 8
    seed: int = 0
    given: tuple[Question, ...] = ()
    think_tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, allowed in (("style", Style), ("order", Order), ("content", Content)):
            if getattr(self, name) not in get_args(allowed):
                raise unknown(f"{name} of few_shot", getattr(self, name), get_args(allowed))
        if self.k < 1 or self.draws < 1:
            raise InputError(f"few_shot needs k >= 1 and draws >= 1; got k={self.k}, draws={self.draws}")
        share = checked.real("max_overlap of few_shot", self.max_overlap, lambda x: 0 < x <= 1, "above 0 and at most 1")
        object.__setattr__(self, "max_overlap", share)
        object.__setattr__(self, "embedding", embedding_named(self.embedding or AUTO) if self.by_similarity else "")
        object.__setattr__(self, "think_tags", checked.texts("think_tags of few_shot", self.think_tags))
        if self.think_tags and (len(self.think_tags) != 2 or not all(self.think_tags)):
            raise checked.wrong(
                "think_tags of few_shot", self.think_tags, "what opens the reasoning, and what closes it"
            )
        self._check_given()

    def _check_given(self) -> None:
        if self.select == GIVEN and not self.given:
            raise InputError("select='given' of few_shot needs exemplars=[...]")
        if self.select == GIVEN and len({(one.text, one.choices) for one in self.given}) < len(self.given):
            raise InputError("exemplars of few_shot: one stands there twice; give each once")
        if self.given and self.k > len(self.given):
            raise InputError(f"few_shot: k={self.k}, but exemplars= gives only {counted(len(self.given), 'exemplar')}")
        if self.content == "other-domain" and (self.given or "own-kind" in self.selected):
            raise InputError("content='other-domain' brings its own exemplars: drop exemplars=, select='own-kind'")

    from_run = staticmethod(SelfMade.from_run)

    @cached_property
    def ranking(self) -> Ranking | None:
        """The order of preference; None: exemplars are given."""
        return None if self.select == GIVEN else ranking_of(self.select)

    @property
    def selected(self) -> str:
        """The name of `select`."""
        return self.ranking.name if self.ranking else GIVEN

    @property
    def by_similarity(self) -> bool:
        return self.order.startswith("nearest") or bool(self.ranking and self.ranking.by_similarity)

    def draw_of(self, question: Question) -> int:
        """The draw that this question belongs to, in [0, draws)."""
        return int(digest(question.id)[:8], 16) % self.draws if self.ranking and self.ranking.drawn else 0

    def factors(self) -> dict[str, str | int | float]:
        """What a condition's factors say of its exemplars."""
        drawn = self.draws if self.ranking and self.ranking.drawn else 1
        return {
            "style": f"think {self.think_tags[0]}" if self.style == "think" and self.think_tags else self.style,
            "select": self.selected,
            "order": self.order,
            "content": self.content,
            "embedding": self.embedding,
            "max_overlap": self.max_overlap,
            "draws": drawn if self.ranking else 0,
            "exemplar_seed": self.seed,
            "given": digest([(q.text, q.answers) for q in self.given]) if self.given else "",
            "rationales": made_by(self.given),
        }

    def asked_of(self, model: Model) -> Exemplars:
        """The same, with the model's own think tags where some are shown and none were named."""
        if self.style != "think" or self.think_tags:
            return self
        tags = getattr(getattr(model, "profile", None), "think_tags", THINK)  # only some models have a profile
        if not tags:
            warnings.warn(
                f"{model.name!r} shows its reasoning in no tags that a message could hold: style='think' takes "
                f"{THINK[0]}, which is not its own",
                stacklevel=3,
            )
        return replace(self, think_tags=tuple(tags or THINK))

    def on(self, pool: Sequence[Question]) -> Selector:
        """What picks from a pool (or from the pool of a question set), and shows why."""
        from promptlab.prompts.picking import Selector

        return Selector(self, tuple(getattr(pool, "pool", pool)))

    def pick(self, question: Question, pool: Sequence[Question]) -> tuple[Question, ...]:
        """The k exemplars for a question, in the order shown.

        None of them repeats the question: a draw passes over such a one, a given one is an `InputError`.
        """
        return self.on(pool).chosen(question)

    def blocks(self, shown: Shown) -> list[str]:
        """The exemplars as parts of one text."""
        head, pairs = ([], shown) if self.content == "unrelated" else (["Here are some examples."], labelled(shown))
        return [*head, *("\n".join(filter(None, pair)) for pair in pairs)]

    def show(self, exemplar: Question, answer_format: AnswerFormat | None) -> str:
        """The answer side of an exemplar, in the very format that the run asks for; none of style ``questions``."""
        if self.style == "questions":
            return ""
        answer = first_answer(exemplar)
        if self.style == "answers" and not answer_format:
            return answer
        final = (answer_format or ANSWER_IS).wrap.replace("{answer}", answer)
        if self.style == "answers":
            return final
        rationale = str(exemplar.meta.get("rationale") or "").strip()
        if not rationale:
            raise InputError(f"exemplar {exemplar.id!r} has no rationale: use few_shot(style='answers') or add one")
        opening, closing = self.think_tags or THINK
        return f"{opening}\n{rationale}\n{closing}\n{final}" if self.style == "think" else f"{rationale} {final}"
