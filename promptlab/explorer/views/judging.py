"""On n questions: the run, its progress, and what may be said whenever one looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import ipywidgets as widgets

from promptlab import markup
from promptlab.explorer.judging import Look, judge, last_look
from promptlab.explorer.plotting import describe, dot_plot, points
from promptlab.explorer.showing import note_html, progress_html
from promptlab.explorer.state import State, names_of, questions_of
from promptlab.explorer.views.desk import Desk, button, html, labelled, row
from promptlab.wording import counted

_HEAD = ("condition", "score", "lost", "gained", "observed", "interval, any time", "verdict", "validity")


class Judging:
    """The second page."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.stop: Callable[[], object] | None = None
        self.done = self.of = 0
        self.shown = desk.state  # whose result is on screen
        self.about, self.notice, self.bar, self.status = html(), html(), html(), html()
        self.dated, self.result = html(), html()
        act = desk.handler
        most = len(questions_of(desk.state))
        self.n = labelled(widgets.BoundedIntText, "Questions (n)", "12em", value=desk.state.n, min=1, max=most)
        self.margin = labelled(
            widgets.BoundedFloatText, "Margin, points", "14em", value=100 * (desk.state.margin or 0), min=0, max=99
        )
        self.run = button("Run on n questions", act(self.notice, lambda _: self._run()), button_style="primary")
        self.halt = button("Stop", act(self.notice, lambda _: self._halt()), "What has arrived is kept", disabled=True)
        self.n.observe(act(self.notice, lambda change: desk.current.change(n=change["new"])), "value")
        set_margin = act(self.notice, lambda change: desk.current.change(margin=change["new"] / 100 or None))
        self.margin.observe(set_margin, "value")
        controls = row(self.n, self.margin, self.run, self.halt, self.bar, self.status)
        self.view = widgets.VBox([self.about, controls, self.notice, self.dated, self.result])
        desk.current.watchers.append(self._show)
        desk.current.change(n=self.n.value)  # a set may have fewer than the usual number
        self._show(desk.state)

    def _show(self, state: State) -> None:
        """What would be run, and whether the result on screen is its own."""
        most = len(questions_of(state))
        self.n.max = most
        baseline, *others = names_of(state)
        named = ", ".join(others) or "nothing yet: add a condition on the first page"
        self.about.value = note_html(
            f"{state.model}: {baseline} against {named}, on the first n of {counted(most, 'question')}, in random "
            "order. The run ends as soon as every comparison is decided; you may look, and stop, at any time: the "
            "intervals hold."
        )
        dated = bool(self.result.value) and _design(self.shown) != _design(state)
        self.dated.value = note_html(f"Below: {_told(self.shown)}. The settings have changed since.") if dated else ""
        (self.dated.add_class if dated else self.dated.remove_class)("pl-dated")
        if dated and not self.stop:
            self.bar.value = self.status.value = ""
        self.notice.value = ""  # it spoke of what was before

    def _run(self) -> None:
        if self.stop:  # a second press
            return
        state, model = self.desk.state, self.desk.model()
        self.done, self.of = 0, state.n * len(state.conditions) * state.samples
        look, ended = partial(self._look, state), partial(self._ended, state)
        self.stop = judge(state, model, self.desk.out, self._answered, look, ended)
        self.shown, self.result.value = state, ""
        self._show(state)
        self._answered(0)
        self._busy("asking; samples of an earlier call are not asked again")

    def _halt(self) -> None:
        if self.stop:
            self.stop()

    def _busy(self, said: str) -> None:
        self.run.disabled, self.halt.disabled = self.stop is not None, self.stop is None
        self.status.value = note_html(said)

    def _answered(self, n: int) -> None:
        with self.desk.lock:
            self.done += n
            self.bar.value = progress_html("samples", self.done, self.of)

    def _look(self, state: State, look: Look) -> None:
        value = look_html(look, state)
        with self.desk.lock:
            self.result.value = value

    def _ended(self, state: State, problem: BaseException | None) -> None:
        """Called in the run's thread, which may read what was left behind."""
        with self.desk.lock:
            self.stop = None
            self._busy("stopped; the same again goes on from there" if isinstance(problem, KeyboardInterrupt) else "")
        self.desk.handler(self.notice, self._report)(state, problem)

    def _report(self, state: State, problem: BaseException | None) -> None:
        self._show(self.desk.state)
        look = last_look(state, self.desk.models.open(state.model), self.desk.out)
        if look:
            self.result.value = look_html(look, state, () if problem else look.decisions.savings)
        if problem and not isinstance(problem, KeyboardInterrupt):
            raise problem
        if not problem:
            self.status.value = note_html("done")


def _design(state: State) -> State:
    """What a result on n questions depends on."""
    return replace(state, question="")


def _told(state: State) -> str:
    baseline, *others = names_of(state)
    return f"{state.model}, {baseline} against {', '.join(others)}, n = {state.n}, K = {state.samples}"


def look_html(look: Look, state: State, savings: Iterable[str] = ()) -> str:
    """Plot, paired table and verdicts of one look; in the end what was saved."""
    if not look.counts["questions"].any():
        return note_html("no question is complete yet")
    judged, rule = look.decisions.table, look.decisions.table.iloc[0]
    plot = dot_plot(look.table, rule["baseline"], state.margin)
    under = markup.muted(describe(int(judged["questions"].max()), int(rule["cap"])))
    shown = markup.table(_HEAD, map(_row, look.table.to_dict("records")))
    return f"{plot}<div>{under}</div>{shown}{markup.bullets([*look.decisions.verdicts, *savings])}"


def _row(row: dict[Any, Any]) -> list[str]:
    """One condition, differences in points; the baseline has none."""
    counts = [row["condition"], f"{100 * row['score']:.1f}\N{NO-BREAK SPACE}%"]
    if row["low"] != row["low"]:
        return [*counts, "", "", "", "", "baseline", ""]
    interval = f"{points(row['low'])} to {points(row['high'])}"
    changed = [str(row["lost"]), str(row["gained"]), points(row["difference"]), interval]
    return [*counts, *changed, row["verdict"], row["validity"]]
