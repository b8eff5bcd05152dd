"""Samples in the background: as they arrive, cancelled, asked for once; and the page around them, without a kernel."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest

import promptlab as lab
from local_models import LocalModel, complete
from promptlab.errors import ModelError
from promptlab.explorer.opening import Models, first_state
from promptlab.explorer.state import Current
from promptlab.explorer.views import page as views
from promptlab.questions import load_questions
from promptlab.types import Answers, Completion, Request

ARITHMETIC = {"source": "arithmetic", "n": 4}


def page(model: Any, tmp_path: Path, **settings: Any) -> widgets.VBox:
    return lab.explore(model, ARITHMETIC, out=tmp_path, **{"samples": 3, "max_tokens": 50, **settings})


def inside(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from inside(child)


def control(whole: Any, label: str, place: int = 0) -> Any:
    return [w for w in inside(whole) if getattr(w, "description", "") == label][place]


def texts(whole: Any) -> str:
    return "\n".join(w.value for w in inside(whole) if isinstance(w, widgets.HTML))


def headings(whole: Any) -> list[str]:
    """The conditions' names, as their cards say them."""
    return re.findall("<b>([^<]*)</b> [(](?:baseline|against)", texts(whole))


def until(true: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen within 10 s")


class Gated(LocalModel):
    """Gives so many completions, and waits until it may give more."""

    allowed = 0

    async def generate(self, requests: Sequence[Request]) -> AsyncIterator[Answers]:
        for request in requests:
            while self.asked.total() >= self.allowed:
                await asyncio.sleep(0.002)
            async for group in super().generate([request]):
                yield group


class TestSamples:
    def test_each_is_shown_as_it_arrives_and_a_second_press_asks_for_nothing(self, tmp_path: Path):
        model = Gated()
        whole = page(model, tmp_path)
        run = control(whole, "Run")
        run.click()
        run.click()
        model.allowed = 1
        until(lambda: "1 of 6 samples" in texts(whole))
        assert texts(whole).count("Thinking of") == 1
        assert texts(whole).count("waiting for it") == 5
        model.allowed = 9
        until(lambda: not run.disabled)
        assert texts(whole).count("Thinking of") == model.asked.total() == 6
        assert set(model.asked.values()) == {1}
        run.click()
        assert "all of these samples are here" in texts(whole)
        assert model.asked.total() == 6

    def test_more_samples_pay_only_for_the_difference(self, tmp_path: Path):
        model = LocalModel()
        whole = page(model, tmp_path)
        for k in (1, 3, 2):
            control(whole, "Samples (K)").value = k
            control(whole, "Run").click()
            until(lambda: not control(whole, "Run").disabled)
            assert texts(whole).count("Thinking of") == 2 * k
        assert model.asked.total() == 6

    def test_cancelled_what_has_arrived_stays(self, tmp_path: Path):
        model = LocalModel(delay=0.01)
        whole = page(model, tmp_path, samples=64)
        control(whole, "Run").click()
        until(lambda: "of 128 samples" in texts(whole) and "0 of 128" not in texts(whole))
        control(whole, "Cancel").click()
        until(lambda: "cancelled" in texts(whole))
        assert 0 < texts(whole).count("Thinking of") < 128
        assert model.cleaned == 1
        assert not control(whole, "Run").disabled
        control(whole, "Run").click()
        until(lambda: texts(whole).count("Thinking of") == 128)
        assert model.asked.total() <= 129  # what was on its way when it was cancelled is asked for again

    def test_other_controls_answer_meanwhile(self, tmp_path: Path):
        model = Gated()
        whole = page(model, tmp_path, conditions=["zero-shot"])
        control(whole, "Run").click()
        control(whole, "Add a condition").click()
        assert "<b>few-shot-3</b>" in texts(whole)
        model.allowed = 9
        until(lambda: "3 of 3 samples" in texts(whole))

    def test_an_error_is_a_card(self, tmp_path: Path):
        broken = LocalModel(fail_after=(1, ModelError("the <server> is gone")))
        whole = page(broken, tmp_path)
        control(whole, "Run").click()
        until(lambda: 'role="alert"' in texts(whole))
        assert "the &lt;server&gt; is gone" in texts(whole)
        assert "Traceback" not in texts(whole)
        assert texts(whole).count("Thinking of") == 1
        assert not control(whole, "Run").disabled

    def test_a_failed_sample_says_why_and_is_asked_again(self, tmp_path: Path):
        replies = [Completion("", "error", error="time-out <1>")]
        model = LocalModel(reply=lambda request: replies.pop() if replies else complete(request))
        whole = page(model, tmp_path, samples=1, conditions=["zero-shot"])
        control(whole, "Run").click()
        until(lambda: "time-out &lt;1&gt;" in texts(whole))
        until(lambda: not control(whole, "Run").disabled)
        control(whole, "Run").click()
        until(lambda: "Thinking of" in texts(whole))
        assert "time-out" not in texts(whole)
        assert model.asked.total() == 2


class TestPage:
    def test_the_prompt_follows_every_control_without_a_call(self, tmp_path: Path):
        model = LocalModel()
        whole = page(model, tmp_path)
        control(whole, "k", 1).value = 1
        assert "<b>few-shot-1</b>" in texts(whole)
        control(whole, "Layout", 1).value = "one-message"
        assert "Here are some examples." in texts(whole)
        before = texts(whole)
        control(whole, "Draw", 1).value = 5
        assert "few-shot-1-one-message-draw-5" in texts(whole) != before
        control(whole, "Answer format").value = "boxed"
        assert "\\boxed{}" in texts(whole)
        question = control(whole, "Question")
        question.value = question.options[2][1]
        assert question.options[2][1] in texts(whole)
        until(lambda: "20 tokens" in texts(whole))
        assert model.asked.total() == 0

    def test_a_prompt_edited_in_place_becomes_a_card_of_its_own(self, tmp_path: Path):
        whole = page(LocalModel(), tmp_path)
        control(whole, "Edit the prompt").click()
        control(whole, "Last turn").value = "Nothing at all"
        control(whole, "Keep as a condition").click()
        assert "own text is no longer in the prompt" in texts(whole)
        control(whole, "Leave it").click()
        control(whole, "Edit the prompt").click()
        control(whole, "Last turn").value += " <b>Think!</b>"
        control(whole, "Keep as a condition").click()
        assert "<b>edited</b>" in texts(whole)
        assert "&lt;b&gt;Think!&lt;/b&gt;" in texts(whole)
        control(whole, "Edit the prompt").click()
        control(whole, "Last turn").value += " Now."
        control(whole, "Name").value = "edited"
        control(whole, "Keep as a condition").click()
        assert "there is a condition &#x27;edited&#x27; already" in texts(whole)
        control(whole, "Name").value = "mine"
        control(whole, "Keep as a condition").click()
        assert "<b>mine</b>" in texts(whole)

    def test_what_is_typed_survives_whatever_happens_to_other_cards(self, tmp_path: Path):
        whole = page(LocalModel(), tmp_path, conditions=["zero-shot", "concise", {"few-shot": {"k": 1}}])
        control(whole, "Edit the prompt", 1).click()
        control(whole, "Last turn").value += " Hm."
        control(whole, "Add a condition").click()
        control(whole, "Condition", 2).value = "chain-of-thought"
        control(whole, "Remove").click()
        control(whole, "Edit the prompt", 2).click()
        control(whole, "Last turn", 1).value += " So."
        control(whole, "Keep as a condition", 1).click()
        assert control(whole, "Last turn").value.endswith("Be concise. Hm.")
        control(whole, "Keep as a condition").click()
        names = ["concise", "chain-of-thought", "few-shot-3", "edited", "edited-2"]
        assert headings(whole) == names
        assert "Be concise. Hm." in texts(whole)

    def test_an_open_editor_follows_the_question_until_something_is_typed(self, tmp_path: Path):
        whole = page(LocalModel(), tmp_path)
        first, second, third = (q.text for q in lab.load_questions(**ARITHMETIC).questions[:3])
        question = control(whole, "Question")
        control(whole, "Edit the prompt").click()
        question.value = question.options[1][1]
        assert control(whole, "Last turn").value == second
        control(whole, "Last turn").value = f"Hm. {second}"
        question.value = question.options[2][1]
        assert control(whole, "Last turn").value == f"Hm. {second}"
        assert "still belongs to the prompt of before" in texts(whole)
        control(whole, "Keep as a condition").click()
        assert f"Hm. {third}" in texts(whole)
        question.value = question.options[0][1]
        assert f"Hm. {first}" in texts(whole)

    def test_the_name_follows_the_settings(self, tmp_path: Path):
        given = {"few-shot": {"k": 2, "name": "mine"}}
        whole = page(LocalModel(), tmp_path, conditions=[{"few-shot": {"k": 3, "seed": 2}}, given])
        for label, value, place in (("k", 4, 0), ("Draw", 0, 0), ("k", 5, 0), ("k", 1, 1), ("Draw", 3, 1)):
            control(whole, label, place).value = value
        assert headings(whole) == ["few-shot-5", "mine"]
        assert "lab.few_shot(k=5)" in texts(whole)
        control(whole, "Draw").value = 1
        control(whole, "Layout").value = "system"
        assert headings(whole) == ["few-shot-5-system-draw-1", "mine"]

    def test_a_condition_that_cannot_be_is_a_card_and_its_control_goes_back(self, tmp_path: Path):
        given = {"few-shot": {"exemplars": [("What is 1 + 1?", "2"), ("What is 2 + 1?", "3")], "style": "answers"}}
        whole = page(LocalModel(), tmp_path, conditions=[given])
        assert (control(whole, "k").value, control(whole, "Select").value) == (2, "given")
        control(whole, "k").value = 5
        assert (control(whole, "k").value, control(whole, "k").max) == (2, 2)
        control(whole, "Select").value = "random"
        assert "select=&#x27;random&#x27;" in texts(whole)

    def test_a_wrong_condition_is_a_card_and_the_others_stay(self, tmp_path: Path):
        rows = [{"question": "What is 1 + 1?", "answer": 2}, {"question": "What is 2 + 2?", "answer": 4}]
        whole = lab.explore(LocalModel(), rows, out=tmp_path)
        assert "few_shot has no exemplars" in texts(whole)
        assert "<b>zero-shot</b>" in texts(whole)

    def test_an_unknown_model_is_a_card_and_the_old_one_stays(self, tmp_path: Path):
        whole = page(["embedded:plain", LocalModel()], tmp_path)
        control(whole, "Model").value = "embedded:plan"
        until(lambda: "did you mean &#x27;plain&#x27;?" in texts(whole))
        assert control(whole, "Model").value == "embedded:plain"
        assert "lab.open_model(&#x27;embedded:plain&#x27;)" in texts(whole)

    def test_a_question_searched_for_is_on_screen(self, tmp_path: Path):
        whole = page(LocalModel(), tmp_path)
        id = lab.load_questions(**ARITHMETIC)[3].id
        control(whole, "Search").value = id
        assert control(whole, "Question").value == id
        control(whole, "Search").value = "no such words"
        assert control(whole, "Question").options[0][0] == "no question holds these words"

    def test_conditions_come_and_go_down_to_one(self, tmp_path: Path):
        whole = page(LocalModel(), tmp_path)
        control(whole, "Add a condition").click()
        for left in (["few-shot-3", "concise"], ["concise"], ["concise"]):
            control(whole, "Remove").click()
            assert headings(whole) == left
        assert "this is the only condition" in texts(whole)
        assert control(whole, "Remove").disabled

    def test_a_long_list_of_questions_says_so(self, tmp_path: Path):
        whole = lab.explore(LocalModel(), {"source": "arithmetic", "n": 60}, out=tmp_path)
        assert "the first 50 of 60: search" in texts(whole)
        control(whole, "Search").value = lab.load_questions("arithmetic", n=60)[57].id
        assert "the first 50" not in texts(whole)


class TestLoading:
    """Questions that take their time, or never come."""

    @pytest.fixture
    def whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
        self.come = threading.Event()

        def slowly(source: str, **options: Any) -> Any:
            if source == "slow":
                assert self.come.wait(10)
            return load_questions("arithmetic" if source == "slow" else source, **options)

        monkeypatch.setattr("promptlab.explorer.state.load_questions", slowly)
        slow = {"source": "slow", "n": 7, "name": str(tmp_path)}  # that no other test has loaded before
        sets = {"first": ARITHMETIC, "slow": slow, "none": {"source": str(tmp_path / "no.csv")}}
        current = Current(first_state("local", ARITHMETIC, None, {}))
        yield views.page(current, Models([LocalModel()]), sets, None, tmp_path)
        self.come.set()

    def test_it_is_said_at_once_and_the_rest_goes_on(self, whole: Any):
        control(whole, "Questions").value = "slow"
        assert "loading questions slow" in texts(whole)
        control(whole, "Seed").value = 5
        assert "loading questions slow" in texts(whole)
        assert "of 4 questions" in texts(whole)
        self.come.set()
        until(lambda: "of 7 questions" in texts(whole) and "loading" not in texts(whole))  # a thread writes one by one

    def test_what_does_not_come_is_a_card_and_the_control_goes_back(self, whole: Any):
        control(whole, "Questions").value = "none"
        until(lambda: 'role="alert"' in texts(whole))
        assert control(whole, "Questions").value == "first"
        assert "loading" not in texts(whole)
        control(whole, "Seed").value = 5
        assert "&#x27;source&#x27;" not in texts(whole)
        assert "&#x27;arithmetic&#x27;" in texts(whole)

    def test_the_last_choice_counts(self, whole: Any):
        control(whole, "Questions").value = "slow"
        control(whole, "Questions").value = "first"
        assert "loading" not in texts(whole)
        self.come.set()
        time.sleep(0.2)
        assert control(whole, "Questions").value == "first"
        assert "of 4 questions" in texts(whole)


class TestTaken:
    def test_what_is_taken_away_is_written(self, tmp_path: Path):
        whole = page("embedded:plain", tmp_path)
        control(whole, "Save both").click()
        assert "lab.few_shot(k=3)" in (tmp_path / "explored.py").read_text()
        assert "few-shot" in (tmp_path / "explored.yaml").read_text()

    @pytest.mark.parametrize("kind", [widgets.Text, widgets.Dropdown, widgets.BoundedIntText, widgets.Button])
    def test_every_control_has_a_label(self, kind: type, tmp_path: Path):
        whole = page(LocalModel(), tmp_path)
        assert all(w.description for w in inside(whole) if isinstance(w, kind))
