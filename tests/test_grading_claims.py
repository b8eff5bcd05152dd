"""What a text claims to be the answer, in the usual sentences of models; and what only looks like a claim."""

from __future__ import annotations

from itertools import permutations

import pytest

from promptlab.grading import label
from promptlab.grading.claims import claims, settled
from promptlab.grading.marking import marked, unmarked
from promptlab.types import Grade, Question

CITIES = ("London", "Paris", "Rome", "Berlin", "Madrid", "Vienna", "Oslo", "Athens", "Prague", "Cairo")
LETTERS = "ABCDEFGHIJ"


def graded(text: str) -> Grade:
    return label(Question("q", "?", ("B",), "label", CITIES), text)


# B is the answer, D is another option
ENGLISH = (
    "B is correct", "Option B is the right one", "The answer is not D but B", "It is B, not D", "I choose B",
    "I pick B.", "I'd go with B", "Correct answer: B", "Final: B", "Hence B", "So B.", "Therefore, (B).",
    "Answer: **B**", "Ans: B", "B) Paris is correct because D) Berlin is in Germany.", "Between D and B, B fits better",
    "\\boxed{\\text{B}}", "the answer is option (b)", "The answer is option (b) because of the tower.",
    "D) Berlin is a distractor; choose B", "Not D. B.", "D is wrong, which leaves B", "B is the answer.",
    "The letter B is correct.", "I'm going with B.", "My choice: B", "It must be B.", "It's B.",
    "Thus the best option is B, since D is wrong.", "This leaves only B.", "I would pick (B) over (D).",
    "Only B remains.", "B it is.", "Choose B.", "D is not correct; B is.", "I think B.",
    "The answer is B, since D is wrong.", "B is correct and D is wrong.", "B is correct, D isn't.", "Clearly B.",
    "I believe the answer to be B.", "Let's go with B", "I chose B because it has a tower.", "No, B.", "D? No. B.",
    "B, because it lies on the Seine.", "If the tower is in Paris, then B is correct.", "It isn't D, it's B.",
    "There is no doubt that B is correct.", "B is better than D.", "Rule out D. B remains.", "The answer is \"B\".",
    "Is it D? No, it is B.", "Unlike D, B is correct.", "I thought D was correct, but it is B.",
    "That makes B the answer.", "D would be correct if it were in Italy, but B is correct.",
    "Some choose D, but I choose B.", "So the answer: B", "The wrong answer is D. The right answer is B.",
    "The answer is D... no wait, B.", "D is right. Wait, no: B is right.",
    "After weighing everything, I conclude that the answer must therefore be B.", "D is tempting.\nBut B is correct.",
    "B is correct.\nBerlin is in Germany.", "B is correct.\n\nExplanation: (D) is in Germany.",
    "B\n\nD is wrong because it is in Germany.",
    "The answer is D.\nLet me check: it has no tower.\nSo the answer is B.",
    "D looks right, yet the one that fits is B.", "The answer is Paris because Berlin is in Germany.",
    "The answer is Paris, not Berlin.", "The answer is B.\n\nB) Paris\nD) Berlin",
    "B) Paris has the tower, so it is correct.\nD) Berlin is wrong.\n\nHence B",
    "B) Paris is right.\nD) Berlin is wrong.",
)  # fmt: skip
GERMAN = (
    "B ist richtig", "Option B ist die richtige", "Die Antwort ist nicht D, sondern B", "Es ist B, nicht D",
    "Ich wähle B", "Ich entscheide mich für B.", "Richtige Antwort: B", "Also B.", "Daher (B).",
    "Antwort B ist korrekt.", "Somit ist B richtig.", "Die richtige Antwort lautet B.", "D ist falsch, B ist richtig.",
    "Richtig ist B.", "Ich denke, dass B richtig ist.", "Ich würde B wählen.", "D nicht, sondern B",
)  # fmt: skip
FRENCH = (
    "B est correct", "L'option B est la bonne", "La réponse n'est pas D mais B", "C'est B, pas D", "Je choisis B",
    "Donc B.", "Bonne réponse : B", "La bonne réponse est donc la B.", "Réponse finale : B",
    "B est la bonne réponse, D est fausse",
)  # fmt: skip
SPANISH = (
    "B es correcta", "La opción B es la correcta", "La respuesta no es D sino B", "Es B, no D", "Elijo B",
    "Me quedo con B", "Respuesta correcta: B", "Por lo tanto, B.", "Así que B.", "La respuesta correcta es la B.",
    "No es D, es B.",
)  # fmt: skip
CHINESE = (
    "B是正确的", "选项B正确", "选B", "我选择B", "答案不是D而是B", "是B，不是D", "所以选B", "因此B。", "正确答案：B",
    "D错误，B正确", "正确答案应该是B。", "B选项正确",
)  # fmt: skip

# as base models, elder models and Chinese ones answer
WORDINGS = (
    "The answer to this question is (B) the town of Paris. It has the tower.", "The most likely answer is B.",
    "The most common answer is D, but the right one is B.", "By elimination: B.", "I lean towards B.",
    "I am confident in B.", "D — sorry, I meant B.", "D does not seem right. B does.", "B is the better of the two.",
    "I initially picked D, but on closer inspection B is right.", "Answer: D. Hmm, that has no tower. Answer: B.",
    "That leaves us with D and B. It must be B.", "It is not C, which leaves (B) and (D). (B) is the best answer.",
    "This narrows it down to D and B. Of these, B fits better.", "The answer is B or D. B is the more plausible.",
    "D) Berlin: This is not the best answer. B) Paris: This is the best answer.",
    "【答案】: B <eoa>", "【答案】B<eoa>", "因此，正确的答案应该是B选项。", "答案是B选项，因为塔在巴黎。",
    "正确答案是B项。", "D选项不正确，故选B", "所以，D选项错误，B选项正确。",
)  # fmt: skip


@pytest.mark.parametrize("text", ENGLISH + GERMAN + FRENCH + SPANISH + CHINESE + WORDINGS)
def test_a_claim_is_read(text: str):
    grade = graded(text)
    assert (grade.score, grade.answer) == (1, "B"), grade


@pytest.mark.parametrize(
    "form",
    [
        "{0} is correct, {1} is wrong.", "So {0}.", "I choose {0}, not {1}.", "It is {0}.", "Not {1}. {0}.",
        "Final: {0}", "{1} is wrong, which leaves {0}.", "The answer is not {1} but {0}.",
        "Option {0} is the right one.", "{0} fits best.", "({1}) is wrong, so ({0}).", "{0}, because {1} is wrong.",
    ],
)  # fmt: skip
def test_every_letter_is_read_alike(form: str):
    for said, other in permutations("ABCDEFGHJ", 2):
        assert graded(form.format(said, other)).answer == said, (form, said, other)


@pytest.mark.parametrize(
    "text",
    [
        "B or D", "The answer is B or D.", "The answer is either B or D.", "The answer is B and D.", "It is B or D.",
        "B/D", "Both B and D are correct.", "B is correct. D is correct.", "\\boxed{B, D}", "<answer>B and D</answer>",
        "B is correct.\nD is correct.", "- B is correct\n- D is correct", "The answer is B: Paris or D: Berlin.",
        "The answer is B. The answer is D.", "The answer is Paris or Berlin.", "B o D",
        "B oder D ist richtig", "Es B o D.", "答案是B或D",
        "B和D都正确", "I choose B and D", "D is correct and B fits best.",
        "The answer is B or D. B is correct. D is correct.", "I am confident in B and D.",
    ],
)  # fmt: skip
def test_two_claims_that_contradict_each_other_are_no_answer(text: str):
    grade = graded(text)
    assert (grade.score, grade.answered) == (0, True), grade
    assert grade.why.startswith("several labels: B, D")


@pytest.mark.parametrize(
    "text",
    [
        # names, articles, pronouns
        "A is a vowel.", "Plan B failed", "He lacks vitamin C.", "Vitamin C is right for you.", "A city is correct.",
        "I am correct.", "So I think about it.", "It is A big city.", "Team B wins.", "Hepatitis B is correct.",
        "Figure B is best.", "Statement B is correct.", "She got an A. Good.", "He got a B in maths.", "x = B",
        "A + B = C", "I, for one, am unsure.", "Point B is the answer to geometry.", "From A to B it is flat.",
        "Let A be correct to 3 digits.", "John B. is correct.", "C is the speed of light.", "A is for apple.",
        "B is one of the cities.", "B is an option.", "B is best known for wine.", "So D is the distance.",
        "Thus A is the speed and B is the time.", "Let's say B and D are points.", "We take B = 5.",
        "This leaves A with 3 apples.", "So B and D cancel.", "B.C. is correct.", "It is C that is wrong.",
        "Pick a point B on it.",
        # denied
        "B is not correct.", "B is incorrect.", "B isn't right", "Not B.", "I would not choose B.",
        "I don't think B is correct.", "Neither A nor B is correct.", "None of A, B, C is correct.", "(B) is wrong",
        "Option B is wrong.", "Eliminate (B).", "So A and B are wrong.", "The wrong answer is B.", "Wrong answer: B",
        "Incorrect: B", "Do not choose B.", "I doubt that B is correct.", "B can't be the answer.",
        "The answer is not B.", "The answer cannot be B.", "B is only partially correct.",
        "It's unlikely that B is correct.", "To choose B is a mistake.", "There is no option B.",
        "A common answer is B.", "One possible answer is B.", "B is close but not correct.",
        # supposed, asked, said by others
        "If B is correct, A is wrong.", "Suppose the answer is B.", "B could be correct.", "B might be the answer",
        "Is B correct?", "So B?", "Is the answer B?", "It is tempting to choose B.", "Some say B is correct.",
        "One may think that B is correct.", "My friend claims that B is correct.", "Whether B is correct is unclear.",
        "The students choose B.", "Perhaps B.", "B would have been correct in 1900.",
        "It is false that the answer is B.", "It is not the case that the answer is B.",
        "If it were not for the tower, the answer would be B.",
        "I cannot choose between A and B.", "The answer is B if it is big and C otherwise.",
        # the same in other languages
        "B ist falsch.", "B ist nicht richtig", "Ich wähle nicht B", "Falls B richtig ist, ist A falsch.",
        "B est fausse", "B n'est pas correct", "Je ne choisis pas B", "Si B est correct, alors A est faux.",
        "B no es correcta", "No elijo B", "La respuesta no es B.", "B不正确",
        "B是错误的", "不选B", "维生素C是正确的", "我不认为B正确",
        "如果B正确，则A错误。",
        # said to be wrong, or only said
        "Option B, Paris, does not seem to be correct.", "The answer choices given are (B) Paris and what else?",
        "The answer to this question is not B.", "This is B selected at random: is it right?", "是B选项错误。",
    ],
)  # fmt: skip
def test_what_is_no_claim_is_no_answer(text: str):
    grade = graded(text)
    assert (grade.score, grade.answered, grade.why) == (0, False, "no label in the answer text"), grade


# what is denied behind the label is something else
GROUNDS = (
    "The answer is B, because the other options are incorrect.",
    "The answer is B, since the others do not lie on it.", "The answer is B, as Berlin does not lie on it.",
    "The answer is B, the others are wrong.", "The answer is B (the others are wrong).",
    "The answer is (B), which the other cities cannot claim.", "The answer is B - the rest are incorrect.",
    "So B, because Berlin is not involved.", "I choose B, although it is not obvious.",
    "B) Paris, because Hamburg is not in France.", "Answer: B (the other choices are incorrect)",
    "Answer: B, not obvious at first.", "Option B, the capital, is correct, while the others are not.",
    "Answer: (B) - Berlin is not involved in it.", "The correct answer is B: Paris, since Berlin is not in France.",
    "The answer is B, but it is not the only possible one.", "B is correct, the rest is false.",
    "It's B, Berlin isn't involved.", "答案是B，因为其他选项都不正确。", "选B，因为柏林不在法国。",
    "答案：B，其他选项错误。", "因此答案是B，其余选项都不对。", "答案是B（柏林不在法国）。",
    "Die Antwort ist B, da Berlin nicht beteiligt ist.", "Die richtige Antwort ist B, weil die anderen falsch sind.",
    "La réponse est B, car Berlin n'est pas impliquée.", "La réponse est B, les autres sont fausses.",
    "La respuesta es B, porque Berlín no está implicada.", "La respuesta es B, ya que las demás son incorrectas.",
    "Answer: B. The other options are incorrect.", "D does not lie on it. So B, since C does not either.",
    "The answer is B, because the tower was not moved.", "The answer is B: the tower is not void.",
    "The answer is B, as a move was not shown.", "B, because the tower is not void.", "B: the tower is not void.",
    "(B) The tower is not void.", "So the answer is (B), the tower is not void.",
    "Therefore, B, the promise is not illusory.", "The answer is B, since it is not in Germany.",
    "Answer: B, because a tower alone is not sufficient.", "B is the answer, because a tower alone is not sufficient.",
    "Answer: B. Paris, because the tower is not elsewhere.", "The answer is B, because the city (D) is not involved.",
    "B, since D does not lie on it and C is not involved.", "The answer is B, D is wrong.",
    "**Answer: B.** The other options are incorrect.", "Answer: **B**. The other cities are not involved.",
    "The correct answer is **B**. Berlin does not have it; it is in Germany.",
    "The correct answer is (B). Berlin is not a city of France.",
    "The correct answer is B.\n\nThe other options are incorrect.",
    "The correct answer is **B. Paris**. The others are not involved.",
    "The answer is B. This is not a trick question.", "The answer is B. I'm not completely sure, though.",
    "Final answer: B. It is not D because that is in Germany.", "I'd say B. D is impossible.", "B. The rest are wrong.",
    "The answer is B, not D.", "So the answer is B; the others are wrong.",
)  # fmt: skip
SOUGHT = (
    "The most appropriate next step in management is B.", "Therefore, the best next step is **B**.",
    "The most appropriate next step is (B) a visit to the tower. (D) would be premature.",
    "The most likely diagnosis is **(B)**.\n\n(D) and (C) are less likely.", "The most likely cause is B.",
    "Thus, the patient should undergo a visit to the tower (B).\n\nA rest (D) should wait.",
    "The correct next step is:\n\n**B. The tower**", "The correct reagent is E. Wait, the correct reagent is B.",
    "The required reagent is (B) Paris, not (D) Berlin.", "So the next step should be B.", "Next step: B",
    "So the most appropriate next step would be option B.", "B is the most appropriate next step.",
    "**B: The tower** is the most appropriate next step.\n\nWhy not the others?\n- **D**: too far.\n- **C**: too hot.",
    "Option B, the tower, is the most appropriate next step in management.", "Of the options, B is most appropriate.",
    "D: A rest would be fine, but she is stable. Therefore, the next best step is B: the tower.",
    "The statement that best describes it is B.", "The statement that is true is B.", "I recommend B.",
    "Best answer: B. Second best: D.", "It is 10 m/s. This matches option (B). Option (D) 5 m/s would be less.",
    "The least likely diagnosis is D. The most likely diagnosis is B.\nSo B.",
    "D would be the answer if it were at rest. It is moving, so B.", "D is the best test if she is stable. So B.",
    "My first answer was D. After checking, B.", "故选（B）。", "【答案】B", "答案是B，而不是D。",
    "所以正确选项是（B）10 m/s。",
    "**B** \n\nWould you like me to explain why A, C and D are wrong?",
)  # fmt: skip
FALSE_ONE = (
    "The exception is B.", "The false statement is B.", "All of the statements are true except B.",
    "The statement that is NOT correct is B.", "The one that does not belong is B.", "B is the incorrect statement.",
    "D, C and A are all true statements, so the exception is B.",
)  # fmt: skip
LISTS = (
    "A) ✗\nB) ✓\nC) ✗\nD) ✗", "A: No\nB: Yes\nC: No\nD: No", "A - False\nB - True\nC - False\nD - False",
    "A. London ❌\nB. Paris ✅\nC. Rome ❌\nD. Berlin ❌", "❌ A\n✅ B\n❌ C\n❌ D",
    "(A) ❌ (C) ❌\n(B) ✅ because it fits\n(D) ❌", "D) ✓?\nC) ✗\n\nThe answer is B.",
    "- A. London — No.\n- B. Paris — Yes, this is the answer.\n- C. Rome — No.",
)  # fmt: skip


@pytest.mark.parametrize("text", GROUNDS + SOUGHT + FALSE_ONE + LISTS)
def test_a_claim_is_read_whatever_stands_around_it(text: str):
    grade = graded(text)
    assert (grade.score, grade.answer) == (1, "B"), grade


@pytest.mark.parametrize(
    "text",
    [
        "The most common blood type is B positive.", "The best treatment is not B.", "If the correct statement is B.",
        "The most likely diagnosis is hepatitis B.", "The energy therefore goes from (B) to (D) and back.",
        "Is the most likely diagnosis B?", "The next step is to find B.", "Some say the most likely diagnosis is B.",
        "B is not the most appropriate next step.", "B is the false one.", "My first guess was B.",
        "B would be the right answer if ATP were DNA.", "The exception is B or D.", "The next step is (B) or (D).",
        "A) True\nB) False", "A: True\nB: True\nC: False", "A ✓\nB ✓\nC ✗", "D) ✗\nC) ✗\nB) ✗", "B) ✗", "B. Paris ❌",
    ],
)  # fmt: skip
def test_what_only_looks_like_one_is_not(text: str):
    assert graded(text).score == 0


def test_labels_that_the_question_does_not_have_are_none():
    four = Question("q", "?", ("B",), "label", CITIES[:4])
    assert not label(four, "E is correct.").answered
    assert label(four, "E is correct, says the book. I choose B.").score == 1


def test_marks_are_taken_off_again():
    text = "Option A is wrong, (B) is not. So C."
    assert unmarked(marked(text, "ABC")) == "Option ¬ is wrong, ¬ is not. So C."
    assert unmarked(marked("⟦B⟧ ⟬C⟭ İ", "ABC")) == "B C I"  # a model's own signs are no marks


def test_a_later_line_overrules_and_so_does_a_correction():
    for text, labels in (("So A.\nSo B.", {"B"}), ("So A. So B.", {"A", "B"}), ("So A. No, so B.", {"B"})):
        said = marked(text, LETTERS)
        assert settled(said, claims(said)) == labels
