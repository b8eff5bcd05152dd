"""The samples of a report as plain values, bounded in number and length, for the viewer in the page."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Iterator, Sequence
from itertools import islice
from typing import Any

from promptlab import markup
from promptlab.reasoning import split_reasoning
from promptlab.records import Run
from promptlab.records.listing import list_cards
from promptlab.records.showing import Card
from promptlab.reporting.gathering import Part

LONGEST = 4_000  # characters of each text that a model wrote
PROMPT = 8_000  # of each turn of a prompt
_TAIL = 1_000  # of which so many from the end, where the answer stands

# What could end the element that holds the JSON, or is no character of a script.
_OUTSIDE = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def cut(text: str, limit: int = LONGEST) -> str:
    """Begin and end of a long text with a note between them; control characters are made visible."""
    if len(text) <= limit:
        return markup.visible(text)
    head, left = limit - _TAIL, len(text) - limit
    return markup.visible(f"{text[:head]}\n[... {left:,} characters left out ...]\n{text[-_TAIL:]}")


class Embedded:
    """Samples, and what many of them share: each question and each prompt is kept once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.stored = 0
        self._samples: list[dict[str, Any]] = []
        self._shared: dict[str, dict[Hashable, tuple[int, Any]]] = {"questions": {}, "prompts": {}}

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, parts: Sequence[Part]) -> None:
        """All samples, or the same share of each run: its first questions, under all conditions."""
        runs = [(part, run, frame) for part in parts for run, frame in zip(part.runs, part.frames, strict=True)]
        self.stored = sum(len(frame) for *_, frame in runs)
        share = self.most if self.stored <= self.most else self.most // max(len(runs), 1)
        for part, run, frame in runs:
            asked = list(dict.fromkeys(frame["question"]))
            each = math.ceil(len(frame) / max(len(asked), 1))
            chosen = asked[: math.ceil(share / max(each, 1))]
            self._samples += islice(self._rows(part.title, run, chosen), share)

    def _rows(self, title: str, run: Run, questions: Sequence[str]) -> Iterator[dict[str, Any]]:
        texts = {question.id: question for question in run.questions}
        for card in list_cards(run, questions):
            asked = texts[card.sample.question]
            gold = " | ".join(asked.answers)
            question = {"id": _name(asked.id), "text": cut(asked.text, PROMPT), "gold": cut(gold)}
            sent = [[role, cut(text, PROMPT)] for role, text in card.prompt.turns]
            yield {
                "run": _name(title),
                "model": _name(run.model),
                "question": self._once("questions", (asked.id, asked.text, gold), question),
                "prompt": self._once("prompts", card.sample.prompt, sent),
                **_facts(card),
            }

    def _once(self, kind: str, key: Hashable, value: Any) -> int:
        known = self._shared[kind]
        return known.setdefault(key, (len(known), value))[0]

    def json(self) -> str:
        """JSON that may stand in a ``<script type="application/json">``, whatever it holds."""
        shared = {kind: [value for _, value in known.values()] for kind, known in self._shared.items()}
        text = json.dumps(
            {"samples": self._samples, **shared}, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
        return text.translate(_OUTSIDE)

    @property
    def note(self) -> str:
        """What is not in here."""
        texts = f"Texts are cut after {LONGEST:,} characters (turns of a prompt after {PROMPT:,}), which is said there."
        if len(self) == self.stored:
            return f"All {self.stored:,} samples. {texts}"
        chosen = "the first questions of every run under all its conditions, not chosen by what came out"
        return f"{len(self):,} of {self.stored:,} samples: {chosen}. All tables and figures count all samples. {texts}"


def _name(text: str) -> str:
    return markup.shortened(text, 200)


def _facts(card: Card) -> dict[str, Any]:
    sample, completion, grade = card.sample, card.sample.completion, card.grade
    reasoning, answer_text = split_reasoning(completion)
    scored = grade is not None and not math.isnan(grade.score)
    return {
        "condition": _name(sample.condition),
        "sample": sample.sample,
        "ending": completion.ending,
        "grade": card.status,
        "score": grade.score if grade and scored else None,
        "answer": markup.shortened(grade.answer, 200) if grade and grade.answered else None,
        "why": cut(grade.why) if grade else "",
        "reasoning": cut(reasoning),
        "text": cut(answer_text),
        "error": cut(completion.error),
        "tokens": [completion.prompt_tokens, completion.completion_tokens],
        "key": sample.key,
    }
