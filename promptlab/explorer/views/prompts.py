"""Conditions side by side, and K samples of each on the question on screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import ipywidgets as widgets

from promptlab import markup
from promptlab.errors import InputError
from promptlab.explorer.asking import ask, planned_samples
from promptlab.explorer.highlighting import legend
from promptlab.explorer.showing import error_html, facts_html, note_html, sample_html, waiting_html
from promptlab.explorer.state import Spec, State, conditions_of, names_of
from promptlab.explorer.views.conditions import Arm
from promptlab.explorer.views.desk import Desk, button, columns, html, row
from promptlab.prompts import condition_from
from promptlab.runner.planning import Planned
from promptlab.types import Completion, Grade
from promptlab.wording import counted

_MORE: tuple[Spec, ...] = ("zero-shot", {"few-shot": {"k": 3}}, "concise", "chain-of-thought")
_MORE += tuple({"few-shot": {"k": k}} for k in range(1, 33))
_HELP = "Each sample appears when it is complete."


class Prompts:
    """The cards, the samples that have arrived (by key), and what is on its way."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.arrived: dict[str, str] = {}  # as it is shown: to make that anew at every change takes too long
        self.failed: set[str] = set()  # keys of those that are asked for again
        self.asked: set[str] = set()  # keys of what is on its way
        self.cancel: Callable[[], object] | None = None
        self.of = 0
        self.notice, self.status, self.cards = html(), html(), columns()
        press = desk.handler(self.notice, lambda _: self._run())
        self.run = button("Run", press, "Ask for the samples that are not here yet", button_style="primary")
        self.stop = button("Cancel", desk.handler(self.notice, lambda _: self._cancel()), "Stop asking", disabled=True)
        self.arms: list[Arm] = []
        desk.current.watchers.append(self._show)
        self._show(desk.state)

    @property
    def view(self) -> widgets.VBox:
        add = button("Add a condition", self.desk.handler(self.notice, lambda _: self._add()))
        marks = html(markup.folded("what the marks in the samples mean", legend()))
        top = row(self.run, self.stop, add, html(facts_html(_HELP)), self.status)
        return widgets.VBox([top, self.notice, marks, self.cards])

    # -- conditions ------------------------------------------------------------------------------------------------

    def _add(self) -> None:
        names = names_of(self.desk.state)
        new = next(spec for spec in _MORE if condition_from(spec).name not in names)
        self.desk.current.change(conditions=(*self.desk.state.conditions, new))

    def _leave(self, arm: Arm) -> None:
        """The others stay as they are, with what is typed in them; the keyboard goes on from the next one's button."""
        specs, place = self.desk.state.conditions, arm.place
        if len(specs) == 1:
            raise InputError("this is the only condition: add another one first")
        self.arms.remove(arm)
        for i, other in enumerate(self.arms):
            other.place = i
        self.desk.current.change(conditions=specs[:place] + specs[place + 1 :])
        following = self.arms[min(place, len(self.arms) - 1)]
        (following.edit if following.gone.disabled else following.gone).focus()

    def _show(self, state: State) -> None:
        self.notice.value = ""  # it spoke of what was before
        new = range(len(self.arms), len(state.conditions))
        self.arms += [Arm(self.desk, place, self._leave) for place in new]
        if [*self.cards.children] != (cards := [arm.view for arm in self.arms]):
            self.cards.children = cards
        for arm in self.arms:
            self.desk.handler(arm.notice, lambda arm=arm: self._show_arm(arm, state))()

    def _show_arm(self, arm: Arm, state: State) -> None:
        arm.show(state)
        wanted = planned_samples(state, self.desk.model(), [condition_from(state.conditions[arm.place])])
        arm.take([planned.key for planned in wanted])
        for planned in wanted:
            self._fill(planned)

    def _fill(self, planned: Planned) -> None:
        waiting = waiting_html(f"sample {planned.index + 1}", planned.key in self.asked)
        for slot in (arm.slots[planned.key] for arm in self.arms if planned.key in arm.slots):
            slot.value = self.arrived.get(planned.key, waiting)

    # -- samples ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        if self.cancel:  # a second press
            return
        state, model = self.desk.state, self.desk.model()
        planned = planned_samples(state, model, conditions_of(state))
        wanted = [each for each in planned if each.key in self.failed or each.key not in self.arrived]
        if not wanted:
            self.status.value = note_html("all of these samples are here: change K or the seed for others")
            return
        self.cancel = ask(state, model, wanted, self._seen, lambda problem: self._ended(wanted, problem))
        self.asked, self.of = {each.key for each in wanted}, len(wanted)
        self._busy()
        for each in wanted:
            self._fill(each)

    def _cancel(self) -> None:
        if self.cancel:
            self.cancel()

    def _busy(self) -> None:
        running = self.cancel is not None
        self.run.disabled, self.stop.disabled = running, not running
        self.status.value = note_html(f"{self.of - len(self.asked)} of {counted(self.of, 'sample')}")

    def _seen(self, planned: Planned, completion: Completion, grade: Grade) -> None:
        shown = sample_html(f"sample {planned.index + 1}", *planned.asked, completion, grade)
        with self.desk.lock:
            self.arrived[planned.key] = shown
            (self.failed.add if completion.ending == "error" else self.failed.discard)(planned.key)
            self.asked.discard(planned.key)
            self._fill(planned)
            self._busy()

    def _ended(self, wanted: list[Planned], problem: BaseException | None) -> None:
        with self.desk.lock:
            left, self.asked, self.cancel = len(self.asked), set(), None
            self._busy()
            for each in wanted:
                self._fill(each)
            if isinstance(problem, asyncio.CancelledError):
                self.status.value = note_html(f"cancelled; {counted(left, 'sample')} not asked for or not finished")
            elif problem:
                self.notice.value, self.status.value = error_html(problem), ""
