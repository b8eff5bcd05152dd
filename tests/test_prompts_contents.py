"""Controls that keep all but one property of the exemplars."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_models import SAMPLING, LocalModel, complete
from promptlab.errors import InputError
from promptlab.grading import by_kind
from promptlab.models.modes import mode_of
from promptlab.prompts import few_shot, preview, r1_zero_template
from promptlab.prompts.contents import approximate_tokens, unrelated, wrong_answers
from promptlab.prompts.exemplars import THINK
from promptlab.prompts.foreign import OTHER_DOMAIN, PROSE
from promptlab.questions import load_questions
from promptlab.runner import run
from promptlab.types import AnswerFormat, Question

TAGS = AnswerFormat("tags", "Put the answer between answer tags.", "<answer>{answer}</answer>")
QUESTIONS = load_questions("arithmetic", n=12, seed=0)
POOL, ASKED = QUESTIONS.pool, QUESTIONS[0]
LAYOUTS = ("turns", "one-message", "system")


def sent(condition, question=ASKED, **options) -> str:
    prompt = condition.render(question, pool=POOL, answer_format=TAGS, **options)
    return prompt.text or "\n".join(message.content for message in prompt.messages)


def answers(condition, question=ASKED) -> list[str]:
    return re.findall("<answer>(.*?)</answer>", sent(condition, question))


# -- wrong answers -----------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(["1", "2", "3", "3.0", "x"]), min_size=1, max_size=7))
def test_every_answer_is_wrong_whatever_the_answers_are(values):
    chosen = [Question(f"q{i}", f"Question {i}?", (value,)) for i, value in enumerate(values)]
    others = [Question(f"o{i}", "Other?", (value,)) for i, value in enumerate(["3", "77"])]
    changed = wrong_answers(chosen, others)
    assert [replace(new, answers=old.answers) for new, old in zip(changed, chosen, strict=True)] == chosen
    for new, old in zip(changed, chosen, strict=True):
        assert new.answers != old.answers
        assert {new.answers[0], *old.answers} != {"3", "3.0"}, "the same number is no wrong answer"


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=9, unique=True))
def test_different_answers_change_places_and_no_other_comes_in(values):
    chosen = [Question(f"q{i}", f"Question {i}?", (str(value),)) for i, value in enumerate(values)]
    changed = [exemplar.answers[0] for exemplar in wrong_answers(chosen, ())]
    assert sorted(changed) == sorted(map(str, values))
    assert all(new != str(old) for new, old in zip(changed, values, strict=True))


FORMS = {
    "number": ["1,000", "1000", "$7", "7", "50%", "0.5", "1/2", "12", "twelve", "5 km", "5", "-0", "0", "1e3"],
    "math": [
        r"\frac{1}{2}",
        r"\frac12",
        "0.5",
        "x=3",
        "3",
        "(1,2)",
        "(1, 2)",
        r"\sqrt{2}",
        "90^\\circ",
        "90",
        "x^{2}",
        "x^2",
    ],
    "text": ["the bee", "bee", "The Nile", "the nile.", "carbon dioxide", "Carbon  Dioxide", "twelve", "12"],
    "drop": ["the bee", "bee", "12", "12.0", "Germany"],
}


@settings(deadline=None, max_examples=60)
@given(st.data(), st.sampled_from(sorted(FORMS)))
def test_no_wrong_answer_is_right_by_the_grader_of_its_kind(data, kind):
    values = data.draw(st.lists(st.sampled_from(FORMS[kind]), min_size=1, max_size=7))
    chosen = [Question(f"q{i}", f"Question {i}?", (value,), kind) for i, value in enumerate(values)]
    for new, old in zip(wrong_answers(chosen, [Question("o", "Other?", ("-77",), kind)]), chosen, strict=True):
        assert by_kind(old, f"<answer>{new.answers[0]}</answer>").score == 0


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("number", "1,000", "1000"),
        ("number", "$7", "7"),
        ("number", "50%", "0.5"),
        ("number", "1/2", "0.5"),
        ("number", "12", "twelve"),
        ("number", "5 km", "5"),
        ("math", r"\frac{1}{2}", r"\frac12"),
        ("math", "x=3", "3"),
        ("math", "a+b", "b+a"),
        ("text", "the bee", "bee"),
    ],
)
def test_another_way_to_write_an_answer_is_no_wrong_one(kind, one, other):
    pair = [Question(answer, f"Question {answer}?", (answer,), kind) for answer in (one, other)]
    with pytest.raises(InputError, match="there is no other answer to give"):
        wrong_answers(pair, ())
    third = Question("third", "Third?", ("77",), kind)
    assert [exemplar.answers for exemplar in wrong_answers([*pair, third], ())][:2] == [("77",), ("77",)]


def test_a_wrong_label_is_one_of_the_exemplars_own():
    two = Question("two", "Which?", ("A",), "label", ("red", "green"))
    five = Question("five", "Which one?", ("purple",), "label", ("a cat", "a dog", "a cow", "a hen", "purple"))
    changed = wrong_answers([two, five], ())
    assert [exemplar.answers for exemplar in changed] == [("B",), ("A",)]


def test_one_exemplar_gets_an_answer_of_another_question():
    (right,), (wrong,) = answers(few_shot(1)), answers(few_shot(1, content="wrong-answers"))
    assert wrong != right
    assert wrong in {exemplar.answers[0] for exemplar in POOL}
    lone = few_shot(exemplars=[("What is 1 + 1?", "2", "1 + 1 = 2.")], content="wrong-answers")
    with pytest.raises(InputError, match="there is no other answer to give to exemplar 'given-0'"):
        lone.render(ASKED)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_wrong_answers_leave_all_else_as_it_is(k):
    for question in QUESTIONS:
        own, wrong = (sent(few_shot(k, content=content), question) for content in ("own", "wrong-answers"))
        bare = [re.sub("<answer>.*?</answer>", "", text) for text in (own, wrong)]
        assert bare[0] == bare[1]
        pairs = zip(
            answers(few_shot(k), question), answers(few_shot(k, content="wrong-answers"), question), strict=True
        )
        assert all(right != shown for right, shown in pairs)


# -- something else ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("k", [1, 5, 20])
def test_unrelated_text_is_as_long_and_says_nothing(layout, k):
    own, other = few_shot(k, layout=layout), few_shot(k, layout=layout, content="unrelated")
    lengths = [approximate_tokens(sent(condition)) for condition in (own, other)]
    assert lengths[1] == pytest.approx(lengths[0], rel=0.05, abs=12)
    prompt = other.render(ASKED, pool=POOL, answer_format=TAGS)
    shown = "\n".join(prompt.exemplars)
    assert not re.search(r"\d|\?|answer", shown)
    assert set(shown.split()) <= set(PROSE.split())
    assert all(passage in sent(other) for exemplar in prompt.exemplars for passage in exemplar.split("\n"))
    roles = [[message.role for message in c.render(ASKED, pool=POOL).messages] for c in (own, other)]
    assert roles[0] == roles[1]


def test_characters_count_where_words_are_not_set_apart():
    chinese = "小明有苹果"
    assert approximate_tokens(chinese) == 5
    assert approximate_tokens(f"A{chinese} bc 12") == 1 + 5 + 1 + 3
    (asked, _), *_ = unrelated([(chinese * 8, "五")])
    assert approximate_tokens(asked) == pytest.approx(40, abs=2)


def test_unrelated_text_has_the_embedded_models_tokens_too(base_weights):
    import promptlab as lab

    model = lab.open_model("embedded:instruct")
    own, other = (few_shot(5, content=content) for content in ("own", "unrelated"))
    table = preview(model, [own, other], QUESTIONS).table.set_index("condition")["prompt_tokens"]
    assert table[other.name] == pytest.approx(table[own.name], rel=0.1)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_other_domains_replace_the_pool_and_keep_the_form(layout):
    condition = few_shot(5, layout=layout, content="other-domain")
    shown = condition.render(ASKED, pool=POOL, answer_format=TAGS).exemplars
    texts = {exemplar.text for exemplar in OTHER_DOMAIN}
    assert len({exemplar.split("\n")[0] for exemplar in shown} & texts) == 5
    assert all(TAGS.wrap.split("{")[0] in exemplar for exemplar in shown)
    with pytest.raises(InputError, match=f"the pool has {len(OTHER_DOMAIN)} exemplars"):
        few_shot(len(OTHER_DOMAIN) + 1, content="other-domain").render(ASKED, pool=POOL)


def test_other_domains_hold_no_number():
    assert not [e.id for e in OTHER_DOMAIN if re.search(r"\d", f"{e.text} {e.answers} {e.meta['rationale']}")]


# -- how an exemplar reads ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["one-message", "system"])
def test_questions_come_without_answers(layout):
    condition = few_shot(3, style="questions", layout=layout)
    assert answers(condition) == []
    assert sent(condition).count("Question: ") == 3
    assert "Answer:" not in sent(condition)


def test_questions_are_no_turns():
    condition = few_shot(2, style="questions")
    messages = condition.render(ASKED, pool=POOL, answer_format=TAGS).messages
    assert [message.role for message in messages] == ["user"]
    assert (
        messages
        == few_shot(2, style="questions", layout="one-message").render(ASKED, pool=POOL, answer_format=TAGS).messages
    )
    assert condition.factors()["layout"] == "one-message"


def test_think_puts_the_rationale_into_tags():
    worked, think = few_shot(1).render(ASKED, pool=POOL), few_shot(1, style="think").render(ASKED, pool=POOL)
    rationale, _, final = worked.messages[1].content.rpartition(" The answer is ")
    assert think.messages[1].content == f"<think>\n{rationale}\n</think>\nThe answer is {final}"
    assert think.messages[0] == worked.messages[0]


def test_reasoning_stands_in_the_tags_that_are_named():
    usual, other = (few_shot(1, style="think", **tags) for tags in ({}, {"think_tags": ["[THINK]", "[/THINK]"]}))
    shown = [condition.render(ASKED, pool=POOL).messages[1].content for condition in (usual, other)]
    assert shown[1] == shown[0].replace("<think>", "[THINK]").replace("</think>", "[/THINK]") != shown[0]
    assert [c.factors()["style"] for c in (usual, other)] == ["think", "think [THINK]"]
    assert few_shot(1, think_tags=("[THINK]", "[/THINK]")).factors() == few_shot(1).factors(), "no tags are shown"
    assert few_shot(1, style="think", think_tags=THINK).factors()["style"] == "think <think>"
    with pytest.raises(InputError, match=r"think_tags of few_shot is .*: it must be what opens the reasoning"):
        few_shot(1, think_tags=("<think>",))


@pytest.mark.parametrize(
    ("name", "opening"),
    [("Magistral-Small-2509", "[THINK]"), ("Magistral-Small-2506", "<think>"), ("DeepSeek-R1", "<think>")],
)
def test_a_run_shows_the_tags_of_the_models_profile(name: str, opening: str, tmp_path):
    read = []
    model = LocalModel(name, reply=lambda request: read.append(request.prompt) or complete(request))
    model.profile = mode_of(name)[1].profile
    condition = few_shot(2, style="think", layout="one-message")
    done = run(model, condition, QUESTIONS, sampling=SAMPLING, path=tmp_path, progress=False)
    assert {opening in prompt.messages[0].content for prompt in read} == {True}
    assert {opening in shown for prompt in read for shown in prompt.exemplars} == {True}, (
        "and copying is traced in them"
    )
    assert set(done.to_frame()["style"]) == {"think"}, "one condition for all models"
    assert opening in preview(model, condition, QUESTIONS).prompt()
    named = few_shot(2, style="think", layout="one-message", think_tags=("<thought>", "</thought>"))
    assert "<thought>" in preview([LocalModel(), model], named, QUESTIONS).prompt(model=1)


def test_a_preview_counts_what_each_model_is_sent():
    models = [LocalModel("plain", counts=False), LocalModel("tagged", counts=False)]
    models[1].profile = replace(
        mode_of("DeepSeek-R1")[1].profile, think_tags=("<|begin_of_thought|>", "<|end_of_thought|>")
    )
    shown = preview(models, [few_shot(2), few_shot(2, style="think")], QUESTIONS).table
    worked, think = (
        shown[shown["condition"] == name]["prompt_tokens"].tolist() for name in shown["condition"].unique()
    )
    assert worked[0] == worked[1]
    assert think[0] < think[1]


def test_a_model_that_hides_its_reasoning_has_no_tags_of_its_own():
    model = LocalModel("gpt-oss-20b")
    model.profile = mode_of("gpt-oss-20b")[1].profile
    with pytest.warns(UserWarning, match="'gpt-oss-20b' shows its reasoning in no tags that a message could hold"):
        told = few_shot(1, style="think").asked_of(model)
    assert told.render(ASKED, pool=POOL).messages[1].content.startswith("<think>")
    assert few_shot(1).asked_of(model) == few_shot(1), "without a word"


def test_a_template_gets_the_controls_as_well():
    base = r1_zero_template()
    assert sent(base + few_shot(2, content="unrelated")).count("User:") == 3
    assert len(answers(base + few_shot(2, content="wrong-answers"))) == len(answers(base + few_shot(2)))


# -- as arms of a run --------------------------------------------------------------------------------------------------

CONTROLS = [
    {"content": "unrelated"},
    {"content": "other-domain"},
    {"content": "wrong-answers"},
    {"style": "questions"},
    {"style": "think"},
    {"order": "shuffled"},
    {"order": "nearest-last", "embedding": "tfidf"},
    {"select": "nearest", "embedding": "tfidf"},
    {"select": "fixed"},
]


def test_every_control_is_an_arm_of_its_own_with_a_factor_of_its_own(tmp_path):
    arms = [
        few_shot(3, layout="one-message"),
        *(few_shot(3, layout="one-message", replicate=i, **each) for i, each in enumerate(CONTROLS, 1)),
    ]
    done = run(LocalModel(), arms, QUESTIONS, sampling=SAMPLING, path=tmp_path / "run", progress=False)
    frame = done.to_frame()
    base = frame[frame["condition"] == arms[0].name].iloc[0]
    for arm, options in zip(arms[1:], CONTROLS, strict=True):
        rows = frame[frame["condition"] == arm.name]
        assert len(rows) == len(QUESTIONS)
        differing = {name for name in arm.factors() if rows.iloc[0][name] != base[name]}
        assert set(options) <= differing <= {*options, "draws", "embedding"}
    assert len({arm.name for arm in arms}) == len(arms)
