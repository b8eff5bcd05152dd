"""What is asked: model, data set, question, answer format, sampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from promptlab.explorer.showing import facts_html, note_html, question_html
from promptlab.explorer.state import State, found, question_of, questions_of
from promptlab.explorer.views.desk import Desk, html, labelled, row
from promptlab.formats import FORMATS

_WIDE = "26em"
_LISTED = 50  # questions: a longer list is no help to anybody


class Setup:
    """The controls at the top; each changes one part of the state, and shows it."""

    def __init__(self, desk: Desk, datasets: dict[str, dict[str, Any]]) -> None:
        self.desk, self.datasets, self._quiet = desk, datasets, False
        state, self.notice, self.text = desk.state, html(), html()
        self.loading, self.listed = html(), html()
        self._label = next(iter(datasets))  # of the questions on screen
        self._coming: dict[str, str] = {}  # what is being loaded, by its control
        self.model = labelled(
            widgets.Combobox, "Model", _WIDE, value=state.model, options=desk.models.names, continuous_update=False
        )
        self.dataset = labelled(widgets.Dropdown, "Questions", _WIDE, options=list(datasets))
        self.search = labelled(widgets.Text, "Search", _WIDE, placeholder="words of the question")
        self.question = labelled(widgets.Dropdown, "Question", "44em")
        self.numbers = self._numbers(state)
        self.format = labelled(
            widgets.Dropdown,
            "Answer format",
            "19em",
            options=[("none asked for", ""), *((name, name) for name in FORMATS)],  # None would be no choice at all
            value=state.answer_format or "",
        )
        asked = row(self.model, self.dataset, self.search, self.question, self.listed)
        settings = row(self.format, *self.numbers.values())
        self.view = widgets.VBox([asked, self.loading, settings, self.notice, self.text])
        self._list_questions()
        self._watch()
        self._show(state)
        desk.current.watchers.append(self._show)

    @staticmethod
    def _numbers(state: State) -> dict[str, Any]:
        whole, real = widgets.BoundedIntText, widgets.BoundedFloatText
        wanted: dict[str, tuple[str, Any, dict[str, Any]]] = {
            "samples": ("Samples (K)", whole, {"min": 1, "max": 64}),
            "max_tokens": ("Max tokens", whole, {"min": 1, "max": 1_000_000}),
            "temperature": ("Temperature", real, {"min": 0, "max": 5, "step": 0.1}),
            "top_p": ("Top p", real, {"min": 0.01, "max": 1, "step": 0.05}),
            "seed": ("Seed", whole, {"min": 0, "max": 2**31 - 1}),
        }
        return {
            name: labelled(kind, label, "11em", value=getattr(state, name), **options)
            for name, (label, kind, options) in wanted.items()
        }

    def _watch(self) -> None:
        def on(widget: Any, act: Any) -> None:
            handled = self.desk.handler(self.notice, lambda change: act(change["new"]))
            widget.observe(lambda change: None if self._quiet else handled(change), "value")

        on(self.model, self._set_model)
        on(self.dataset, self._set_dataset)
        on(self.search, lambda _: self._list_questions())
        on(self.question, lambda id: self.desk.current.change(question=id) if id else None)
        on(self.format, lambda name: self.desk.current.change(answer_format=name or None))
        for name, control in self.numbers.items():
            on(control, lambda value, name=name: self.desk.current.change(**{name: value}))

    # -- what takes time -------------------------------------------------------------------------------------------

    def _set_model(self, name: str) -> None:
        """An engine may take minutes to start."""

        def opened(_: object) -> None:
            self.desk.current.change(model=name)

        self._load(self.model, name, lambda: self.desk.state.model, lambda: self.desk.models.open(name), opened)

    def _set_dataset(self, label: str) -> None:
        """A benchmark may have to be fetched from the hub."""
        new = replace(self.desk.state, questions=self.datasets[label], question="")

        def loaded(id: str) -> None:
            self._label = label
            self.desk.current.change(questions=new.questions, question=id)
            self._list_questions()

        self._load(self.dataset, label, lambda: self._label, lambda: question_of(new).id, loaded)

    def _load(
        self,
        control: Any,
        wanted: str,
        held: Callable[[], str],
        work: Callable[[], Any],
        done: Callable[[Any], object],
    ) -> None:
        """Say at once what is on its way; in the end the control shows what holds, whether or not it came."""
        what = control.description
        self._on_its_way(what, "" if wanted == held() else wanted)

        def settle() -> None:
            if self._coming.get(what) == wanted:  # and nothing else has been chosen since
                self._on_its_way(what, "")
                self._quiet = True
                control.value = held() if control.value == wanted else control.value
                self._quiet = False

        def loaded(result: Any) -> None:
            if self._coming.get(what) == wanted:
                try:
                    done(result)
                finally:
                    settle()

        if wanted != held():
            self.desk.later(self.notice, work, loaded, settle)

    def _on_its_way(self, what: str, name: str) -> None:
        self._coming[what] = name
        names = [f"{what.lower()} {name}" for what, name in self._coming.items() if name]
        said = f"loading {' and '.join(names)} ... until then all stays as it is"
        self.loading.value = note_html(said) if names else ""

    # -- questions -------------------------------------------------------------------------------------------------

    def _list_questions(self) -> None:
        """The questions that hold the words searched for; the one on screen goes with them, or gives way."""
        hits = found(questions_of(self.desk.state), self.search.value)
        shown = self.desk.state.question
        self.listed.value = facts_html(f"the first {_LISTED} of {len(hits):,}: search") if len(hits) > _LISTED else ""
        hits = hits[:_LISTED]
        if not hits:
            self.question.options = [("no question holds these words", "")]
            return
        ids = [question.id for question in hits]
        if shown not in ids and not self.search.value:
            hits, ids = [question_of(self.desk.state), *hits], [shown, *ids]
        self.question.options = [(f"{q.text[:90]} ({q.id})", q.id) for q in hits]
        self.question.value = shown if shown in ids else ids[0]

    def _show(self, state: State) -> None:
        self.text.value = question_html(question_of(state))
