"""The explorer's state: prompts, edited prompts, code and YAML are pure functions of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import promptlab as lab
from promptlab.errors import InputError
from promptlab.explorer.editing import Draft, draft_of, edited
from promptlab.explorer.exporting import state_to_code, state_to_yaml
from promptlab.explorer.naming import changed_options
from promptlab.explorer.opening import Models, datasets, explore, first_state, options_of
from promptlab.explorer.state import Current, State, conditions_of, found, prompt_of, question_of, questions_of, sliced

ARITHMETIC = {"source": "arithmetic", "split": "test", "n": 12, "seed": 0}
LABELS = [
    {"question": f"Which is {word}?", "choices": ["a {% cat", "a dog", "tea"], "answer": answer}
    for word, answer in (("a drink", "C"), ("a pet that barks", "B"))
]
SPECS: dict[str, Any] = {
    "zero-shot": "zero-shot",
    "instruction": "concise",
    "turns": {"few-shot": {"k": 2}},
    "one message": {"few-shot": {"k": 2, "layout": "one-message"}},
    "system": {"few-shot": {"k": 2, "layout": "system"}},
    "note": {"few-shot": {"k": 2, "note": "Only examples.", "name": "noted"}},
    "question first": {
        "few-shot": {"k": 2, "layout": "one-message", "question_first": True, "note": "Look up.", "name": "first"}
    },
    "questions": {"few-shot": {"k": 2, "style": "questions"}},
    "unrelated": {"few-shot": {"k": 2, "content": "unrelated", "layout": "system"}},
    "nearest": {"few-shot": {"k": 2, "select": "nearest", "order": "nearest-last", "embedding": "tfidf"}},
    "own system": {"zero-shot": {"system": "You count.", "prefill": "<think>", "name": "counting"}},
    "raw": "r1-zero",
}


def state(*conditions: Any, **parts: Any) -> State:
    return first_state("embedded:plain", ARITHMETIC, conditions or ("zero-shot", {"few-shot": {"k": 2}}), parts)


class TestState:
    def test_a_prompt_is_what_the_condition_renders(self):
        now = state(answer_format="boxed")
        questions = lab.load_questions(**ARITHMETIC)
        by_hand = lab.few_shot(k=2).render(questions[0], pool=questions.pool, answer_format=lab.BOXED)
        assert prompt_of(now, 1) == by_hand

    def test_exemplars_think_in_the_model_s_own_tags_also_after_an_edit(self):
        shown = {"few-shot": {"k": 1, "style": "think", "layout": "one-message", "name": "thinking"}}
        now = replace(state("zero-shot", shown), model="openai:mistralai/Magistral-Small-2509@http://localhost:8000/v1")
        old = draft_of(prompt_of(now, 1))
        assert "[THINK]" in old.turn
        assert "<think>" not in old.turn
        spec = edited(now, 1, replace(old, turn=old.turn + " Be brief."))
        assert prompt_of(replace(now, conditions=[spec]), 0).messages[-1].content == old.turn + " Be brief."
        assert "<think>" in draft_of(prompt_of(state("zero-shot", shown), 1)).turn

    def test_watchers_hear_of_what_is_new_only(self):
        heard: list[State] = []
        current = Current(state(), [heard.append])
        current.change(samples=4)
        assert heard == []
        current.change(samples=5)
        assert [new.samples for new in heard] == [5]

    def test_questions_are_found_by_all_their_words(self):
        questions = questions_of(state())
        (word, *_), target = questions[3].text.split(), questions[3]
        assert target in found(questions, f"{word.upper()} {target.id}")
        assert found(questions, "no such words") == []
        assert found(questions, "") == list(questions)

    def test_two_conditions_of_one_name_are_refused(self):
        with pytest.raises(InputError, match="two conditions are called 'zero-shot'"):
            conditions_of(state("zero-shot", "zero-shot"))

    def test_the_first_n_questions_are_the_larger_set_s_beginning(self):
        assert lab.load_questions(**sliced(state(n=4))).questions == questions_of(state()).questions[:4]


def retyped(draft: Draft, before: str = "", after: str = "") -> Draft:
    return replace(draft, turn=f"{before}{draft.turn}{after}")


class TestEditing:
    @pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
    @pytest.mark.parametrize("asked", [None, "answer-is"])
    def test_the_new_condition_sends_what_was_typed_and_asks_every_question(self, spec: Any, asked: str | None):
        now = state(spec, answer_format=asked)
        wanted = retyped(draft_of(prompt_of(now, 0)), "Take {{ care }}.\n", "\n{% now %} {# so #}\n")
        new = replace(now, conditions=(spec, edited(now, 0, wanted)))
        assert draft_of(prompt_of(new, 1)) == wanted
        other = replace(new, question=questions_of(now)[1].id)
        assert question_of(other).text in draft_of(prompt_of(other, 1)).turn
        assert question_of(now).text not in draft_of(prompt_of(other, 1)).turn

    @pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
    @pytest.mark.parametrize("asked", [None, "answer-is"])
    def test_every_copy_of_the_question_becomes_the_other_one(self, spec: Any, asked: str | None):
        now = state(spec, answer_format=asked)
        target, other = questions_of(now)[:2]
        wanted = retyped(draft_of(prompt_of(now, 0)), f"{target.text} Hm.\n", f"\nRead it again: {target.text}")
        new = replace(now, conditions=(edited(now, 0, wanted),))
        assert draft_of(prompt_of(new, 0)) == wanted
        sent = draft_of(prompt_of(replace(new, question=other.id), 0))
        assert sent.turn.startswith(f"{other.text} Hm.\n")
        assert sent.turn.endswith(f"\nRead it again: {other.text}")
        assert sent.turn.count(other.text) == 3
        assert target.text not in sent.turn

    @pytest.mark.parametrize("place", ["turn", "system", "prefill"])
    def test_a_part_of_the_question_that_would_stay_is_an_error(self, place: str):
        now = state("zero-shot")
        draft, part = draft_of(prompt_of(now, 0)), " ".join(question_of(now).text.split()[:7])
        wanted = replace(draft, **{place: f"{getattr(draft, place) or ''} So, {part.upper()}"})
        with pytest.raises(InputError, match="would be the same for all questions") as problem:
            edited(now, 0, wanted)
        assert " ".join(part.casefold().replace(".", "").split()[:5]) in str(problem.value)

    def test_exemplars_stay_a_rule_where_their_text_was_left_alone(self):
        for place, layout in enumerate(("turns", "one-message", "system")):
            now = state({"few-shot": {"k": 2, "layout": layout}})
            before = prompt_of(now, 0)
            wanted = retyped(draft_of(before), after=" Now.")
            new = replace(now, conditions=(edited(now, 0, wanted),))
            assert prompt_of(new, 0).exemplars == before.exemplars, place

    def test_edited_exemplars_become_fixed_text(self):
        now = state({"few-shot": {"k": 1, "layout": "one-message"}})
        draft = draft_of(prompt_of(now, 0))
        wanted = replace(draft, turn=draft.turn.replace("Here are some examples.", "An example:"))
        new = replace(now, conditions=(edited(now, 0, wanted),))
        assert draft_of(prompt_of(new, 0)) == wanted
        assert prompt_of(new, 0).exemplars == ()

    def test_the_system_text_and_the_start_of_the_answer(self):
        now = state("zero-shot", {"few-shot": {"k": 1, "layout": "system"}})
        for place in (0, 1):
            draft = draft_of(prompt_of(now, place))
            wanted = replace(draft, system=f"Be brief.\n\n{draft.system or ''}", prefill="So")
            new = replace(now, conditions=(edited(now, place, wanted),))
            assert draft_of(prompt_of(new, 0)) == wanted

    def test_choices_are_the_other_question_s(self, tmp_path: Path):
        options = options_of(lab.load_questions(LABELS), tmp_path)
        now = first_state("embedded:plain", options, ["zero-shot"], {})
        new = replace(now, conditions=(edited(now, 0, retyped(draft_of(prompt_of(now, 0)), "Hm. ")),))
        other = replace(new, question=questions_of(now)[1].id)
        assert draft_of(prompt_of(other, 0)).turn == "Hm. Which is a pet that barks?\nA. a {% cat\nB. a dog\nC. tea"

    def test_options_of_one_question_are_an_error_where_others_have_others(self, tmp_path: Path):
        rows = [
            {"question": f"Which is {word}?", "choices": [f"{word} cat", "no", "tea"], "answer": "C"}
            for word in ("red", "blue", "green")
        ]
        rows[2]["choices"][1] = "yes"
        now = first_state("embedded:plain", options_of(lab.load_questions(rows), tmp_path), ["zero-shot"], {})
        draft = draft_of(prompt_of(now, 0))
        for turn, said in (
            (draft.turn.replace("C. tea", "C. milk"), "'red cat', 'no'"),
            (f"{draft.turn}\nIs it (B) no?", "'no'"),
            (f"{draft.turn}\nMind the red cat.", "'red cat'"),
        ):
            with pytest.raises(InputError, match="would be the same for all questions") as problem:
                edited(now, 0, replace(draft, turn=turn))
            assert f": {said}. Repeat" in str(problem.value)
        wanted = retyped(draft, "There is no hurry.\n", f"\nAgain:\n{draft.turn}")
        new = replace(now, conditions=(edited(now, 0, wanted),), question=questions_of(now)[1].id)
        blue = "Which is blue?\nA. blue cat\nB. no\nC. tea"
        assert draft_of(prompt_of(new, 0)).turn == f"There is no hurry.\n{blue}\nAgain:\n{blue}"

    @pytest.mark.parametrize(
        ("mine", "others", "turn", "said"),
        [
            (("rock", "apple", "car"), ("rock", "apple", "VW"), "A. rock\nB. apple\nC. lorry", "'rock', 'apple'"),
            (("1", "2", "3"), ("1", "2", "4"), "A. 2\nB. 1\nC. 3", "'1', '2', '3'"),
            (("rock", "apple"), ("apple", "rock"), "A. rock\nB. pear", "'rock'"),
            (("3", "5", "7"), ("12", "13", "14"), "(1) 3 (2) 5 (3) 7", "'3', '5', '7'"),
            (("yes", "no"), ("no", "yes"), "- yes\n- no", "'yes', 'no'"),
            (("rock", "apple"), ("tea", "milk"), "A. Rock\nB. Apple", "'rock', 'apple'"),
        ],
    )
    def test_a_list_that_stays_is_an_error_unless_all_have_it(
        self, mine: Any, others: Any, turn: str, said: str, tmp_path: Path
    ):
        rows = [{"question": f"Which, {c}?", "choices": list(c), "answer": "A"} for c in (mine, others)]
        now = first_state("embedded:plain", options_of(lab.load_questions(rows), tmp_path), ["zero-shot"], {})
        with pytest.raises(InputError, match="would be the same for all questions") as problem:
            edited(now, 0, replace(draft_of(prompt_of(now, 0)), turn=f"{question_of(now).text}\n{turn}"))
        assert f": {said}. Repeat" in str(problem.value)

    @pytest.mark.parametrize("again", [False, True])
    @pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
    def test_an_answer_format_chosen_later_is_asked_for_as_in_every_arm(self, spec: Any, again: bool):
        now = state(spec)
        wanted = retyped(draft_of(prompt_of(now, 0)), "Hm. ", f"\nAgain: {question_of(now).text}" if again else "")
        new = replace(now, conditions=(spec, edited(now, 0, wanted)), answer_format="boxed")
        for shown in (new, replace(new, question=questions_of(now)[1].id)):
            before, after = (draft_of(prompt_of(shown, place)) for place in (0, 1))
            (asked, _), (usual, _) = (each.turn.split(lab.BOXED.sentence) for each in (after, before))
            assert asked.endswith((usual.splitlines()[-1] + "\n", question_of(shown).text + "\n"))

    def test_nor_is_it_lost_with_the_instruction_or_the_options(self, tmp_path: Path):
        choices = first_state("embedded:plain", options_of(lab.load_questions(LABELS), tmp_path), ["zero-shot"], {})
        for now, turn in ((state("concise"), "Hm. {}"), (choices, "Hm. {}"), (choices, "{}\nA. a {{% cat\nB. tea")):
            wanted = replace(draft_of(prompt_of(now, 0)), turn=turn.format(question_of(now).text))
            new = replace(now, conditions=(edited(now, 0, wanted),), answer_format="boxed")
            assert draft_of(prompt_of(new, 0)).turn == wanted.turn.replace(
                question_of(now).text, f"{question_of(now).text}\n{lab.BOXED.sentence}"
            )

    def test_a_short_question_is_no_part_of_a_word_or_number(self, tmp_path: Path):
        rows = [{"question": text, "answer": 1} for text in ("2", "7")]
        now = first_state("embedded:plain", options_of(lab.load_questions(rows), tmp_path), ["zero-shot"], {})
        new = replace(now, conditions=(edited(now, 0, Draft(None, "Of 12 and x2, count: 2", "")),))
        assert draft_of(prompt_of(replace(new, question=questions_of(now)[1].id), 0)).turn == "Of 12 and x2, count: 7"

    def test_an_option_that_all_questions_have_may_stand_anywhere(self, tmp_path: Path):
        now = first_state("embedded:plain", options_of(lab.load_questions(LABELS), tmp_path), ["zero-shot"], {})
        wanted = replace(draft_of(prompt_of(now, 0)), turn="Which is a drink?\nA. a {% cat\nB. a dog\nC. milk")
        new = replace(now, conditions=(edited(now, 0, wanted),), question=questions_of(now)[1].id)
        assert draft_of(prompt_of(new, 0)).turn == "Which is a pet that barks?\nA. a {% cat\nB. a dog\nC. milk"

    @pytest.mark.parametrize("asked", [None, "answer-is", "boxed"])
    @pytest.mark.parametrize("style", ["worked", "answers", "think"])
    def test_an_edited_exemplar_is_given(self, style: str, asked: str | None):
        now = state({"few-shot": {"k": 2, "style": style, "instruction": "Mind."}}, answer_format=asked)
        draft = draft_of(prompt_of(now, 0))
        asked_of, answer, *rest = draft.earlier
        wanted = replace(retyped(draft, "Hm. "), earlier=("Listen: " + asked_of, answer.replace("1", "7"), *rest))
        new = replace(now, conditions=(edited(now, 0, wanted),))
        assert draft_of(prompt_of(new, 0)) == wanted
        (condition,) = conditions_of(new)
        assert condition.exemplars is not None
        assert (condition.exemplars.style, condition.exemplars.selected, condition.shots) == (style, "given", 2)
        other = draft_of(prompt_of(replace(new, question=questions_of(now)[1].id), 0))
        assert other.earlier == wanted.earlier

    def test_an_exemplar_that_few_shot_cannot_write_is_an_error(self):
        now = state({"few-shot": {"k": 1}}, answer_format="boxed")
        draft = draft_of(prompt_of(now, 0))
        for earlier, said in (
            (("What is 1 + 1?", draft.earlier[1]), "ends as every question does"),
            ((draft.earlier[0], "It is 7."), "ends as the answer format says"),
            (
                (draft.earlier[0].replace(draft.earlier[0].splitlines()[0], question_of(now).text), draft.earlier[1]),
                "exemplar",
            ),
        ):
            with pytest.raises(InputError, match=said):
                edited(now, 0, replace(draft, earlier=earlier))

    def test_exemplars_are_all_written_in_one_way(self):
        now = state({"few-shot": {"k": 2}}, answer_format="answer-is")
        draft = draft_of(prompt_of(now, 0))
        with pytest.raises(InputError, match="not all written in one way"):
            edited(now, 0, replace(draft, earlier=(draft.earlier[0], "The answer is 7.", *draft.earlier[2:])))

    def test_edited_again_it_gets_another_name(self):
        now = state("zero-shot")
        for _ in range(2):
            spec = edited(now, len(now.conditions) - 1, retyped(draft_of(prompt_of(now, -1)), after="!"))
            now = replace(now, conditions=(*now.conditions, spec))
        assert [c.name for c in conditions_of(now)] == ["zero-shot", "edited", "edited-2"]
        assert draft_of(prompt_of(now, 2)).turn.endswith("!!")

    def test_without_the_question_it_is_no_condition(self):
        with pytest.raises(InputError, match="own text is no longer in the prompt"):
            edited(state(), 0, Draft(None, "What is 1 + 1?", ""))
        with pytest.raises(InputError, match="nothing was changed"):
            edited(state(), 0, draft_of(prompt_of(state(), 0)))

    @settings(deadline=None, max_examples=50)
    @given(before=st.text(max_size=40), after=st.text(max_size=40))
    def test_any_text_around_the_question(self, before: str, after: str):
        now = state("zero-shot")
        wanted = retyped(draft_of(prompt_of(now, 0)), before, after)
        if before or after:
            new = replace(now, conditions=(edited(now, 0, wanted),))
            assert prompt_of(new, 0).messages[-1].content == wanted.turn


SHOWN = {"answer_format": "answer-is", "samples": 2, "max_tokens": 30, "n": 5, "margin": 0.05, "seed": 0}


class TestNames:
    def test_they_follow_the_settings_unless_they_are_the_user_s(self):
        assert changed_options({"k": 3}, {"k": 5}) == {"k": 5}
        drawn = changed_options({"k": 3}, {"k": 3, "seed": 2})
        assert drawn == {"k": 3, "seed": 2, "name": "few-shot-3-draw-2"}
        assert changed_options(drawn, {"k": 5, "seed": 2})["name"] == "few-shot-5-draw-2"
        assert changed_options(drawn, {"k": 5}) == {"k": 5}
        assert changed_options({"k": 3, "name": "mine"}, {"k": 5, "seed": 1})["name"] == "mine"

    def test_an_edited_condition_s_promises_nothing(self):
        now = state({"few-shot": {"k": 3}})
        spec = edited(now, 0, retyped(draft_of(prompt_of(now, 0)), "Hm. "))
        assert spec["few-shot"]["name"] == "edited"
        assert changed_options(spec["few-shot"], {**spec["few-shot"], "k": 1})["name"] == "edited"


class TestExporting:
    def now(self) -> State:
        now = state(*SPECS.values(), **SHOWN)
        now = replace(now, question=questions_of(now)[2].id)
        new = edited(now, 3, retyped(draft_of(prompt_of(now, 3)), "Take care {{.\n", " \\'\"\n"))
        return replace(now, conditions=(*now.conditions, new))

    def executed(self, code: str, model: Any, run: Any) -> dict[str, Any]:
        names: dict[str, Any] = {}
        patched = {"open_model": lambda _: model, "run": run, "decisions": lambda run: run}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in patched.items():
                patch.setattr(lab, name, value)
            exec(compile(code, "explored.py", "exec"), names)
        return names

    def test_the_code_makes_the_same_prompts_and_the_same_run(self, capsys: pytest.CaptureFixture[str]):
        from local_models import LocalModel

        asked: dict[str, Any] = {}

        class Shown:
            def to_markdown(self) -> str:
                return "decided"

        def run(model: Any, conditions: Any, questions: Any, **options: Any) -> Shown:
            asked.update(options, conditions=conditions, questions=questions)
            return Shown()

        now = self.now()
        names = self.executed(state_to_code(now), LocalModel(), run)
        assert names["conditions"] == conditions_of(now) == asked["conditions"]
        (question,) = names["asked"]
        pool, fmt = names["questions"].pool, names["answer_format"]
        prompts = [c.render(question, pool=pool, answer_format=fmt) for c in names["conditions"]]
        assert prompts == [prompt_of(now, place) for place in range(len(now.conditions))]
        printed = capsys.readouterr().out
        assert all(LocalModel().as_sent(prompt) in printed for prompt in prompts)
        assert asked["questions"] == questions_of(now)[:5]
        assert asked["sampling"] == lab.Sampling(max_tokens=30)
        assert (asked["samples"], asked["stop_when"].margin, asked["stop_when"].baseline) == (2, 0.05, "zero-shot")

    def test_given_exemplars_in_the_code(self):
        now = state({"few-shot": {"k": 2}})
        draft = draft_of(prompt_of(now, 0))
        wanted = replace(draft, earlier=(*draft.earlier[:-1], f"Let me see. {draft.earlier[-1]}"))
        now = replace(now, conditions=("zero-shot", edited(now, 0, wanted)))
        names: dict[str, Any] = {}
        exec(state_to_code(now, given=True).partition("# The prompts on screen")[0], names)
        assert names["conditions"] == conditions_of(now)

    def test_what_a_file_cannot_hold_is_an_error(self):
        now = state({"few-shot": {"exemplars": [lab.load_questions("arithmetic")[0]]}})
        with pytest.raises(InputError, match="take the Python code"):
            state_to_yaml(now)

    def test_the_yaml_is_a_sweep_that_makes_the_same_prompts(self, tmp_path: Path):
        from promptlab.sweeps.reading import read_sweep

        now = self.now()
        (tmp_path / "explored.yaml").write_text(state_to_yaml(now), encoding="utf-8")
        sweep = read_sweep(tmp_path / "explored.yaml")
        own = {k: v for k, v in sweep.parameters.items() if not k.startswith("recorded")}
        experiment = lab.Experiment.from_parameters(**own, out=tmp_path)
        assert list(experiment.conditions) == conditions_of(now)
        assert experiment.questions == questions_of(now)[:5]
        assert (experiment.sampling, experiment.margin) == (lab.Sampling(max_tokens=30), 0.05)

    def test_the_sweep_s_parameters_are_the_notebook_s(self):
        import yaml
        from papermill import inspect_notebook

        from promptlab.assets import find_asset

        known = inspect_notebook(find_asset("notebooks/few_shot_degradation.ipynb"))
        assert set(yaml.safe_load(state_to_yaml(self.now()))["parameters"]) <= set(known)

    def test_what_a_file_cannot_say_is_an_error(self):
        with pytest.raises(InputError, match="set the seed to that of these, 0"):
            state_to_yaml(state(seed=3))
        with pytest.raises(InputError, match="was given open"):
            state_to_yaml(state(), given=True)
        assert "which lab.explore was given open" in state_to_code(state(), given=True)


class TestOpening:
    def test_a_set_in_memory_is_written_and_loads_as_itself(self, tmp_path: Path):
        questions = lab.load_questions("arithmetic", n=6).sample(3, seed=1)
        options = options_of(questions, tmp_path)
        assert lab.load_questions(**options) == questions
        assert Path(options["source"]).parent == tmp_path

    def test_it_loads_from_anywhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        options = options_of(lab.load_questions("arithmetic", n=6).sample(3, seed=1), Path("out"))
        monkeypatch.chdir("/")
        assert len(lab.load_questions(**options)) == 3

    def test_the_generator_s_own_set_is_not_written(self, tmp_path: Path):
        options = options_of(lab.load_questions("arithmetic", n=6, levels=2), tmp_path / "none")
        assert lab.load_questions(**options) == lab.load_questions("arithmetic", n=6, levels=2)
        assert not (tmp_path / "none").exists()

    def test_what_was_given_stands_first(self):
        assert next(iter(datasets({"source": "gsm8k", "n": 3}).values())) == {"source": "gsm8k", "n": 3}
        assert {"arithmetic", "gsm8k"} <= set(datasets(ARITHMETIC))

    def test_mistakes_are_said_before_anything_is_shown(self):
        with pytest.raises(InputError, match="did you mean 'samples'"):
            explore("embedded:plain", sample=3)
        with pytest.raises(InputError, match="did you mean 'zero-shot'"):
            explore("embedded:plain", conditions=["zero-shots"])
        with pytest.raises(InputError, match="is no model"):
            explore([3])  # type: ignore[list-item]

    def test_an_open_model_is_known_by_its_name(self):
        from local_models import LocalModel

        mine = LocalModel("mine")
        models = Models(["embedded:plain", mine])
        assert models.names[:2] == ["embedded:plain", "mine"]
        assert "embedded:instruct" in models.names
        assert models.open("mine") is mine
        assert "mine" in models.given
