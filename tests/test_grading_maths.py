"""The grader of mathematical expressions: where the answer stands, what is settled without algebra, what is not."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.grading import expressions, maths, workers
from promptlab.grading.latex import canonical, comparable, plain_number, same
from promptlab.types import Grade, Question

pytest.importorskip("math_verify")


def graded(text: str, *gold: str) -> Grade:
    return maths(Question("q", "?", gold, "math"), text)


@pytest.mark.parametrize(
    ("gold", "text"),
    [
        (r"\frac{14}{3}", r"**Answer:** \dfrac{14}3"), (r"\frac{14}{3}", "Therefore, x = 28/6 = 14/3."),
        (r"\frac{14}{3}", "So\n\\[\nx = \\frac{14}{3}\n\\]"), (r"\frac{14}{3}", "I get 14/3 of them."),
        (r"\frac{14}{3}", r"The answer is $x=\frac{14}{3}$ because $y=2$."), (r"\frac{1}{2}", "The answer is .5"),
        (r"\frac{1}{2}", "Not $2$, but:\n\n$$\\frac12$$"), ("1,-2", r"\boxed{x=1 \text{ or } x=-2}"),
        ("1,-2", "The solutions are $x = 1$ and $x=-2$."), ("1,-2", r"\boxed{\{-2, 1\}}"),
        ("y = 2x + 3", r"\boxed{2x+3}"), ("y = 2x + 3", "Therefore y = 3 + 2x."), ("x=5", "5"),
        ("5x - 7y = 4", r"\boxed{-5x + 7y + 4 = 0}"), (r"x \in [-2,7]", "-2 ≤ x ≤ 7"), ("(3,4]", r"\boxed{(3, 4]}"),
        (r"3\sqrt{13}", "3√13"), (r"3\sqrt{13}", "3*sqrt(13)"), (r"3\sqrt{13}", r"\boxed{\sqrt{117}}"),
        (r"12\pi", "12 pi"), (r"12\pi", "12π"), (r"2\pi", r"\boxed{2\pi \text{ cm}}"), (r"\pm\sqrt{9a}", "± √(9a)"),
        (r"864 \mbox{ inches}^2", "864 square inches"), (r"\$18.90", "The answer is $18.9."), (r"9^\circ", "9 degrees"),
        (r"10,\!080", "10080"), (r"11,\! 111,\! 100", "11111100"), (r"11,\! 111,\! 100", r"\boxed{11\,111\,100}"),
        ("11111100", r"\boxed{11,\! 111,\! 100}"),
        ("11111100", r"\boxed{11\ 111\ 100}"), ("11111100", "11{,}111{,}100"),
        (r"\text{Evelyn}", "**Evelyn**"), (r"\text{(C)}", r"\boxed{C}"), ("10", "١٠"),
        ("52_8", "52"), ("52_8", r"\boxed{52_{8}}"), ("52_8", "$(52)_8$"), ("(a+5)(b+2)", r"\boxed{ab+2a+5b+10}"),
        (r"\begin{pmatrix} 1/5 \\ -2 \end{pmatrix}", r"\boxed{\begin{bmatrix} 0.2 \\ -2 \end{bmatrix}}"),
        ("7", "So x = 3 + 4 = 7.\n\nQuestion: 1 + 1?\nAnswer: 2"), ("7", "<answer>$7$</answer> or \\boxed{8}"),
        ("3", r"\boxed{x_1=3}"), ("3", r"\boxed{f(2)=3}"), ("3", r"\boxed{AB = 3}"), ("3", r"\boxed{x+y=3}"),
        ("3", r"$2x = 6 \Rightarrow x = 3$"), ("120", "5!"), ("120", r"\boxed{5!}"), ("3", "The answer is 3!"),
        ("(3,4)", r"\boxed{\left(3, 4\right)}"), ("(1,2),(3,4)", r"\boxed{\{(3,4),(1,2)\}}"), ("3", "答案：$3$"),
        (r"864 \mbox{ inches}^2", r"<answer>$864 \mbox{ inches}^2$</answer>"),
        (r"864 \mbox{ inches}^2", r"<answer>\(864 \mbox{ inches}^2\)</answer>"),
    ],
)  # fmt: skip
def test_right(gold: str, text: str):
    grade = graded(text, gold)
    assert grade.score == 1, grade


@pytest.mark.parametrize(
    ("gold", "text"),
    [
        (r"\frac{1}{3}", r"\boxed{0.333333}"), (r"\sqrt{2}", r"\boxed{1.414214}"), (r"\frac{1}{2}", "-1/2"),
        ("1,-2", r"\boxed{1}"), ("1", r"\boxed{1,-2}"), ("y = 2x + 3", r"\boxed{y = 2x + 4}"), ("(3,4]", "[3,4]"),
        ("(3,4]", "(3,4)"), ("52_8", "52_9"), ("52_8", "42"), ("52", "52_8"), (r"\text{even}", "neve"), (r"\pi", "3"),
        ("5x - 7y + 4 = 0", "0"), ("(1,2)", "(2,1)"), (".0000672", "0.000067"), ("12", "1 2"), ("x^2", "x2"),
        ("111", r"\boxed{11,\! 111}"), (r"11,\! 111", r"\boxed{11,\! 112}"), ("1000,200", "1 000 200"),
        ("2", "x = 1, y = 2"), ("3", r"The answer is $3$ or $4$."), ("23", "2**3"),
        ("3", r"\boxed{x^2=3}"), ("3", r"\boxed{|x|=3}"), ("3", r"\boxed{2x=3}"), ("3", r"\boxed{x+1=3}"),
        ("3", r"\boxed{\frac{x}{2}=3}"), ("3", r"\boxed{3!}"), ("3", "3!"), ("5", "$5!$"),
        ("(3,4)", r"\boxed{\{3,4\}}"), (r"\{3,4\}", r"\boxed{(3,4)}"),
    ],
)  # fmt: skip
def test_wrong(gold: str, text: str):
    grade = graded(text, gold)
    assert (grade.score, grade.answered) == (0, True), grade
    assert "expected" in grade.why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I do not know.", "no number"), (r"\boxed{}", "the box is empty"), ("<answer></answer>", "tag is empty"),
        ("The answer is not $7$.", "no number"), ("$7$ is not the answer.", "no number"),
    ],
)  # fmt: skip
def test_no_answer(text: str, why: str):
    grade = graded(text, "7")
    assert (grade.score, grade.answered) == (0, False)
    assert why in grade.why


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (r"\frac{x}", "cannot be read as LaTeX"), (r"\input{/etc/passwd}", "cannot be read as LaTeX"),
        ("x+" * 300, "more than 500 characters"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_says_so_and_may_be_right(said: str, why: str):
    grade = graded(rf"\boxed{{{said}}}", "2x")
    assert (grade.score, grade.answered) == (0, False), "validity asks what if it were right"
    assert why in grade.why


def test_plain_answers_need_no_process(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(expressions, "POOL", None)
    expressions._verdict.cache_clear()
    assert graded(r"\boxed{\tfrac{28}{6}}", r"\frac{14}{3}").score == 1
    assert graded("The answer is 4.", "5").score == 0
    assert graded(r"\boxed{2 \sqrt2}", r"2\sqrt{2}").score == 1
    assert graded("east", r"\text{west}").score == 0


def test_an_answer_is_compared_once(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    compare = workers.POOL.compare
    monkeypatch.setattr(workers.POOL, "compare", lambda gold, said: asked.append(said) or compare(gold, said))
    assert [graded(r"\boxed{q+q}", "2q").score for _ in range(3)] == [1, 1, 1]
    assert asked == ["q+q"]


def test_a_missing_package_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers.importlib.util, "find_spec", lambda name: None)
    workers.check_installed.cache_clear()
    with pytest.raises(InputError, match="extra `maths`"):
        graded("4", "4")


def test_sides_of_equations():
    assert comparable("7", "x = 3 + 4 = 7") == ("7", " 7")
    assert comparable("x = 7", "7") == (" 7", "7")
    assert comparable("y = 2x", "z = y = 2x") == ("y = 2x", " y = 2x")
    assert comparable("2", "x = 1, y = 2") == ("2", "x = 1, y = 2")
    assert comparable("2", "f(1, 2) = 2") == ("2", " 2")


numbers = st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=1000)


@given(numbers, st.sampled_from([r"\frac{{{0}}}{{{1}}}", r"\dfrac{{{0}}}{{{1}}}", "{0}/{1}"]))
def test_however_a_number_is_written_it_is_itself(value: Fraction, form: str):
    written = form.format(abs(value.numerator), value.denominator)
    signed = f"-{written}" if value < 0 else written
    assert plain_number(signed) == value


@given(numbers, numbers)
def test_numbers_are_the_same_when_their_values_are(one: Fraction, other: Fraction):
    assert same(str(one), str(other)) == (one == other)
    assert graded(rf"\boxed{{{other}}}", str(one)).score == (one == other)


@given(st.text(st.characters(codec="ascii"), max_size=40))
def test_one_style_is_reached_at_once(text: str):
    once = canonical(text)
    assert same(text, text) in (True, False)
    assert canonical(f"  {text}  ") == once


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["**a", "_a^b", "| A | ", "^2", "|"])
def test_towers_of_powers_and_bars_are_refused_without_algebra(unit: str, monkeypatch: pytest.MonkeyPatch):
    """Algebra takes its 5 seconds for each."""
    monkeypatch.setattr(expressions.POOL, "compare", lambda *pair: pytest.fail(f"compared: {pair}"))
    grade = maths(Question("q", "?", ("3",), "math"), unit * (100_000 // len(unit)))
    assert (grade.score, grade.answered) == (0, False)


def test_what_only_looks_endless_is_compared():
    for gold, said in (
        ("x^2y^3z^4w^5", "w^5x^2y^3z^4"),
        ("a_1^2", "a_1^{2}"),
        ("2^{3^2}", "512"),
        ("|x|+|y|", "|y|+|x|"),
    ):
        assert maths(Question("q", "?", (gold,), "math"), f"$\\boxed{{{said}}}$").score == 1, said


def test_an_empty_place_ends_the_reading_and_doubt_counts_in_a_tag():
    question = Question("q", "?", ("3",), "math")
    assert not maths(question, "3 <answer></answer>\n\nQuestion: And now?\n<answer>3</answer>").answered
    assert maths(question, "<answer>I doubt that the answer is $3$.</answer>").score == 0
