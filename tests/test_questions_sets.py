"""`QuestionSet`: what it refuses, what it keeps, and what it shows."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.questions import QuestionSet, load_questions
from promptlab.types import Question


def numbered(n: int, start: int = 0) -> tuple[Question, ...]:
    return tuple(
        Question(f"q{i}", f"What is {i} + 1?", (str(i + 1),), cluster=f"c{i % 2}") for i in range(start, start + n)
    )


@pytest.fixture
def ten() -> QuestionSet:
    return QuestionSet(numbered(10), "ten", numbered(3, 100), {"source": "test"})


def test_it_is_a_sequence_of_questions(ten: QuestionSet) -> None:
    assert len(ten) == 10
    assert ten[3].id == "q3" == list(ten)[3].id
    assert ten[-1] in ten
    assert next(reversed(ten)).id == "q9"
    with pytest.raises(FrozenInstanceError):
        ten.name = "other"  # type: ignore[misc]


def test_a_slice_keeps_the_pool_and_notes_the_change(ten: QuestionSet) -> None:
    part = ten[2:5]
    assert isinstance(part, QuestionSet)
    assert [q.id for q in part] == ["q2", "q3", "q4"]
    assert part.pool == ten.pool
    assert part.origin == {"source": "test", "changes": [{"slice": [2, 5, None]}]}
    assert "changes" not in ten.origin


@settings(deadline=None)
@given(st.integers(1, 10), st.integers(1, 10), st.integers(0, 5))
def test_samples_are_prefix_stable(a: int, b: int, seed: int) -> None:
    questions = QuestionSet(numbered(10))
    few, many = (questions.sample(n, seed) for n in sorted((a, b)))
    assert few.questions == many.questions[: len(few)]


def test_sample_depends_on_the_seed(ten: QuestionSet) -> None:
    assert len({tuple(q.id for q in ten.sample(5, seed)) for seed in range(6)}) > 1
    with pytest.raises(InputError, match=r"n=11, but 'ten' has 10 questions"):
        ten.sample(11)


def test_hold_out_pool(ten: QuestionSet) -> None:
    held = ten.hold_out_pool(4, seed=1)
    assert (len(held), len(held.pool)) == (6, 4)
    assert {q.id for q in held} | {q.id for q in held.pool} == {q.id for q in ten}
    assert [q.id for q in held] == sorted(q.id for q in held)
    assert ten.hold_out_pool(2, seed=1).pool == held.pool[:2]
    with pytest.raises(InputError, match="would leave no question"):
        ten.hold_out_pool(10)


def test_select_keeps_the_asked_order(ten: QuestionSet) -> None:
    assert [q.id for q in ten.select(["q4", "q1"])] == ["q4", "q1"]
    with pytest.raises(InputError, match="unknown question id 'q44': did you mean 'q4'"):
        ten.select(["q44"])


def test_the_hash_is_of_the_contents(ten: QuestionSet) -> None:
    assert ten.hash == replace(ten, name="other", origin={}).hash
    assert ten == replace(ten, name="other")
    assert len({ten, replace(ten, name="other")}) == 1
    others = [
        ten[:9],
        ten.with_pool([]),
        replace(ten, questions=(replace(ten[0], answers=("99",)), *ten.questions[1:])),
        replace(ten, pool=(replace(ten.pool[0], meta={"rationale": "Count on."}), *ten.pool[1:])),
    ]
    assert len({ten.hash, *(other.hash for other in others)}) == 5


def q(id: str = "a", text: str = "What is 1 + 1?", answers: tuple[str, ...] = ("2",), **more: object) -> Question:
    return Question(id, text, answers, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("questions", "pool", "message"),
    [
        ([q(), q(text="Other?")], [], "two questions have the id 'a': question 0 and question 1"),
        (
            [q(), q("b", "what is  1 + 1")],
            [],
            "the same question stands twice: question 0 and question 1: 'what is  1 + 1'",
        ),
        ([q(text=" \n")], [], "question 0: the question is empty"),
        ([q(answers=())], [], "question 0: the question has no answer, or an empty one"),
        ([q(answers=("2", ""))], [], "question 0: the question has no answer, or an empty one"),
        (["What?"], [], "question 0: expected a Question, found str"),
        ([q()], [q("b", "Why?", ())], "pool question 0: the question has no answer, or an empty one"),
        (
            [q()],
            [q("b", "What is 1 + 1 ?")],
            "question 'a' also stands in the pool, as 'b': 'What is 1 + 1 ?'; "
            "an exemplar must not give away a question",
        ),
        (
            [q(text="Half of \ud83d?")],
            [],
            "question 0: half a surrogate pair (U+D83D) at character 9: the text was cut inside a character; "
            "mend or drop it",
        ),
        (
            [q(meta={"rationale": "\udc00"})],
            [],
            "question 0: half a surrogate pair (U+DC00) at character 1: the text was cut inside a character; "
            "mend or drop it",
        ),
    ],
)
def test_what_cannot_stand(questions: list[Question], pool: list[Question], message: str) -> None:
    with pytest.raises(InputError) as caught:
        QuestionSet(tuple(questions), "bad", tuple(pool))
    assert str(caught.value) == message


def test_repr_is_short() -> None:
    assert repr(load_questions("arithmetic", n=5, levels=1)).startswith(
        "QuestionSet('arithmetic-test', 5 questions in 5 clusters, pool of "
    )
    assert repr(QuestionSet((), "none")) == "QuestionSet('none', 0 questions, no pool)"


def test_html_is_escaped() -> None:
    shown = QuestionSet((q(text="<script>alert(1)</script>", cluster="<b>"),), "<i>")._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<i>" not in shown
    assert "<b>" not in shown


def test_frame_has_only_what_is_in_use(ten: QuestionSet) -> None:
    assert list(ten.to_frame().columns) == ["id", "question", "answer", "kind", "cluster"]
    full = QuestionSet(
        (q(answers=("2", "two"), choices=("2", "3"), meta={"rationale": "Count.", "id": "x", "year": 1}),)
    )
    assert full.to_frame().to_dict("records") == [
        {
            "id": "a",
            "question": "What is 1 + 1?",
            "answer": "2",
            "kind": "number",
            "answers": ["2", "two"],
            "choices": ["2", "3"],
            "rationale": "Count.",
            "year": 1,
        }
    ]
    assert list(QuestionSet(()).to_frame().columns) == ["id", "question", "answer", "kind"]


def test_a_label_question_whose_answer_is_none_of_its_choices_is_refused() -> None:
    wrong = q(answers=("Rome",), kind="label", choices=("London", "Paris"))
    with pytest.raises(InputError, match="question 0: the answer 'Rome' is none of the choices 'London', 'Paris'"):
        QuestionSet((wrong,))
    for right in ("B", "(b)", "paris", "B. Paris"):
        assert QuestionSet((q(answers=(right,), kind="label", choices=("London", "Paris")),))


def test_one_question_is_not_one_questions() -> None:
    assert repr(QuestionSet((q(),), "sums")).startswith("QuestionSet('sums', 1 question, ")
    with pytest.raises(InputError, match=r"n=2, but 'sums' has 1 question$"):
        QuestionSet((q(),), "sums").sample(2)
