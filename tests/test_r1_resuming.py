"""A training's checkpoint: whole or not there, of one recipe."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_r1_miniature import tiny_network

from experiments.r1_miniature.recipe import Recipe, load_recipe, stated
from promptlab.errors import InputError

torch = pytest.importorskip("torch", reason="torch is not installed (the `train` extra)")
from experiments.r1_miniature.grpo import Levels  # noqa: E402
from experiments.r1_miniature.resuming import TABLES, Standing, append  # noqa: E402


class Killed(BaseException):
    """No code of ours sees it coming."""


def standing(folder: Path, recipe: Recipe | None = None, **more: Any) -> Standing:
    network = tiny_network()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    return Standing(folder, stated(recipe or load_recipe("r1")) | more, network, optimiser, Levels({}, 0.0, {1: 0.5}))


def advance(at: Standing, step: int) -> None:
    """One update; the level's accuracy says which."""
    at.optimiser.zero_grad()
    sum((p**2).sum() * (step + 1) for p in at.network.parameters()).backward()  # type: ignore[union-attr]
    at.optimiser.step()
    assert at.levels is not None
    at.levels.accuracy = {1: float(step)}


def all_of(at: Standing) -> list[Any]:
    found = [p.detach().clone() for p in at.network.parameters()]
    for state in at.optimiser.state_dict()["state"].values():
        found += [state["exp_avg"].clone(), state["exp_avg_sq"].clone(), state["step"].clone()]
    assert at.levels is not None
    return [*found, torch.tensor(at.levels.accuracy[1])]


def same(some: list[Any], others: list[Any]) -> bool:
    return len(some) == len(others) and all(map(torch.equal, some, others))


def test_a_first_checkpoint_is_empty_and_binds_the_folder_to_its_recipe(tmp_path: Path) -> None:
    assert standing(tmp_path).load() is None
    standing(tmp_path).save(0)
    assert standing(tmp_path).load() == 0
    with pytest.raises(InputError):
        standing(tmp_path, load_recipe("zero")).load()


def test_what_was_kept_comes_back_and_the_older_one_goes(tmp_path: Path) -> None:
    at = standing(tmp_path)
    for step in range(3):
        at.save(step)
        advance(at, step)
    at.save(3)
    at.save(3)  # a minute and the time are up at one step
    back = standing(tmp_path)
    assert back.load() == 3
    assert same(all_of(back), all_of(at))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-3"]
    advance(at, 3)
    advance(back, 3)
    assert same(all_of(back), all_of(at))


@pytest.mark.parametrize("name", ["adapter.pt", "exp_avg.pt", "exp_avg_sq.pt", "state.pt", "rename", "rmtree"])
def test_killed_while_it_saves_it_goes_on_from_one_step_and_not_from_two(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = standing(tmp_path)
    advance(at, 0)
    at.save(9)
    before = all_of(at)
    advance(at, 1)

    def save(value: Any, path: Path) -> None:
        path.write_bytes(b"half of it")
        if path.name == name:
            raise Killed
        write(value, path)

    def rename(path: Path, target: Path) -> None:
        if name == "rename":
            raise Killed
        move(path, target)

    def rmtree(path: Path, ignore_errors: bool = False) -> None:
        if name == "rmtree" and path.name == "checkpoint-9":
            (path / "exp_avg.pt").unlink()
            raise Killed
        remove(path, ignore_errors)

    write, move, remove = torch.save, Path.rename, shutil.rmtree
    with monkeypatch.context() as patched:
        patched.setattr(torch, "save", save)
        patched.setattr(Path, "rename", rename)
        patched.setattr(shutil, "rmtree", rmtree)
        with pytest.raises(Killed):
            at.save(10)
    back, step, expected = standing(tmp_path), *((10, all_of(at)) if name == "rmtree" else (9, before))
    assert back.load() == step
    assert same(all_of(back), expected)
    back.save(11)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-11"]


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["grpo.lr=1.0e-3"], "grpo.lr was 0.00015, is 0.001."),
        (["seed=16"], "seed was 15, is 16."),
        (["grpo.samples=8", "grpo.steps=9"], "grpo.samples was 16, is 8."),
        (["mix.formats={answer-is: 1, none: 3, boxed: 1, answer-tags: 1}"], "mix.formats was {'none': 3,"),
    ],
)
def test_another_recipe_is_refused_by_the_names_of_what_differs(
    overrides: list[str], told: str, tmp_path: Path
) -> None:
    standing(tmp_path).save(3)
    with pytest.raises(InputError) as problem:
        standing(tmp_path, load_recipe("r1", overrides)).load()
    assert told in str(problem.value)
    assert "delete the folder" in str(problem.value)
    assert "grpo.steps" not in str(problem.value)


def test_a_setting_that_only_one_of_two_recipes_states_is_named(tmp_path: Path) -> None:
    standing(tmp_path).save(3)
    with pytest.raises(InputError, match=r"english_reward was not stated, is 1\.0"):
        standing(tmp_path, replace(load_recipe("r1"), english_reward=1.0)).load()


def test_what_no_step_depends_on_may_change(tmp_path: Path) -> None:
    """More steps, for GRPO: its rate does not know how many there will be. That of SFT does."""
    standing(tmp_path).save(3)
    later = load_recipe("r1", ["grpo.steps=1000", "grpo.dev_every=5", "purpose=another"])
    assert standing(tmp_path, later).load() == 3
    with pytest.raises(InputError, match="--steps was not stated, is 9"):
        standing(tmp_path, **{"--steps": 9}).load()


def test_a_part_that_did_not_travel_and_an_older_kind_of_checkpoint_are_told(tmp_path: Path) -> None:
    standing(tmp_path).save(3)
    (tmp_path / "checkpoint-3/exp_avg.pt").unlink()
    with pytest.raises(InputError, match=r"checkpoint-3 lacks exp_avg\.pt"):
        standing(tmp_path).load()
    (tmp_path / "state.pt").touch()
    with pytest.raises(InputError, match="older version"):
        standing(tmp_path).load()


def test_what_a_lost_piece_wrote_is_cut(tmp_path: Path) -> None:
    """A process that was killed wrote of steps that the checkpoint does not know: they come again."""
    standing(tmp_path).save(7)
    for name in TABLES:
        (tmp_path / name).write_text("step,right\n3,0.1\n7,0.2\n")
    assert standing(tmp_path).load() == 7
    assert {(tmp_path / name).read_text() for name in TABLES} == {"step,right\n3,0.1\n"}


def test_killed_while_it_writes_a_table_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that was opened and not yet written is begun anew; one that is cut is there before and after."""
    standing(tmp_path).save(3)
    curve, tables = tmp_path / "curve.csv", {"dev.csv": "step,right\n2,0.1\n9,0.2\n", "curve.csv": ""}
    for name, text in tables.items():
        (tmp_path / name).write_text(text)

    def killed(path: Path, target: Path) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(Killed):
            standing(tmp_path).load()
    assert {name: (tmp_path / name).read_text() for name in tables} == tables
    assert standing(tmp_path).load() == 3
    append(curve, {"step": 3, "right": 0.5})
    assert curve.read_text() == "step,right\n3,0.5\n"
