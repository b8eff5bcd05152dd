"""The same recipe for a real base with TRL, peft and vLLM: ``python -m experiments.r1_miniature.real NAME``.

**Not run here**: the settings in ``config/real/`` (NAME.yaml) have trained nothing yet. Prompts are the package's
templates, drawn by a mix as for the small models, rewards its graders by `rewards.reward`: only the trainer differs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, get_type_hints

import yaml

from experiments.r1_miniature.mixing import Task, draw_task
from experiments.r1_miniature.recipe import CONFIG, Mix
from experiments.r1_miniature.rewards import reward
from promptlab.errors import InputError, PromptlabError, unknown
from promptlab.questions import load_questions
from promptlab.types import Completion

FOLDER = CONFIG / "real"
Chat = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Settings:
    """One file of ``config/real/``; nothing has a default."""

    gpus: int
    base: str
    questions: Mapping[str, Any]  # for load_questions
    format_reward: float
    tag_reward: float
    mix: Mapping[str, Any]
    lora: Mapping[str, Any]  # for peft.LoraConfig
    grpo: Mapping[str, Any]  # for trl.GRPOConfig


def load_settings(name: str) -> Settings:
    """The settings of a name.

    Raises
    ------
    InputError
        Unknown name or entry, or an entry that is missing.
    """
    names = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    if name not in names:
        raise unknown("settings", name, names)
    given = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    for key in given:
        if key not in get_type_hints(Settings):
            raise unknown(f"entry of {name}", key, list(get_type_hints(Settings)))
    try:
        return Settings(**given)
    except TypeError as problem:
        raise InputError(f"{name}.yaml: {problem}") from None


def tasks(settings: Settings) -> list[Task]:
    """A prompt for each training question, drawn by the mix; exemplars, if it has any, come from the others."""
    asked = load_questions(**settings.questions)
    rng, mix = Random(settings.questions["seed"]), Mix(**settings.mix)
    found = [draw_task(question, mix, asked.questions if mix.few_shot else (), rng) for question in asked]
    if any(task.prompt.text is not None or task.prompt.prefill for task in found):
        raise InputError("mix.conditions names one that is raw text or has a prefill: the rows here are chats")
    return found


def rows(drawn: Sequence[Task]) -> list[dict[str, Any]]:
    """As TRL wants them: the chat, and which task it was."""
    chats = ([{"role": m.role, "content": m.content} for m in task.prompt.messages] for task in drawn)
    return [{"prompt": chat, "task": i} for i, chat in enumerate(chats)]


@dataclass(frozen=True)
class Earned:
    """TRL's reward function: what each completion earns by its own task."""

    tasks: Sequence[Task]
    format_reward: float
    tag_reward: float

    @property
    def __name__(self) -> str:  # TRL names its log by it
        return "accuracy_and_form"

    def __call__(self, completions: Sequence[Chat], task: Sequence[int], **_: Any) -> list[float]:
        return [self._earned(chat, self.tasks[i]) for chat, i in zip(completions, task, strict=True)]

    def _earned(self, chat: Chat, task: Task) -> float:
        """A cut-off answer lacks its end, so it cannot be well formed; TRL does not say how an answer ended."""
        text = chat[-1]["content"]
        return reward(task, Completion(text, "complete" if text else "empty")).total(
            self.format_reward, self.tag_reward
        )


def check_processes(settings: Settings) -> None:
    """As many processes as the settings reckon with: fewer would train on a part of the batch, and nobody would know.

    Raises
    ------
    InputError
        It was launched with another number.
    """
    found = int(os.environ.get("WORLD_SIZE", "1"))
    if found != settings.gpus:
        raise InputError(f"{found} processes, the settings are for {settings.gpus}: the command heads their file")


def trainer(settings: Settings, drawn: Sequence[Task], out: Path) -> Any:
    """TRL's trainer; with several processes each holds the model and a vLLM engine of its own."""
    from datasets import Dataset
    from peft import LoraConfig
    from trl import GRPOConfig, GRPOTrainer

    return GRPOTrainer(
        model=settings.base,
        reward_funcs=Earned(drawn, settings.format_reward, settings.tag_reward),
        args=GRPOConfig(output_dir=str(out), **settings.grpo),
        train_dataset=Dataset.from_list(rows(drawn)),
        peft_config=LoraConfig(task_type="CAUSAL_LM", **settings.lora),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.r1_miniature.real", description=__doc__)
    parser.add_argument("settings", help="a file of config/real/, without its ending")
    parser.add_argument("--out", type=Path, default=Path("out") / "r1_real")
    args = parser.parse_args(arguments)
    try:
        settings = load_settings(args.settings)
        check_processes(settings)
        drawn = tasks(settings)
        training = trainer(settings, drawn, args.out / args.settings)
    except (PromptlabError, ImportError, OSError) as problem:
        needed = " (it needs trl[peft,vllm] and datasets)" if isinstance(problem, ImportError) else ""
        print(f"real: {problem}{needed}", file=sys.stderr)
        return 2
    training.train()
    training.save_model()
    return 0


if __name__ == "__main__":
    sys.exit(main())
