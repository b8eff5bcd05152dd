"""From a completion to its grade: endings, reasoning, format, and graders that misbehave."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from promptlab.errors import InputError, PromptlabError
from promptlab.formats import ANSWER_IS, ANSWER_TAGS, BOXED, FORMATS
from promptlab.grading import (
    as_grader,
    by_kind,
    check_gradable,
    drop_f1,
    grade,
    grader_named,
    label,
    maths,
    number,
    text,
)
from promptlab.types import AnswerFormat, Completion, Ending, Grade, Grader, Question

QUESTION = Question("q7", "7 + 5?", ("12",))


def judged(output: str, ending: Ending = "complete", asked: AnswerFormat | None = None, **more: str) -> Grade:
    return grade(number, QUESTION, Completion(output, ending, **more), asked)


def test_a_failed_sample_is_missing_not_wrong():
    found = judged("12", "error", BOXED, error="HTTP 503")
    assert math.isnan(found.score)
    assert (found.answered, found.format_ok, found.why) == (False, None, "no sample: HTTP 503")


@pytest.mark.parametrize("ending", ["empty", "refused"])
def test_empty_and_refused_score_0(ending: Ending):
    found = judged("I cannot say 12", ending, BOXED)
    assert (found.score, found.answered, found.format_ok) == (0, False, False)
    assert ending in found.why


def test_a_truncated_output_may_hold_a_right_answer():
    assert judged("The answer is 12. And furthermo", "truncated").score == 1


@pytest.mark.parametrize(
    ("output", "ending", "reasoning", "why"),
    [
        ("<think>It is 12.", "complete", "", "the reasoning never closed"),
        ("<think>The answer is 12.\n<answer>12</answer>", "complete", "", "the reasoning never closed"),
        ("<think>It is 12", "truncated", "", "the token budget ended inside the reasoning"),
        ("<think>It is 12</think>", "complete", "", "nothing follows the reasoning"),
        ("", "complete", "It is \\boxed{12}", "nothing follows the reasoning"),
        ("  ", "complete", "", "the output is blank"),
    ],
)
def test_the_answer_is_never_looked_for_in_the_reasoning(output: str, ending: Ending, reasoning: str, why: str):
    found = judged(output, ending, reasoning=reasoning)
    assert (found.score, found.answered, found.why) == (0, False, f"no answer: {why}")


def test_the_grader_sees_the_answer_text_only():
    seen: list[str] = []
    spy = as_grader(lambda question, answer: not seen.append(answer), name="spy")
    grade(spy, QUESTION, Completion("<think>12</think> 13", "complete", reasoning="14"), None)
    assert seen == ["13"]
    assert judged("<think>12</think>13").score == 0


@pytest.mark.parametrize(
    ("asked", "output", "ok"),
    [
        (BOXED, "It is \\boxed{12}.", True), (BOXED, "\\boxed{\\frac{24}{2}}", True), (BOXED, "boxed 12", False),
        (BOXED, "\\boxed{}", False), (BOXED, "<think>\\boxed{12}</think>12", False),
        (ANSWER_TAGS, "<answer>\n12\n</answer>", True), (ANSWER_TAGS, "<answer>12", False),
        (ANSWER_TAGS, "<answer> </answer>", False), (ANSWER_TAGS, "12", False),
        (ANSWER_IS, "So the answer is 12", True), (ANSWER_IS, "The  answer\nis 13.", True), (ANSWER_IS, "12", False),
        (AnswerFormat("own", "End with Result.", "Result (x*): {answer} !"), "Result (x*): 12 !", True),
        (AnswerFormat("own", "End with Result.", "Result (x*): {answer} !"), "Result xx: 12 !", False),
    ],
)  # fmt: skip
def test_format_is_apart_from_correctness(asked: AnswerFormat, output: str, ok: bool):
    assert judged(output, asked=asked).format_ok is ok
    assert judged(output).format_ok is None


@pytest.mark.timeout(60)
@pytest.mark.parametrize("asked", FORMATS.values(), ids=FORMATS)
def test_format_takes_bounded_time(asked: AnswerFormat):
    before = asked.wrap.partition("{answer}")[0]
    opened = judged(before * (1_000_000 // len(before)), asked=asked)
    assert opened.format_ok is (asked is ANSWER_IS)  # "The answer is The answer is": something follows it
    assert judged(before + " " * 1_000_000, asked=asked).format_ok is False
    closed = judged(before * (1_000_000 // len(before)) + asked.wrap.replace("{answer}", "12"), asked=asked)
    assert (closed.score, closed.format_ok) == (1, True)


@pytest.mark.parametrize("name", FORMATS)
def test_a_wrapped_answer_has_its_format_and_is_read(name: str):
    asked = FORMATS[name]
    assert asked.name == name
    found = judged("3 + 4 = 7. " + asked.wrap.replace("{answer}", "12"), asked=asked)
    assert (found.score, found.format_ok) == (1, True)
    assert asked.wrap.replace("{answer}", "12") in ("\\boxed{12}", "<answer>12</answer>", "The answer is 12.")


@pytest.mark.parametrize("name", FORMATS)
def test_the_sentence_is_no_answer_and_shows_nothing_to_copy(name: str):
    sentence = FORMATS[name].sentence
    assert not judged(sentence).answered
    assert not any(sign in sentence for sign in ("...", "{answer}", " N ", "[", "X"))
    assert judged(f"The answer is 12. {sentence}").score == (name != "boxed")  # an empty box settles it


def test_a_wrap_without_a_place_is_an_error():
    with pytest.raises(InputError, match="lacks the place"):
        judged("12", asked=AnswerFormat("x", "Say it.", "here"))


@pytest.mark.parametrize("result", [True, 1, 1.0, np.bool_(True), np.float64(1), Grade(1.0), Grade(1.0, "12", True)])
def test_what_a_users_function_may_return(result: object):
    found = grade(as_grader(lambda q, a: result, name="mine"), QUESTION, Completion("12", "complete"), BOXED)
    assert (found.score, found.answered, found.format_ok) == (1, True, False)
    assert isinstance(found.score, float)


@pytest.mark.parametrize(
    "result", [2, -0.1, None, "yes", math.nan, math.inf, Grade(math.nan), Grade(3.0), [1], np.ones(2)]
)
def test_nonsense_is_reported_with_grader_and_question(result: object):
    with pytest.raises(PromptlabError, match="grader 'mine' on question 'q7': "):
        grade(as_grader(lambda q, a: result, name="mine"), QUESTION, Completion("12", "complete"), None)


def test_an_exception_is_reported_with_its_cause():
    def broken(question: Question, answer: str) -> float:
        return 1 / 0

    with pytest.raises(PromptlabError, match="grader 'broken' on question 'q7': ZeroDivisionError: division") as caught:
        grade(as_grader(broken), QUESTION, Completion("12", "complete"), None)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(PromptlabError, match=r"grader 'number' on question 'q': .* answer 'cat' is not one"):
        grade(number, Question("q", "?", ("cat",)), Completion("12", "complete"), None)


def test_a_hand_written_grader_is_checked_too():
    class Mine:
        name, version = "mine", "3"

        def __call__(self, question: Question, answer_text: str) -> Grade:
            return Grade(7.0)

    mine: Grader = Mine()
    assert as_grader(mine) is mine
    with pytest.raises(PromptlabError, match=r"grader 'mine' .* 7\.0"):
        grade(mine, QUESTION, Completion("12", "complete"), None)


def test_names_and_versions():
    def short(question: Question, answer: str) -> bool:
        return len(answer) < 5

    grader = as_grader(short, version="2")
    assert (grader.name, grader.version, repr(grader)) == ("short", "2", "<grader 'short', version '2'>")
    with pytest.raises(InputError, match="pass name="):
        as_grader(lambda q, a: True)
    with pytest.raises(InputError, match="needs a function"):
        as_grader("number")  # type: ignore[arg-type]


def test_the_name_of_a_built_in_grader_is_taken():
    """Records and registered designs tell graders by name and version."""
    for builtin in (number, by_kind):
        assert as_grader(builtin) is builtin
        posing = replace(builtin, function=lambda question, text: True)  # type: ignore[type-var]
        taken = (
            f"{builtin.name!r} is the name of a built-in grader, and this is another one: .* name='my-{builtin.name}'"
        )
        for given in ({"function": posing}, {"function": builtin.__call__, "name": builtin.name, "version": "4"}):
            with pytest.raises(InputError, match=taken):
                as_grader(**given)


def test_by_kind_and_by_name():
    choice = Question("c", "?", ("B",), "label", ("x", "y"))
    assert by_kind(QUESTION, "12").score == by_kind(choice, "y").score == 1
    assert by_kind(Question("t", "?", ("Yes",), "text"), "yes").score == 1
    assert by_kind(Question("d", "?", ("Italy; Spain",), "drop"), "Italy").score == 0.5
    with pytest.raises(InputError, match="kind of question 'k' 'numbr': did you mean 'number'"):
        by_kind(Question("k", "?", ("1",), "numbr"), "1")
    names = {"number": number, "label": label, "text": text, "math": maths, "drop": drop_f1, "by-kind": by_kind}
    assert {name: grader_named(name) for name in names} == names
    with pytest.raises(InputError, match="unknown grader 'nubmer': did you mean 'number'"):
        grader_named("nubmer")


@pytest.mark.parametrize(("kind", "need"), [("judge", "needs a judge"), ("code", "needs a sandbox")])
def test_kinds_that_need_more_say_what(kind: str, need: str):
    with pytest.raises(InputError, match=f"question 's' is of kind '{kind}': grading it {need}.*as_grader"):
        by_kind(Question("s", "?", ("x",), kind), "")


def test_what_cannot_be_graded_is_seen_before_the_run():
    good, bad = Question("g", "?", ("1",)), Question("b", "?", ("one or two",))
    check_gradable(by_kind, [good, Question("d", "?", ("x",), "drop")])
    for grader, question in ((number, bad), (by_kind, bad), (by_kind, Question("s", "?", ("x",), "judge"))):
        with pytest.raises(InputError, match=f"question '{question.id}'"):
            check_gradable(grader, [good, question])


def test_a_grader_of_the_users_is_not_called_before_the_run():
    check_gradable(as_grader(lambda question, text: 1 / 0, name="dear"), [QUESTION])


def test_built_in_graders_travel_to_other_processes():
    there = pickle.loads(pickle.dumps(number))
    assert there(QUESTION, "12").score == 1
    assert as_grader(there) is there, "it bears its own name"


def test_an_answer_that_a_user_gives_as_a_number_becomes_text():
    grader = as_grader(lambda question, text: Grade(1.0, 7, answered=True), name="number-answer")  # type: ignore[arg-type]
    assert grader(Question("q", "?", ("7",)), "7").answer == "7"
