"""K samples of each condition on one question, in the background; each is handed over as it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from promptlab import portal
from promptlab.explorer.state import State, as_asked, conditions_of, format_of, on_screen, question_of, sampling_of
from promptlab.grading import by_kind, check_gradable
from promptlab.prompts import Condition
from promptlab.records import Scorer
from promptlab.runner.budgets import budgets
from promptlab.runner.planning import Planned, plan
from promptlab.runner.recording import Arrived, Recorder
from promptlab.runner.sending import send
from promptlab.types import Completion, Grade, Model

Seen = Callable[[Planned, Completion, Grade], object]
Ended = Callable[[BaseException | None], object]


def planned_samples(state: State, model: Model, conditions: Sequence[Condition] | None = None) -> list[Planned]:
    """The samples of the question on screen, with the keys that a run would give them."""
    options = {"samples": state.samples, "sampling": sampling_of(state), "answer_format": format_of(state)}
    asked = [as_asked(state, condition) for condition in conditions or conditions_of(state)]
    return list(plan(model.id, asked, on_screen(state), **options))  # type: ignore[arg-type]


def ask(state: State, model: Model, wanted: Sequence[Planned], seen: Seen, ended: Ended) -> Callable[[], object]:
    """Ask for these samples without waiting; returns what cancels it.

    `seen` is called in a worker thread for each sample, `ended` once, with the error that ended it or None.
    """
    check_gradable(by_kind, [question_of(state)])
    return portal.start(_ask(state, model, wanted, _Screen(Scorer(by_kind, format_of(state)), seen)), ended)


async def _ask(state: State, model: Model, wanted: Sequence[Planned], screen: Recorder) -> None:
    sampling = sampling_of(state)
    prompts = {planned.prompt.hash: planned.prompt for planned in wanted}
    await asyncio.to_thread(model.check, sampling, list(prompts.values()))
    unlimited = budgets(model, sampling.max_tokens, tokens=None, cost=None, prices=None)
    await send(model, sampling, wanted, unlimited, screen)


class _Screen(Recorder):
    """Takes what the runner's loop commits, and shows it instead of storing it: nothing of a store is set up."""

    def __init__(self, scorer: Scorer, seen: Seen) -> None:
        self.failure = None
        self._scorer, self._seen = scorer, seen

    def hurry(self) -> None:
        """Grading one question's samples takes no time."""

    def commit(self, group: Sequence[Arrived], origin: str = "", created: Mapping[str, float | None] = {}) -> None:
        for planned, completion in group:
            grade, _ = self._scorer(*planned.asked, completion)
            self._seen(planned, completion, grade)
