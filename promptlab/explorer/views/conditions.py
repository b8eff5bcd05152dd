"""One condition: its controls, its prompt exactly as sent, which can be edited, and its samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import ipywidgets as widgets

from promptlab.explorer.naming import changed_options
from promptlab.explorer.showing import prompt_html
from promptlab.explorer.state import Spec, State, kind_of, prompt_of
from promptlab.explorer.views.desk import Desk, button, card, html, labelled, offer, row
from promptlab.explorer.views.editing import Editor
from promptlab.markup import escape
from promptlab.prompts import condition_from
from promptlab.prompts.conditions import Layout
from promptlab.prompts.exemplars import Content, Order, Style
from promptlab.prompts.selecting import STEPS

_KINDS = ("zero-shot", "concise", "chain-of-thought", "few-shot", "r1-zero")
_MOST = 64  # exemplars, unless there are more already
_USUAL = {
    **{"style": "worked", "select": "random", "order": "as-picked", "content": "own"},
    **{"layout": "turns", "seed": 0},
}


class Arm:
    """The card of the condition in one place of the state."""

    def __init__(self, desk: Desk, place: int, leave: Callable[[Arm], object]) -> None:
        self.desk, self.place, self._quiet = desk, place, False
        self.heading, self.prompt, self.notice = html(), html(), html()
        self.samples, self.slots = widgets.VBox(), dict[str, widgets.HTML]()  # where each is shown, by its key
        self.edit = button("Edit the prompt", desk.handler(self.notice, lambda _: self.editor.open(self.place)))
        self.gone = button("Remove", desk.handler(self.notice, lambda _: leave(self)), "Take this condition away")
        self.editor = Editor(desk, self.edit.focus)
        self.controls = self._controls()
        self._few = row(*(control for name, control in self.controls.items() if name != "kind"))
        self._tokens: dict[tuple[str, str], str] = {}
        self._show_controls()
        top = (self.heading, self.controls["kind"], self._few, self.notice)
        self.view = card(*top, self.prompt, row(self.edit, self.gone), self.editor.view, self.samples)

    @property
    def spec(self) -> Spec:
        return self.desk.state.conditions[self.place]

    def take(self, keys: list[str]) -> None:
        """Show the samples with these keys, in the widgets that are there."""
        there = list(self.samples.children)
        slots = [*there[: len(keys)], *(html() for _ in keys[len(there) :])]
        self.slots = dict(zip(keys, slots, strict=True))
        if slots != there:
            self.samples.children = slots

    # -- factors ---------------------------------------------------------------------------------------------------

    def _controls(self) -> dict[str, Any]:
        controls = {"kind": labelled(widgets.Dropdown, "Condition")}
        controls["k"] = labelled(widgets.BoundedIntText, "k", "6em", value=3, min=1, max=_MOST)
        for name in ("style", "select", "order", "content", "layout"):
            controls[name] = labelled(widgets.Dropdown, name.capitalize())
        controls["seed"] = labelled(widgets.BoundedIntText, "Draw", "8em", value=0, min=0, max=2**31 - 1)
        changed = self.desk.handler(self.notice, lambda _: self._change())
        for control in controls.values():
            control.observe(lambda event: None if self._quiet else changed(event), "value")
        return controls

    def _show_controls(self) -> None:
        """What holds; a selection may be several steps joined, or given exemplars."""
        kind, options = kind_of(self.spec)
        condition = condition_from(self.spec)
        shown, picker = dict(_USUAL), condition.exemplars
        if picker:
            own = {"style": picker.style, "select": picker.selected, "order": picker.order, "content": picker.content}
            shown = {**own, "layout": condition.layout, "seed": picker.seed}
        choices: dict[str, tuple[str, ...]] = {"kind": _KINDS, "style": get_args(Style), "select": tuple(STEPS)}
        choices |= {"order": get_args(Order), "content": get_args(Content), "layout": get_args(Layout)}
        k = condition.shots or 3
        self._quiet = True
        self.controls["k"].max = len(options.get("exemplars") or ()) or max(_MOST, k)
        self.controls["k"].value, self.controls["seed"].value = k, shown.pop("seed")
        for name, value in {"kind": kind, **shown}.items():
            offer(self.controls[name], choices[name], str(value))
        self._quiet = False
        self._few.layout.display = "flex" if kind == "few-shot" else "none"

    def _change(self) -> None:
        specs = list(self.desk.state.conditions)
        try:
            specs[self.place] = self._chosen()
            condition_from(specs[self.place])
            self.desk.current.change(conditions=tuple(specs))
        finally:
            self._show_controls()

    def _chosen(self) -> Spec:
        """The condition as the controls say it; another kind begins anew, without the text of an edited one."""
        kind, (old_kind, old) = self.controls["kind"].value, kind_of(self.spec)
        old = old if kind == old_kind else {}
        kept = {name: value for name, value in old.items() if name not in ("k", *_USUAL)}
        if kind != "few-shot":
            return {kind: kept} if kept else kind
        chosen = {name: self.controls[name].value for name in _USUAL}
        told = {n: v for n, v in chosen.items() if v != _USUAL[n] or (n == "select" and "exemplars" in kept)}
        return {kind: changed_options(old, {"k": self.controls["k"].value, **told, **kept})}

    # -- the prompt ------------------------------------------------------------------------------------------------

    def show(self, state: State) -> None:
        """The prompt as it is now, at once; its tokens as soon as they are counted."""
        role = "baseline" if self.place == 0 else "against the baseline"
        self.heading.value = f"<b>{escape(condition_from(self.spec).name)}</b> ({role})"
        self.gone.disabled = len(state.conditions) == 1
        model, prompt = self.desk.model(), prompt_of(state, self.place)
        known = (model.name, prompt.hash)
        self.prompt.value = prompt_html(model, prompt, self._tokens.get(known, "counting tokens ..."))
        self.editor.follow(state, self.place)
        if known not in self._tokens:
            self.desk.later(self.notice, lambda: model.count_tokens(prompt), lambda n: self._counted(known, n))

    def _counted(self, known: tuple[str, str], n: int | None) -> None:
        self._tokens[known] = "tokens are known after the call" if n is None else f"{n:,} tokens"
        model, prompt = self.desk.model(), prompt_of(self.desk.state, self.place)
        if known == (model.name, prompt.hash):
            self.prompt.value = prompt_html(model, prompt, self._tokens[known])
