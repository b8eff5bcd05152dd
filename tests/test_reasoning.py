"""Where the reasoning ends: servers' fields, tags that open in the prompt, tags that never close, channels."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.reasoning import split_reasoning, without_prefill
from promptlab.types import Completion


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("The answer is 4.", "", ("", "The answer is 4.")),
        ("<think>2 + 2</think>4", "", ("2 + 2", "4")),
        ("2 + 2</think>\n4", "", ("2 + 2", "4")),  # the chat template opened it
        ("<think>2 + 2 is", "", ("2 + 2 is", "")),
        ("<THINK>a</Think>b", "", ("a", "b")),
        ("<thinking>a</thinking>b", "", ("a", "b")),
        ("4", "2 + 2", ("2 + 2", "4")),  # the server's own field
        ("<think>b</think>4", "a", ("a\nb", "4")),
        ("", "2 + 2", ("2 + 2", "")),
        ("", "", ("", "")),
        ("<think></think>4", "", ("", "4")),
        ("<think>\n\n</think>\n\n4", "", ("", "4")),  # Qwen3 with its soft switch
        ("<think>a</think>first<think>b</think>last", "", ("afirstb", "last")),
        ("<think>a</think>4<think>and again", "", ("a\nand again", "4")),  # reopened after the answer
        ("4 <think>hm", "", ("hm", "4")),
    ],
)
def test_split(text: str, field: str, expected: tuple[str, str]):
    assert split_reasoning(Completion(text, "complete", reasoning=field)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>2 + 2</think> <answer>4</answer>", ("2 + 2", "<answer>4</answer>")),
        ("<think>or <answer>3</answer>?</think><answer>4</answer>", ("or <answer>3</answer>?", "<answer>4</answer>")),
        ("<think>2 + 2 <answer>4</answer>", ("2 + 2 <answer>4</answer>", "")),  # it never ended its reasoning
        ("2 + 2 <answer>4</answer>", ("", "2 + 2 <answer>4</answer>")),  # no reasoning is marked as such
        ("4 <think>or <answer>5</answer>", ("or <answer>5</answer>", "4")),
    ],
)
def test_answer_tags(text: str, expected: tuple[str, str]):
    assert split_reasoning(Completion(text, "complete")) == expected


PAIRS = [
    *[("<think >", "</think >"), ("<seed:think>", "</seed:think>"), ("<|begin_of_thought|>", "<|end_of_thought|>")],
    *[("[THINK]", "[/THINK]"), ("◁think▷", "◁/think▷"), ("<|channel>thought", "<channel|>")],
]
WORDS = [("<thought>", "</thought>"), ("<Reasoning>", "</Reasoning>")]


def split(text: str) -> tuple[str, str]:
    return split_reasoning(Completion(text, "complete"))


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
def test_tags_of_other_families_wherever_they_stand(opening: str, closing: str):
    assert split(f"2 + 2{closing} 4") == ("2 + 2", "4")
    assert split(f"<think>a</think>{opening}b{closing}4") == ("ab", "4")


@pytest.mark.parametrize(("opening", "closing"), WORDS)
def test_words_are_tags_only_in_a_text_that_begins_with_them(opening: str, closing: str):
    assert split(f"{opening}a{closing}4 {opening}b") == ("a\nb", "4")
    spoken = (
        f"The answer is 4. Think between {opening} and {closing}, then answer"  # a recorded model repeats its prompt
    )
    assert split(spoken) == ("", spoken)


@pytest.mark.parametrize(("opening", "closing"), PAIRS + WORDS)
def test_tags_of_other_families(opening: str, closing: str):
    assert split(f"{opening}2 + 2{closing} 4") == ("2 + 2", "4")
    assert split(f"\n{opening}2 + 2 is") == ("2 + 2 is", "")
    assert without_prefill(Completion(f"{opening}4", "complete", reasoning="2 + 2"), opening).text == "4"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>the tag [/THINK] is odd", ("the tag  is odd", "")),  # it never ended its reasoning
        ("<reasoning>the tag </thought> is odd", ("the tag  is odd", "")),
        ("the tag [THINK] is odd</think>4", ("the tag  is odd", "4")),  # the chat template opened it
        ("the tag <reasoning> is odd</think>4", ("the tag <reasoning> is odd", "4")),
        ("<reasoning>or <think>?</reasoning>4", ("or ?", "4")),
        ("I [think] the thought <b>4</b>", ("", "I [think] the thought <b>4</b>")),
    ],
)
def test_tags_of_several_kinds(text: str, expected: tuple[str, str]):
    assert split(text) == expected


ANALYSIS, FINAL = "<|channel|>analysis<|message|>", "<|start|>assistant<|channel|>final<|message|>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ANALYSIS}2 + 2<|end|>{FINAL}4<|return|>", ("2 + 2", "4")),
        (f"{ANALYSIS}2 + 2<|end|>{FINAL}4", ("2 + 2", "4")),
        (f"{ANALYSIS}2 + 2 is", ("2 + 2 is", "")),
        (f"{ANALYSIS}a<|end|><|start|>assistant{ANALYSIS}b<|end|>{FINAL}4<|return|>", ("a\nb", "4")),
        (f"{ANALYSIS}a<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>4", ("a", "4")),
        ("<|channel|>final<|message|>4<|return|>", ("", "4")),
        ("analysis2 + 2.assistantfinal4", ("2 + 2.", "4")),
        ("analysisWe need 2 + 2. The answer is 5", ("We need 2 + 2. The answer is 5", "")),  # cut before its answer
        ("analysis\\(2 + 2\\) is", ("\\(2 + 2\\) is", "")),
        ("2 + 2.assistantfinal4", ("2 + 2.", "4")),  # the prompt had opened the first channel
        (f"2 + 2<|end|>{FINAL}4<|return|>", ("2 + 2", "4")),
        (f"{ANALYSIS}2 + 2.assistantfinal4", ("2 + 2.", "4")),  # it was sent, and its special token came not back
        (f"{ANALYSIS}a<|end|>{FINAL}the word assistantfinal", ("a", "the word assistantfinal")),
        ("analysis", ("", "analysis")),
        ("analysis: 4", ("", "analysis: 4")),
        ("analysis's result: 4", ("", "analysis's result: 4")),
        ("analysis of the question: 4", ("", "analysis of the question: 4")),  # a word like others
        ("The token <|channel|>final<|message|> ends it: 4", ("", "The token <|channel|>final<|message|> ends it: 4")),
    ],
)
def test_channels_that_a_server_left_in_the_text(text: str, expected: tuple[str, str]):
    assert split_reasoning(Completion(text, "complete")) == expected


@pytest.mark.parametrize(
    ("prefill", "field", "text"),
    [
        ("<think>\n", "2 + 2", "4"),  # the server took the reasoning out, and left the tag that was sent
        ("<think>\n", "", "<think>\n4"),  # it did not: the tag speaks of what follows
        ("So: ", "2 + 2", "So: 4"),
        ("<think>\n\n</think>\n", "2 + 2", "<think>\n\n</think>\n4"),
    ],
)
def test_a_prefill_and_a_server_that_splits(prefill: str, field: str, text: str):
    assert without_prefill(Completion(f"{prefill}4", "complete", reasoning=field), prefill).text == text


TAGS = [
    "<think>",
    "</think>",
    "<thinking>",
    "</THINKING>",
    "<answer>",
    "</answer>",
    *(t for p in PAIRS + WORDS for t in p),
]
CHANNELS = [ANALYSIS, FINAL, "<|end|>", "<|return|>", "analysis", "assistantfinal"]
PIECES = st.lists(st.sampled_from([*TAGS, *CHANNELS, "a", " 4 ", "\n", "<", "é"]))
PLAIN = st.text(st.characters(exclude_characters="<>|◁[", exclude_categories=["Cs"])).map(str.strip)


@settings(deadline=None)
@given(PIECES.map("".join))
def test_no_tag_reaches_the_answer_text(text: str):
    reasoning, answer = split_reasoning(Completion(text, "complete"))
    assert "<think>" not in answer
    assert "</think>" not in answer.lower()
    assert not any(tag in answer for pair in PAIRS for tag in pair)
    assert len(reasoning) + len(answer) <= len(text)


@settings(deadline=None)
@given(PLAIN, PLAIN.filter(bool), st.booleans())
def test_no_answer_is_lost_and_no_reasoning_gets_into_it(thought: str, answer: str, opened: bool):
    """However a server hands over the same output, it is split at the same place."""
    forms = [
        Completion(answer, "complete", reasoning=thought),
        Completion(f"{'<think>' if opened else ''}{thought}</think>{answer}", "complete"),
        Completion(f"{ANALYSIS}{thought}<|end|>{FINAL}{answer}<|return|>", "complete"),
    ]
    if "assistantfinal" not in answer:
        assert {split_reasoning(form) for form in forms} == {(thought, answer)}
    assert split_reasoning(Completion(f"<think>{thought} {answer}", "truncated"))[1] == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>" * 300_000 + "</think>4", ("", "4")),
        ("<think" + " " * 1_000_000 + "[/THINK]4", None),
        ("<think>" + "<answer>" * 300_000 + "</answer>", None),
        (ANALYSIS * 100_000 + FINAL * 50_000 + "4", None),
        ("analysis" + "assistantfinal" * 100_000 + "4", None),
        ("<|start|>assistant<|channel|>final" * 30_000 + FINAL * 30_000 + "4", None),
    ],
)
def test_a_million_tags_are_no_trouble(text: str, expected: tuple[str, str] | None):
    found = split_reasoning(Completion(text, "complete"))
    assert found == expected or expected is None
