"""The run: only what is missing is paid for, whatever happened before; nothing that was paid for is lost."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import promptlab as lab
from local_models import QUESTIONS, SAMPLING, LocalModel, complete, text_of
from promptlab.errors import BudgetError, InputError, ModelError, PromptlabError, StoreError
from promptlab.prompts import concise, few_shot, zero_shot
from promptlab.questions import QuestionSet
from promptlab.records import Run, load_run
from promptlab.runner import run
from promptlab.runner.budgets import budgets
from promptlab.runner.planning import plan
from promptlab.store import Store, read_manifest
from promptlab.types import AnswerFormat, Completion, Prompt, Question, Request, request_key, request_seed

HERE = Path(__file__).parent
ARMS = [zero_shot(), concise()]
YES = lab.as_grader(lambda question, text: True, name="yes")
NO = lab.as_grader(lambda question, text: False, name="no")


def go(model: LocalModel, path: Path, conditions: Any = None, questions: Any = None, **more: Any) -> Run:
    given = {"sampling": SAMPLING, "progress": False, **more}
    return run(model, conditions or ARMS, questions or QUESTIONS, path=path, **given)


def errors_first(n: int) -> LocalModel:
    """A model whose first `n` answers fail."""
    failed = Completion("", "error", error="no answer in time")
    model = LocalModel()
    model.reply = lambda request: failed if model.asked.total() <= n else complete(request)
    return model


# -- planning ----------------------------------------------------------------------------------------------------------


def test_keys_seeds_and_order():
    model = LocalModel()
    arms = [few_shot(k=1, draws=3), zero_shot()]
    pool = [Question(f"p{i}", f"What is {i} plus 50?", ("1",), meta={"rationale": "Add."}) for i in range(20)]
    questions = WithPool(QUESTIONS, pool)
    planned = plan(model.id, arms, questions, samples=2, sampling=SAMPLING, answer_format=None)
    assert len({p.key for p in planned}) == len(planned) == 2 * 12 * 2
    first = planned[0]
    assert first.key == request_key(model.id, first.prompt, SAMPLING, 0, 0)
    assert first.request(SAMPLING).seed == request_seed(first.key)
    order = [(p.cell.draw, p.cell.condition, QUESTIONS.index(p.cell.question), p.index) for p in planned]
    assert order == sorted(order), "f stands before z, as few-shot before zero-shot above"
    assert len({draw for draw, *_ in order}) == 3


class WithPool(list):  # type: ignore[type-arg]
    def __init__(self, questions: Sequence[Question], pool: Sequence[Question]) -> None:
        super().__init__(questions)
        self.pool = pool


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"conditions": [zero_shot(), zero_shot()]}, "condition 'zero-shot' is given more than once"),
        ({"questions": [QUESTIONS[0], QUESTIONS[0]]}, "question id 'q0' is given more than once"),
        ({"questions": [QUESTIONS[0], replace(QUESTIONS[0], id="twin")]}, "'q0' and 'twin' send the same prompt"),
        ({"conditions": [zero_shot(), zero_shot().but(name="b")]}, "'zero-shot' and 'b' send the same .* replicate="),
        ({"samples": 0}, "samples of run is 0: it must be a whole number >= 1"),
        ({"samples": True}, "is True: .* whole number"),
        ({"samples": 1.5}, "is 1.5: .* whole number"),
        ({"sampling": {"max_tokens": 5}}, r"is no sampling .*lab\.Sampling"),
        ({"answer_format": "boxed"}, r"'boxed' is no answer_format: take None, lab\.BOXED"),
        ({"reuse": 3}, "reuse is 3: it must be a path"),
        ({"reuse": "recorded:plain"}, "reuse is 'recorded:plain': it must be a place on disk"),
        ({"conditions": [few_shot(k=2)]}, "few_shot has no exemplars"),
        ({"max_cost": 1.0}, "max_cost of run needs prices="),
        ({"max_cost": 1.0, "prices": (1.0,)}, "prices is .* two numbers"),
        ({"max_cost": 1.0, "prices": 5}, "prices is 5: .* two numbers"),
        ({"max_tokens_total": 0}, "max_tokens_total of run is 0: it must be a number > 0"),
        ({"sampling": replace(SAMPLING, extra={"x": object()})}, "plain values"),
    ],
)
def test_mistakes_are_found_before_any_call(tmp_path: Path, change: dict[str, Any], told: str):
    model = LocalModel()
    with pytest.raises(InputError, match=told):
        go(model, tmp_path / "run", **change)
    assert not model.asked
    assert not (tmp_path / "run").exists()


def test_nothing_to_ask(tmp_path: Path):
    for conditions, questions, lacking in (([], QUESTIONS, "condition"), (ARMS, [], "question")):
        with pytest.raises(InputError, match=f"no {lacking} is given"):
            run(LocalModel(), conditions, questions, sampling=SAMPLING, path=tmp_path / "run")


def test_an_a_a_comparison_has_samples_of_its_own(tmp_path: Path):
    frame = go(LocalModel(), tmp_path, [zero_shot(), zero_shot().but(name="again", replicate=1)]).to_frame()
    pairs = frame.pivot(index="question", columns="condition", values="completion")
    assert (pairs["zero-shot"] != pairs["again"]).all()
    assert set(frame["replicate"]) == {0, 1}


def test_the_model_checks_every_different_prompt_first(tmp_path: Path):
    class Refusing(LocalModel):
        def check(self, sampling: Any, prompts: Any) -> None:
            raise InputError(f"{len(prompts)} prompts refused")

    model = Refusing()
    with pytest.raises(InputError, match="24 prompts refused"):
        go(model, tmp_path / "run", samples=3)
    assert not model.asked
    assert not (tmp_path / "run").exists()


def test_one_condition_need_not_be_a_list(tmp_path: Path):
    assert go(LocalModel(), tmp_path, zero_shot()).conditions == ("zero-shot",)


# -- only the difference is paid ---------------------------------------------------------------------------------------


def test_the_same_call_again_pays_nothing(tmp_path: Path):
    model = LocalModel()
    first = go(model, tmp_path, samples=2).to_frame()
    assert model.asked.total() == len(first) == 48
    pd.testing.assert_frame_equal(go(model, tmp_path, samples=2).to_frame(), first)
    assert model.asked.total() == 48


@pytest.mark.parametrize(
    ("more", "paid"),
    [
        ({"questions": QUESTIONS}, 2 * 6 * 2),
        ({"samples": 4}, 2 * 6 * 2),
        ({"conditions": [*ARMS, lab.chain_of_thought()]}, 6 * 2),
        ({"questions": QUESTIONS, "samples": 4, "conditions": [*ARMS, lab.chain_of_thought()]}, 3 * 12 * 4 - 24),
    ],
)
def test_an_extension_pays_the_difference(tmp_path: Path, more: dict[str, Any], paid: int):
    small: dict[str, Any] = {"questions": QUESTIONS[:6], "samples": 2, "conditions": ARMS}
    before = go(LocalModel(), tmp_path / "run", **small).to_frame()
    model = LocalModel()
    extended = go(model, tmp_path / "run", **{**small, **more})
    assert model.asked.total() == paid
    at_once = go(LocalModel(), tmp_path / "at once", **{**small, **more})
    pd.testing.assert_frame_equal(extended.to_frame(), at_once.to_frame())
    assert set(before["key"]) <= set(extended.to_frame()["key"])


def test_failed_samples_are_stored_told_and_tried_again(tmp_path: Path):
    model = errors_first(3)
    with pytest.warns(UserWarning, match=r"3 samples failed in .*\(3 x no answer in time\).*tries them again"):
        frame = go(model, tmp_path).to_frame()
    assert list(frame["status"]).count("error") == 3
    assert frame["score"].isna().sum() == 3
    assert set(frame.loc[frame["status"] == "error", "error"]) == {"no answer in time"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = go(model, tmp_path).to_frame()
    assert model.asked.total() == 24 + 3
    assert len(again) == 24
    assert "error" not in set(again["status"])


def test_matching_samples_of_another_run_are_copied(tmp_path: Path):
    go(LocalModel(), tmp_path / "shared", zero_shot(), samples=2)
    model = LocalModel()
    both = go(model, tmp_path / "mine", samples=2, reuse=[tmp_path / "shared"], grader=YES)
    assert model.asked.total() == 24, "only the other condition"
    rows = Store(tmp_path / "mine").rows("SELECT condition, origin, count(*) FROM samples GROUP BY 1, 2 ORDER BY 1")
    assert list(rows) == [("concise", "", 24), ("zero-shot", "shared", 24)]
    assert both.manifest["sessions"][0]["paid"]["requests"] == 24
    assert set(both.to_frame()["score"]) == {1.0}, "graded by this run's grader"
    pd.testing.assert_frame_equal(
        both.to_frame(), go(LocalModel(), tmp_path / "alone", samples=2, grader=YES).to_frame()
    )


def test_failures_are_not_copied_and_another_model_cannot_match(tmp_path: Path):
    with pytest.warns(UserWarning, match="failed"):
        shared = go(errors_first(5), tmp_path / "shared")
    model = LocalModel()
    assert len(go(model, tmp_path / "mine", reuse=[shared]).to_frame()) == 24
    assert model.asked.total() == 5
    with pytest.raises(InputError, match=r"nothing in .*shared can match.*model\.name: 'local' -> 'other'"):
        go(LocalModel("other"), tmp_path / "third", reuse=[shared])
    with pytest.raises(InputError, match=r"reuse: .*nowhere holds no run"):
        go(LocalModel(), tmp_path / "fourth", reuse=[tmp_path / "nowhere"])


# -- a directory belongs to one design ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "change", "told"),
    [
        ("other", {}, r"model\.name: 'local' -> 'other'"),
        ("local", {"sampling": replace(SAMPLING, top_p=1.0)}, r"sampling\.top_p: 0\.95 -> 1\.0.*another path"),
        ("local", {"answer_format": AnswerFormat("n", "Answer in N.", "N{answer}")}, "answer_format: None -> "),
        ("local", {"grader": NO}, r"grader\.name: 'yes' -> 'no'.*regrade"),
        ("local", {"conditions": [zero_shot().but(instruction="Hm.")]}, "condition 'zero-shot' has other factors"),
        ("local", {"questions": [replace(QUESTIONS[0], text="What?")]}, "question 'q0' has another text"),
        (
            "local",
            {"questions": [replace(QUESTIONS[0], answers=("7",))]},
            "question 'q0' has another text",
        ),
        ("local", {"conditions": [zero_shot().but(name="plain")]}, "holds this sample as condition 'zero-shot'"),
        ("local", {"conditions": [zero_shot().but(replicate=1)]}, "samples of another prompt or replicate"),
    ],
)
def test_what_does_not_belong_is_refused(tmp_path: Path, model: str, change: dict[str, Any], told: str):
    before = go(LocalModel(), tmp_path, grader=YES)
    other = LocalModel(model)
    with pytest.raises(InputError, match=told):
        go(other, tmp_path, **{"grader": YES, **change})
    assert not other.asked
    assert read_manifest(tmp_path) == before.manifest


def test_another_engine_is_the_same_model(tmp_path: Path):
    go(LocalModel(), tmp_path)
    model = LocalModel()
    model.id = replace(model.id, engine="python 4")
    with pytest.warns(UserWarning, match="its samples come from python, new ones will come from python 4"):
        run_ = go(model, tmp_path)
    assert not model.asked
    assert [entry["engine"] for entry in run_.manifest["sessions"]] == ["python", "python 4"]


@pytest.mark.parametrize(("arms", "asked"), [("zero-shot", QUESTIONS), (["zero-shot"], QUESTIONS), (None, [{"q": 1}])])
def test_words_and_dicts_where_objects_are_needed(arms, asked, tmp_path: Path):
    with pytest.raises(InputError, match=r"is no (condition|question)"):
        go(LocalModel(), tmp_path, zero_shot() if arms is None else arms, asked)


@pytest.mark.parametrize("bad", ["embedded:instruct", None, [LocalModel()], LocalModel])
def test_run_takes_one_open_model(bad: Any, tmp_path: Path):
    with pytest.raises(InputError, match=r"is no model.*lab\.open_model"):
        go(bad, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_is_not_written_where_a_shipped_one_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    model = LocalModel()
    with pytest.raises(InputError, match="path of run is 'recorded:plain': it must be a place on disk"):
        go(model, "recorded:plain")  # type: ignore[arg-type]
    assert not model.asked
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "form", [lambda run_: run_, lambda run_: str(run_.path), lambda run_: run_.path, lambda run_: [run_]]
)
def test_one_source_need_not_be_a_list(form: Any, tmp_path: Path):
    shared, model = go(LocalModel(), tmp_path / "shared"), LocalModel()
    go(model, tmp_path / "mine", reuse=form(shared))
    assert not model.asked
    go(model, tmp_path / "alone", reuse=None)
    assert model.asked.total() == 24


class Yielding(LocalModel):
    """Its `generate` yields what `wrong` makes of the requests."""

    def __init__(self, wrong: Any) -> None:
        super().__init__()
        self.wrong = wrong

    async def generate(self, requests: Sequence[Request]) -> Any:
        yield self.wrong(requests[0].key)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda key: (key, Completion("1", "complete")),
        lambda key: [(key, "1")],
        lambda key: {key: Completion("1", "complete")},
        lambda key: Completion("1", "complete"),
        lambda key: None,
    ],
)
def test_a_model_that_yields_no_groups(wrong: Any, tmp_path: Path):
    with pytest.raises(
        ModelError, match=r"model 'local': generate must yield lists of \(key, Completion\).*it yielded"
    ):
        go(Yielding(wrong), tmp_path)


def test_a_model_that_is_no_async_generator(tmp_path: Path):
    class Sync(LocalModel):
        def generate(self, requests: Any) -> Any:
            return iter([])

    with pytest.raises(ModelError, match="generate must be an async generator; it returned a list_iterator"):
        go(Sync(), tmp_path)


def test_the_readmes_preview_is_what_its_run_sends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    code = (HERE.parent / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    for name, start in (("mine", 10), ("exemplars", 50)):
        rows = [
            {"question": f"What is {i} + 1?", "answer": i + 1, "rationale": "Add."} for i in range(start, start + 8)
        ]
        pd.DataFrame(rows).to_csv(tmp_path / f"{name}.csv", index=False)
    sent: list[str] = []
    model = LocalModel(reply=lambda request: sent.append(model.as_sent(request.prompt)) or complete(request))
    shown: list[Any] = []
    preview = lab.preview
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lab, "open_model", lambda name: model)
    monkeypatch.setattr(lab, "preview", lambda *given, **more: shown.append(preview(*given, **more)) or shown[0])
    exec(compile(code, "README.md", "exec"), {})
    arms, ids = ("zero-shot", "few-shot-3"), [question.id for question in shown[0].questions]
    assert set(sent) == {shown[0].prompt(arm, id) for arm in arms for id in ids}
    assert len(sent) == sum(shown[0].table["requests"]) == 2 * 8 * 4


def test_an_exemplar_pool_that_changed_is_noticed(tmp_path: Path):
    def pool(word: str) -> list[Question]:
        return [Question(f"p{i}", f"{word} {i} and 70", ("1",), meta={"rationale": "Add."}) for i in range(9)]

    go(LocalModel(), tmp_path, few_shot(k=2), WithPool(QUESTIONS, pool("Add")))
    with pytest.raises(InputError, match="did the exemplar pool change"):
        go(LocalModel(), tmp_path, few_shot(k=2), WithPool(QUESTIONS, pool("Sum")))


# -- budgets -----------------------------------------------------------------------------------------------------------


def spent(path: Path) -> int:
    frame = load_run(path).to_frame()
    return int((frame["prompt_tokens"] + frame["completion_tokens"]).sum())


@pytest.mark.parametrize("limit", [70, 100, 341, 500, 719])
def test_a_token_budget_is_never_exceeded(tmp_path: Path, limit: int):
    """Each request may need 20 + 50 tokens and really uses 30: waves go on while another worst case fits."""
    model = LocalModel()
    with pytest.raises(BudgetError, match=rf"spent .* of {limit} tokens; the next .* need 70 tokens.*goes on") as told:
        go(model, tmp_path, max_tokens_total=limit)
    assert spent(tmp_path) <= limit
    assert limit - spent(tmp_path) < 70
    assert model.waves[0] == limit // 70
    assert f"{len(load_run(tmp_path).to_frame())} samples are kept" in str(told.value)
    assert load_run(tmp_path).manifest["sessions"][-1]["ended"] == "budget"


@settings(deadline=None)
@given(
    limit=st.integers(1, 2_000),
    used=st.lists(st.tuples(st.integers(1, 90), st.integers(0, 50), st.booleans()), min_size=1, max_size=40),
)
def test_waves_hold_any_budget_and_use_it_up(limit: int, used: list[tuple[int, int, bool]]):
    """Whatever the completions use (or do not tell), within `max_tokens`."""
    prompts = [Prompt(text="x" * 2 * sent) for sent, *_ in used]
    held = budgets(LocalModel(counts=False), 50, tokens=limit, cost=None, prices=None)
    start, really = 0, 0
    while n := held.fitting(prompts[start:]):
        for prompt, (sent, got, told) in list(zip(prompts, used, strict=True))[start : start + n]:
            really += sent + got
            usage = {"prompt_tokens": sent, "completion_tokens": got} if told else {}
            held.pay(prompt, Completion("", "complete", **usage))
        start += n
    assert really <= held.budgets[0].spent <= limit
    assert start == len(used) or held.budgets[0].spent + used[start][0] + 50 > limit


def test_a_new_call_has_a_new_budget(tmp_path: Path):
    calls = 0
    while True:
        calls += 1
        try:
            done = go(LocalModel(), tmp_path, max_tokens_total=200)
            break
        except BudgetError:
            continue
    assert len(done.to_frame()) == 24
    assert calls == 5  # five of 24 a call


def test_enough_is_one_wave(tmp_path: Path):
    model = LocalModel()
    go(model, tmp_path, max_tokens_total=24 * 70)
    assert model.waves == [24]


def test_a_cost_has_prices(tmp_path: Path):
    with pytest.raises(BudgetError, match=r"0\.0003 of 0\.0004 USD|spent 0\.000"):
        go(LocalModel(), tmp_path, max_cost=0.0004, prices=(1.0, 2.0))
    frame = load_run(tmp_path).to_frame()
    paid = float(frame["prompt_tokens"].sum()) * 1e-6 + float(frame["completion_tokens"].sum()) * 2e-6
    assert 0.0004 - 120e-6 < paid <= 0.0004


def test_unknown_usage_counts_as_the_worst_case(tmp_path: Path):
    model = LocalModel(reply=lambda request: Completion("1", "complete"), counts=False)
    asked = zero_shot().render(QUESTIONS[0])
    worst = len(model.as_sent(asked)) / 2 + 50
    with pytest.raises(BudgetError):
        go(model, tmp_path, zero_shot(), max_tokens_total=int(3.5 * worst))
    assert model.asked.total() == 3


# -- nothing paid for is lost ------------------------------------------------------------------------------------------


def stored(path: Path) -> int:
    return len(load_run(path).to_frame())


def test_an_error_of_the_model_keeps_what_was_done(tmp_path: Path):
    model = LocalModel(fail_after=(7, ModelError("the key was refused")))
    with pytest.raises(ModelError, match=r"the key was refused\. 7 samples are kept in .*the same call again goes on"):
        go(model, tmp_path)
    assert stored(tmp_path) == 7
    assert model.cleaned == 1
    assert load_run(tmp_path).manifest["sessions"][-1]["ended"] == "failed: ModelError"
    rest = LocalModel()
    go(rest, tmp_path)
    assert rest.asked.total() == 24 - 7


def test_a_bug_of_the_model_keeps_its_type_and_gets_a_note(tmp_path: Path):
    with pytest.raises(ZeroDivisionError) as told:
        go(LocalModel(fail_after=(7, ZeroDivisionError("bug"))), tmp_path)
    assert "7 samples are kept" in told.value.__notes__[0]


@pytest.mark.parametrize("trouble", ["silent", "stranger", "twice"])
def test_a_model_that_breaks_the_contract(tmp_path: Path, trouble: str):
    class Odd(LocalModel):
        async def generate(self, requests: Sequence[Request]) -> Any:
            async for group in super().generate(requests[:5]):
                yield group
            if trouble != "silent":
                yield [(requests[0].key if trouble == "twice" else "k", group[0][1])]

    told = {"silent": "nothing for 19 of 24", "stranger": "'k', which was not asked", "twice": "came twice"}[trouble]
    with pytest.raises(ModelError, match=told):
        go(Odd(), tmp_path)
    assert stored(tmp_path) == 5


def test_a_broken_grader_does_not_lose_completions(tmp_path: Path):
    broken = True

    def rule(question: Question, text: str) -> bool:
        if broken and question.id == "q5":
            raise KeyError("oops")
        return True

    model, grader = LocalModel(), lab.as_grader(rule, name="mine")
    with pytest.raises(PromptlabError, match=r"grader 'mine' on question 'q5': KeyError.*samples are kept"):
        go(model, tmp_path, grader=grader)
    kept = load_run(tmp_path).to_frame()
    assert len(kept) == model.asked.total() >= 6
    assert set(kept["status"]) == {"correct", "ungraded"}
    assert kept.loc[kept["status"] == "ungraded", "score"].isna().all()
    broken = False
    frame = go(model, tmp_path, grader=grader).to_frame()
    assert set(frame["status"]) == {"correct"}
    assert model.asked.total() == 24 == len(frame)


def test_a_broken_grader_stops_before_anything_is_paid_beside_copied_samples(tmp_path: Path):
    go(LocalModel(), tmp_path / "shared", zero_shot())
    model, broken = LocalModel(), lab.as_grader(lambda question, text: text / 2, name="broken")
    with pytest.raises(PromptlabError, match=r"TypeError.*12 samples are kept"):
        go(model, tmp_path / "mine", reuse=[tmp_path / "shared"], grader=broken)
    assert not model.asked


def test_a_full_disk_stops_the_run_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    commit, calls = Store.commit, 0

    def fill(self: Store, *given: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            (pages,) = next(self.rows("PRAGMA page_count"))
            next(self.rows(f"PRAGMA max_page_count = {pages}"))
        commit(self, *given)

    long = LocalModel(reply=lambda r: replace(complete(r), text="1" * 9_000), delay=0.02)
    monkeypatch.setattr(Store, "commit", fill)
    with pytest.raises(StoreError, match=r"full.*samples committed before are kept"):
        go(long, tmp_path)
    monkeypatch.undo()
    assert long.asked.total() < 24, "it stopped at once"
    before = stored(tmp_path)
    rest = LocalModel()
    go(rest, tmp_path)
    assert rest.asked.total() == 24 - before


def test_ctrl_c_commits_what_has_arrived(tmp_path: Path):
    model = LocalModel(delay=0.02)

    def press() -> None:
        while model.asked.total() < 8:
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        go(model, tmp_path)
    assert model.cleaned == 1
    assert model.asked.total() - stored(tmp_path) <= 1, "only the one in flight is lost"
    assert load_run(tmp_path).manifest["sessions"][-1]["ended"] == "interrupted"
    rest = LocalModel()
    go(rest, tmp_path)
    assert stored(tmp_path) == 24


def test_ctrl_c_during_a_commit_keeps_the_group_that_is_ready_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A model that never waits is stopped as well: after one more group."""
    commit, model = Store.commit, LocalModel(together=3)

    def press(self: Store, records: Any, grader: Any) -> None:
        if _rows(self) == 6:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)
        commit(self, records, grader)

    monkeypatch.setattr(Store, "commit", press)
    with pytest.raises(KeyboardInterrupt):
        go(model, tmp_path)
    assert stored(tmp_path) == model.asked.total() == 12
    assert model.cleaned == 1


def test_ctrl_c_does_not_wait_for_a_slow_grader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("promptlab.runner.recording._GRACE", 0.2)
    slow = True

    def rule(question: Question, text: str) -> bool:
        time.sleep(0.2 * slow)
        return True

    model, grader = LocalModel(together=96), lab.as_grader(rule, name="slow")
    threading.Timer(0.7, os.kill, [os.getpid(), signal.SIGINT]).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        go(model, tmp_path, grader=grader, samples=4)
    assert time.monotonic() - started < 10, "96 grades take 19 seconds"
    assert stored(tmp_path) == model.asked.total() == 96
    statuses = list(load_run(tmp_path).to_frame()["status"])
    assert statuses.count("ungraded") > 60
    slow = False
    assert set(go(model, tmp_path, grader=grader, samples=4).to_frame()["status"]) == {"correct"}
    assert model.asked.total() == 96


def test_a_slow_grader_holds_back_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("promptlab.runner.recording._SLOW", 0.05)
    sizes: list[int] = []
    commit = Store.commit
    monkeypatch.setattr(Store, "commit", lambda s, records, g: sizes.append(len(records)) or commit(s, records, g))
    grader = lab.as_grader(lambda question, text: time.sleep(0.02) is None, name="slow")
    go(LocalModel(together=24), tmp_path, grader=grader)
    assert sum(sizes) == 24
    assert max(sizes) <= 5


def test_it_runs_inside_a_running_loop_as_in_jupyter(tmp_path: Path):
    async def cell() -> Run:
        return go(LocalModel(), tmp_path)

    assert len(asyncio.run(cell()).to_frame()) == 24


def test_a_second_run_on_the_same_path_is_refused(tmp_path: Path):
    model = LocalModel(delay=0.05)
    first = threading.Thread(target=go, args=(model, tmp_path))
    first.start()
    while not model.asked:
        time.sleep(0.01)
    with pytest.raises(StoreError, match="is being written by process"):
        go(LocalModel(), tmp_path)
    assert stored(tmp_path) < 24, "reading goes on meanwhile"
    first.join()
    assert stored(tmp_path) == 24


def test_the_model_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The next group is asked for when the last one is committed."""
    commit, model, most = Store.commit, LocalModel(), 0

    def slow(self: Store, records: Any, grader: Any) -> None:
        nonlocal most
        most = max(most, model.asked.total() - _rows(self))
        time.sleep(0.02)
        commit(self, records, grader)

    monkeypatch.setattr(Store, "commit", slow)
    go(model, tmp_path)
    assert most == 1


def _rows(store: Store) -> int:
    return int(next(store.rows("SELECT count(*) FROM samples"))[0])


# -- progress ----------------------------------------------------------------------------------------------------------


def test_progress_names_the_model_and_can_be_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    go(LocalModel("tiny"), tmp_path / "a", progress=True)
    shown = capsys.readouterr().err
    assert "tiny: 100%" in shown
    assert "24/24" in shown
    go(LocalModel("tiny"), tmp_path / "b")
    assert capsys.readouterr() == ("", "")


def test_a_log_file_gets_few_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    go(LocalModel(delay=0.05), tmp_path, progress=True)
    assert log.getvalue().count("\r") <= 3


def test_progress_starts_where_the_records_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    go(LocalModel(), tmp_path, questions=QUESTIONS[:6])
    go(LocalModel(), tmp_path, progress=True)
    assert "12/24" in capsys.readouterr().err


# -- what is recorded --------------------------------------------------------------------------------------------------


def test_the_manifest_says_what_made_the_run(tmp_path: Path):
    questions = lab.load_questions("arithmetic", n=3, seed=0)
    assert isinstance(questions, QuestionSet)
    done = go(LocalModel(), tmp_path, few_shot(k=2), questions, samples=2, answer_format=lab.BOXED)
    made = json.loads((tmp_path / "manifest.json").read_text())
    assert made == done.manifest
    assert made["model"] == {"name": "local", "revision": "", "adapter": "", "template_hash": "", "engine": "python"}
    assert made["questions"] == {
        "name": questions.name, "origin": questions.origin, "hash": questions.hash, "count": 3,
    }  # fmt: skip
    assert made["conditions"]["few-shot-2"]["shots"] == 2
    assert made["grader"]["name"] == "by-kind"
    assert made["answer_format"]["sentence"] == lab.BOXED.sentence
    assert made["settings"] == {"base_url": "http://host/v1", "api_key": "(not recorded)"}
    assert (made["samples"], made["planned"], made["seed"]) == (2, 6, 0)
    (entry,) = made["sessions"]
    assert (entry["pending"], entry["ended"], entry["paid"]["requests"]) == (6, "completed", 6)


def test_a_narrower_call_takes_nothing_out_of_the_manifest(tmp_path: Path):
    questions = lab.load_questions("arithmetic", n=6, seed=0)
    few = questions.select([question.id for question in questions[:2]])
    whole = go(LocalModel(), tmp_path, [zero_shot(), concise()], questions, samples=3).manifest
    after = go(LocalModel(), tmp_path, [zero_shot()], few, samples=1).manifest
    assert {k: after[k] for k in ("questions", "samples", "conditions")} == {
        k: whole[k] for k in ("questions", "samples", "conditions")
    }
    first, second = after["sessions"]
    assert (first["questions"]["count"], first["samples"], first["planned"]) == (6, 3, 36)
    assert (second["questions"]["hash"], second["samples"], second["planned"]) == (few.hash, 1, 2)
    assert second["conditions"] == ["zero-shot"]


def test_one_source_of_reuse_may_stand_alone(tmp_path: Path):
    first = go(LocalModel(), tmp_path / "a")
    for one in (first, tmp_path / "a", str(tmp_path / "a")):
        model = LocalModel()
        go(model, tmp_path / f"b-{type(one).__name__}", reuse=one)
        assert not model.asked


def test_a_folder_named_like_a_shipped_run_is_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert len(go(LocalModel(), Path("recorded:plain")).to_frame()) == 24


def test_a_run_in_one_file_cannot_be_reused(tmp_path: Path):
    file = go(LocalModel(), tmp_path / "a").to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"reuse: .*a\.parquet is one file"):
        go(LocalModel(), tmp_path / "b", reuse=[load_run(file)])


def test_texts_do_not_depend_on_order():
    request = plan(LocalModel().id, ARMS, QUESTIONS, samples=1, sampling=SAMPLING, answer_format=None)[3]
    assert text_of(request.request(SAMPLING)) == text_of(request.request(SAMPLING))


def test_features_that_cannot_be_told_do_not_lose_completions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> dict[str, Any]:
        raise IndexError("no such place")

    model = LocalModel()
    monkeypatch.setattr("promptlab.traces.features", broken)
    with pytest.raises(PromptlabError, match=r"features of question 'q0', grade Grade.*IndexError.*samples are kept"):
        go(model, tmp_path)
    monkeypatch.undo()
    assert stored(tmp_path) == model.asked.total() > 0
    assert "ungraded" not in set(go(model, tmp_path).to_frame()["status"])
    assert model.asked.total() == 24
