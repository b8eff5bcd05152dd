"""Settings for a real base: whole, alike for one GPU and for eight, in TRL's and peft's names; the same rewards."""

from __future__ import annotations

import dataclasses

import pytest

from experiments.r1_miniature import real
from experiments.r1_miniature.real import FOLDER, Earned, load_settings, rows, tasks
from promptlab.errors import InputError
from promptlab.questions import load_questions

NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
ARITHMETIC = {"source": "arithmetic", "split": "train", "n": 30, "seed": 31}


@pytest.mark.parametrize("name", NAMES)
def test_settings_are_whole_and_marked_as_not_run(name: str) -> None:
    settings = load_settings(name)
    assert (FOLDER / f"{name}.yaml").read_text().startswith("# NOT RUN HERE")
    grpo = settings.grpo
    drawn = grpo["per_device_train_batch_size"] * settings.gpus * grpo["steps_per_generation"]
    assert drawn % grpo["num_generations"] == 0
    assert grpo["steps_per_generation"] % grpo["gradient_accumulation_steps"] == 0


def test_one_gpu_and_eight_train_alike() -> None:
    one, eight = (load_settings(f"qwen2.5-1.5b-{n}gpu") for n in (1, 8))
    spread = ("steps_per_generation", "gradient_accumulation_steps")
    for key in spread:
        assert one.grpo[key] * one.gpus == eight.grpo[key] * eight.gpus
    assert (
        dataclasses.replace(eight, gpus=one.gpus, grpo={**eight.grpo, **{key: one.grpo[key] for key in spread}}) == one
    )


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match="1gpu"):
        load_settings("qwen2.5-1.5b-2gpu")


@pytest.mark.parametrize(("gpus", "processes"), [(1, "8"), (8, None), (8, "4")])
def test_another_number_of_processes_is_refused(
    gpus: int, processes: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before a question is loaded; what is missing is not blamed for it."""
    monkeypatch.setattr(real, "tasks", None)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    if processes:
        monkeypatch.setenv("WORLD_SIZE", processes)
    assert real.main([f"qwen2.5-1.5b-{gpus}gpu"]) == 2
    told = capsys.readouterr().err
    assert f"settings are for {gpus}" in told
    assert "trl" not in told


@pytest.mark.parametrize("few_shot", [0.0, 0.5])
def test_rows_are_chats_and_rewards_the_packages_own(few_shot: float) -> None:
    settings = load_settings("qwen2.5-1.5b-1gpu")
    mix = {**settings.mix, "few_shot": few_shot, "formats": {"none": 1}}
    drawn = tasks(dataclasses.replace(settings, questions=ARITHMETIC, mix=mix))
    made = rows(drawn)
    asked = load_questions(**ARITHMETIC)
    assert [row["task"] for row in made] == list(range(30))
    assert all(q.text in row["prompt"][-1]["content"] for q, row in zip(asked, made, strict=True))
    assert any(task.prompt.exemplars for task in drawn) == bool(few_shot)
    said = [f"<think>\n1 + 1\n</think>\n<answer>{answer}</answer>" for answer in (asked.questions[4].answers[0], "-1")]
    chats = [[{"role": "assistant", "content": text}] for text in (*said, "")]
    assert Earned(drawn, 0.1, 0.025)(chats, task=[4, 4, 4]) == pytest.approx([1.2, 0.2, 0.0])


def test_a_mix_with_raw_text_is_refused() -> None:
    settings = load_settings("qwen2.5-1.5b-1gpu")
    mix = {**settings.mix, "conditions": {"r1-zero": 1}}
    with pytest.raises(InputError, match="chats"):
        tasks(dataclasses.replace(settings, questions=ARITHMETIC, mix=mix))


@pytest.mark.parametrize("name", NAMES)
def test_names_are_trls_and_pefts(name: str) -> None:
    trl, peft = pytest.importorskip("trl"), pytest.importorskip("peft")
    settings = load_settings(name)
    for section, config in ((settings.grpo, trl.GRPOConfig), (settings.lora, peft.LoraConfig)):
        assert set(section) <= {field.name for field in dataclasses.fields(config)}
