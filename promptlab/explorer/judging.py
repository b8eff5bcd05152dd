"""The same conditions on n questions: a run that may be stopped, and what it says after each look."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab.comparison import Decided, Decisions, decided, decisions
from promptlab.errors import InputError
from promptlab.explorer.state import State, conditions_of, format_of, sampling_of, sliced
from promptlab.questions import load_questions
from promptlab.records import Run, load_run
from promptlab.runner import run
from promptlab.types import Answers, Model, Request, digest

if TYPE_CHECKING:
    import pandas as pd

_LOOKS = 12  # of a run that asks all its questions, about


class Stoppable:
    """A model that tells how much it has answered, and that a button can stop as Ctrl-C would."""

    def __init__(self, model: Model, answered: Callable[[int], object]) -> None:
        self._model, self._answered = model, answered
        self._told = threading.Event()
        self._task: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def stop(self) -> None:
        """What has arrived is committed; the run then ends with KeyboardInterrupt."""
        self._told.set()
        if self._task:
            loop, task = self._task
            loop.call_soon_threadsafe(task.cancel)

    async def generate(self, requests: Sequence[Request]) -> AsyncGenerator[Answers, None]:
        task = asyncio.current_task()
        assert task
        self._task = asyncio.get_running_loop(), task
        try:
            if self._told.is_set():
                raise asyncio.CancelledError
            async with aclosing(self._model.generate(requests)) as groups:  # type: ignore[type-var]
                async for group in groups:
                    self._answered(len(group))
                    yield group
        except asyncio.CancelledError:
            if self._told.is_set():
                raise KeyboardInterrupt from None
            raise
        finally:
            self._task = None


@dataclass(frozen=True)
class Looked:
    """A rule to stop that shows each of its looks."""

    rule: Decided
    look: Callable[[Run], object]

    @property
    def batch(self) -> int:
        return self.rule.batch

    def fixed(self, conditions: Sequence[str]) -> dict[str, Any]:
        return self.rule.fixed(conditions)

    def settled(self, run: Run) -> bool:
        self.look(run)
        return self.rule.settled(run)


@dataclass(frozen=True)
class Look:
    """What is known so far: verdicts that hold whenever one looks, and what was counted, which is description."""

    decisions: Decisions
    counts: pd.DataFrame  # condition, score, lost, gained, difference

    @property
    def table(self) -> pd.DataFrame:
        judged = self.decisions.table[["condition", "low", "high", "verdict", "validity"]]
        return self.counts.merge(judged, on="condition", how="left")


def rule_of(state: State) -> Decided:
    """Everything is compared with the first condition; the looks are spread over the questions."""
    batch = max(1, state.n // _LOOKS)
    return decided(baseline=conditions_of(state)[0].name, margin=state.margin, batch=batch)


def place_of(state: State, model: Model, out: Path) -> Path:
    """The directory of this very design: the same again goes on there, any other starts its own."""
    rule, conditions = rule_of(state), conditions_of(state)
    design = [model.id.name, model.id.adapter, model.id.revision, asdict(rule), sliced(state), state.samples]
    factors = list(map(repr, conditions))  # to the letter: `factors()` tells texts by a digest, and not all of them
    whole = digest([*design, asdict(sampling_of(state)), state.answer_format, factors])
    name = re.sub(r"[^\w.-]+", "-", model.name)
    return out / "runs" / f"{name}-{whole[:8]}"


def judge(
    state: State,
    model: Model,
    out: Path,
    answered: Callable[[int], object],
    look: Callable[[Look], object],
    ended: Callable[[BaseException | None], object],
) -> Callable[[], None]:
    """Run in a thread; returns what stops it. `look` is called after each batch, and once more before `ended`.

    `answered` hears how many samples are there: first of those that an earlier call has left, then of each that comes.
    """
    if len(state.conditions) < 2:
        raise InputError("one condition alone compares with nothing: add a second one")
    path, rule, stoppable = place_of(state, model, out), rule_of(state), Stoppable(model, answered)

    def work() -> None:
        try:
            answered(_kept(path))
            run(
                stoppable,
                conditions_of(state),
                load_questions(**sliced(state)),
                samples=state.samples,
                sampling=sampling_of(state),
                answer_format=format_of(state),
                path=path,
                stop_when=Looked(rule, lambda run: look(looked_at(run))),
                progress=False,
            )
        except BaseException as problem:  # noqa: BLE001  # Ctrl-C's way out, and whatever a model raises: a card shows it
            ended(problem)
        else:
            ended(None)

    threading.Thread(target=work, name="promptlab explorer", daemon=True).start()
    return stoppable.stop


def _kept(path: Path) -> int:
    """Samples that need not be asked for again."""
    if not (path / "manifest.json").is_file():
        return 0
    return int((load_run(path).index()["ending"] != "error").sum())


def looked_at(run: Run) -> Look:
    """The decisions of a run, and the counts of the questions that every condition has answered."""
    frame = run.to_frame(completion=False, reasoning=False)
    means = frame.groupby(["question", "condition"], observed=True)["score"].mean().unstack()
    rule = run.manifest["stopping"]
    whole = means.reindex(columns=[rule["baseline"], *rule["conditions"]]).dropna()
    change = whole.sub(whole[rule["baseline"]], axis=0)
    counts = whole.mean().rename("score").to_frame()
    counts = counts.assign(questions=len(whole), lost=(change < 0).sum(), gained=(change > 0).sum())
    counts = counts.assign(difference=change.mean()).rename_axis("condition").reset_index()
    return Look(decisions(run), counts)


def last_look(state: State, model: Model, out: Path) -> Look | None:
    """What an earlier call has left in the directory of this design."""
    path = place_of(state, model, out)
    return looked_at(load_run(path)) if (path / "manifest.json").is_file() else None
