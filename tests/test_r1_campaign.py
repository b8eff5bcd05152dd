"""The queue of trainings and recordings, with commands that take no GPU and no time."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.r1_miniature import campaign, jobs, record
from experiments.r1_miniature.jobs import PARTS, Job
from experiments.r1_miniature.recipe import load_recipe
from experiments.r1_miniature.registered import SEEDS

# Writes what it is told to, unless its name says otherwise; `slow` stops in time, as a training does.
COMMAND = """
import sys, time
from pathlib import Path
arguments = sys.argv
name, out = arguments[1], Path(arguments[arguments.index("--out") + 1])
with (out / "order.txt").open("a") as file:
    file.write(" ".join(arguments[1:]) + "\\n")
if name == "bad":
    sys.exit("no such model")
if name == "slow" and not (out / "again").exists():
    (out / "again").touch()
    sys.exit(3)
if name == "hangs":
    time.sleep(60)
(out / f"{name}.done").touch()
"""


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "made_up"
    package.mkdir()
    for name in ("train", "record"):
        (package / f"{name}.py").write_text(COMMAND)
    monkeypatch.setattr(campaign, "MODULE", "made_up")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def job(name: str, *needs: str, kind: str = "train") -> Job:
    return Job((kind, name), f"{name}.done", tuple(f"{need}.done" for need in needs))


def order(out: Path) -> list[str]:
    return [line.split()[0] for line in (out / "order.txt").read_text().splitlines()]


def test_a_job_waits_for_what_it_needs_and_is_not_done_twice(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    todo = [job("b", "a", kind="record"), job("a"), job("a")]
    assert campaign.Campaign(todo, out, 2, 600).run()
    assert order(out) == ["a", "b"]
    assert campaign.Campaign(todo, out, 2, 600).run()
    assert order(out) == ["a", "b"]
    assert "0 jobs to do" in capsys.readouterr().out


def test_a_failure_is_told_and_holds_up_only_what_needs_it(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = campaign.Campaign([job("bad"), job("after", "bad"), job("other")], out, 1, 600)
    assert not made.run()
    told = capsys.readouterr().out
    assert "FAILED" in told
    assert "no such model" in told
    assert order(out) == ["bad", "other"]
    assert [str(left) for left in made.left] == ["train after"]


def test_what_time_ran_out_for_goes_on_and_a_training_is_told_how_long_it_has(out: Path) -> None:
    assert campaign.Campaign([job("slow")], out, 1, 600).run()
    lines = (out / "order.txt").read_text().splitlines()
    assert len(lines) == 2
    seconds = int(lines[0].split()[lines[0].split().index("--seconds") + 1])
    assert 500 < seconds < 600


def test_at_the_end_of_the_time_nothing_is_left_running_or_lost(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "_SHORTEST", 1)
    made = campaign.Campaign([job("hangs"), job("later", "hangs")], out, 1, 2)
    assert not made.run()
    assert [str(left) for left in made.left] == ["train hangs", "train later"]
    assert campaign.Campaign([job("a")], out, 1, 0.5).left, "too late to begin"


def test_a_start_is_not_trained_for_what_is_recorded_already(out: Path) -> None:
    (out / "recorded.done").touch()
    todo = [job("start"), job("model", "start"), job("recorded", "model", kind="record")]
    assert not campaign.Campaign(todo, out, 1, 600).left
    assert [str(left) for left in campaign.Campaign(todo[:2], out, 1, 600).left] == ["train start", "train model"]


@pytest.mark.parametrize("part", PARTS)
def test_every_job_is_of_a_recipe_or_a_design_and_waits_for_another_of_its_part(part: str) -> None:
    made = list(PARTS[part]())
    products = {each.product for each in made}
    for each in made:
        if each.trains:
            assert load_recipe(each.command[1])
            assert each.small()
        else:
            assert each.command[3] in record.DESIGNS
        assert all(need in products or "/step-" in need for need in each.needs)
    assert len(made) == len({str(each) for each in made}), "a log each"


def test_every_seed_is_trained_and_recorded_and_the_curve_keeps_its_steps() -> None:
    made = list(PARTS["H3"]())
    assert sum(each.trains for each in made) == 2 * SEEDS
    assert {each.command[1] for each in made if not each.trains} >= {"r1-mixed-1", "sft-short-8"}
    assert set(PARTS["curves"]()) & set(PARTS["H1"]()), "one training serves both"
    assert "--keep" in jobs.train("r1-short", "sft-short", 1).command


def test_the_command_refuses_an_unknown_part(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        campaign.main(["H9"])
    assert "H9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "folder"), [([], ""), (["--dry"], "-dry"), (["--dry", "--out", "out/r1_miniature"], "")]
)
def test_what_a_dry_run_makes_does_not_pass_for_done(
    options: list[str], folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert campaign.main(["H2", *options, "--seconds", "0"]) == campaign._STOPPED
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"r1_miniature{folder}"]


@pytest.mark.parametrize("name", record.DESIGNS)
def test_every_design_can_be_recorded(name: str) -> None:
    """With all of its questions: two templates have seven exemplars, and a campaign would learn it on the GPU."""
    design = record.DESIGNS[name]
    questions = design.asked(design.questions)
    for condition in design.conditions():
        for question in questions:
            assert condition.render(question, pool=questions.pool).hash
