"""Where a training stands, so that it goes on: a checkpoint that is whole or not there, and knows its recipe."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from experiments.r1_miniature.grpo import Levels
from experiments.r1_miniature.network import Network
from promptlab.errors import InputError

TABLES = ("curve.csv", "dev.csv")
FREE = ("purpose", "grpo.steps", "grpo.dev_every")  # no step depends on them: they may differ from piece to piece
_NAME = "checkpoint-"  # and the step to go on with
_MOMENTS = ("exp_avg", "exp_avg_sq")
_PARTS = ("adapter", *_MOMENTS, "state")
_UNSAID = "not stated"
_ANEW = "delete the folder to train anew, or choose another --out"


@dataclass
class Standing:
    """What a training changes as it goes, and the settings that decide how."""

    folder: Path
    settings: Mapping[str, Any]
    network: Network
    optimiser: torch.optim.Optimizer
    levels: Levels | None

    def save(self, step: int) -> None:
        """Keep where it stands before this step, in files below 16 MB each, so that they can travel."""
        whole, part = self.folder / f"{_NAME}{step}", self.folder / "checkpoint.part"
        if whole.exists():
            return
        older = _checkpoints(self.folder)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        for name, value in self._parts(step).items():
            torch.save(value, part / f"{name}.pt")
        part.rename(whole)  # the one moment at which it is there, and then all of it
        for path in older:
            shutil.rmtree(path)

    def _parts(self, step: int) -> dict[str, Any]:
        moments = self.optimiser.state_dict()["state"]
        state = {
            "step": step,
            "settings": dict(self.settings),
            "updates": [float(one["step"]) for one in moments.values()],
            "levels": self.levels.accuracy if self.levels else None,
        }
        kept = {name: {i: one[name].cpu() for i, one in moments.items()} for name in _MOMENTS}
        return {"adapter": self.network.adapter(), **kept, "state": state}

    def load(self) -> int | None:
        """Go back to the last checkpoint, and the tables with it; the step to go on with, None where there is none.

        Raises
        ------
        InputError
            It is of other settings, or files of it are missing.
        """
        if (self.folder / "state.pt").exists():
            raise InputError(f"{self.folder} has a checkpoint of an older version, without its recipe: {_ANEW}")
        if not (found := _checkpoints(self.folder)):
            return None
        parts = _read(found[-1])
        _check(self.folder, parts["state"]["settings"], self.settings)
        self.network.load_state_dict(parts["adapter"], strict=False)
        whole, updates = self.optimiser.state_dict(), parts["state"]["updates"]
        whole["state"] = {
            i: {"step": torch.tensor(n), **{name: parts[name][i] for name in _MOMENTS}} for i, n in enumerate(updates)
        }
        self.optimiser.load_state_dict(whole)
        if self.levels:
            self.levels.accuracy = parts["state"]["levels"]
        step: int = parts["state"]["step"]
        cut(self.folder, step)
        return step


def append(path: Path, row: dict[str, Any]) -> None:
    """A line more of a table, which begins with the names; an empty one is of a process that was killed here."""
    fresh = not path.exists() or not path.stat().st_size
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})


def cut(folder: Path, step: int) -> None:
    """Drop the rows of steps that the checkpoint does not know: they come again."""
    for path in (folder / name for name in TABLES):
        if path.exists() and (lines := path.read_text(encoding="utf-8").splitlines()):
            head, *rows = lines
            kept = [row for row in rows if int(row.split(",")[0]) < step]
            part = path.with_suffix(".part")
            part.write_text("\n".join([head, *kept]) + "\n", encoding="utf-8")
            part.replace(path)


def _checkpoints(folder: Path) -> list[Path]:
    """The last one at the end: where a process was killed before it took the older one away, there are two."""
    return sorted(folder.glob(f"{_NAME}*"), key=lambda path: int(path.name.removeprefix(_NAME)))


def _read(path: Path) -> dict[str, Any]:
    lacking = [name for name in _PARTS if not (path / f"{name}.pt").exists()]
    if lacking:
        raise InputError(f"{path} lacks {', '.join(f'{name}.pt' for name in lacking)}: bring all of it, or {_ANEW}")
    return {name: torch.load(path / f"{name}.pt") for name in _PARTS}


def _check(folder: Path, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    before, after = _flat(then), _flat(now)
    names = [name for name in before | after if before.get(name) != after.get(name) and name not in FREE]
    if names:
        told = "; ".join(f"{name} was {before.get(name, _UNSAID)}, is {after.get(name, _UNSAID)}" for name in names)
        raise InputError(f"{folder} was begun with another recipe: {told}. Go on with the old one; or {_ANEW}")


def _flat(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings by dotted names, as they are written: what is drawn from a mapping depends on its order, too."""
    found: dict[str, str] = {}
    for name, value in settings.items():
        inner = {f"{name}.{key}": one for key, one in value.items()} if isinstance(value, Mapping) else {name: value}
        found |= {key: repr(one) for key, one in inner.items()}
    return found
