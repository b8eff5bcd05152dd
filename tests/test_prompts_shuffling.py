"""Options in another order: the same question, and the way back."""

from __future__ import annotations

import string
import warnings
from dataclasses import replace
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_models import LocalModel
from promptlab.errors import InputError
from promptlab.grading import label
from promptlab.prompts import few_shot, preview, zero_shot
from promptlab.prompts.shuffling import Shuffled, as_asked, orders, variant_of
from promptlab.types import Grade, Question

CITIES = Question("q1", "Capital of France?", ("B",), "label", ("London", "Paris", "Rome", "Oslo"))


def choices(least: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    texts = st.text("klmnopqrstuvwxyz", min_size=3, max_size=6)
    plain = texts.filter(lambda text: text not in ("all", "none", "both", "neither"))
    return st.lists(plain, min_size=least, max_size=6, unique=True).map(tuple)


@given(choices(), st.integers(1, 12), st.integers(0, 3))
def test_the_first_order_is_as_given_and_none_comes_twice_before_all_came(options: tuple[str, ...], m: int, seed: int):
    found = orders("q", options, m, seed)
    whole = min(m, factorial(len(options)))
    assert found[0] == tuple(range(len(options)))
    assert len(found) == m
    assert len(set(found[:whole])) == whole
    assert found[whole:] == tuple(found[i % whole] for i in range(whole, m))
    assert orders("q", options, 1 + m // 2, seed) == found[: 1 + m // 2], "another m changes no variant"


@given(choices(), st.integers(0, 5), st.integers(2, 8), st.integers(0, 8))
def test_an_answer_by_letter_or_by_text_means_the_same_in_every_order(
    options: tuple[str, ...], gold: int, m: int, sample: int
):
    gold %= len(options)
    question = Question("q", "Which?", (options[gold],), "label", options)
    shown = variant_of(question, m, 0, sample)
    assert sorted(shown.choices) == sorted(options)
    for place, text in enumerate(shown.choices):
        read = [label(shown, said) for said in (f"({string.ascii_uppercase[place]})", f"The answer is {text}.")]
        back = [shown.original(grade) if isinstance(shown, Shuffled) else grade for grade in read]
        assert [(g.answer, g.score) for g in back] == [
            (string.ascii_uppercase[options.index(text)], text == options[gold])
        ] * 2
        if isinstance(shown, Shuffled):
            assert [shown.as_read(grade).answer for grade in back] == [grade.answer for grade in read]


def test_orders_differ_by_question_and_by_seed():
    shown = [orders(name, CITIES.choices, 24, seed) for name, seed in (("q1", 0), ("q2", 0), ("q1", 1))]
    assert len(set(shown)) == 3
    assert all(set(each) == set(shown[0]) for each in shown)  # all 24 of them


def test_an_answer_that_is_no_letter_stays_and_a_reason_says_whose_letters_it_means():
    shown = variant_of(CITIES, 4, 0, 1)
    assert isinstance(shown, Shuffled)
    assert shown.original(Grade(0.5, "Paris", True)).answer == "Paris"
    assert shown.original(Grade(0.0, "Z", True)).answer == "Z"
    told = shown.original(Grade(0.0, "A", True, why="expected B")).why
    assert told == f"expected B (options in the order {''.join('ABCD'[i] for i in shown.order)})"


@pytest.mark.parametrize(
    "last",
    [
        "All of the above", "none of these", "Both A and C", "A or B", "Neither of them", "All above", "Both",
        "Both (A) and (B)", "(A), and (B)", "Same as A", "same as option (b)",
        "the first two", "The last three options", "todas son correctas",
        "Alle oben genannten", "Keine der oben genannten", "Keines davon", "Alle Antworten", "Weder A noch B",
        "A und B", "Toutes les réponses ci-dessus", "Aucune de ces réponses", "Aucune", "A et B", "Ni A ni B",
        "Todas las anteriores", "Ninguna de las anteriores", "Todos los anteriores", "A y C", "以上都是", "以上皆非",
        "上述全部", "都不对", "A和B", "All the above", "Two of the above", "More than one of the above", "A/B",
        "A, B, C", "(A), (B)", "Only A", "only A is true", "B only", "all answers are correct", "None is true",
        "Both are correct", "the first and second", "The first and the third option", "Ninguna es correcta",
        "D. None", "D. All", "d) none", "Neither", "D. Beides", "D. 都不对", "(D) Both",
        "(a) and (b)", "a and b", "Both a and b", "neither a nor b", "(a), (b)", "a & b only", "a, b",
        "(d) Both (a) and (c)", "D - None", "4. None", "Options 1 and 2", "option 3",
        "Answers a and c are correct", "both options b and c", "Antwort a und b", "All but C", "All except (b)",
        "the second option", "None of the answer choices", "Neither of the two", "All of the three options",
        "All of the mentioned", "None of the following", "All of the factors listed above", "All but c", "None but A",
    ],
)  # fmt: skip
def test_options_that_speak_of_others_keep_their_order(last: str):
    question = replace(CITIES, choices=("London", "Paris", "Rome", last))
    assert {variant_of(question, 5, 0, sample) == question for sample in range(5)} == {True}


@pytest.mark.parametrize(
    "plain",
    [
        "alle Bäume",
        "a kind of all",
        "tous les jours",
        "London",
        "the first man",
        "x and y",
        "D. London",
        "Only Anna",
        "the first and second war",
        "all men are mortal",
        "A/B testing",
        "above",
        "a and z",
        "a + b",
        "1 and 2",
        "f(a) and f(b)",
        "answer 42",
        "both (1) and (2)",
        "All but Anna",
        "the second best",
        "T and B cells",
        "Factor V and X",
        "all of the patients",
        "all of the three patients",
        "both of the kidneys",
        "same as before",
        "option 5",
    ],
)
def test_other_options_are_shuffled(plain: str):
    question = replace(CITIES, choices=("London", "Paris", "Rome", plain + " here"))
    assert {variant_of(question, 5, 0, sample) == question for sample in range(5)} == {True, False}


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        ("A. London", "B. Paris", "C. Rome"),
        ("a) London", "b) Paris", "(c) Rome"),
        ("1. London", "2. Paris", "3. Rome"),
        ("(1) London", "2) Paris", "3: Rome"),
        ("A - London", "B – Paris", "C — Rome"),
        ("1 - London", "2 - Paris", "3 - Rome"),
    ],
)
def test_labels_that_an_option_carries_along_are_dropped(first: str, second: str, third: str):
    question = replace(CITIES, choices=(first, second, third))
    assert sorted(variant_of(question, 2, 0, 1).choices) == ["London", "Paris", "Rome"]
    shown = few_shot(exemplars=[question], style="answers").render(replace(CITIES, text="Seat of the Louvre?"))
    assert "A. London\nB. Paris\nC. Rome" in shown.messages[0].content
    for sample in range(2):
        text = zero_shot(variants=2).render(question, sample=sample).messages[0].content
        assert sorted(line[:3] for line in text.splitlines()[1:]) == ["A. ", "B. ", "C. "]
        assert sorted(line[3:] for line in text.splitlines()[1:]) == ["London", "Paris", "Rome"]
        assert label(question, "The answer is Paris.").score == 1
        assert label(question, f"The answer is ({second}).").score == 1
        assert label(replace(question, answers=(second,)), "B").score == 1


@pytest.mark.parametrize(
    "options",
    [
        ("1. May", "2. May", "3. May"),
        ("1: 2", "2: 3", "3: 4"),
        ("1 - 2", "2 - 3", "3 - 4"),
        ("A - B", "B - A", "C - A"),
        ("1. London", "2. Paris", "3. Both 1 and 2"),
        ("1. London", "2. Paris", "3. only 2"),
        ("(1) London", "(2) Paris", "(3) Neither (1) nor (2)"),
        ("1. London", "2. Paris", "3. All but 2"),
        ("1. London", "2. Paris", "3. Same as 1"),
        ("1. London", "2. Paris", "3. Option 1"),
        ("2. London", "1. Paris", "5. Rome"),
    ],
)
def test_what_only_looks_like_labels_or_is_spoken_of_stays(options: tuple[str, ...]):
    shown = zero_shot().render(replace(CITIES, choices=options)).messages[0].content
    assert shown.splitlines()[1:] == [f"{letter}. {option}" for letter, option in zip("ABC", options, strict=True)]


@pytest.mark.parametrize("last", ["3. Both 1 and 2", "3) 1, 2", "3. only 2", "3. 1 only", "3. neither 1 nor 2",
                                  "(3) Both (1) and (2)", "3. All but 2", "3. same as 1"])  # fmt: skip
def test_options_that_speak_of_others_by_numbers_of_their_own_keep_their_order(last: str):
    question = replace(CITIES, choices=("1. London", "2. Paris", last))
    assert {variant_of(question, 5, 0, sample) == question for sample in range(5)} == {True}


def test_an_order_in_which_numbers_happen_to_be_those_of_the_places_shows_the_same_options():
    days = ("2. May", "1. June", "5. July")
    shown = [zero_shot(variants=6).render(replace(CITIES, choices=days), sample=i) for i in range(6)]
    lines = [prompt.messages[0].content.splitlines()[1:] for prompt in shown]
    assert {tuple(sorted(line[3:] for line in of)) for of in lines} == {tuple(sorted(days))}


def test_questions_that_are_shown_in_one_order_are_counted_before_any_call():
    fixed = replace(CITIES, id="q2", choices=("London", "Paris", "Rome", "(a) and (b)"))
    said = r"variants=2: options of 1 of 2 questions are not shuffled, .* such as '\(a\) and \(b\)' of question 'q2'"
    with pytest.warns(UserWarning, match=said) as caught:
        preview(LocalModel(), zero_shot(variants=2), [CITIES, fixed], samples=2)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        preview(LocalModel(), zero_shot(), [CITIES, fixed], samples=2)
        preview(LocalModel(), zero_shot(variants=2), [CITIES], samples=2)


@pytest.mark.parametrize("options", [("London", "", "Rome"), ("London", "Rome", "London"), ("A. x", "B. x", "C. y")])
def test_options_that_are_blank_or_equal_cannot_be_shuffled(options: tuple[str, ...]):
    with pytest.raises(InputError, match="question 'q1' cannot be shuffled: an option is blank, or stands there twice"):
        variant_of(replace(CITIES, choices=options), 2, 0, 0)


def test_without_options_or_with_options_called_like_letters_there_is_one_clear_error():
    with pytest.raises(InputError, match="question 'q' of kind 'number' has 0 choices: ask it with variants=1"):
        variant_of(Question("q", "2 + 2?", ("4",)), 3, 0, 0)
    with pytest.raises(InputError, match="question 'q1' of kind 'text' has 4 choices"):
        variant_of(replace(CITIES, kind="text"), 3, 0, 0)
    named = Question("q", "Which?", ("A",), "label", ("A", "other", "third"))
    with pytest.raises(InputError, match=r"question 'q' cannot be shuffled: choice .* is called 'A'"):
        [variant_of(named, 6, 0, sample) for sample in range(6)]


def test_conditions_render_their_variants_and_the_first_is_the_prompt_of_today():
    alone, ensemble = zero_shot(), zero_shot(variants=4)
    prompts = [ensemble.render(CITIES, sample=sample) for sample in range(8)]
    assert prompts[0] == alone.render(CITIES)
    assert len({prompt.hash for prompt in prompts}) == 4
    assert prompts[:4] == prompts[4:]
    assert all("A. " in p.messages[0].content and "Paris" in p.messages[0].content for p in prompts)
    factors = ensemble.factors()
    assert as_asked(CITIES, factors, 2) == ensemble.as_shown(CITIES, 2)
    assert as_asked(CITIES, {}, 2) == CITIES, "a condition that was stored before there were variants"
    with pytest.raises(InputError, match="variants of a condition is 0"):
        zero_shot(variants=0)
