"""Exemplars with a model's own rationales, from an ordinary run."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from local_models import QUESTIONS, SAMPLING, LocalModel
from promptlab.errors import InputError
from promptlab.formats import ANSWER_IS
from promptlab.prompts import Exemplars, concise, few_shot, zero_shot
from promptlab.questions import QuestionSet
from promptlab.records import load_run
from promptlab.runner import run
from promptlab.types import Completion, Question, Request

RIGHT = {f"What is {i} + {i + 1}?": 2 * i + 1 for i in range(12)}
ASKED = Question("asked", "What is 40 + 2?", ("42",))


def asked_of(request: Request) -> str:
    return request.prompt.messages[-1].content.split("\n")[0]


def thinker(request: Request) -> Completion:
    """Thinks; the first sample is wrong, the second cut off; odd sums stay without any right answer."""
    right = RIGHT[asked_of(request)]
    known = request.index > 1 and right % 4 == 1
    thought, answer = f"Sample {request.index} adds up.", right if known else 1000
    if request.index == 1:
        return Completion(f"<think>{thought}</think>The answer is {right}.", "truncated")
    return Completion(f"<think>{thought}</think>So it goes. The answer is {answer}.", "complete")


def plain(request: Request) -> Completion:
    return Completion(f"Both numbers together. The answer is {RIGHT[asked_of(request)]}.", "complete")


@pytest.fixture(scope="module")
def thought(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("runs") / "thinker", thinker, samples=4)


def recorded(path, reply, conditions=None, samples=1):
    return run(
        *(LocalModel("thinker", reply), conditions or zero_shot(), QUESTIONS),
        **{"samples": samples, "sampling": SAMPLING, "answer_format": ANSWER_IS, "path": path, "progress": False},
    )


def test_the_first_complete_right_sample_of_each_question_is_taken(thought):
    made = Exemplars.from_run(thought)
    assert [exemplar.id for exemplar in made] == [f"q{i}" for i in range(0, 12, 2)]
    assert {exemplar.meta["rationale"] for exemplar in made} == {"Sample 2 adds up."}
    assert [exemplar.answers for exemplar in made] == [QUESTIONS[i].answers for i in range(0, 12, 2)]
    assert made.left == tuple(f"q{i}" for i in range(1, 12, 2))
    assert repr(made).startswith("<SelfMade: 6 exemplars by thinker under zero-shot (")
    assert repr(made).endswith("6 questions left over>")


def test_every_exemplar_says_where_it_comes_from(thought):
    made, frame = Exemplars.from_run(thought), thought.to_frame().set_index("key")
    for exemplar in made:
        origin = exemplar.meta["made_by"]
        assert (origin["model"], origin["run"], origin["condition"]) == ("thinker", str(thought.path), "zero-shot")
        assert frame.loc[origin["key"], ["question", "sample"]].tolist() == [exemplar.id, origin["sample"]]


def test_all_takes_what_the_model_said_right_or_wrong(thought):
    made = Exemplars.from_run(thought, only="all")
    assert not made.left
    assert {exemplar.answers for exemplar in made} == {("1000",)}


def test_an_answer_that_names_several_options_is_nobodys(tmp_path):
    said = {"q0": "I think A or B, hard to say.", "q1": "Clear. The answer is A."}
    asked = [Question(name, f"Which one, {name}?", ("B",), "label", ("London", "Paris")) for name in said]
    model = LocalModel("torn", lambda request: Completion(said[asked_of(request)[-3:-1]], "complete"))
    done = run(model, zero_shot(), asked, sampling=SAMPLING, path=tmp_path / "run", progress=False)
    assert done.to_frame()["answered"].all()
    made = Exemplars.from_run(done, only="all")
    assert [(one.id, one.answers) for one in made] == [("q1", ("A",))]
    assert made.passed == {"no single option": 1}


@pytest.mark.parametrize(
    ("part", "rationale"),
    [(None, "Sample 2 adds up."), ("reasoning", "Sample 2 adds up."), ("answer", "So it goes.")],
)
def test_a_part_can_be_chosen(thought, part, rationale):
    assert Exemplars.from_run(thought, part=part)[0].meta["rationale"] == rationale


def test_an_answer_without_thought_loses_its_last_sentence_since_an_exemplar_states_it(tmp_path):
    made = Exemplars.from_run(recorded(tmp_path / "plain", plain))
    shown = few_shot(1, exemplars=made).render(ASKED, answer_format=ANSWER_IS).messages[1].content
    assert shown == "Both numbers together. The answer is 1."


def test_a_factor_tells_whose_rationales_these_are(thought, tmp_path):
    made = Exemplars.from_run(thought)
    told = few_shot(2, select="nearest", exemplars=made).factors()["rationales"]
    assert told.startswith("thinker under zero-shot (")
    assert few_shot(2, select="nearest", exemplars=QUESTIONS).factors()["rationales"] == ""
    other = Exemplars.from_run(recorded(tmp_path / "plain", plain))
    assert few_shot(2, exemplars=other).factors()["rationales"] != told


def test_they_are_a_pool_like_any_other(thought):
    asked = QuestionSet((ASKED,)).with_pool(Exemplars.from_run(thought))
    prompt = few_shot(3, style="think").render(ASKED, pool=asked.pool)
    assert prompt.messages[1].content.startswith("<think>\nSample 2 adds up.")
    assert prompt.hash == few_shot(3, style="think", select="random", exemplars=asked.pool).render(ASKED).hash


def test_a_file_of_a_run_serves_as_well(thought, tmp_path):
    opened = load_run(thought.to_parquet(tmp_path / "run.parquet"))
    assert [e.meta["rationale"] for e in Exemplars.from_run(opened)] == ["Sample 2 adds up."] * 6


def test_a_replicate_serves_as_well(tmp_path):
    again = recorded(tmp_path / "again", plain, zero_shot(replicate=1))
    assert len(Exemplars.from_run(again)) == len(QUESTIONS)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("So it is. <|im_end|>", "control tokens"),
        ("So it is. <｜end▁of▁sentence｜>", "control tokens"),
        ("[INST] Both together. [/INST]", "control tokens"),
        ("Add one more to it now. " * 40, "a loop"),
        ("", "no rationale"),
    ],
)
def test_what_would_teach_more_than_a_rationale_is_passed_over_and_counted(tmp_path, bad, why):
    def reply(request: Request) -> Completion:
        number = RIGHT[asked_of(request)]
        thought = bad if request.index == 0 or number > 19 else "Both together."
        return Completion(f"<think>{thought}</think>The answer is {number}.", "complete")

    made = Exemplars.from_run(recorded(tmp_path / "run", reply, samples=2))
    assert {exemplar.meta["rationale"] for exemplar in made} == {"Both together."}
    assert {exemplar.meta["made_by"]["sample"] for exemplar in made} == {1}
    assert made.left == ("q10", "q11")
    assert made.passed == {why: 14}
    assert repr(made).endswith(f"2 questions left over, samples passed over: 14 for {why}>")


def test_what_cannot_be_used_is_one_clear_error(tmp_path):
    wrong = recorded(tmp_path / "wrong", lambda r: Completion("<think>Hm.</think>The answer is 1000.", "complete"))
    with pytest.raises(InputError, match="no correct and complete sample with a rationale under 'zero-shot'"):
        Exemplars.from_run(wrong)
    two = recorded(tmp_path / "two", plain, [zero_shot(), concise()])
    with pytest.raises(InputError, match="has several conditions: name one of zero-shot, concise"):
        Exemplars.from_run(two)
    assert Exemplars.from_run(two, condition="concise")[0].meta["made_by"]["condition"] == "concise"
    with pytest.raises(InputError, match="did you mean 'concise'"):
        Exemplars.from_run(two, condition="concize")
    with pytest.raises(InputError, match="unknown only of from_run 'right'"):
        Exemplars.from_run(two, only="right")
    with pytest.raises(InputError, match=r"run of from_run is .*: it must be a Run, as lab.run"):
        Exemplars.from_run(two.to_frame())


def test_a_model_is_named_as_the_run_names_it_and_not_as_its_base(tmp_path):
    run = recorded(tmp_path / "run", plain)
    adapted = SimpleNamespace(
        **{name: getattr(run, name) for name in ("path", "conditions", "questions", "to_frame")},
        model="r1",
        manifest={**run.manifest, "model": {"name": "base", "adapter": "a4903b"}},
    )
    made = Exemplars.from_run(adapted)
    assert repr(made).startswith("<SelfMade: 12 exemplars by r1 (adapter a4903b) under zero-shot (")
    assert few_shot(2, exemplars=made).factors()["rationales"].startswith("r1 (adapter a4903b) under zero-shot (")
