"""On n questions: a run with intervals that hold whenever one looks, stopped by a button, gone on with later."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_explorer_asking import Gated, control, page, texts, until

import promptlab as lab
from local_models import LocalModel
from promptlab.errors import InputError, ModelError
from promptlab.explorer.judging import Look, judge, last_look, place_of
from promptlab.explorer.opening import first_state
from promptlab.explorer.plotting import dot_plot
from promptlab.explorer.state import State
from promptlab.store import read_manifest
from promptlab.types import Completion, Request

QUESTIONS = [{"question": f"What is {i} + 1?", "answer": i + 1, "id": f"q{i:02}"} for i in range(40)]


def right_unless_concise(request: Request) -> Completion:
    asked = request.prompt.messages[-1].content
    number = int(asked.split()[2])
    return Completion(f"The answer is {number + (0 if 'concise' in asked else 1)}.", "complete", completion_tokens=5)


def state(tmp_path: Path, **parts: Any) -> State:
    from promptlab.explorer.opening import options_of

    options = options_of(lab.load_questions(QUESTIONS), tmp_path)
    return first_state("local", options, ["zero-shot", "concise"], {"samples": 1, "max_tokens": 20, "n": 36, **parts})


class Heard:
    """What a run tells, and when it ends."""

    def __init__(self) -> None:
        self.answered, self.looks, self.end = 0, list[Look](), threading.Event()
        self.problem: BaseException | None = None

    def judge(self, state: State, model: Any, out: Path) -> Any:
        return judge(state, model, out, self._answer, self.looks.append, self._ended)

    def _answer(self, n: int) -> None:
        self.answered += n

    def _ended(self, problem: BaseException | None) -> None:
        self.problem = problem
        self.end.set()

    def wait(self) -> None:
        assert self.end.wait(60)


class TestJudge:
    def test_it_ends_when_decided_and_shows_each_look(self, tmp_path: Path):
        now, heard, model = state(tmp_path), Heard(), LocalModel(reply=right_unless_concise)
        heard.judge(now, model, tmp_path)
        heard.wait()
        assert heard.problem is None
        last = heard.looks[-1]
        assert [look.decisions.table["questions"].iloc[0] for look in heard.looks] == [
            3 * i for i in range(1, len(heard.looks) + 1)
        ]
        assert last.decisions.table["verdict"].tolist() == ["degraded"]
        asked = int(last.decisions.table["questions"].iloc[0])
        assert heard.answered == 2 * asked < 72
        row = last.table.set_index("condition").loc["concise"]
        assert (row["lost"], row["gained"], row["score"], row["difference"]) == (asked, 0, 0, -1)

    def test_stopped_it_keeps_what_came_and_goes_on_from_there(self, tmp_path: Path):
        now, heard = state(tmp_path, margin=0.001, n=40), Heard()
        slow = LocalModel(reply=lambda r: Completion("The answer is 1.", "complete"), delay=0.02)
        stop = heard.judge(now, slow, tmp_path)
        until(lambda: heard.answered >= 8)
        stop()
        heard.wait()
        assert isinstance(heard.problem, KeyboardInterrupt)
        manifest = read_manifest(place_of(now, slow, tmp_path))
        assert manifest is not None
        assert manifest["sessions"][-1]["ended"] == "interrupted"
        kept = lab.load_run(place_of(now, slow, tmp_path)).to_frame()
        assert 8 <= len(kept) < 80
        assert heard.answered == len(kept)
        again, fast = Heard(), LocalModel(reply=lambda r: Completion("The answer is 1.", "complete"))
        again.judge(now, fast, tmp_path)
        again.wait()
        assert again.problem is None
        assert fast.asked.total() == 80 - len(kept)
        assert again.answered == 80
        look = last_look(now, fast, tmp_path)
        assert look is not None
        assert look.decisions.table["questions"].tolist() == [40]

    def test_stopped_before_it_began(self, tmp_path: Path):
        now, heard, model = state(tmp_path), Heard(), LocalModel()
        heard.judge(now, model, tmp_path)()
        heard.wait()
        assert isinstance(heard.problem, KeyboardInterrupt)
        assert model.asked.total() == 0

    def test_another_design_has_another_place(self, tmp_path: Path):
        now, model = state(tmp_path), LocalModel()
        others = [replace(now, **change) for change in ({"n": 35}, {"samples": 2}, {"seed": 1}, {"margin": 0.1})]
        others.append(replace(now, conditions=("zero-shot", {"concise": {"instruction": "Short!"}})))
        assert len({place_of(each, model, tmp_path) for each in [now, *others]}) == 6
        assert place_of(now, LocalModel("a/../<b>"), tmp_path).parent == tmp_path / "runs"

    def test_one_condition_compares_with_nothing(self, tmp_path: Path):
        with pytest.raises(InputError, match="add a second one"):
            Heard().judge(replace(state(tmp_path), conditions=("zero-shot",)), LocalModel(), tmp_path)


class TestView:
    def test_table_verdict_and_plot(self, tmp_path: Path):
        whole = page(LocalModel(), tmp_path, n=4, conditions=["zero-shot", "concise"])
        run = control(whole, "Run on n questions")
        run.click()
        run.click()
        until(lambda: "all 4 questions were asked" in texts(whole))
        assert not run.disabled
        assert "concise is not decided on local against zero-shot" in texts(whole)
        assert 'role="img" aria-label="differences to zero-shot in points' in texts(whole)
        assert 'role="progressbar" aria-label="samples" aria-valuemin="0"' in texts(whole)
        assert 'aria-valuemax="24" aria-valuenow="24"' in texts(whole)

    def test_stopped_at_once_it_can_go_on(self, tmp_path: Path):
        whole = page(LocalModel(delay=0.01), tmp_path, n=4, conditions=["zero-shot", "concise"])
        run = control(whole, "Run on n questions")
        run.click()
        control(whole, "Stop").click()
        until(lambda: "stopped; the same again goes on from there" in texts(whole))
        assert 'role="alert"' not in texts(whole)
        run.click()
        until(lambda: "all 4 questions were asked" in texts(whole))
        assert 'aria-valuenow="24"' in texts(whole)  # what was kept of the first call counts

    def test_stopped_before_a_question_is_complete_it_says_so(self, tmp_path: Path):
        model = Gated()
        whole = page(model, tmp_path, n=4, conditions=["zero-shot", "concise"])
        control(whole, "Run on n questions").click()
        model.allowed = 1
        until(lambda: 'aria-valuenow="1"' in texts(whole))
        control(whole, "Stop").click()
        until(lambda: "no question is complete yet" in texts(whole))
        assert "nan" not in texts(whole)

    def test_it_says_what_is_run_and_whose_result_is_shown(self, tmp_path: Path):
        whole = page(LocalModel(), tmp_path, n=4, conditions=["zero-shot", "concise"])
        assert "local: zero-shot against concise, on the first n of 4 questions" in texts(whole)
        control(whole, "Run on n questions").click()
        until(lambda: "all 4 questions were asked" in texts(whole))
        control(whole, "Question").value = control(whole, "Question").options[1][1]
        assert "The settings have changed since" not in texts(whole)
        control(whole, "Questions (n)").value = 3
        assert "Below: local, zero-shot against concise, n = 4, K = 3. The settings have changed since" in texts(whole)
        assert "aria-valuenow" not in texts(whole)
        control(whole, "Questions (n)").value = 4
        assert "The settings have changed since" not in texts(whole)
        control(whole, "Remove", 1).click()
        assert "against nothing yet" in texts(whole)
        assert "The settings have changed since" in texts(whole)

    def test_n_is_no_more_than_there_are(self, tmp_path: Path):
        whole = page(LocalModel(), tmp_path)
        n = control(whole, "Questions (n)")
        assert (n.value, n.max) == (4, 4)
        assert "# On 4 questions at most" in texts(whole)  # the state knows it, and so does the code
        n.value = 99
        assert n.value == 4

    def test_an_error_card_goes_when_the_settings_change(self, tmp_path: Path):
        whole = page(LocalModel(fail_after=(0, ModelError("gone"))), tmp_path, conditions=["zero-shot", "concise"])
        control(whole, "Run on n questions").click()
        until(lambda: "gone" in texts(whole))
        control(whole, "Seed").value = 7
        assert "gone" not in texts(whole)

    def test_an_error_is_a_card(self, tmp_path: Path):
        whole = page(LocalModel(fail_after=(3, ModelError("gone"))), tmp_path, n=4, conditions=["zero-shot", "concise"])
        control(whole, "Run on n questions").click()
        until(lambda: "gone. 3 samples are kept" in texts(whole))
        assert not control(whole, "Run on n questions").disabled


def test_the_plot_says_its_numbers_and_escapes_its_names(tmp_path: Path):
    heard = Heard()
    heard.judge(state(tmp_path), LocalModel(reply=right_unless_concise), tmp_path)
    heard.wait()
    long = "few-shot-2-most-different-wrong-answers-one-message"
    assert ">few-shot-2-m…one-message<" in dot_plot(heard.looks[-1].table.replace("concise", long), "zero-shot", None)
    table = heard.looks[-1].table.replace("concise", "<script>")
    plot = dot_plot(table, "zero-shot", 0.02)
    assert "<script>" not in plot
    assert "&lt;script&gt;" in plot
    assert f"{100 * table['low'].iloc[1]:+.1f} to {100 * table['high'].iloc[1]:+.1f}" in plot
    assert plot.count("<circle") == 1
    assert plot.count("pl-band") == 1
