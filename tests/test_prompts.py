"""Conditions: what is sent, which exemplars, and what is refused before any call."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.prompts import (
    chain_of_thought,
    concise,
    condition_from,
    few_shot,
    from_template,
    preview,
    r1_zero_template,
    zero_shot,
)
from promptlab.types import AnswerFormat, Completion, Message, ModelId, Question, Sampling

TAGS = AnswerFormat("tags", "Put the answer between answer tags.", "<answer>{answer}</answer>")


def number_question(i: int, cluster: str = "add") -> Question:
    return Question(
        f"q{i}", f"What is {i} + 1?", (str(i + 1),), cluster=cluster, meta={"rationale": f"{i} + 1 = {i + 1}."}
    )


POOL = tuple(number_question(i, cluster="add" if i % 2 else "sum") for i in range(100, 140))
ASKED = number_question(7)


def text_of(condition, question=ASKED, **options):
    prompt = condition.render(question, pool=POOL, **options)
    return prompt.text if prompt.text is not None else "\n".join(m.content for m in prompt.messages)


ARMS = [
    zero_shot(),
    concise(),
    chain_of_thought(),
    few_shot(3),
    few_shot(1, style="answers"),
    few_shot(2, select="own-kind"),
    few_shot(2, layout="one-message"),
    few_shot(2, layout="system"),
    few_shot(exemplars=[("What is 3 + 3?", "6", "3 + 3 = 6.")]),
    r1_zero_template(),
    r1_zero_template(chat=True) + few_shot(1),
    from_template("Q: {{ question }}", name="mine"),
]


@pytest.mark.parametrize("condition", ARMS, ids=lambda c: c.name)
def test_every_arm_asks_for_the_answer_format_in_the_same_words(condition):
    prompt = condition.render(ASKED, pool=POOL, answer_format=TAGS)
    asked = [prompt.text or ""] if prompt.text else [m.content for m in prompt.messages if m.role == "user"]
    assert [turn.count(TAGS.sentence) for turn in asked] == [1] * len(asked)
    assert TAGS.sentence not in text_of(condition)


def test_an_earlier_turn_reads_like_the_last_one():
    messages = (concise() + few_shot(2)).render(ASKED, pool=POOL, answer_format=TAGS).messages
    tails = {m.content.split("?", 1)[1] for m in messages if m.role == "user"}
    assert tails == {f"\nBe concise.\n{TAGS.sentence}"}


@pytest.mark.parametrize("condition", ARMS, ids=lambda c: c.name)
def test_every_arm_ends_with_the_question(condition):
    tail = text_of(condition).rsplit(ASKED.text, 1)
    assert len(tail) == 2
    assert "?" not in tail[1]


def test_turns_alternate_and_show_answers_in_the_runs_format():
    messages = few_shot(2).render(ASKED, pool=POOL, answer_format=TAGS).messages
    assert [m.role for m in messages] == ["user", "assistant", "user", "assistant", "user"]
    assert re.fullmatch(r"(\d+) \+ 1 = (\d+)\. <answer>\2</answer>", messages[1].content)


def test_layouts_carry_the_same_exemplars():
    shown = {
        layout: few_shot(3, layout=layout).render(ASKED, pool=POOL) for layout in ("turns", "one-message", "system")
    }
    assert len({p.exemplars for p in shown.values()}) == 1
    assert [m.role for m in shown["one-message"].messages] == ["user"]
    assert [m.role for m in shown["system"].messages] == ["system", "user"]
    assert shown["system"].messages[1] == Message("user", ASKED.text)


NOTE = "These are only examples."


@pytest.mark.parametrize("layout", ["turns", "one-message", "system"])
def test_a_note_stands_right_after_the_exemplars_once_in_every_layout(layout: str):
    plain, noted = (text_of(few_shot(2, layout=layout, note=note)) for note in ("", NOTE))
    last = few_shot(2, layout=layout).render(ASKED, pool=POOL).exemplars[-1]
    assert noted.count(NOTE) == 1
    assert noted.index(last.split("\n")[-1]) < noted.index(NOTE) < noted.rindex(ASKED.text)
    assert noted.replace(f"{NOTE}\n\n", "").replace(f"\n\n{NOTE}", "") == plain


def test_a_note_belongs_to_exemplars_and_is_not_sent_without_them():
    noted = few_shot(1, note=NOTE)
    assert noted.but(exemplars=None).render(ASKED).hash == zero_shot().render(ASKED).hash
    assert noted.but(exemplars=None).factors() == zero_shot().factors()


def test_a_template_that_places_exemplars_places_the_note():
    template = "{% for e in exemplars %}{{ e.answer }}{% endfor %}[{{ note }}]{{ text }}"
    condition = from_template(template, name="mine", note=NOTE) + few_shot(1)
    assert text_of(condition).endswith(f"[{NOTE}]{ASKED.text}")
    with pytest.raises(InputError, match="'r1-zero': its template places the exemplars, and never uses `note`"):
        r1_zero_template(note=NOTE)


def test_question_first_moves_the_question_and_nothing_else():
    condition = few_shot(2, layout="one-message", question_first=True, note=NOTE)
    usual = condition.but(question_first=False).render(ASKED, pool=POOL, answer_format=TAGS)
    turned = condition.render(ASKED, pool=POOL, answer_format=TAGS)
    assert turned.exemplars == usual.exemplars
    head, tail = (prompt.messages[0].content for prompt in (turned, usual))
    asked = f"{ASKED.text}\n{TAGS.sentence}"
    assert head.startswith(f"{asked}\n\nHere are some examples.")
    assert head.removeprefix(f"{asked}\n\n").split("\n\nNow answer")[0] == tail.split("\n\nNow answer")[0]


@pytest.mark.parametrize("layout", ["turns", "system"])
def test_question_first_is_refused_where_the_question_has_its_place(layout: str):
    with pytest.raises(InputError, match=f"question_first needs layout='one-message', not '{layout}'"):
        few_shot(2, layout=layout, question_first=True)


def test_system_none_empty_and_text_are_three_things():
    assert [m.role for m in zero_shot().render(ASKED).messages] == ["user"]
    assert zero_shot(system="").render(ASKED).messages[0] == Message("system", "")
    both = few_shot(1, layout="system", system="You add.").render(ASKED, pool=POOL).messages[0]
    assert both.content.startswith("You add.\n\nHere are some examples.")


def test_raw_template_holds_exemplars_as_dialogue_and_ends_at_the_assistants_turn():
    prompt = (r1_zero_template() + few_shot(2)).render(ASKED, pool=POOL, answer_format=TAGS)
    assert prompt.text is not None
    assert not prompt.messages
    assert prompt.text.count("User:") == 3
    assert prompt.text.endswith(f"User: {ASKED.text}\n{TAGS.sentence}\nAssistant:")


def test_choices_are_lettered():
    question = Question("c", "Which is red?", ("A",), kind="label", choices=("blood", "grass"))
    assert text_of(zero_shot(), question) == "Which is red?\nA. blood\nB. grass"


def test_draws_are_nested_independent_of_order_and_all_used():
    first, three = few_shot(1), few_shot(3)
    questions = [number_question(i) for i in range(40)]
    for question in questions:
        assert three.exemplars.pick(question, POOL)[:1] == first.exemplars.pick(question, POOL)
    assert {three.draw_of(q) for q in questions} == set(range(8))
    assert three.draw_of(questions[3]) == three.draw_of(questions[3])


def test_own_kind_shows_only_the_questions_own_cluster():
    assert {q.cluster for q in few_shot(5, select="own-kind").exemplars.pick(ASKED, POOL)} == {"add"}


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 20), st.integers(1, 9), st.integers(0, 5))
def test_exemplars_are_distinct_and_never_the_question(k, draws, seed):
    chosen = few_shot(k, draws=draws, seed=seed).exemplars.pick(ASKED, POOL)
    assert len({q.id for q in chosen}) == k
    assert ASKED.text not in {q.text for q in chosen}


@pytest.mark.parametrize(
    "repeated", ["What is 7 + 1?", "  what IS 7 + 1 ", "Is 7 + 1 what?", "Look: What is 7 + 1? Think."]
)
def test_an_exemplar_that_repeats_the_question_is_refused(repeated):
    with pytest.raises(InputError, match="repeats the test question 'q7'"):
        few_shot(exemplars=[(repeated, "8")], style="answers").render(ASKED)


def test_a_draw_passes_over_what_repeats_the_question():
    twin = Question("twin", "1 + 7 is what?", ("8",), cluster="add", meta={"rationale": "7 + 1 = 8."})
    same = Question("asked", "Is what 7 + 1?", ("8",), cluster="add")
    few = (twin, *POOL[1:6:2])
    assert [q.id for q in few_shot(3, select="own-kind").exemplars.pick(same, few)].count("twin") == 0
    with pytest.raises(InputError, match="the pool has 3 exemplars of kind 'add'"):
        few_shot(4, select="own-kind").render(same, pool=few)


def test_a_question_of_the_same_template_is_no_repetition():
    assert few_shot(exemplars=[("What is 8 + 1?", "9")], style="answers").render(ASKED).exemplars


def test_conditions_compose():
    both = chain_of_thought() + few_shot(3) + concise()
    assert (both.shots, both.instruction) == (3, "Let's think step by step.\nBe concise.")
    assert both.name == "chain-of-thought+few-shot-3+concise"
    with pytest.raises(InputError, match="both set exemplars"):
        few_shot(3) + few_shot(5)


def test_factors_are_flat_and_tell_arms_apart():
    seen = [tuple(arm.factors().values()) for arm in ARMS]
    assert len(set(seen)) == len(ARMS)
    assert all(isinstance(value, str | int | float | bool) for row in seen for value in row)


def test_a_replicate_is_another_arm_with_the_same_prompt():
    assert zero_shot(replicate=1).name == "zero-shot#1"
    assert zero_shot(replicate=1).render(ASKED).hash == zero_shot().render(ASKED).hash


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: few_shot(), "few_shot needs k"),
        (lambda: few_shot(0), "k >= 1"),
        (lambda: few_shot(3, style="workd"), "did you mean 'worked'"),
        (lambda: few_shot(3, layout="turn"), "did you mean 'turns'"),
        (lambda: few_shot(3, select="near"), "Allowed: random, own-kind, fixed, nearest, most"),
        (lambda: few_shot(3, exemplars=[("a", "b")]), "exemplars= gives only 1 exemplar$"),
        (lambda: few_shot(exemplars=[("only a question",)]), r"expected a Question, \(question, answer\)"),
        (lambda: zero_shot(instrction="x"), "did you mean 'instruction'"),
        (lambda: from_template("{{ question", name="broken"), "not valid Jinja"),
        (lambda: from_template("{{ qestion }}", name="typo").render(ASKED), "'qestion' is undefined"),
        (lambda: from_template("{{ ''.__class__.__mro__ }}", name="escape").render(ASKED), "unsafe"),
        (lambda: few_shot(3).render(ASKED), r"render with pool=questions.pool"),
        (lambda: few_shot(2).render(ASKED, pool=POOL[:1]), "the pool has 1 exemplar for question 'q7'"),
        (lambda: few_shot(99).render(ASKED, pool=POOL), "the pool has 40 exemplars for question 'q7'"),
        (lambda: few_shot(exemplars=[("a?", "b")]).render(ASKED), "has no rationale"),
        (lambda: zero_shot(raw=True), "raw=True needs a template"),
        (lambda: from_template("{{ question }}", name="r", raw=True) + few_shot(1), "never uses `exemplars`"),
        (lambda: condition_from("zero-shots"), "did you mean 'zero-shot'"),
        (
            lambda: condition_from({"few-shot": {"shots": 3}}),
            "unknown option of condition 'few-shot' 'shots': Allowed: k,",
        ),
        (lambda: condition_from("few-shot"), "few_shot needs k"),
        (lambda: condition_from({"a": {}, "b": {}}), "one {name: {option: value}}"),
        (
            lambda: few_shot(kk=3),
            "unknown option of few_shot 'kk': did you mean 'k'. Allowed: k, style, select, layout",
        ),
        (lambda: few_shot(3, layuot="turns"), "unknown option of few_shot 'layuot': did you mean 'layout'"),
        (lambda: zero_shot(instuction="x"), "unknown option of zero_shot 'instuction': did you mean 'instruction'"),
        (lambda: r1_zero_template(chta=True), "unknown option of r1_zero_template 'chta': did you mean 'chat'"),
        (
            lambda: condition_from({"few-shot": {"kk": 3}}),
            "unknown option of condition 'few-shot' 'kk': did you mean 'k'. Allowed: k, style, select, layout",
        ),
        (lambda: condition_from({"concise": {3: 4}}), "unknown option of condition 'concise' 3: Allowed: name"),
    ],
)
def test_bad_input_gets_one_clear_error(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


class Counting:
    """A model that counts words; it can be previewed, and it cannot be called."""

    id = ModelId("counting")
    name = "counting"
    context = None

    def check(self, sampling, prompts): ...

    def as_sent(self, prompt):
        return prompt.text or "|".join(m.content for m in prompt.messages)

    def count_tokens(self, prompt):
        return len(self.as_sent(prompt).split())

    def generate(self, requests):
        raise AssertionError("a preview must not call the model")


def test_preview_counts_tokens_and_cost_without_a_call():
    questions = [number_question(i) for i in range(3)]
    shown = preview(
        Counting(), [zero_shot(), concise()], questions, samples=2, sampling=Sampling(max_tokens=10), prices=(1.0, 2.0)
    )
    row = shown.table.set_index("condition").loc["zero-shot"]
    assert (row.requests, row["median"], row.prompt_tokens) == (6, 5, 30)
    assert row.worst_cost == pytest.approx((30 * 1.0 + 60 * 2.0) / 1e6, rel=1e-3)
    assert shown.prompt("concise", "q2") == "What is 2 + 1?\nBe concise."
    assert "What is 0 + 1?" in repr(shown)
    with pytest.raises(InputError, match="did you mean 'concise'"):
        shown.prompt("concize")


def test_preview_escapes_what_a_data_set_wrote():
    evil = Question("<b>", "<script>alert(1)</script>", ("1",))
    page = preview(Counting(), zero_shot(), [evil])._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_no_control_character_of_a_data_set_reaches_a_terminal():
    shown = preview(Counting(), zero_shot(), [Question("q", "\x1b[2Jevil \u202e", ("1",))])
    assert "\x1b" in shown.prompt(), "the prompt itself is exactly what is sent"
    assert not any(c in repr(shown) for c in "\x1b\u202e")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"samples": "2"}, "samples of preview is '2'"),
        ({"sampling": {}}, "is no sampling"),
        ({"answer_format": "boxed"}, "is no answer_format"),
        ({"prices": (1, 2)}, "prices of preview need sampling="),
        ({"prices": 5, "sampling": Sampling(max_tokens=5)}, "prices is 5"),
        ({"models": "embedded:instruct"}, "is no model"),
        ({"conditions": "concise"}, "'concise' is no condition"),
        ({"questions": "arithmetic"}, "'arithmetic' is no question"),
    ],
)
def test_preview_refuses_what_a_run_refuses(options, told):
    with pytest.raises(InputError, match=told):
        preview(**{"models": Counting(), "conditions": zero_shot(), "questions": [number_question(1)], **options})
    with pytest.raises(InputError, match="unknown model of this preview 'counting': Allowed: 0"):
        preview(Counting(), zero_shot(), number_question(1)).prompt(model="counting")


def test_completion_and_prompt_are_hashable_by_value():
    assert zero_shot().render(ASKED).hash == zero_shot().render(ASKED).hash
    assert Completion("a", "complete") == Completion("a", "complete")


def test_exemplars_can_be_given_in_a_yaml_file() -> None:
    condition = condition_from({"few-shot": {"exemplars": [["What is 1 + 1?", "2"]], "style": "answers"}})
    assert condition == few_shot(exemplars=[("What is 1 + 1?", "2")], style="answers")
