"""The label grader: letters and choices' texts, never an article or an echo of the options."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.grading import label
from promptlab.types import Grade, Question

CITIES = ("London", "Paris", "Paris, Texas", "a city")


def graded(text: str, *gold: str, choices: tuple[str, ...] = CITIES) -> Grade:
    return label(Question("q", "?", gold or ("B",), "label", choices), text)


@pytest.mark.parametrize(
    "text",
    [
        "B", "b", "(B)", "B.", "B)", "**B**", "[B]", "`B`", "Option B", "B. Paris", "(B) Paris", "Paris", "paris.",
        "Answer: B", "**Answer:** B", "The answer is B.", "The answer is (B).", "The answer is B because of the tower.",
        "The correct answer is Paris.", "The answer is option B", "Final answer: B) Paris", "\\boxed{B}",
        "\\boxed{\\text{B}}",
        "<answer>B</answer>", "<answer>(B) Paris</answer>", "<answer>Paris</answer>", "It is not (A) but (B).",
        "<answer>A</answer><answer>B</answer>",
        "The answer is A. No: the answer is B.", "It is not in England.\n\nSo it must be (B).", "I think it is Paris.",
        "It is on the Seine.\nB", "A city on the Seine.\n\n**B**",
    ],
)  # fmt: skip
def test_right(text: str):
    grade = graded(text)
    assert (grade.score, grade.answer) == (1, "B"), grade


@pytest.mark.parametrize(
    "text", ["A", "C", "The answer is C.", "Paris, Texas", "<answer>A</answer> B", "\\boxed{D}", "London"]
)
def test_wrong(text: str):
    grade = graded(text)
    assert (grade.score, grade.answered) == (0, True)


@pytest.mark.parametrize(
    "text",
    [
        "", "A nice place.", "I do not know.", "A thing", "The answer is A big place.", "Bravo", "E",
        "The answer is not (B).", "<answer>?</answer> B", "\\boxed{}",
    ],
)  # fmt: skip
def test_no_label(text: str):
    grade = graded(text)
    assert (grade.score, grade.answered) == (0, False), grade


def test_an_echo_of_the_options_is_no_answer():
    assert graded("(A) London (B) Paris").score == 0
    assert graded("<answer>A or (B), (C)</answer>").score == 0


LISTED = "A) London\nB) Paris\n\nC) Paris, Texas\nD) a city"


def test_options_listed_line_by_line_are_no_answer():
    grade = graded(LISTED, "A", "B", "C", "D")
    assert (grade.score, grade.answered, grade.why) == (0, False, "several labels: A, B, C, D")


@pytest.mark.parametrize(
    "text",
    [
        LISTED.replace("Paris\n", "Paris (correct)\n"), "- A: incorrect\n- B: correct\n- C: incorrect",
        "A. Not correct.\nB. This is the right answer.\nC. No.", f"{LISTED}\n\nB", f"{LISTED}\nB) Paris",
        f"{LISTED}\n\nThe answer is B.", "A) wrong\n\nI choose:\nB) Paris",
    ],
)  # fmt: skip
def test_of_listed_options_the_one_marked_or_said_again_counts(text: str):
    assert graded(text).score == 1


@pytest.mark.parametrize(
    "text", ["正确答案是B", "答案：B", "La respuesta es B", "La réponse est B.", "Die Antwort ist: **B**"]
)
def test_other_languages_declare_an_answer_too(text: str):
    assert graded(text).score == 1
    assert graded(text.replace("B", "Paris") + "\nA").score == 1


def test_gold_may_be_a_letter_or_a_text_and_there_may_be_several():
    assert graded("B", "Paris").score == graded("Paris", "b").score == 1
    assert graded("A", "Paris", "London").score == 1


def test_choices_that_bring_their_own_letters():
    choices = ("A) London", "B) Paris")
    assert graded("Paris", choices=choices).score == graded("B", "B) Paris", choices=choices).score == 1


def test_letters_alone():
    assert graded("The answer is (F).", "F", choices=()).score == 1
    assert graded("The answer is I think so.", "I", choices=()).answered is False


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("no doubt: yes", "A"), ("No doubt: **Yes**.", "A"), ("The answer is beyond no doubt: yes", "A"), ("yes", "A"),
        ("<answer>no doubt: yes</answer>", "A"), ("Yes or no? Hard to say: no", "B"), ("No, it is not.", "B"),
        ("I say no because it is cold", "B"), ("Yes: I have no doubt", "A"), ("There is no doubt: (A)", "A"),
    ],
)  # fmt: skip
def test_of_several_labels_the_one_alone_after_the_last_colon_counts(text: str, answer: str):
    assert graded(text, answer, choices=("yes", "no")).score == 1


@pytest.mark.parametrize("text", ["A: yes, B: no", "no: yes is wrong", "yes: hot, no: cold", "yes = no"])
def test_several_labels_without_a_last_word_are_no_answer(text: str):
    grade = graded(text, "A", "B", choices=("yes", "no"))
    assert (grade.score, grade.answered, grade.why) == (0, False, "several labels: A, B")
    assert graded("yes or no", "A", choices=("yes", "no")).answered, "an answer, as A or B is"


@pytest.mark.parametrize("text", ["I have no idea.", "There is no option B", "There is no Paris"])
def test_no_before_a_word_is_no_label(text: str):
    assert not graded(text, "A", choices=("yes", "no")).answered


@pytest.mark.parametrize("choices", [("B", "A"), ("x", "a"), ("(b)", "x"), ("Option B.", "x"), ("A) B", "B) x")])
def test_a_choice_that_is_called_by_anothers_letter_is_an_error(choices: tuple[str, ...]):
    with pytest.raises(InputError, match=r"question 'q': choice [AB] is called .*, which is the letter of another"):
        graded("A", "A", choices=choices)


def test_a_choice_may_be_called_by_its_own_letter_or_by_no_choices():
    assert graded("A", "A", choices=("A", "B")).score == graded("Z", "B", choices=("x", "Z")).score == 1


def test_a_text_that_two_choices_share_names_neither():
    choices = ("Paris", "paris!", "Rome")
    assert not graded("Paris", "A", choices=choices).answered
    assert graded("(A)", "A", choices=choices).score == graded("Rome", "C", choices=choices).score == 1


def test_gold_outside_the_choices_is_an_error():
    with pytest.raises(InputError, match="question 'q': the answer 'Rome' is none of the choices 'London', 'Paris'"):
        graded("B", "Rome")
    with pytest.raises(InputError, match="question 'q': 27 choices, but letters"):
        graded("B", choices=tuple(map(str, range(27))))


@settings(deadline=None)
@given(st.text())
def test_any_text_gets_a_grade(text: str):
    assert graded(text).score in (0, 1)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit",
    [
        "B",
        "(B)",
        "B ",
        "(",
        "answer is ",
        "<answer>B",
        "*",
        "\n",
        "Paris ",
        "option ",
        "\\boxed{",
        "A: (correct",
        "A) x\nB) y\n",
    ],
)
def test_a_million_characters_take_bounded_time(unit: str):
    assert graded(unit * (1_000_000 // len(unit))).score in (0, 1)


TEN = ("heat of fusion", "the mass", "3.5 m/s", "I only", "II and III", "0.12 mol", "boiling", "a photon",
       "An electron", "none of the above")  # fmt: skip


@pytest.mark.parametrize("letter", "ABCDEFGHIJ")
@pytest.mark.parametrize(
    "form",
    [
        "{0}", "({0})", "**{0}**", "{0}. {1}", "{0}) {1}", "{0}: {1}", "{1}", "Answer: ({0})", "Answer: **{0}**",
        "Answer: ${0}$", "**Answer:** {0}. {1}", "the answer is ({0}) {1}.", "The answer is {0}.", "\\boxed{{{0}}}",
        "\\boxed{{\\text{{({0})}}}}", "\\boxed{{{0}. {1}}}", "\\boxed{{{1}}}", "The correct answer is:\n\n**{0}. {1}**",
        "Final Answer: \\(\\boxed{{{0}}}\\)", "Hence, option ({0}) is correct.", "So the best option is {0}.",
        "It boils.\n\n{0}", "(A) is wrong.\nThe correct choice is {0}", "A: heat. B: mass.\n\nThe option is **{0}**.",
    ],
)  # fmt: skip
def test_ten_options(letter: str, form: str):
    said = form.format(letter, TEN["ABCDEFGHIJ".index(letter)])
    right = [gold for gold in "ABCDEFGHIJ" if graded(said, gold, choices=TEN).score]
    assert right == [letter]


@pytest.mark.parametrize("text", ["The option is A good one.", "The choice is not B.", "The option is between C and D"])
def test_an_option_is_only_named_at_the_end(text: str):
    assert graded(text, "A", "B", "C", "D", choices=TEN).score == 0


DISEASES = ("acute appendicitis", "ectopic pregnancy", "ovarian torsion", "observation")


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The answer is ovarian torsion (C), since ectopic pregnancy was excluded.", "C"),
        ("The answer is ectopic pregnancy, which can mimic acute appendicitis.", "B"),
        ("Eliminating A, C and D, we are left with B.", "B"), ("The answer is _B_.", "B"), ("<b>Answer: B</b>", "B"),
        ("The answer is <b>B</b>", "B"), ("We are left with B and C.", ""), ("The second best answer is B.", ""),
        ("Do not begin observation.", ""), ("A negative test rules out ectopic pregnancy.", ""),
        ("There is no evidence of ectopic pregnancy.", ""), ("We must exclude ectopic pregnancy.", ""),
    ],
)  # fmt: skip
def test_how_doctors_put_it(text: str, letter: str):
    grade = label(Question("q", "What is it?", ("B",), "label", DISEASES), text)
    assert (grade.answer if grade.answer in "ABCD" else "") == letter


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The most likely diagnosis is ectopic pregnancy, which can mimic acute appendicitis.", "B"),
        ("Ectopic pregnancy is the most likely diagnosis. Acute appendicitis should be ruled out.", "B"),
        ("Some say the most likely diagnosis is ectopic pregnancy. I disagree: it is ovarian torsion.", "C"),
        ("The most likely diagnosis is not ectopic pregnancy but ovarian torsion.", "C"),
    ],
)
def test_a_choice_s_text_is_claimed_as_its_letter_is(text: str, letter: str):
    assert label(Question("q", "What is it?", ("B",), "label", DISEASES), text).answer == letter


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("Ectopic pregnancy can mimic acute appendicitis.", False), ("It is B (ectopic pregnancy) or C.", True),
        ("The most likely diagnosis is ectopic pregnancy or ovarian torsion.", True),
        ("Ectopic pregnancy can mimic acute appendicitis.\n\nQuestion: And here?\nAnswer: B", False),
    ],
)  # fmt: skip
def test_several_options_are_an_answer_only_where_they_are_claimed(text: str, answered: bool):
    grade = label(Question("q", "What is it?", ("B",), "label", DISEASES), text)
    assert (grade.score, grade.answered) == (0, answered), grade
    assert grade.why.startswith("several labels")


@pytest.mark.parametrize(
    "choices",
    [
        ("O(1)", "O(n)", "O(n^2)", "O(n^3)"), ("$x^2$", "$x^3$", "$2x$", "$x$"), ("$5", "5", "$50", "50"),
        ("[0,1]", "(0,1)", "[0,1)", "(0,1]"), ("10 cm", "10 cm^2", "10 cm^3", "1 cm"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("said", ["{}", "**{}**", "The answer is {}.", r"\boxed{{{}}}", "<answer>{}</answer>"])
def test_choices_that_differ_in_signs_only(choices: tuple[str, ...], said: str):
    for i, choice in enumerate(choices):
        grade = label(Question("q", "Which?", ("ABCD"[i],), "label", choices), said.format(choice))
        assert grade.score == 1, (choice, grade)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is O(n). Wait, no: C is correct.", "C"),
        ("The answer is C. I first thought the answer is O(n).", "C"),
        ("The answer is O(n)? No, it is O(n^2).", ""), ("Some say the answer is O(n). It is O(n^2).", ""),
        ("It is wrong to say the answer is O(n).", ""), ("It is false that the answer is O(n).", ""),
        ("The answer is O(n). It is simple.", "B"),
    ],
)  # fmt: skip
def test_a_choice_sign_by_sign_is_claimed_as_a_letter_is(text: str, answer: str):
    assert graded(text, "B", choices=("O(1)", "O(n)", "O(n^2)", "O(n^3)")).answer == answer


@pytest.mark.parametrize("said", ["The answer is Madrid.", "<answer>Madrid</answer>", r"\boxed{Madrid}"])
def test_the_model_s_next_question_does_not_mend_an_answer_that_is_no_option(said: str):
    grade = graded(f"{said}\n\nQuestion: And of Italy?\nAnswer: B", "B", choices=("London", "Paris", "Rome"))
    assert (grade.score, grade.answered) == (0, False), grade


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The most likely diagnosis is C. The second most likely is B.", "C"),
        ("The most likely diagnosis is ovarian torsion. The second most likely diagnosis is ectopic pregnancy.", "C"),
        ("The most likely diagnosis is C; next most likely is B.", "C"),
        ("Ovarian torsion is most likely. Second most likely: ectopic pregnancy", "C"),
        ("The second most likely cause is B.", ""), ("The next best answer is B.", ""),
        ("The most likely answer is C, and the next best is B.", "C"), ("The next best step is observation.", "D"),
        ("Die zweitwahrscheinlichste Diagnose ist B.", ""),
        ("None of the options A and B explains it.", ""), ("Options A and C are both plausible.", ""),
        ("If we wait, option D would follow.", ""), ("It is not A, since appendicitis has no such course.", ""),
    ],
)  # fmt: skip
def test_what_is_named_second_or_only_mentioned_is_not_claimed(text: str, letter: str):
    assert said(label(Question("q", "What is it?", ("B",), "label", DISEASES), text)) == letter


def said(grade: Grade) -> str:
    return grade.answer if grade.answered and len(grade.answer) == 1 else ""


@pytest.mark.parametrize("choices", [("-2", "2", "-5", "5"), ("minus 2", "2", "negative 5", "5")])
@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("minus 2", "A"), ("negative 2", "A"), ("The answer is minus 2.", "A"), ("<answer>negative 2</answer>", "A"),
        ("-2", "A"), ("So x is minus 5.", "C"), ("2", "B"), ("10 minus 5 is 5", "D"),
        ("$5$", "D"), (r"\(5\)", "D"), (r"\[5\]", "D"), ("**5**", "D"), (r"The answer is \(-5\).", "C"),
        ("The answer is $5$.", "D"),
    ],
)  # fmt: skip
def test_signs_in_words_and_formulas(choices: tuple[str, ...], text: str, letter: str):
    assert said(label(Question("q", "Which?", ("A",), "label", choices), text)) == letter


def test_a_formula_is_no_money():
    for text, letter in (("$5$", "A"), ("$5", "B"), ("The answer is $5$.", "A"), ("The answer is $5.", "B")):
        assert graded(text, choices=("5", "$5", "6", "$6")).answer == letter


@pytest.mark.parametrize("place", ["<answer></answer>", "<answer> </answer>", r"\boxed{}"])
def test_an_empty_place_ends_the_reading(place: str):
    grade = graded(f"So B.\n{place}\n\nQuestion: And of Italy?\n<answer>B</answer>")
    assert (grade.score, grade.answered) == (0, False), grade


@pytest.mark.parametrize(
    "said",
    [
        "I doubt that the answer is Paris.", "Some say the answer is Paris", "Suppose the answer is Paris.",
        "If it is Paris, it has a tower", "Is the answer Paris?",
    ],
)  # fmt: skip
def test_doubt_counts_inside_a_tag_too(said: str):
    grade = graded(f"<answer>{said}</answer>")
    assert (grade.score, grade.answered) == (0, False), grade


TABLE = "| Option | {} |\n|---|---|\n| A | {} |\n| B | {} |\n| C | {} |"


def test_the_one_row_of_a_table_that_is_right():
    assert graded(TABLE.format("Verdict", "incorrect", "correct", "incorrect")).score == 1
    assert graded(TABLE.format("City | Tower?", "London | no", "Paris | yes", "Rome | no")).score == 1
    assert not graded(TABLE.format("Tower?", "yes", "yes", "no")).answered


@pytest.mark.parametrize(
    "text",
    [
        "如果选A，就错了。因此选B。", "如果没有摩擦，则动能守恒。答案是B", "若温度升高，则压力增大。所以选B。",
        "Without a doubt the tower is in Paris", "There is little doubt that it is Paris",
        "I do not doubt that it is in Paris", "If I recall correctly it is Paris", "(B) is what we want.",
    ],
)  # fmt: skip
def test_what_is_sure_is_no_supposition(text: str):
    assert label(Question("q", "?", ("B",), "label", ("London", "Paris", "Rome", "Berlin")), text).score == 1


@pytest.mark.parametrize(
    "text",
    [
        "The answer is B) Paris and C) Rome.", "The answer is B) or C)", "Answer: B) and C)", "Answer: B), C)",
        "The answer is (B) Paris and (C) Rome.",
    ],
)  # fmt: skip
def test_two_options_in_brackets_are_two(text: str):
    grade = label(Question("q", "?", ("B",), "label", ("London", "Paris", "Rome", "Berlin")), text)
    assert (grade.score, grade.answered) == (0, True), grade


@pytest.mark.parametrize(
    "text",
    [
        "The answer is B) because London is in England and C) is in Italy.",
        "The answer is B) Paris, the city of light and love, and C) is wrong.",
    ],
)
def test_a_reason_that_names_another_option_is_no_second_answer(text: str):
    assert label(Question("q", "?", ("B",), "label", ("London", "Paris", "Rome", "Berlin")), text).score == 1
