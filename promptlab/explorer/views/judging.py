"""On n questions: the run, its progress, and what may be said whenever one looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets as widgets

from promptlab import markup
from promptlab.explorer.judging import Look, judge, last_look
from promptlab.explorer.plotting import describe, dot_plot, points
from promptlab.explorer.showing import note_html
from promptlab.explorer.state import State
from promptlab.explorer.views.desk import Desk, button, html, labelled, row

_HEAD = ("condition", "score", "lost", "gained", "observed", "interval, any time", "verdict", "validity")


class Judging:
    """The second page."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.stop: Callable[[], object] | None = None
        self.notice, self.status, self.result = html(), html(), html()
        act = desk.handler
        self.n = labelled(widgets.BoundedIntText, "Questions (n)", "12em", value=desk.state.n, min=1, max=1_000_000)
        self.margin = labelled(
            widgets.BoundedFloatText, "Margin, points", "14em", value=100 * (desk.state.margin or 0), min=0, max=99
        )
        self.run = button("Run on n questions", act(self.notice, lambda _: self._run()), button_style="primary")
        self.halt = button("Stop", act(self.notice, lambda _: self._halt()), "What has arrived is kept", disabled=True)
        self.bar = labelled(widgets.IntProgress, "Samples", "22em", value=0, max=1)
        self.n.observe(act(self.notice, lambda change: desk.current.change(n=change["new"])), "value")
        set_margin = act(self.notice, lambda change: desk.current.change(margin=change["new"] / 100 or None))
        self.margin.observe(set_margin, "value")

    @property
    def view(self) -> widgets.VBox:
        about = note_html(
            "The conditions above on the first n of these questions, in random order. The run ends as soon as every "
            "comparison with the first condition is decided; you may look, and stop, at any time: the intervals hold."
        )
        controls = row(self.n, self.margin, self.run, self.halt, self.bar, self.status)
        return widgets.VBox([html(about), controls, self.notice, self.result])

    def _run(self) -> None:
        if self.stop:  # a second press
            return
        state, model = self.desk.state, self.desk.model()
        self.bar.value, self.bar.max = 0, state.n * len(state.conditions) * state.samples
        look, ended = partial(self._look, state), partial(self._ended, state)
        self.stop = judge(state, model, self.desk.out, self._answered, look, ended)
        self._busy("asking; samples of an earlier call are not asked again")

    def _halt(self) -> None:
        if self.stop:
            self.stop()

    def _busy(self, said: str) -> None:
        self.run.disabled, self.halt.disabled = self.stop is not None, self.stop is None
        self.status.value = note_html(said)

    def _answered(self, n: int) -> None:
        with self.desk.lock:
            self.bar.value += n

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
        if problem and not isinstance(problem, KeyboardInterrupt):
            raise problem
        look = last_look(state, self.desk.model(), self.desk.out)
        if look:
            self.result.value = look_html(look, state)
        if look and not problem:
            self.bar.value = self.bar.max
            self.status.value = note_html(" ".join(look.decisions.savings))


def look_html(look: Look, state: State) -> str:
    """Plot, paired table and verdicts of one look."""
    judged, rule = look.decisions.table, look.decisions.table.iloc[0]
    plot = dot_plot(look.table, rule["baseline"], state.margin)
    under = markup.muted(describe(int(judged["questions"].max()), int(rule["cap"])))
    shown = markup.table(_HEAD, map(_row, look.table.to_dict("records")))
    return f"{plot}<div>{under}</div>{shown}{markup.bullets(look.decisions.verdicts)}"


def _row(row: dict[Any, Any]) -> list[str]:
    """One condition, differences in points; the baseline has none."""
    counts = [row["condition"], f"{100 * row['score']:.1f}\N{NO-BREAK SPACE}%"]
    if row["low"] != row["low"]:
        return [*counts, "", "", "", "", "baseline", ""]
    interval = f"{points(row['low'])} to {points(row['high'])}"
    changed = [str(row["lost"]), str(row["gained"]), points(row["difference"]), interval]
    return [*counts, *changed, row["verdict"], row["validity"]]
