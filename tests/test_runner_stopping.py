"""A run under a rule: it ends when all is decided, goes on after anything, and says that it has stopped early."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from local_models import SAMPLING, LocalModel
from promptlab.comparison import compare, decided, decisions
from promptlab.errors import BudgetError, InputError
from promptlab.prompts import concise, few_shot, zero_shot
from promptlab.records import Run, load_run
from promptlab.runner import run
from promptlab.runner.stopping import Stopping, units
from promptlab.types import Completion, Question, Request

QUESTIONS = [Question(f"q{i:03d}", f"What is {i} + {i + 1}?", (str(2 * i + 1),)) for i in range(120)]
CLUSTERED = [replace(question, cluster=f"c{i // 4}") for i, question in enumerate(QUESTIONS)]
ARMS = [zero_shot(), concise()]
RULE = decided(baseline="zero-shot", batch=10)


def scripted(right: Callable[[bool, int], bool], ending: str = "complete") -> Callable[[Request], Completion]:
    """Right where ``right(concise?, number of the question)`` says so; what is not right has this ending."""

    def reply(request: Request) -> Completion:
        asked = request.prompt.messages[-1].content
        i = int(asked.split()[2])
        if right("concise" in asked.lower(), i):
            return Completion(f"The answer is {2 * i + 1}.", "complete", prompt_tokens=20, completion_tokens=10)
        return Completion("The answer is 1000.", ending, prompt_tokens=20, completion_tokens=10)  # type: ignore[arg-type]

    return reply


LOSING = scripted(lambda short, i: not short)
LOSING_A_THIRD = scripted(lambda short, i: not (short and i % 3 == 0))
EQUAL = scripted(lambda short, i: i % 2 == 0)


def go(model: LocalModel, path: Path, questions: Any = QUESTIONS, **more: Any) -> Run:
    chosen = {"sampling": SAMPLING, "progress": False, "stop_when": RULE, **more}
    return run(model, chosen.pop("conditions", ARMS), questions, path=path, **chosen)


# -- the order ---------------------------------------------------------------------------------------------------------


def test_the_order_is_random_but_fixed_by_the_seed():
    order = [unit[0].id for unit in units(QUESTIONS, 0)]
    assert order == [unit[0].id for unit in units(reversed(QUESTIONS), 0)]
    assert order != sorted(order)
    assert order != [unit[0].id for unit in units(QUESTIONS, 1)]
    assert [one for one in order if one < "q050"] == [unit[0].id for unit in units(QUESTIONS[:50], 0)]


def test_a_cluster_is_one_unit():
    order = units([*CLUSTERED, Question("lone", "Who?", ("x",)), Question("c0", "What?", ("x",))], 3)
    assert sorted(map(len, order)) == [1, 1] + [4] * 30
    assert all(len({question.cluster for question in unit}) == 1 for unit in order)


def test_the_first_places_are_spread_evenly():
    first = [int(units(QUESTIONS, seed)[0][0].id[1:]) for seed in range(300)]
    assert np.mean(first) == pytest.approx(59.5, abs=3 * 120 / np.sqrt(12 * 300))


# -- ending early ------------------------------------------------------------------------------------------------------


def test_a_large_effect_ends_the_run(tmp_path: Path):
    model = LocalModel(reply=LOSING_A_THIRD)
    found = decisions(go(model, tmp_path))
    asked = model.asked.total() // 2
    assert found.table["verdict"].tolist() == ["degraded"]
    assert found.table["questions"].tolist() == [asked]
    assert 20 <= asked < 60
    assert asked % 10 == 0
    ended = load_run(tmp_path).manifest["sessions"][-1]["ended"]
    assert ended == f"stopped early after {asked} of 120 questions"
    go(model, tmp_path)
    assert model.asked.total() // 2 == asked
    assert [call["ended"] for call in load_run(tmp_path).manifest["sessions"]] == [ended, ended]
    assert ended in found.savings[0]
    assert f"{100 - 100 * asked / 120:.0f} % less" in found.savings[0]
    before = found.sequence[found.sequence["questions"] <= asked - 10].iloc[-1]
    assert before["high"] >= 0, "at the look before, nothing was decided"


def test_equal_arms_run_to_the_cap_and_are_not_decided(tmp_path: Path):
    model = LocalModel(reply=EQUAL)
    found = decisions(go(model, tmp_path, QUESTIONS[:60]))
    assert model.asked.total() == 120
    assert found.table["verdict"].tolist() == ["inconclusive"]
    assert "is not decided" in found.verdicts[0]
    assert "all 60 questions" in found.savings[0]
    assert load_run(tmp_path).manifest["sessions"][-1]["ended"] == "completed"


def test_a_margin_decides_equal_arms(tmp_path: Path):
    found = decisions(go(LocalModel(reply=EQUAL), tmp_path, stop_when=replace(RULE, margin=0.25)))
    assert found.table["verdict"].tolist() == ["equivalent"]
    assert found.table["questions"][0] < 120


def test_every_comparison_must_be_decided(tmp_path: Path):
    arms = [*ARMS, zero_shot().but(name="again", instruction="Think.")]
    model = LocalModel(reply=LOSING)
    found = decisions(go(model, tmp_path, QUESTIONS[:50], conditions=arms))
    assert model.asked.total() == 150
    assert found.table["verdict"].tolist() == ["degraded", "inconclusive"]
    assert not found.settled


def test_batches_go_arm_by_arm(tmp_path: Path):
    model = LocalModel(reply=LOSING_A_THIRD)
    seen: list[tuple[bool, str]] = []
    model.reply = lambda request: seen.append(_place(request)) or LOSING_A_THIRD(request)
    go(model, tmp_path)
    order = [f"q{int(unit[0].id[1:]):03d}" for unit in units(QUESTIONS, SAMPLING.seed)]
    for start in range(0, len(seen), 20):
        batch = seen[start : start + 20]
        assert [short for short, _ in batch] == [False] * 10 + [True] * 10
        assert {one for _, one in batch} == set(order[start // 2 : start // 2 + 10])


def _place(request: Request) -> tuple[bool, str]:
    asked = request.prompt.messages[-1].content
    return "concise" in asked.lower(), f"q{int(asked.split()[2]):03d}"


def test_clusters_come_whole_and_count_as_one(tmp_path: Path):
    found = decisions(go(LocalModel(reply=LOSING), tmp_path, CLUSTERED))
    row = found.table.iloc[0]
    assert row["questions"] == 4 * row["units"]
    assert row["questions"] % 12 == 0, "batches of 10 are three clusters of 4"
    assert f"{row['units']} clusters" in found.verdicts[0]
    single = decisions(go(LocalModel(reply=LOSING), tmp_path / "single")).table.iloc[0]
    assert row["questions"] > single["questions"]


# -- whatever happens --------------------------------------------------------------------------------------------------


def test_a_run_goes_on_as_if_it_had_never_been_interrupted(tmp_path: Path):
    whole = decisions(go(LocalModel(reply=LOSING_A_THIRD), tmp_path / "whole"))
    model = LocalModel(reply=LOSING_A_THIRD)
    for stop in (7, 25, 31):
        model.fail_after = (stop, asyncio.CancelledError())
        with pytest.raises(asyncio.CancelledError):
            go(model, tmp_path / "cut")
        part = decisions(load_run(tmp_path / "cut"))
        assert not part.settled
        assert "so far" in part.savings[0]
    model.fail_after = None
    found = decisions(go(model, tmp_path / "cut"))
    assert max(model.asked.values()) == 1
    assert found.table.equals(whole.table)
    assert found.sequence.equals(whole.sequence)


def test_a_run_that_has_stopped_asks_nothing_more(tmp_path: Path):
    model = LocalModel(reply=LOSING)
    go(model, tmp_path)
    asked = model.asked.total()
    go(model, tmp_path)
    assert model.asked.total() == asked
    assert "stopped early" in load_run(tmp_path).manifest["sessions"][-1]["ended"]


def test_a_budget_holds_over_all_batches(tmp_path: Path):
    with pytest.raises(BudgetError, match="tokens"):
        go(LocalModel(reply=EQUAL), tmp_path, max_tokens_total=1_000)
    assert len(load_run(tmp_path).to_frame()) in range(30, 34)


def test_missing_samples_count_at_their_worst(tmp_path: Path):
    lost = scripted(lambda short, i: not short, ending="error")
    with pytest.warns(UserWarning, match="failed"):
        found = decisions(go(LocalModel(reply=lost), tmp_path, QUESTIONS[:40]))
    assert found.table["missing"].tolist() == [40]
    assert found.table["verdict"].tolist() == ["inconclusive"], "had they been right, nothing would have been lost"


def test_failures_of_the_model_make_a_verdict_fragile(tmp_path: Path):
    found = decisions(go(LocalModel(reply=scripted(lambda short, i: not short, ending="truncated")), tmp_path))
    assert found.table["verdict"].tolist() == ["degraded"]
    assert found.table["validity"].tolist() == ["fragile"]
    assert "Fragile" in found.verdicts[0]


def test_reused_samples_enter_in_their_turn(tmp_path: Path):
    go(LocalModel(reply=LOSING), tmp_path / "all", stop_when=None)
    model = LocalModel(reply=LOSING)
    found = decisions(go(model, tmp_path / "some", reuse=tmp_path / "all"))
    assert model.asked.total() == 0
    assert len(load_run(tmp_path / "some").to_frame()) == 2 * found.table["questions"][0] < 240


def test_a_file_of_a_stopped_run_says_the_same(tmp_path: Path):
    stopped = go(LocalModel(reply=LOSING), tmp_path / "run", CLUSTERED)
    again = decisions(load_run(stopped.to_parquet(tmp_path / "run.parquet")))
    assert again.table.equals(decisions(stopped).table)


# -- honest about what was fixed before --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        {"stop_when": None},
        {"stop_when": replace(RULE, alpha=0.1)},
        {"stop_when": replace(RULE, margin=0.02)},
        {"stop_when": replace(RULE, family=3)},
        {"samples": 2},
        {"questions": QUESTIONS[:100]},
        {"conditions": [*ARMS, zero_shot().but(name="again", instruction="Think.")]},
    ],
)
def test_nothing_may_change_once_it_has_begun(other: dict[str, Any], tmp_path: Path):
    go(LocalModel(reply=LOSING), tmp_path)
    with pytest.raises(InputError, match="stopping"):
        go(LocalModel(reply=LOSING), tmp_path, **other)


def test_nothing_for_a_fixed_size_reports_it(tmp_path: Path):
    stopped = go(LocalModel(reply=LOSING), tmp_path / "run")
    frame = stopped.to_frame()
    file = load_run(stopped.to_parquet(tmp_path / "run.parquet"))
    for runs in (stopped, file, frame, [frame[frame["sample"] < 1]], frame.assign(model="other")):
        with pytest.raises(InputError, match=r"decisions\(run\) reports it"):
            compare(runs, baseline="zero-shot")
    compare(go(LocalModel(reply=LOSING), tmp_path / "fixed", stop_when=None), baseline="zero-shot")


def copied(path: Path, stopped: Path, questions: Any = QUESTIONS, **more: Any) -> Run:
    """A run without a rule, with what a stopped one has."""
    return go(more.pop("model", LocalModel(reply=LOSING)), path, questions, stop_when=None, reuse=stopped, **more)


def asked_of(stopped: Run) -> list[Question]:
    asked = set(stopped.to_frame()["question"])
    assert len(asked) < len(QUESTIONS), "the rule has stopped it"
    return [question for question in QUESTIONS if question.id in asked]


def test_copying_makes_no_fixed_size_of_what_a_rule_has_chosen(tmp_path: Path):
    some = asked_of(go(LocalModel(reply=LOSING), tmp_path / "stopped"))
    few = copied(tmp_path / "few", tmp_path / "stopped", some)
    assert few.manifest["reused"][0]["run"] == "../stopped"
    again = copied(tmp_path / "again", tmp_path / "few", some)
    file = load_run(few.to_parquet(tmp_path / "few.parquet"))
    alone = go(LocalModel(reply=LOSING), tmp_path / "few", some, stop_when=None)
    for runs in (few, again, file, alone, few.retraced(n_questions=5)):
        with pytest.raises(InputError, match="asked all questions of that run's cap"):
            compare(runs, baseline="zero-shot")


def test_what_was_copied_counts_once_all_questions_of_the_cap_are_asked(tmp_path: Path):
    some = asked_of(go(LocalModel(reply=LOSING), tmp_path / "stopped"))
    broken = LocalModel(reply=LOSING, fail_after=(3, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        copied(tmp_path / "all", tmp_path / "stopped", model=broken)
    with pytest.raises(InputError, match="stop_when="):
        compare(load_run(tmp_path / "all"), baseline="zero-shot")
    model = LocalModel(reply=LOSING)
    whole = go(model, tmp_path / "all", stop_when=None)
    assert model.asked.total() == 2 * (len(QUESTIONS) - len(some)) - 3
    assert compare(whole, baseline="zero-shot").table.loc[0, "questions"] == len(QUESTIONS)
    assert "stopped" not in whole.retraced(n_questions=5)


def test_the_same_questions_under_other_ids_are_the_same_questions(tmp_path: Path):
    some = {question.id for question in asked_of(go(LocalModel(reply=LOSING), tmp_path / "stopped"))}
    renamed = [replace(question, id=f"other {question.id}") for question in QUESTIONS]
    few = [new for new, question in zip(renamed, QUESTIONS, strict=True) if question.id in some]
    model = LocalModel(reply=LOSING)
    run = copied(tmp_path / "other", tmp_path / "stopped", few, model=model)
    assert model.asked.total() == 0
    with pytest.raises(InputError, match="asked all questions of that run's cap"):
        compare(run, baseline="zero-shot")
    whole = copied(tmp_path / "other", tmp_path / "stopped", renamed)
    assert compare(whole, baseline="zero-shot").table.loc[0, "questions"] == len(QUESTIONS)
    again = copied(tmp_path / "again", tmp_path / "other", QUESTIONS)
    compare(again, baseline="zero-shot")


def test_the_same_questions_under_other_ids_may_be_asked_in_parts(tmp_path: Path):
    some = {question.id for question in asked_of(go(LocalModel(reply=LOSING), tmp_path / "stopped"))}
    parts: dict[bool, list[Question]] = {True: [], False: []}
    for question in QUESTIONS:
        parts[question.id in some].append(replace(question, id=f"other {question.id}"))
    copied(tmp_path / "other", tmp_path / "stopped", parts[True])
    whole = copied(tmp_path / "other", tmp_path / "stopped", parts[False])
    assert compare(whole, baseline="zero-shot").table.loc[0, "questions"] == len(QUESTIONS)


def test_other_questions_under_the_ids_of_those_never_asked_do_not_stand_for_them(tmp_path: Path):
    some = asked_of(go(LocalModel(reply=LOSING), tmp_path / "stopped"))
    ids = {question.id for question in some}
    strange = [replace(question, text=f"{question.text} Really?") for question in QUESTIONS if question.id not in ids]
    run = copied(tmp_path / "mixed", tmp_path / "stopped", [*some, *strange])
    with pytest.raises(InputError, match="asked all questions of that run's cap"):
        compare(run, baseline="zero-shot")


def test_questions_of_one_text_are_told_apart_by_their_choices(tmp_path: Path):
    def reply(request: Request) -> Completion:
        letter = "B" if "concise" in request.prompt.messages[-1].content.lower() else "A"
        return Completion(f"The answer is {letter}.", "complete", prompt_tokens=20, completion_tokens=10)

    same = [Question(q.id, "Which is true?", ("A",), kind="label", choices=(q.text, "neither")) for q in QUESTIONS]
    asked = set(go(LocalModel(reply=reply), tmp_path / "stopped", same).to_frame()["question"])
    few = [question for question in same if question.id in asked]
    run = copied(tmp_path / "few", tmp_path / "stopped", few, model=LocalModel(reply=reply))
    assert len(run.manifest["reused"][0]["cap"]) == len(same) > len(few)
    with pytest.raises(InputError, match="asked all questions of that run's cap"):
        compare(run, baseline="zero-shot")


def test_one_condition_of_all_questions_does_not_answer_for_the_others(tmp_path: Path):
    some = asked_of(go(LocalModel(reply=LOSING), tmp_path / "stopped"))
    copied(tmp_path / "half", tmp_path / "stopped", some)
    half = go(LocalModel(reply=LOSING), tmp_path / "half", stop_when=None, conditions=ARMS[:1])
    with pytest.raises(InputError, match="asked all questions of that run's cap"):
        compare(half, baseline="zero-shot")


def test_a_stopped_run_of_which_nothing_is_copied_marks_nothing(tmp_path: Path):
    some = asked_of(go(LocalModel(reply=LOSING), tmp_path / "stopped"))
    other = [replace(question, text=f"{question.text} Say so.") for question in some]
    run = copied(tmp_path / "other", tmp_path / "stopped", other)
    assert run.manifest["reused"] == [{"run": "../stopped"}]
    compare(run, baseline="zero-shot")


def test_a_rule_cannot_be_laid_over_samples_that_are_there(tmp_path: Path):
    go(LocalModel(reply=LOSING), tmp_path, QUESTIONS[:5], stop_when=None)
    with pytest.raises(InputError, match="stopping"):
        go(LocalModel(reply=LOSING), tmp_path)
    with pytest.raises(InputError, match="use compare"):
        decisions(load_run(tmp_path))


def test_another_batch_size_changes_nothing_that_was_fixed(tmp_path: Path):
    first = decisions(go(LocalModel(reply=LOSING), tmp_path))
    model = LocalModel(reply=LOSING)
    assert decisions(go(model, tmp_path, stop_when=replace(RULE, batch=1))).table.equals(first.table)


def test_a_family_of_two_models(tmp_path: Path):
    rule = replace(RULE, family=2)
    runs = [go(LocalModel(name, reply=LOSING), tmp_path / name, stop_when=rule) for name in ("a", "b")]
    found = decisions(runs)
    assert found.table["model"].tolist() == ["a", "b"]
    assert all("for 2 comparisons together" in sentence for sentence in found.verdicts)
    alone = decisions(go(LocalModel("c", reply=LOSING), tmp_path / "c"))
    assert alone.table["high"][0] < found.table["high"][0] or alone.table["questions"][0] < found.table["questions"][0]
    with pytest.raises(InputError, match="several rules: family"):
        decisions([*runs, load_run(tmp_path / "c")])
    more = go(LocalModel("d", reply=LOSING), tmp_path / "d", stop_when=rule)
    with pytest.raises(InputError, match="family=3"):
        decisions([*runs, more])


def test_what_cannot_be_decided_is_refused_before_any_call(tmp_path: Path):
    model = LocalModel(reply=LOSING)
    for rule, told in (
        (replace(RULE, baseline="zero"), "did you mean 'zero-shot'"),
        (replace(RULE, family=1), "family of decided is 1"),
    ):
        with pytest.raises(InputError, match=told):
            go(model, tmp_path, conditions=[*ARMS, few_shot(k=1)], questions=_with_pool(), stop_when=rule)
    with pytest.raises(InputError, match="stop_when of run is 'decided'"):
        go(model, tmp_path, stop_when="decided")
    with pytest.raises(InputError, match="nothing to decide"):
        go(model, tmp_path, conditions=[zero_shot()])
    for wrong in ({"alpha": 0}, {"margin": 1.5}, {"family": 0}, {"batch": 0}):
        with pytest.raises(InputError, match=f"{next(iter(wrong))} of decided"):
            decided(baseline="zero-shot", **wrong)
    assert not model.asked


def _with_pool() -> Any:
    from promptlab.questions import QuestionSet

    return QuestionSet(tuple(QUESTIONS), pool=(Question("p", "What is 500 + 1?", ("501",)),))


def test_without_a_rule_everything_is_one_part():
    assert list(Stopping(None, [], QUESTIONS, 1, 0).parts([], look=lambda: pytest.fail("looked"))) == [[]]


def test_it_is_shown(tmp_path: Path):
    found = decisions(go(LocalModel(reply=LOSING), tmp_path))
    assert repr(found) == "<Decisions on 1 comparison: 1 degraded>"
    assert found.verdicts[0] in found.to_markdown()
    assert found.savings[0] in found._repr_html_()
    assert "difference" not in found.table, "no point estimate"
