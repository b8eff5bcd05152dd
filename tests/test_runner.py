"""The run: only what is missing is paid for, whatever happened before; nothing that was paid for is lost."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from local_models import QUESTIONS, SAMPLING, LocalModel, complete, text_of

import promptlab as lab
from promptlab.errors import BudgetError, InputError, ModelError, PromptlabError, StoreError
from promptlab.prompts import concise, few_shot, zero_shot
from promptlab.questions import QuestionSet
from promptlab.records import Run, load_run
from promptlab.runner import run
from promptlab.runner.planning import plan
from promptlab.store import Store, read_manifest
from promptlab.types import AnswerFormat, Completion, Grade, Question, Request, request_key, request_seed

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
    assert first.key == request_key(model.id, first.cell.prompt, SAMPLING, 0, 0)
    assert first.request(SAMPLING).seed == request_seed(first.key)
    order = [(p.cell.condition, p.cell.draw, QUESTIONS.index(p.cell.question), p.index) for p in planned]
    assert order == sorted(order, key=lambda place: (place[0] == "zero-shot", *place[1:]))
    assert len({draw for _, draw, *_ in order}) == 3


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
        ({"samples": 0}, "samples of run must be a whole number >= 1; got 0"),
        ({"samples": True}, "got True"),
        ({"samples": 1.5}, "got 1.5"),
        ({"conditions": [few_shot(k=2)]}, "few_shot has no exemplars"),
        ({"max_cost": 1.0}, "max_cost of run needs prices="),
        ({"max_cost": 1.0, "prices": (1.0,)}, "prices of run must be two numbers"),
        ({"max_tokens_total": 0}, "max_tokens_total of run must be a number > 0; got 0"),
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
    for conditions, questions in (([], QUESTIONS), (ARMS, [])):
        with pytest.raises(InputError, match="needs a condition and a question"):
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
    with pytest.raises(StoreError, match=r"reuse: .*nowhere holds no run"):
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
        ("local", {"questions": [replace(QUESTIONS[0], answers=("7",))]}, "question 'q0' has another text or"),
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
    run_ = go(model, tmp_path)
    assert not model.asked
    assert [entry["engine"] for entry in run_.manifest["sessions"]] == ["python", "python 4"]


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
            async for key, completion in super().generate(requests[:5]):
                yield key, completion
            if trouble != "silent":
                yield (requests[0].key if trouble == "twice" else "k"), completion

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
    """However slow the disk, few completions are in memory."""
    monkeypatch.setattr("promptlab.runner.recording._ROOM", 4)
    commit, model, most = Store.commit, LocalModel(), 0

    def slow(self: Store, records: Any, grader: Any) -> None:
        nonlocal most
        most = max(most, model.asked.total() - _rows(self))
        time.sleep(0.02)
        commit(self, records, grader)

    monkeypatch.setattr(Store, "commit", slow)
    go(model, tmp_path)
    assert most <= 4 + 1


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


# -- kill -9 -----------------------------------------------------------------------------------------------------------

IN_FLIGHT = 6
KILLED = """
import os, signal, sys
sys.path.insert(0, {here!r})
from local_models import QUESTIONS, SAMPLING
from promptlab.models import open_model
from promptlab.prompts import concise, zero_shot
from promptlab.runner import run
from promptlab.store import database

url, path, point, n = *sys.argv[1:4], int(sys.argv[4])
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
commit, grade_rows, calls = database.Store.commit, database._grade_rows, 0

def counted(*given):
    global calls
    calls += 1
    if point == "before" and calls == n:
        die()
    commit(*given)
    if point == "after" and calls == n:
        die()

def within(*given):  # its samples are in the transaction already
    if point == "within" and calls == n:
        die()
    return grade_rows(*given)

database.Store.commit, database._grade_rows = counted, within
model = open_model("openai:fake@" + url, max_in_flight={in_flight})
run(model, [zero_shot(), concise()], QUESTIONS, samples=3, sampling=SAMPLING, path=path, progress=False)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server in its own process, which outlives the killed runs; (URL, its log)."""
    log = tmp_path_factory.mktemp("server") / "log.jsonl"
    command = [sys.executable, "-m", "tests.fake_server", "--latency", "0.08", "--log", str(log)]
    process = subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    yield process.stdout.readline().strip(), log
    process.terminate()
    process.wait()


def start(url: str, path: Path, point: str = "never", n: int = 0) -> subprocess.Popen[str]:
    code = KILLED.format(here=str(HERE), in_flight=IN_FLIGHT)
    command = [sys.executable, "-c", code, url, str(path), point, str(n)]
    return subprocess.Popen(command, cwd=HERE.parent, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> int:
    _, errors = process.communicate(timeout=120)
    assert process.returncode in (0, -signal.SIGKILL), errors
    return process.returncode


def requests(log: Path) -> Counter[str]:
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(json.loads(line)["digest"] for line in lines)


@pytest.fixture(scope="module")
def undisturbed(server: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    path = tmp_path_factory.mktemp("undisturbed")
    assert finish(start(server[0], path)) == 0
    return comparable(path)


def comparable(path: Path) -> pd.DataFrame:
    return load_run(path).to_frame().drop(columns="seconds")


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 on Windows")
@pytest.mark.parametrize("point", ["before", "after", "within", "any time", "any time again"])
def test_after_kill_9_the_same_command_goes_on(
    server: tuple[str, Path], undisturbed: pd.DataFrame, tmp_path: Path, point: str
):
    url, log = server
    rng = random.Random(point)
    earlier = requests(log)
    process = start(url, tmp_path, point, rng.randint(2, 6))
    if point.startswith("any time"):
        limit = rng.randint(5, 60)
        while (requests(log) - earlier).total() < limit:
            time.sleep(0.005)
        process.kill()
    assert finish(process) == -signal.SIGKILL
    with Store(tmp_path) as store:
        kept, sent = _rows(store), (requests(log) - earlier).total()
    assert sent - kept <= 2 * IN_FLIGHT, "in flight, and the group that was being committed"
    assert finish(start(url, tmp_path)) == 0
    pd.testing.assert_frame_equal(comparable(tmp_path), undisturbed)
    assert undisturbed["key"].is_unique
    assert len(undisturbed) == 2 * 12 * 3
    assert (requests(log) - earlier).total() - 72 == sent - kept, "repeated: only what was lost"
    sessions = load_run(tmp_path).manifest["sessions"]
    assert [entry.get("ended") for entry in sessions] == [None, "completed"]


def test_texts_do_not_depend_on_order():
    request = plan(LocalModel().id, ARMS, QUESTIONS, samples=1, sampling=SAMPLING, answer_format=None)[3]
    assert text_of(request.request(SAMPLING)) == text_of(request.request(SAMPLING))


def test_a_grade_is_what_the_grader_says(tmp_path: Path):
    half = lab.as_grader(lambda question, text: Grade(0.5, "x", True), name="half")
    assert set(go(LocalModel(), tmp_path, grader=half).to_frame()["score"]) == {0.5}
