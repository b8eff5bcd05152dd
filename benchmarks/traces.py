"""Precision and recall of every detector of `promptlab.traces` on texts that were labelled by hand.

    python -m benchmarks.traces [--misses]

Two sets, written for this project: ``traces.jsonl``, against which the rules were improved, and
``traces_held_out.jsonl``, written afterwards, whose figures are the ones to believe. Checks and doubts are counted by
marker (⟦c|let me check⟧ and ⟦b|wait⟧ in the text), all others by text. 95 % Wilson intervals.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from promptlab import tables
from promptlab.reasoning import split_reasoning
from promptlab.stats import wilson
from promptlab.traces import features
from promptlab.traces.markers import markers, without_code
from promptlab.types import Completion, Grade, Message, Prompt, Question

FOLDER = Path(__file__).parents[1] / "tests" / "data"
SETS = ("traces", "traces_held_out")
PASSAGE = 7  # words of a passage that is no chance
_MARK = re.compile(r"⟦([bc])\|(.*?)⟧")
_KINDS = {"b": "doubts", "c": "checks"}
_Z = 1.959964


@dataclass
class Counts:
    """What a detector found and missed."""

    hits: int = 0
    false_alarms: int = 0
    found: int = 0  # labelled ones that were found; a marker may be hit by two findings
    missed: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, name: str, detected: bool, labelled: bool) -> None:
        self.hits += detected and labelled
        self.found += detected and labelled
        self.false_alarms += detected and not labelled
        self.missed += labelled and not detected
        if detected != labelled:
            self.wrong.append(f"{name} ({'false alarm' if detected else 'missed'})")

    @property
    def precision(self) -> tuple[int, int]:
        return self.hits, self.hits + self.false_alarms

    @property
    def recall(self) -> tuple[int, int]:
        return self.found, self.found + self.missed


def load(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def counted(rows: list[dict[str, Any]]) -> dict[str, Counts]:
    """Each detector's counts over labelled texts."""
    counts: dict[str, Counts] = defaultdict(Counts)
    for row in rows:
        question, prompt, completion, grade = _parts(row)
        found = features(question, prompt, completion, grade)
        for detector, detected, labelled in _by_text(found, row["labels"]):
            counts[detector].add(row["id"], detected, labelled)
        _by_marker(row, question, counts)
    return dict(counts)


def table(counts: dict[str, Counts]) -> pd.DataFrame:
    """A row a detector: precision and recall with their intervals, and of how many."""
    rows = []
    for name, found in counts.items():
        row: dict[str, Any] = {"detector": name}
        for what in ("precision", "recall"):
            k, n = getattr(found, what)
            low, high = wilson(k / n, n, _Z) if n else (0.0, 1.0)
            row |= {what: f"{k / n:.2f} [{low:.2f}, {high:.2f}]" if n else "", f"of ({what})": f"{k}/{n}"}
        rows.append(row)
    return pd.DataFrame(rows)


def _parts(row: dict[str, Any]) -> tuple[Question, Prompt, Completion, Grade]:
    question = Question(row["id"], row["question"], tuple(row["answers"]), row["kind"], tuple(row.get("choices", ())))
    prompt = Prompt((Message("user", row["question"]),), exemplars=tuple(row.get("exemplars", ())))
    completion = Completion(_MARK.sub(r"\2", row["output"]), "complete")
    return question, prompt, completion, Grade(row["score"], row["answer"], bool(row["answer"]))


def _by_text(found: dict[str, Any], labels: dict[str, Any]) -> Iterator[tuple[str, bool, bool]]:
    """(detector, what it says, what the label says)."""
    changed = labels.get("changed", "")
    yield "redone", found["redone"] > 0, "redone" in labels
    yield "redone_otherwise", found["redone_otherwise"] > 0, "step_changed" in labels
    yield "changed", found["changed"] == 1, changed in ("right", "wrong", "other")
    yield "changed: an answer before a marker", found["changed"] == found["changed"], bool(changed)
    yield "changed_to_right", found["changed_to_right"] == 1, changed == "right"
    yield "changed_to_wrong", found["changed_to_wrong"] == 1, changed == "wrong"
    for part in ("reasoning", "answer"):
        yield "..._script", found[f"{part}_script"] > 0, part in labels.get("script", ())
        yield "..._foreign", found[f"{part}_foreign"] > 0, part in labels.get("words", ())
    yield "looped", found["looped"] > 0, "loop" in labels
    yield "loop_at_end", found["loop_at_end"], "loop_at_end" in labels
    yield f"copied_span >= {PASSAGE}", found["copied_span"] >= PASSAGE, "span" in labels
    yield "copied_number", found["copied_number"], "numbers" in labels
    yield "copied_answer", found["copied_answer"], "copied_answer" in labels


def _by_marker(row: dict[str, Any], question: Question, counts: dict[str, Counts]) -> None:
    """Markers found and labelled, one by one: they agree where they overlap."""
    text, labelled = _unmarked("\n".join(split_reasoning(Completion(row["output"], "complete"))))
    detected = [(f"{m.kind}s", m.start, m.end) for m in markers(without_code(text), question.text)]
    for kind in _KINDS.values():
        ours, theirs = ([m for m in side if m[0] == kind] for side in (detected, labelled))
        count = counts[kind]
        for start, end in ((m[1], m[2]) for m in ours):
            hit = any(start < m[2] and m[1] < end for m in theirs)
            count.hits += hit
            count.false_alarms += not hit
            if not hit:
                count.wrong.append(f"{row['id']} (false alarm: {text[start:end]!r})")
        for start, end in ((m[1], m[2]) for m in theirs):
            hit = any(start < m[2] and m[1] < end for m in ours)
            count.found += hit
            count.missed += not hit
            if not hit:
                count.wrong.append(f"{row['id']} (missed: {text[start:end]!r})")


def _unmarked(output: str) -> tuple[str, list[tuple[str, int, int]]]:
    """The text without its labels, and where each labelled marker stands in it."""
    text, labelled, end = "", [], 0
    for found in _MARK.finditer(output):
        text += output[end : found.start()]
        labelled.append((_KINDS[found[1]], len(text), len(text) + len(found[2])))
        text, end = text + found[2], found.end()
    return text + output[end:], labelled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true", help="name every text on which a detector erred")
    parser.add_argument("--only", choices=SETS, help="one of the two sets")
    asked = parser.parse_args()
    for name in [asked.only] if asked.only else SETS:
        rows = load(name)
        counts = counted(rows)
        print(f"{name}: {len(rows)} texts\n\n{tables.markdown(table(counts))}\n")
        if asked.misses:
            print(*(f"{detector}: {wrong}" for detector, of in counts.items() for wrong in of.wrong), sep="\n")


if __name__ == "__main__":
    main()
