"""`explore`: from what the user gives to a first state, and to the widgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab import given
from promptlab.errors import InputError, unknown
from promptlab.explorer.state import Current, State, conditions_of, question_of
from promptlab.models import available_models, open_model
from promptlab.questions import QuestionSet, available_benchmarks, load_questions
from promptlab.records import Run
from promptlab.types import Model

if TYPE_CHECKING:
    import ipywidgets

_OWN = ("model", "questions", "conditions", "question")


class Models:
    """Models by name: those that were given open, and whatever `open_model` knows."""

    def __init__(self, models: Iterable[str | Model]) -> None:
        listed = list(models)
        self.given = {each.name: each for each in listed if not isinstance(each, str)}
        first = [each if isinstance(each, str) else each.name for each in listed]
        known = [name for name in available_models() if name.startswith("embedded:") and "+" not in name]
        self.names = [*first, *(name for name in known if name not in first)]
        self._open = dict(self.given)

    def open(self, name: str) -> Model:
        if name not in self._open:
            self._open[name] = open_model(name)
        return self._open[name]


def explore(
    model: str | Model | Iterable[str | Model] = "embedded:instruct",
    questions: Any = "arithmetic",
    *,
    conditions: Iterable[str | dict[str, Any]] | None = None,
    run: Run | str | Path | None = None,
    out: str | Path = "out/explore",
    **settings: Any,
) -> ipywidgets.VBox:
    """See in JupyterLab what prompts do to a model: as sent, on one question, on n questions, in a saved run.

    Nothing is asked of a model before "Run" is pressed.

    Parameters
    ----------
    model
        A name for `open_model`, an open model, or several; others can be chosen on screen.
    questions
        A source of `load_questions`, a mapping of its options, or a set of questions.
    conditions
        Where to begin: what `condition_from` takes; the first is the baseline.
    run
        A saved run to browse, or its path.
    out
        Directory for the runs on n questions, and for what is taken away.
    settings
        Where to begin with ``answer_format, samples, max_tokens, temperature, top_p, seed, n, margin``.

    Returns
    -------
    ipywidgets.VBox
        What JupyterLab displays.

    Raises
    ------
    InputError
        ipywidgets is missing, a setting is unknown, or something given is not what it should be.
    """
    if find_spec("ipywidgets") is None:
        raise InputError("the explorer needs ipywidgets: python -m pip install 'ipywidgets>=8.1' (extra notebooks)")
    models, folder = _models(model), given.to_write("out of explore", out)
    options = options_of(questions, folder)
    state = first_state(models.names[0], options, conditions, settings)
    from promptlab.explorer.views.page import page

    return page(Current(state), models, datasets(options), run, folder)


def _models(model: Any) -> Models:
    several = [model] if isinstance(model, str) or hasattr(model, "generate") else list(model)
    return Models([each if isinstance(each, str) else given.one("model", each) for each in several])


def first_state(model: str, options: dict[str, Any], conditions: Any, settings: Mapping[str, Any]) -> State:
    """The state to begin with, checked."""
    known = [field.name for field in fields(State) if field.name not in _OWN]
    for name in settings:
        if name not in known:
            raise unknown("setting of explore", name, [*_OWN[:3], "run", "out", *known])
    chosen = settings if conditions is None else {**settings, "conditions": tuple(conditions)}
    state = State(model=model, questions=options, **chosen)
    conditions_of(state)
    return replace(state, question=question_of(state).id)


def datasets(first: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What can be chosen: what was given, the built-in questions, and the benchmarks, which are fetched when chosen."""
    label = first.get("name") or " ".join(str(first[key]) for key in ("source", "split") if key in first)
    return {label: first} | {
        name: {"source": name} for name in ("arithmetic", *available_benchmarks().index) if name != label
    }


def options_of(questions: Any, folder: Path) -> dict[str, Any]:
    """Options that load these questions; a set that was given in memory is written into `folder` for it."""
    if isinstance(questions, str | Mapping):
        return {"source": questions} if isinstance(questions, str) else dict(questions)
    found = questions if isinstance(questions, QuestionSet) else load_questions(questions)
    return _generated(found) or _written(found, folder)


def _generated(questions: QuestionSet) -> dict[str, Any] | None:
    """The options of the built-in generator, if they still make the same set."""
    names = ("source", "split", "n", "seed", "levels", "templates")
    options = {name: questions.origin[name] for name in names if name in questions.origin}
    if options.get("source") != "arithmetic" or "changes" in questions.origin:
        return None
    return options if load_questions(**options).hash == questions.hash else None


def _written(questions: QuestionSet, folder: Path) -> dict[str, Any]:
    folder = folder.resolve()  # the code that is taken away may run elsewhere
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"source": questions, "pool": QuestionSet(questions.pool)} if questions.pool else {"source": questions}
    options: dict[str, Any] = {"name": questions.name}
    for part, of in parts.items():
        file = folder / f"{part}-{questions.hash[:8]}.jsonl"
        of.to_frame().to_json(file, orient="records", lines=True, force_ascii=False)
        options[part] = str(file)
    return options
