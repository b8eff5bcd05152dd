"""160 passages in five languages, labelled by a reader before any was graded; and how reasoning models end an answer.

The first 80 of `data/labels.jsonl` found what label version 7 mends. Two more sets of 40 were graded after that:
36 and 33 were read as by the reader, 3 and 6 missed, 1 and 1 wrong (version 6: 34 and 35, 4 and 4, 2 and 1). Then both
wrong ones were mended, and two of the missed: those counts, not this test, tell what to expect of other texts.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptlab.grading import label
from promptlab.types import Grade, Question

PASSAGES = [json.loads(line) for line in (Path(__file__).parent / "data/labels.jsonl").read_text("utf-8").splitlines()]
MISSED = (  # and no more
    "12 is too small and 21", '{"A": false', "Hmm, A would cause", "Options B, C and D all exceed",
    "Given the recent flight, my", "Options B and C are both capitals", "Let me verify: 12 is A", "Am ehesten C",
)  # fmt: skip
TEN = ("heat of fusion", "the mass", "3.5 m/s", "I only", "II and III", "0.12 mol", "boiling", "a photon",
       "An electron", "none of the above")  # fmt: skip


def said(grade: Grade) -> str:
    return grade.answer if grade.answered and len(grade.answer) == 1 else ""


@pytest.mark.parametrize("passage", PASSAGES, ids=lambda passage: passage["text"][:30])
def test_a_passage_is_read_as_by_its_reader(passage: dict[str, str]):
    question = Question("q", passage["question"], ("A",), "label", tuple(passage["choices"]))
    expected = "" if passage["text"].startswith(MISSED) else passage["label"]
    assert said(label(question, passage["text"])) == expected


# What prompts of GPQA, MMLU-Pro and MedQA ask for, what models make of it, and what harnesses misread:
# https://github.com/marin-community/marin/issues/7527 and https://github.com/RUC-NLPIR/Search-o1/issues/27
@pytest.mark.parametrize(
    "form",
    [
        "**Final Answer**\n\n\\[\n\\boxed{<L>}\n\\]", "### Final Answer\n\n$\\boxed{\\text{<L>}}$",
        "The correct answer is **<L>. <T>**.", "ANSWER: <L>", "##Answer: <L>##", "*Answer*: <L>",
        "**Selected answer:** <L>", "Selected answer: **<L>**", '"answer": "<L>"', '```json\n{"answer": "<L>"}\n```',
        "Answer: $<L>$", "Answer: $<L>", "Answer: \\(<L>\\)", "\\boxed{<L>) <T>}", "\\boxed{(<L>)}",
        "\\boxed{\\textbf{<L>}}", "\\boxed{\\mathrm{<L>}}", "\\boxed{\\boldsymbol{<L>}}",
        "Thus, the correct choice is:\n\n$$\n\\boxed{\\text{<L>. <T>}}\n$$", "**Answer: <L>) <T>**", "#### Answer: <L>",
        "**Answer:**\n\n**<L>**", "### **Answer**\n**<L>**", "The best answer is:\n\n**(<L>) <T>**",
        "**Conclusion:** The evidence points to option **<L>**.", "The answer is \\boxed{<L>}: <T>.",
        "<answer>\\boxed{<L>}</answer>", "<answer>\n<L>: <T>\n</answer>", "**Correct Option: <L>**",
        "✅ **Correct Answer: <L>. <T>**", "✅ **<L>. <T>**", "Therefore, the correct answer is:\n\n> **<L>. <T>**",
        "最终答案：\\boxed{<L>}", "**答案：<L>**", "---\n\n**Answer: <L>**\n\n---",
        "**Answer**: \\boxed{<L>}\n\n**Explanation**: Options A and B contradict the data.",
        "\\boxed{<L>}\n\nNote that A holds for ideal gases only, as does option B.",
        "Answer: <L>\n\n---\n\n**Why not the others?**\n- A is too small.\n- B has no mass.",
    ],
)  # fmt: skip
def test_how_reasoning_models_end(form: str):
    for letter, text in zip("ABCDEFGHIJ", TEN, strict=True):
        grade = label(
            Question("q", "Which?", (letter,), "label", TEN), form.replace("<L>", letter).replace("<T>", text)
        )
        assert grade.score == 1, (letter, grade)


def test_letters_that_only_occur_are_no_answer():
    """In the first issue a parser took the last letter anywhere, for 70 outputs that held no choice."""
    for text in ("I have to stop here; mechanism A needs more work.", "So vitamin C and point D matter.", "A thing."):
        assert not label(Question("q", "Which?", ("A",), "label", TEN), text).answered, text
