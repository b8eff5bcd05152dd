"""Which exemplars are picked, in what order, and what a selector says of them."""

from __future__ import annotations

import re
from collections import Counter
from operator import eq

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_models import LocalModel
from promptlab.errors import InputError
from promptlab.prompts import Exemplars, condition_from, few_shot, medprompt, medprompt_followup, medprompt_steps
from promptlab.prompts.selecting import STEPS, Balanced, MostDifferent, Nearest, OwnKind, Random
from promptlab.prompts.similarity import embedding_named, overlap, similarities
from promptlab.questions import load_questions
from promptlab.types import Question

QUESTIONS = load_questions("arithmetic", n=60, seed=0, templates="all")
POOL = QUESTIONS.pool
SELECTS = [*STEPS, "own-kind+nearest", "nearest+balanced", "own-kind+fixed", "most-different+balanced"]


def rule(k: int = 5, **options) -> Exemplars:
    found = few_shot(k, **{"embedding": "tfidf", **options}).exemplars
    assert found is not None
    return found


def ids(chosen) -> list[str]:
    return [exemplar.id for exemplar in chosen]


def animals(n: int) -> list[Question]:
    """Labelled questions: many of label A, few of B and C."""
    labels = ["A"] * (n - 2) + ["B", "C"]
    return [Question(f"a{i}", f"Animal number {i} is", (label,), "label") for i, label in enumerate(labels)]


# -- every way to select -----------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(SELECTS), st.integers(1, 6), st.integers(0, 59), st.integers(1, 9), st.integers(0, 3))
def test_k_distinct_exemplars_that_never_repeat_the_question(select, k, n, draws, seed):
    question = QUESTIONS[n]
    picker = rule(k, select=select, draws=draws, seed=seed)
    chosen = picker.pick(question, (*POOL, question))
    assert len(set(ids(chosen))) == k
    assert all(overlap(question.text, exemplar.text) <= picker.max_overlap for exemplar in chosen)
    assert ids(rule(k + 1, select=select, draws=draws, seed=seed).pick(question, (*POOL, question)))[:k] == ids(chosen)
    assert picker.draw_of(question) < (draws if picker.factors()["draws"] == draws else 1)


@pytest.mark.parametrize("order", ["nearest-last", "nearest-first", "shuffled"])
@pytest.mark.parametrize("select", ["random", "nearest"])
def test_an_order_moves_exemplars_and_changes_none(order, select):
    picked = [rule(select=select).pick(question, POOL) for question in QUESTIONS]
    moved = [rule(select=select, order=order).pick(question, POOL) for question in QUESTIONS]
    assert [sorted(ids(chosen)) for chosen in moved] == [sorted(ids(chosen)) for chosen in picked]
    assert moved == [rule(select=select, order=order).pick(question, POOL) for question in QUESTIONS]
    assert moved != picked or (select, order) == ("nearest", "nearest-first")
    assert order != "shuffled" or not any(map(eq, moved, picked)), "by chance a prompt would be the usual one's"


def test_nearest_is_nearest_and_most_different_is_not():
    near, far, drawn = (rule(select=select).on(QUESTIONS).pick for select in ("nearest", "most-different", "random"))
    for question in QUESTIONS[:20]:
        sims = [pick(question)["similarity"] for pick in (near, far, drawn)]
        assert list(sims[0]) == sorted(sims[0], reverse=True)
        assert list(sims[1]) == sorted(sims[1])
        assert sims[0].sum() > sims[2].sum() > sims[1].sum()
    last = rule(select="nearest", order="nearest-last").on(QUESTIONS).pick(QUESTIONS[0])
    assert list(last["rank"]) == [5, 4, 3, 2, 1]


def test_the_nearest_of_a_template_is_mostly_the_same_template():
    same = [rule(1, select="nearest").pick(question, POOL)[0].cluster == question.cluster for question in QUESTIONS]
    assert sum(same) > 0.8 * len(same)


def test_a_fixed_choice_is_the_same_for_every_question_and_another_for_another_seed():
    assert len({tuple(ids(rule(select="fixed").pick(question, POOL))) for question in QUESTIONS}) == 1
    assert ids(rule(select="fixed", seed=1).pick(QUESTIONS[0], POOL)) != ids(
        rule(select="fixed").pick(QUESTIONS[0], POOL)
    )
    assert ids(rule(select="fixed").pick(QUESTIONS[0], POOL)) == ids(rule(draws=1).pick(QUESTIONS[0], POOL))


def test_balanced_takes_each_label_in_turn():
    pool = animals(30)
    chosen = rule(4, select="balanced").pick(QUESTIONS[0], pool)
    assert sorted(exemplar.answers[0] for exemplar in chosen) == ["A", "A", "B", "C"]
    by_cluster = rule(8, select="nearest+balanced").pick(QUESTIONS[0], POOL)
    assert len({exemplar.cluster for exemplar in by_cluster}) == 8
    assert by_cluster[0] == rule(1, select="nearest").pick(QUESTIONS[0], POOL)[0]
    with pytest.raises(InputError, match="exemplar 'x' has no label to balance by: give it a cluster"):
        rule(1, select="balanced").pick(QUESTIONS[0], [Question("x", "What?", ("1",))])


def test_steps_join_in_code_as_by_name():
    joined = rule(3, select=OwnKind() + Nearest())
    assert joined.factors() == rule(3, select="own-kind+nearest").factors()
    assert joined.pick(QUESTIONS[3], POOL) == rule(3, select="own-kind+nearest").pick(QUESTIONS[3], POOL)
    assert {exemplar.cluster for exemplar in joined.pick(QUESTIONS[3], POOL)} == {QUESTIONS[3].cluster}
    assert rule(3, select=Random()).pick(QUESTIONS[3], POOL) == rule(3).pick(QUESTIONS[3], POOL)


@pytest.mark.parametrize("wrong", ["nearest+own-kind", "balanced+nearest", "random+nearest", "nearest+nearest"])
def test_steps_that_undo_one_another_are_refused(wrong):
    with pytest.raises(InputError, match=re.escape(f"select={wrong!r}: join own-kind, then one of random")):
        rule(3, select=wrong)
    with pytest.raises(InputError, match="join own-kind"):
        Balanced() + (MostDifferent() + Balanced())


def test_own_exemplars_are_a_pool_where_a_way_to_select_is_named():
    mine = POOL[:50]
    near = rule(3, select="nearest", exemplars=mine)
    assert near.pick(QUESTIONS[0], ()) == rule(3, select="nearest").pick(QUESTIONS[0], mine)
    assert rule(3, exemplars=mine).pick(QUESTIONS[0], ()) == mine[:3]
    assert rule(3, select="random", exemplars=mine).factors()["draws"] == 8
    assert near.factors()["given"] == rule(3, exemplars=mine).factors()["given"] != ""


# -- what is never picked ----------------------------------------------------------------------------------------------


TOM = "Tom has 12 apples and gives 5 of them to Anna. How many apples does Tom have left?"


@pytest.mark.parametrize(
    "twin",
    [
        TOM.replace("apples", "app\N{ZERO WIDTH SPACE}les"),
        TOM.replace("apples", "ap\N{SOFT HYPHEN}ples"),
        TOM.replace("apples", "**apples**"),
        TOM.replace("12", "$12$").replace("5", r"\(5\)"),
    ],
)
def test_invisible_characters_and_markup_make_no_other_question(twin):
    assert overlap(TOM, twin) == 1
    pool = (Question("twin", twin, ("7",)), *POOL[:9])
    assert "twin" not in ids(rule(9, select="nearest").pick(Question("asked", TOM, ("7",)), pool))
    assert overlap(TOM, TOM.replace("12", "13")) < 1


def choice(name: str, *options: str, text: str = "Which of these is true?") -> Question:
    return Question(name, text, ("A",), "label", options, meta={"rationale": "So."})


@pytest.mark.parametrize(
    ("options", "repeats"),
    [
        (("Gold", "Tin", "Lead"), False),
        (("Oslo", "Rome", "Paris"), True),
        (("**Paris**", "Rome", "Bern"), True),
        (("Tin", "Paris", "Lead", "Zinc"), False),  # Paris is wrong here
        (("Paris", "Tin", "Lead", "Zinc"), True),
        (("Paris in France", "Tin", "Lead", "Zinc"), True),
        (("A. Paris", "B. Rome", "C. Oslo"), True),
        (("A. Paris", "B. Tin", "C. Lead"), True),
        ((), True),
    ],
)
def test_options_are_a_part_of_the_question(options, repeats):
    asked, other = choice("asked", "Paris", "Rome", "Oslo"), choice("other", *options)
    filler = choice("filler", "Yes", "No", text="Is the earth round?")
    assert ids(rule(1, select="nearest").pick(asked, (other, filler))) == ["filler" if repeats else "other"]
    if repeats:
        with pytest.raises(InputError, match="'other' repeats the test question 'asked' in its words"):
            few_shot(exemplars=[other]).render(asked)


SUM = "Tom has 3 apples and buys 5 more apples at the market. How many apples does he have?"


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (("11", "8", "9", "10"), "B"), (("8", "12", "13", "14"), "A"), (("12", "8", "15", "2"), "B"),
        (("8 apples", "9 apples", "10 apples", "11 apples"), "A"), (("A. 8", "B. 9", "C. 10", "D. 11"), "A"),
        (("A. 8", "B. 1", "C. 2", "D. 3"), "A"), ((), "8"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", [SUM, SUM.replace("3", "three").replace("5", "five")])
def test_the_test_question_is_no_exemplar_whatever_its_options(text: str, options: tuple[str, ...], answer: str):
    asked = Question("asked", SUM, ("A",), "label", ("8", "9", "10", "11"))
    kind = "label" if options else "number"
    same, filler = Question("same", text, (answer,), kind, options), choice("filler", "Yes", "No", text="Is it red?")
    assert ids(rule(1, select="nearest", style="answers").pick(asked, (same, filler))) == ["filler"]
    told = {"embedding": "tfidf", "style": "answers", "exemplars": (same, filler), "select": "nearest"}
    for condition in (few_shot(1, **told), medprompt(1, 2, **told)):
        assert ids(condition.exemplars.pick(asked, ())) == ["filler"]


def test_a_repeat_costs_its_label_no_turn():
    asked = Question("asked", "Animal number 0 is", ("A",), "label")
    for k in (1, 3):
        chosen = rule(k, select="nearest+balanced").pick(asked, animals(30))
        assert chosen[0].answers == ("A",), "the label of what is nearest comes first, though that is the question"
        assert len({exemplar.answers for exemplar in chosen}) == k


@pytest.mark.parametrize("select", SELECTS)
def test_an_empty_pool_is_the_same_clear_error_however_one_selects(select):
    with pytest.raises(InputError, match=r"few_shot has no exemplars: render with pool=questions\.pool"):
        rule(1, select=select).pick(QUESTIONS[0], ())


def test_a_near_duplicate_is_passed_over_and_a_given_one_refused():
    story = "A farm has 12 hens and 5 cows, and the farmer counts them twice before he goes to bed. "
    asked = Question("asked", f"{story}How many legs are there in all?", ("44",))
    near = Question("near", f"{story}How many legs are there?", ("44",), meta={"rationale": "Count."})
    assert 0.9 < overlap(asked.text, near.text) <= 0.96
    strict = rule(1, select="nearest", max_overlap=0.9)
    assert ids(rule(1, select="nearest").pick(asked, (near, *POOL))) == ["near"]
    assert "near" not in ids(strict.pick(asked, (near, *POOL)))
    with pytest.raises(InputError, match=r"'near' repeats the test question 'asked' nearly \(overlap 0\.9"):
        few_shot(exemplars=[near], max_overlap=0.9).render(asked)


def test_neighbours_of_the_built_in_questions_are_no_near_duplicates():
    near = rule(1, select="nearest")
    found = [overlap(question.text, near.pick(question, POOL)[0].text) for question in QUESTIONS]
    assert 0.5 < max(found) < near.max_overlap


@given(st.text(max_size=40), st.text(max_size=40))
def test_overlap_is_a_symmetric_share(one, other):
    assert 0 <= overlap(one, other) == overlap(other, one) <= 1
    assert overlap(one, one) == 1


# -- similarity --------------------------------------------------------------------------------------------------------


def test_characters_are_words_where_words_are_not_set_apart():
    apples, train = "小明有十二个苹果，给了小红五个，还剩几个？", "火车每小时行八十公里，三小时行多少？"
    assert overlap(apples, apples.replace("十二", "十三")) > 0.8
    assert overlap(apples, train) < 0.2


def test_numbers_and_signs_count_as_words():
    texts = ("What is 3 + 4?", "What is 3 - 4?", "What is 8 + 9?")
    found = similarities("tfidf", "what is 3 + 4", texts)
    assert found[0] == 1 > max(found[1:])
    assert len(set(found)) == 3


def test_what_is_like_nothing_has_similarity_zero():
    assert similarities("tfidf", "xyzzy", ("one two", "three four")).tolist() == [0, 0]


def test_a_sentence_model_is_named_with_its_revision():
    assert embedding_named("auto") in (few_shot(1, select="nearest").factors()["embedding"], "tfidf")
    assert few_shot(1).factors()["embedding"] == ""
    assert few_shot(1, order="nearest-last", embedding="tfidf").factors()["embedding"] == "tfidf"
    with pytest.raises(InputError, match="a sentence-transformers model as 'MODEL@REVISION', or its folder"):
        few_shot(1, select="nearest", embedding="all-MiniLM-L6-v2")


def test_a_missing_package_is_named():
    try:
        import sentence_transformers  # noqa: F401
    except ImportError:
        with pytest.raises(InputError, match="the extra `embeddings`"):
            few_shot(1, select="nearest", embedding="a/b@1").render(QUESTIONS[0], pool=POOL)
    else:
        pytest.skip("sentence-transformers is here")


def test_a_sentence_model_ranks_like_tfidf(tmp_path):
    pytest.importorskip("sentence_transformers")
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = sorted({word for question in (*POOL, *QUESTIONS) for word in re.findall(r"\w+|[^\w\s]", question.text)})
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(["[UNK]", *words])}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=64)]).save(str(tmp_path / "tiny"))
    near = rule(1, select="nearest", embedding=str(tmp_path / "tiny"))
    same = Counter(near.pick(question, POOL)[0].cluster == question.cluster for question in QUESTIONS)
    assert same[True] > same[False]


# -- looking at it -----------------------------------------------------------------------------------------------------


def test_a_selector_shows_what_is_sent_and_why():
    condition = few_shot(3, select="nearest", order="nearest-last", embedding="tfidf")
    frame = condition.exemplars.on(QUESTIONS).pick(QUESTIONS[0])
    columns = ["rank", "id", "text", "answer", "cluster", "similarity", "overlap", "words"]
    assert list(frame.columns) == columns
    sent = [message.content for message in condition.render(QUESTIONS[0], pool=POOL).messages]
    assert [content for pair in zip(frame["text"], frame["answer"], strict=True) for content in pair] == sent[:-1]
    assert frame["words"][0] == len(f"{sent[0]} {sent[1]}".split())
    counted = condition.exemplars.on(POOL).pick(QUESTIONS[0], model=LocalModel())
    assert list(counted["tokens"]) == [20, 20, 20]
    assert "words" in condition.exemplars.on(POOL).pick(QUESTIONS[0], model=LocalModel(counts=False))


def test_yaml_says_all_of_it():
    options = {"k": 2, "select": "own-kind+nearest", "order": "nearest-last", "embedding": "tfidf", "max_overlap": 0.9}
    assert condition_from({"few-shot": options}).factors() == few_shot(**options).factors()
    assert condition_from({"few-shot": options}).name == "few-shot-2-own-kind+nearest-nearest-last"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"select": "nearst"}, "did you mean 'nearest'"),
        ({"select": "own-kind+nearst"}, "unknown select of few_shot 'nearst': did you mean 'nearest'"),
        ({"select": ["nearest"]}, "unknown select of few_shot"),
        ({"order": "nearest"}, "unknown order of few_shot 'nearest': did you mean 'nearest-"),
        ({"content": "unrelatd"}, "did you mean 'unrelated'"),
        ({"max_overlap": 0}, "max_overlap of few_shot is 0: it must be above 0 and at most 1"),
        ({"max_overlap": "high"}, "max_overlap of few_shot is 'high'"),
        ({"select": "given"}, r"needs exemplars=\[...\]"),
        ({"select": "own-kind", "content": "other-domain"}, "brings its own exemplars"),
        ({"embeding": "tfidf"}, "did you mean 'embedding'"),
    ],
)
def test_bad_options_are_refused_before_anything_is_picked(options, told):
    with pytest.raises(InputError, match=told) as caught:
        few_shot(3, **options)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_picked_for_or_from_is_refused():
    with pytest.raises(InputError, match="'what' is no question"):
        rule(1).on(POOL).pick("what")
    with pytest.raises(InputError, match="question 'asked' has no cluster, which would name its kind"):
        rule(1, select="own-kind").pick(Question("asked", "2 + 2?", ("4",)), POOL)
    for blank in (("", ""), ("What?", " "), (" ", "4")):
        with pytest.raises(InputError, match=r"few_shot: exemplar 1 is .*: its question or its answer is blank"):
            few_shot(exemplars=[blank])
    with pytest.raises(InputError, match="one stands there twice"):
        few_shot(exemplars=[("1 + 1?", "2")] * 3)
    twice = (Question("one", "1 + 1?", ("2",)), Question("two", "1 + 1?", ("2",)), Question("three", "1 + 3?", ("4",)))
    assert len({each.text for each in rule(2, select="nearest").pick(Question("asked", "7 + 8?", ("15",)), twice)}) == 2
    for make in (few_shot, medprompt, medprompt_steps, medprompt_followup):
        with pytest.raises(InputError, match="exemplars of few_shot is 3: it must be a list of questions or tuples"):
            make(exemplars=3)
