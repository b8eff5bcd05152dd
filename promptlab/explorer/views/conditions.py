"""One condition: its controls, its prompt exactly as sent, which can be edited, and its samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import ipywidgets as widgets

from promptlab.explorer.editing import Draft, draft_of, edited
from promptlab.explorer.showing import prompt_html
from promptlab.explorer.state import Spec, State, kind_of, prompt_of
from promptlab.explorer.views.desk import Desk, button, card, html, labelled, row
from promptlab.markup import escape
from promptlab.prompts import condition_from
from promptlab.prompts.conditions import Layout
from promptlab.prompts.exemplars import Select, Style

_KINDS = ("zero-shot", "concise", "chain-of-thought", "few-shot", "r1-zero")
_HINT = "Earlier turns follow the exemplars' rule. Where the question stands, every question will stand."
_USUAL = {"style": "worked", "select": "random", "layout": "turns", "seed": 0}


class Arm:
    """The card of the condition in one place of the state."""

    def __init__(self, desk: Desk, place: int) -> None:
        self.desk, self.place = desk, place
        self.kind, self.options = kind_of(desk.state.conditions[place])
        self.heading, self.prompt, self.notice = html(), html(), html()
        self.samples, self.editor = widgets.VBox(), widgets.VBox()
        self.slots: dict[str, widgets.HTML] = {}  # where each sample is shown, by its key
        self.controls = self._controls()
        self._tokens: dict[tuple[str, str], str] = {}

    def view(self, leave: Callable[[int], object]) -> widgets.VBox:
        edit = button("Edit the prompt", self.desk.handler(self.notice, lambda _: self._edit()))
        gone = self.desk.handler(self.notice, lambda _: leave(self.place))
        buttons = row(edit, button("Remove", gone, "Take this condition away"))
        few = row(*(control for name, control in self.controls.items() if name != "kind"))
        few.layout.display = "flex" if self.kind == "few-shot" else "none"
        top = (self.heading, self.controls["kind"], few, self.notice)
        return card(*top, self.prompt, buttons, self.editor, self.samples)

    def take(self, keys: list[str]) -> None:
        """Show the samples with these keys, in the widgets that are there."""
        there = list(self.samples.children)
        slots = [*there[: len(keys)], *(html() for _ in keys[len(there) :])]
        self.slots = dict(zip(keys, slots, strict=True))
        if slots != there:
            self.samples.children = slots

    # -- factors ---------------------------------------------------------------------------------------------------

    def _controls(self) -> dict[str, Any]:
        kinds = _KINDS if self.kind in _KINDS else (*_KINDS, self.kind)
        shown = {name: self.options.get(name, usual) for name, usual in _USUAL.items()}
        choices = {"style": get_args(Style), "select": get_args(Select)[:2], "layout": get_args(Layout)}
        controls = {"kind": labelled(widgets.Dropdown, "Condition", "20em", options=kinds, value=self.kind)}
        controls["k"] = labelled(widgets.BoundedIntText, "k", "6em", value=self.options.get("k") or 3, min=1, max=64)
        for name, allowed in choices.items():
            controls[name] = labelled(widgets.Dropdown, name.capitalize(), "13em", options=allowed, value=shown[name])
        controls["seed"] = labelled(widgets.BoundedIntText, "Draw", "8em", value=shown["seed"], min=0, max=9999)
        for control in controls.values():
            control.observe(self.desk.handler(self.notice, lambda _: self._change()), "value")
        return controls

    def _change(self) -> None:
        specs = list(self.desk.state.conditions)
        specs[self.place] = self._spec()
        self.desk.current.change(conditions=tuple(specs))

    def _spec(self) -> Spec:
        """The condition as the controls say it; another kind begins anew, without the text of an edited one."""
        kind = self.controls["kind"].value
        kept = {name: v for name, v in self.options.items() if name not in ("k", *_USUAL)} if kind == self.kind else {}
        if kind != "few-shot":
            return {kind: kept} if kept else kind
        chosen = {name: self.controls[name].value for name in _USUAL}
        options = {"k": self.controls["k"].value, **{n: v for n, v in chosen.items() if v != _USUAL[n]}, **kept}
        if chosen["seed"] and "template" not in kept:  # the usual name does not tell one draw from another
            options["name"] = condition_from({kind: {**options, "name": None}}).name + f"-draw-{chosen['seed']}"
        return {kind: options}

    # -- the prompt ------------------------------------------------------------------------------------------------

    def show(self, state: State) -> None:
        """The prompt as it is now, at once; its tokens as soon as they are counted."""
        role = "baseline" if self.place == 0 else "against the baseline"
        self.heading.value = f"<b>{escape(condition_from(state.conditions[self.place]).name)}</b> ({role})"
        model, prompt = self.desk.model(), prompt_of(state, self.place)
        known = (model.name, prompt.hash)
        self.prompt.value = prompt_html(model, prompt, self._tokens.get(known, "counting tokens ..."))
        if known not in self._tokens:
            self.desk.later(self.notice, lambda: model.count_tokens(prompt), lambda n: self._counted(known, n))

    def _counted(self, known: tuple[str, str], n: int | None) -> None:
        self._tokens[known] = "tokens are known after the call" if n is None else f"{n:,} tokens"
        model, prompt = self.desk.model(), prompt_of(self.desk.state, self.place)
        if known == (model.name, prompt.hash):
            self.prompt.value = prompt_html(model, prompt, self._tokens[known])

    # -- editing ---------------------------------------------------------------------------------------------------

    def _edit(self) -> None:
        draft = draft_of(prompt_of(self.desk.state, self.place))
        system, turn, prefill = (
            labelled(widgets.Textarea, label, "calc(100% - 4px)", value=value or "", placeholder=hint)
            for label, value, hint in (
                ("System", draft.system, "the model's own"),
                ("Last turn", draft.turn, ""),
                ("Start of the answer", draft.prefill, ""),
            )
        )

        def keep(_: object) -> None:
            said = None if draft.system is None and not system.value else system.value
            spec = edited(self.desk.state, self.place, Draft(said, turn.value, prefill.value))
            self.editor.children = ()
            self.desk.current.change(conditions=(*self.desk.state.conditions, spec))

        def leave(_: object) -> None:
            self.editor.children = ()

        buttons = button("Keep as a condition", self.desk.handler(self.notice, keep)), button("Leave it", leave)
        self.editor.children = (html(_HINT, "pl-facts"), system, turn, prefill, row(*buttons))
