"""Features of a completion, on written cases and, where it lies beside the repository, on real output."""

from __future__ import annotations

import json
from math import isnan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.traces import DESCRIPTIONS, VERSION, features
from promptlab.traces.copying import copied_span
from promptlab.traces.loops import looped
from promptlab.types import Completion, Grade, Message, Prompt, Question

SHARED = Path(__file__).parents[2] / "shared"
QUESTION = Question("q", "Ann has 25 coins and gets 14. How many?", ("39",), meta={"steps": [{"value": 39}]})
SHOWN = Prompt(exemplars=("Tom has 60 pens and loses 17. 60 - 17 = 43. The answer is 43.",))


def traced(
    text: str, answer: str = "39", *, question: Question = QUESTION, prompt: Prompt = SHOWN, reasoning: str = ""
) -> Any:
    grade = Grade(0.0, answer, bool(answer))
    return features(question, prompt, Completion(text, "complete", reasoning), grade)


def test_every_feature_is_described_in_its_order():
    assert list(traced("39")) == list(DESCRIPTIONS)
    assert traced("39")["traces_version"] == VERSION


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


# -- checks and doubts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "checks", "doubts"),
    [
        ("Wait, let me check: 39.", 1, 1),
        ("Hmm. Wait, no, that is wrong.", 0, 1),  # one doubt, however many words
        ("38. No, that is a mistake. 39. Check: 39 - 14 = 25. Right.", 1, 1),
        ("They wait. Wait times are long; she pays by check, and checks in.", 0, 0),
        ("```\n# wait, let me check\n```\n39", 0, 0),
        ("等等，不对。让我检查一下。", 1, 1),
        ("苹果、梨等等，对不对？", 0, 0),
    ],
)
def test_checks_and_doubts(text: str, checks: int, doubts: int):
    found = traced(text)
    assert (found["checks"], found["doubts"]) == (checks, doubts)


def test_what_the_question_says_is_no_marker():
    question = Question("q", "The guard shouts: 'Wait, let me check!' How often?", ("39",))
    assert traced("He shouts: 'Wait, let me check!' 39 times.", question=question)["doubts"] == 0
    assert traced("39. Wait, let me check.", question=question)["checks"] == 1


@pytest.mark.parametrize(
    ("text", "score", "changes"),
    [
        ("The answer is 38. Wait, 39.", 1.0, (1, 1, 0)),
        ("The answer is 39. Wait, 38.", 0.0, (1, 0, 1)),
        ("The answer is 37. Wait, 38.", 0.0, (1, 0, 0)),
        ("The answer is 39. Let me check. 39.", 1.0, (0, 0, 0)),
        ("So she has 38 coins. Hmm, 39.", 1.0, (1, 1, 0)),
        ("The answer is 38. Wait, or 40? The answer is 40. Wait. The answer is 39.", 1.0, (1, 1, 0)),
    ],
)
def test_what_a_changed_answer_changed_to(text: str, score: float, changes: tuple[int, int, int]):
    final = text.rstrip(".").split()[-1]
    found = features(QUESTION, Prompt(), Completion(text, "complete"), Grade(score, final, answered=True))
    assert (found["changed"], found["changed_to_right"], found["changed_to_wrong"]) == changes


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("25 + 14 = 39.", "39"),  # no marker
        ("Wait, the answer is 39.", "39"),  # no answer before it
        ("So 25 coins are there. Wait, 25 + 14 = 39.", "39"),  # a step to what follows
        ("The answer is 38. Wait.", ""),  # no answer at all
    ],
)
def test_no_answer_before_a_marker_is_no_change(text: str, answer: str):
    assert isnan(traced(text, answer)["changed"])


@pytest.mark.parametrize(
    ("text", "redone"),
    [
        ("7 * 6 = 42. 6 × 7 = 42.", (1, 0)),
        ("7 * 6 = 36. 7 times 6 is 42.", (1, 1)),
        ("7 - 6 = 1. 6 - 7 = -1.", (0, 0)),
        ("2 * 3 + 4 = 10. 3 + 4 = 7. 1,2,3 + 4 = 10", (0, 0)),
        ("7 * 6 = 42. " * 50, (1, 0)),  # a loop is one calculation
        ("<think>7 * 6 = 42.</think>7 * 6 = 42.", (0, 0)),  # said again for the reader
    ],
)
def test_redone(text: str, redone: tuple[int, int]):
    found = traced(text)
    assert (found["redone"], found["redone_otherwise"]) == redone


# -- languages ---------------------------------------------------------------------------------------------------------


def test_scripts_are_told_in_reasoning_and_answer_apart():
    found = traced("<think>她有三十九个</think>The answer is 39.")
    assert (found["reasoning_script"], found["answer_script"]) == (1.0, 0.0)
    assert traced("<think>abc 的的的</think>39")["reasoning_script"] == 0.5


def test_symbols_units_and_quotations_are_of_no_other_script():
    assert traced("Let α = 30 and Δx = 9.")["answer_script"] == 0
    chinese = Question("q", "长方形的长是12厘米，面积是多少？", ("39",))
    assert traced("面积 S = 39 cm (Python)", question=chinese)["answer_script"] == 0
    assert traced("The area is 39 of these.", question=chinese)["answer_script"] == 1
    quoted = Question("q", "What does 你好 mean in this text?", ("39",))
    assert traced("你好 is a greeting", question=quoted)["answer_script"] == 0


def test_sentences_of_another_language():
    found = traced("She has 25 coins. Sie hat nur noch eine Münze, und das ist alles.")
    assert found["answer_foreign"] == pytest.approx(10 / 13)
    german = Question("q", "Wie viele Münzen hat Anna jetzt?", ("39",))
    assert traced("Sie hat nur noch eine Münze.", question=german)["answer_foreign"] == 0


def test_what_cannot_be_told_is_missing():
    found = traced("She has the coins", question=Question("q", "2 + 3 = ?", ("5",)))
    assert isnan(found["answer_script"])
    assert isnan(found["answer_foreign"])


# -- loops and copies --------------------------------------------------------------------------------------------------


def test_loops():
    cycle = "So it is 39, I think. "
    assert traced(cycle * 2)["looped"] == 0
    assert traced(cycle * 9)["loop_at_end"]
    assert traced(cycle * 9 + "So it")["loop_at_end"]
    found = traced(cycle * 9 + "At last, that is all there is to be said of it.")
    assert 0.8 < found["looped"] < 1
    assert not found["loop_at_end"]
    assert traced("!" * 200)["looped"] == traced("0" * 200)["looped"] == 1


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from("abcd"), min_size=5, max_size=30), st.integers(0, 4))
def test_any_cycle_said_often_is_a_loop(cycle: list[str], rest: int):
    assert looped(" ".join(cycle * 10 + cycle[:rest])) == (1.0, True)


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(100)))
def test_what_is_never_said_twice_is_no_loop(words: list[int]):
    assert looped(" ".join(f"w{word}" for word in words)) == (0.0, False)


def test_a_loop_at_the_end_of_a_million_characters_is_seen():
    text = "".join(f"{i} is a number. " for i in range(60_000)) + "So it goes on. " * 50
    assert traced(text)["loop_at_end"]


def test_copied_passages():
    assert traced("Tom has 60 pens and loses 17, she says")["copied_span"] == 7
    assert traced("Ann has 25 coins and gets 14")["copied_span"] == 0
    sentence = 'End with "The answer is".'
    shown = Prompt((Message("user", f"{QUESTION.text}\n{sentence}"),), exemplars=SHOWN.exemplars)
    assert traced("The answer is 39.", prompt=shown)["copied_span"] == 0
    assert traced("The answer is 43.", prompt=shown)["copied_span"] == 4


@settings(deadline=None, max_examples=50)
@given(*[st.lists(st.sampled_from("abc"), max_size=12)] * 3)
def test_copied_passages_against_all_pairs(shown: list[str], asked: list[str], output: list[str]):
    """The longest run of the output's words that stands in the exemplars and not in the question."""
    texts = [" ".join(words) for words in (shown, asked, output)]
    runs = [output[i:j] for i in range(len(output)) for j in range(i + 1, len(output) + 1)]
    only_shown = [run for run in runs if _within(run, shown) and not _within(run, asked)]
    prompt = Prompt((Message("user", texts[1]),), exemplars=(texts[0],))
    assert copied_span(Question("q", texts[1], ()), prompt, texts[2]) == max(map(len, only_shown), default=0)


def _within(run: list[str], words: list[str]) -> bool:
    return any(words[i : i + len(run)] == run for i in range(len(words) - len(run) + 1))


def test_copied_answers():
    def copied(text: str, answer: str, **more: Any) -> bool:
        return bool(traced(text, answer, **more)["copied_answer"])

    assert copied("The answer is 43.", "43")
    assert not copied("25 + 18 = 43. The answer is 43.", "43")  # a slip that meets an exemplar's number
    assert copied("60 - 17 = 43. The answer is 43.", "43")  # the whole calculation is taken over
    assert not copied("The answer is 39.", "39")
    text = Question("t", "Who wrote Hamlet?", ("Shakespeare",), "text")
    shown = Prompt(exemplars=("Who wrote Faust?\nGoethe",))
    assert copied("Goethe", "Goethe", question=text, prompt=shown)
    assert not copied("Marlowe", "Marlowe", question=text, prompt=shown)


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_any_output_has_features(text: str, reasoning: str, answer: str):
    found = traced(text, answer, reasoning=reasoning)
    assert found["reasoning_words"] >= 0
    assert found["answer_words"] >= 0
    assert found == traced(text, answer, reasoning=reasoning)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["x", "wait, ", "So 39. ", "**", "\\boxed{", "ich a ", "<think>"])
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
