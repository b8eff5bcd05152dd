"""Features of a completion, on written cases and, where it lies beside the repository, on real output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.traces import DESCRIPTIONS, features
from promptlab.types import Completion, Grade, Prompt, Question

SHARED = Path(__file__).parents[2] / "shared"
QUESTION = Question("q", "Ann has 25 coins and gets 14. How many?", ("39",), meta={"steps": [{"value": 39}]})
SHOWN = Prompt(exemplars=("Tom has 60 pens and loses 17. 60 - 17 = 43. The answer is 43.",))


def traced(
    text: str, answer: str = "39", *, question: Question = QUESTION, prompt: Prompt = SHOWN, reasoning: str = ""
) -> Any:
    grade = Grade(0.0, answer, bool(answer))
    return features(question, prompt, Completion(text, "complete", reasoning), grade)


def test_every_feature_is_described():
    assert set(traced("39")) == set(DESCRIPTIONS)


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("<think>25 + 14 = 39.</think>It is 39.", 5, 3),
        ("25 + 14 = 39. The answer is 39.", 8, 1),
        ("25 + 14 makes 39, I think.", 4, 3),
        ("39", 0, 1),
        ("It is thirty-nine.", 2, 1),
        ("Thirty and nine", 0, 3),
    ],
)
def test_words(text: str, before: int, after: int):
    found = traced(text)
    assert (found["reasoning_words"], found["answer_words"]) == (before, after)


def test_words_by_value_by_choice_and_without_an_answer():
    assert traced("It makes $1,039.00 in all.", "1039")["reasoning_words"] == 2
    assert traced("That makes 12 000 in all.", "12000")["reasoning_words"] == 2
    assert traced("So: ten dollars and 50 cents, or 10 dollars and 50 cents.", "10.5")["reasoning_words"] == 7
    assert traced("9" * 5000, "9" * 5000)["reasoning_words"] == 0
    assert traced("I do not know at all", "")["reasoning_words"] == 6
    assert traced("", "39", reasoning="25 + 14 = 39")["reasoning_words"] == 5
    choice = Question("c", "?", ("B",), "label", ("London", "Paris"))
    assert traced("It lies on the Seine: Paris.", "B", question=choice)["reasoning_words"] == 5
    assert traced("It is a town. So B.", "B", question=choice)["reasoning_words"] == 5


@pytest.mark.parametrize(
    ("text", "bypassed"),
    [
        ("39", True), ("<answer>39</answer>", True), ("The answer is 39.", True), ("<think></think>39", True),
        ("<think>ok</think>39", True), ("Ann now has a total of 39 coins.", True),
        ("25 + 14 = 39", False), ("<think>25 and 14 is 39</think>39", False),
    ],
)  # fmt: skip
def test_bypassed(text: str, bypassed: bool):
    assert traced(text)["bypassed"] is bypassed


def test_bypassed_needs_an_answer_and_digits_only_for_numbers():
    assert traced("I do not know", "")["bypassed"] is False
    assert traced("It lies on the Seine, so B", "B", question=Question("c", "?", ("B",), "label"))["bypassed"] is False


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Wait, let me check: 39.", 2), ("<think>Hmm. HMMM! Aha, actually</think>39", 4), ("double-checking it", 1),
        ("double check; let me verify; on second thought", 3), ("waiter, awaits, factually, hummus", 0), ("39", 0),
    ],
)  # fmt: skip
def test_verification(text: str, count: int):
    assert traced(text)["verification"] == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("25 + 14 = 39", 0),
        ("60 - 17 = 43", 2),  # 43 enters as a result
        ("25 + 60. Then 60 again: 85", 1),
        ("25 + 18 = 43. So 43.", 0),  # a slip that happens to meet an exemplar's number
        ("<think>17</think>39", 1),
        ("17.0 and 60.00", 2),
        ("1760 and 170", 0),
    ],
)
def test_copied_numbers(text: str, count: int):
    found = traced(text)
    assert (found["exemplar_numbers"], found["copied_number"]) == (count, count > 0)


def test_what_is_not_a_copy():
    assert not traced("60 - 17", prompt=Prompt())["copied_number"]
    assert not traced("3 steps", prompt=Prompt(exemplars=("3 pens",)))["copied_number"]  # small counting numbers
    for meta in ({"steps": [{"expression": "60 - 17", "value": 43}]}, {"steps": [60, "17"]}, {"rationale": "60 - 17"}):
        question = Question("q", "Ann has coins.", ("39",), meta=meta)
        assert not traced("60 and 17", question=question)["copied_number"]
    assert not traced("60", question=Question("q", "60 pens", ("39",)))["copied_number"]
    assert not traced("60", question=Question("q", "pens", ("39", "60")))["copied_number"]


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_any_output_has_features(text: str, reasoning: str, answer: str):
    found = traced(text, answer, reasoning=reasoning)
    assert found["reasoning_words"] >= 0
    assert found["answer_words"] >= 0
    assert found == traced(text, answer, reasoning=reasoning)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["x", "1 ", "wait ", "hm", "m", "39 ", "double ", "<think>", "\n", "="])
def test_a_million_characters_take_bounded_time(unit: str):
    assert traced(unit * (1_000_000 // len(unit)))["copied_number"] in (True, False)


@pytest.fixture(scope="module")
def copied_share() -> dict[tuple[str, str], float]:
    """Share of real outputs with a number that only the pool of exemplars holds, by model and condition.

    Which exemplars were shown is not known, so the whole pool stands for them.
    """
    path = SHARED / "outputs" / "miniature_samples.parquet"
    if not path.exists():
        pytest.skip("shared/outputs is not here")
    pandas = pytest.importorskip("pandas")
    asked = [json.loads(line) for line in (SHARED / "adapters" / "questions.jsonl").open(encoding="utf-8")]
    pool = [json.loads(line) for line in (SHARED / "adapters" / "exemplars.jsonl").open(encoding="utf-8")]
    prompt = Prompt(exemplars=tuple(f"{row['question']} {row['rationale']}" for row in pool))
    questions = [Question(q["id"], q["question"], (str(q["answer"]),), meta={"steps": q["steps"]}) for q in asked]
    rows = pandas.read_parquet(path).query(
        "sample == 0 and split == 'test' and not training_template and model in ('plain', 'r1-narrow', 'r1')"
        " and (condition == 'zero-shot' or (shots == 3 and exemplar_style == 'worked' and layout == 'turns'))"
    )
    rows["copied"] = [
        features(questions[i], prompt, Completion(text, "complete"), Grade(0.0))["copied_number"]
        for i, text in zip(rows.question, rows.completion, strict=True)
    ]
    return rows.groupby(["model", "condition"]).copied.mean().to_dict()


def test_real_copying_is_seen_and_nothing_else(copied_share: dict[tuple[str, str], float]):
    assert all(share < 0.01 for (_, condition), share in copied_share.items() if condition == "zero-shot")
    assert copied_share["r1-narrow", "few-shot"] > 0.5
    assert 0.1 < copied_share["plain", "few-shot"] < 0.3
    assert copied_share["r1", "few-shot"] < 0.05
