"""An experiment as a small file: what a script says in ten lines, said in YAML and checked before any call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from promptlab import given as checks
from promptlab.errors import InputError, unknown
from promptlab.formats import FORMATS
from promptlab.grading import grader_named
from promptlab.models import open_model
from promptlab.prompts import Condition, Preview, condition_from, preview
from promptlab.questions import QuestionSet, load_questions
from promptlab.runner import run
from promptlab.types import AnswerFormat, Model, Sampling

if TYPE_CHECKING:
    import pandas as pd

    from promptlab.comparison import Comparison, Contrast, Control, Decided
    from promptlab.records import Run
    from promptlab.registering import Registration

T = TypeVar("T")
ALPHA = 0.05  # of each family of comparisons


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Models x conditions x questions, with everything that a run needs.

    Parameters
    ----------
    models
        Names for `open_model`.
    conditions
        Each a name or ``{name: {option: value}}``, see `condition_from`.
    questions
        The options of `load_questions`, ``source`` among them.
    sampling
        The options of `Sampling`; ``max_tokens`` is required.
    path
        The directory of the records: one sub-directory a model.
    baseline
        The condition that the others are compared with; by default the first.
    margin
        Differences within +-margin (accuracy, in [0, 1]) count as equivalent; None: nothing does.
    control
        The short name of the model that is the control of all others, or ``{model: its control, or several}``; empty
        for none.
    stop_every
        With a number: each run ends as soon as its comparisons are decided (`promptlab.decided`, the family being those
        of all models), looking after every so many questions; `promptlab.decisions` reports it.
    answer_format, grader, samples, max_tokens_total
        As for `promptlab.run`.
    """

    models: tuple[str, ...]
    conditions: tuple[Condition, ...]
    questions: QuestionSet
    sampling: Sampling
    path: Path
    baseline: str
    samples: int = 1
    answer_format: AnswerFormat | None = None
    grader: str = "by-kind"
    margin: float | None = None
    control: Control = ""
    max_tokens_total: int | None = None
    stop_every: int | None = None

    @classmethod
    def from_yaml(cls, path: str | Path) -> Experiment:
        """Read and validate an experiment file; every problem is one `InputError` that names the file."""
        try:
            return cls.from_mapping(_read(Path(path)))
        except InputError as problem:
            raise InputError(f"{path}: {problem}") from None

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Experiment:
        """The same from a mapping of plain values, for example a notebook's parameters."""
        names = [f.name for f in fields(cls)]
        for key in given:
            if key not in names:
                raise unknown("key of an experiment", key, names)
        for key in ("models", "conditions", "questions", "sampling", "path"):
            if key not in given:
                raise InputError(f"the experiment says nothing about {key!r}")
        conditions = tuple(condition_from(spec) for spec in _as_list(given["conditions"], "conditions"))
        optional = ("samples", "grader", "margin", "control", "max_tokens_total", "stop_every")
        options = {key: given[key] for key in optional if key in given}
        _check(given, conditions, options)
        return cls(
            models=tuple(_as_list(given["models"], "models")),
            conditions=conditions,
            questions=_call(load_questions, given["questions"], "questions"),
            sampling=_numbers(_call(Sampling, given["sampling"], "sampling")),
            path=Path(str(given["path"])),
            baseline=_one_of("baseline", given.get("baseline") or conditions[0].name, [c.name for c in conditions]),
            answer_format=_format(given.get("answer_format")),
            **options,
        )

    def narrowed(self, conditions: Collection[str], questions: Mapping[str, Any]) -> Experiment:
        """The same experiment for these conditions and questions (options of `load_questions`), in the same records.

        Meant for what goes beside a comparison, such as more questions under the baseline alone.
        """
        known = [c.name for c in self.conditions]
        names = [_one_of("condition", name, known) for name in conditions]
        arms = tuple(c for c in self.conditions if c.name in names)
        return replace(self, conditions=arms, questions=_call(load_questions, questions, "questions"))

    def preview(self) -> Preview:
        """What would be sent, with tokens: before any call."""
        return preview(
            self.open_models(),
            self.conditions,
            self.questions,
            samples=self.samples,
            sampling=self.sampling,
            answer_format=self.answer_format,
        )

    def register(self, path: str | Path) -> Registration:
        """Freeze this design into a small file, with a hash and the time, before any sample is taken.

        A file that holds the same design is read; one that holds another is an `InputError`, never overwritten.
        """
        from promptlab.registering import register

        return register(self, path)

    def run(self, *, registration: Registration | None = None, progress: bool = True) -> list[Run]:
        """Run (or resume, or extend) every model and return the records.

        Under a `registration` no sample may be older than it (`InputError`, before any call); deviations are warned of.
        """
        if registration:
            registration.admit(self)
        return [
            run(
                model,
                self.conditions,
                self.questions,
                samples=self.samples,
                sampling=self.sampling,
                grader=grader_named(self.grader),
                answer_format=self.answer_format,
                path=self.path / model.name,
                registration=registration,
                stop_when=self._rule(),
                max_tokens_total=self.max_tokens_total,
                progress=progress,
            )
            for model in self.open_models()
        ]

    def _rule(self) -> Decided | None:
        if self.stop_every is None:
            return None
        from promptlab.comparison import decided

        family = len(self.models) * (len(self.conditions) - 1)
        return decided(baseline=self.baseline, margin=self.margin, alpha=ALPHA, family=family, batch=self.stop_every)

    def check_recorded(self, recordings: list[Run]) -> None:
        """Raise `InputError` where `agree` could not compare with these: before anything is paid for."""
        import pandas as pd

        from promptlab.comparison.pairing import paired

        cells = [
            {"model": model.name, "condition": c.name, "question": q.id, "gold": " | ".join(q.answers), "score": None}
            for model in self.open_models()
            for c in self.conditions
            for q in self.questions
        ]
        paired(pd.DataFrame(cells), recordings)

    def open_models(self) -> list[Model]:
        """The models; that the control is one of them is seen before anything is paid for."""
        models = [open_model(name) for name in self.models]
        names = [model.name for model in models]
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"two models are called {name!r}: records and figures could not tell them apart")
        if self.control:
            from promptlab.comparison import control_pairs

            control_pairs(self.control, names)
        return models

    def compare(self, runs: list[Run], label: str = "") -> Comparison:
        """The comparison that the file asks for, whatever else lies in the records."""
        from promptlab.comparison import compare

        frames, seed = self._designed(runs), self.sampling.seed
        return compare(frames, baseline=self.baseline, margin=self.margin, alpha=ALPHA, seed=seed, label=label)

    def contrasts(self, runs: list[Run], label: str = "") -> list[Contrast]:
        """Each model against its control, or controls; none without a control."""
        from promptlab.comparison import contrasts

        frames, seed = self._designed(runs) if self.control else [], self.sampling.seed
        return contrasts(frames, self.control, baseline=self.baseline, alpha=ALPHA, seed=seed, label=label)

    def _designed(self, runs: list[Run]) -> list[pd.DataFrame]:
        """The samples of this design; a directory that served a larger one holds more."""
        arms, ids = [c.name for c in self.conditions], [q.id for q in self.questions]
        frames = [run.to_frame() for run in runs]
        return [f[f["condition"].isin(arms) & f["question"].isin(ids) & (f["sample"] < self.samples)] for f in frames]


def _check(given: Mapping[str, Any], conditions: tuple[Condition, ...], options: Mapping[str, Any]) -> None:
    """What would otherwise be noticed after the samples have been paid for."""
    for name in _as_list(given["models"], "models"):
        if not isinstance(name, str):
            raise InputError(f"'models' holds {name!r}; allowed are names such as 'embedded:instruct'")
    if len({c.name for c in conditions}) < 2:
        raise InputError("'conditions' must name at least two different conditions: one alone compares with nothing")
    if not isinstance(options.get("control", ""), str | Mapping):
        raise InputError(f"'control' is {options['control']!r}; allowed: a model's short name, or model: control")
    margin = options.get("margin")
    if margin is not None and (not isinstance(margin, int | float) or not 0 < margin < 1):
        raise InputError(f"'margin' is {margin!r}; allowed: a share above 0 and below 1 (0.02 is two points), or none")
    if options.get("stop_every") is not None:
        checks.whole("'stop_every'", options["stop_every"], 1)
    grader_named(str(options.get("grader", "by-kind")))


def _read(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        given = yaml.load(path.read_text(encoding="utf-8"), _once_only(yaml.SafeLoader))
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"cannot be read ({problem})") from None
    except yaml.YAMLError as problem:
        raise InputError("is not valid YAML: " + " ".join(str(problem).split())) from None
    if not isinstance(given, dict):
        raise InputError(f"must be a mapping of keys; found {type(given).__name__}")
    return given


def _once_only(loader: type) -> Any:
    """A safe loader that refuses a key given twice, of which YAML would silently take the last."""

    def mapping(self: Any, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise InputError(f"says {key!r} twice (line {node.start_mark.line + 1} and below)")
        return dict(loader.construct_mapping(self, node, deep))  # type: ignore[attr-defined]

    return type("OnceOnly", (loader,), {"construct_mapping": mapping})


def _as_list(value: Any, key: str) -> list[Any]:
    items = [value] if isinstance(value, str | dict) else value
    if not isinstance(items, list | tuple) or not items:
        raise InputError(f"{key!r} must be a list with at least one entry; got {value!r}")
    return list(items)


def _call(function: Callable[..., T], options: Any, key: str) -> T:
    """Call with options from a file, an unknown one being an error with the nearest known name."""
    if not isinstance(options, dict):
        raise InputError(f"{key!r} must be a mapping of options; got {options!r}")
    known = list(inspect.signature(function).parameters)
    for option in options:
        if option not in known:
            raise unknown(f"option of {key}", option, known)
    try:
        return function(**options)
    except TypeError as problem:
        raise InputError(f"{key!r}: {problem}") from None


def _numbers(sampling: Sampling) -> Sampling:
    """A file may hold words where numbers belong; their ranges are checked by the model."""
    for name, kinds in (("max_tokens", int), ("seed", int), ("temperature", int | float), ("top_p", int | float)):
        value = getattr(sampling, name)
        if isinstance(value, bool) or not isinstance(value, kinds):
            raise InputError(f"'sampling': {name} is {value!r}; allowed are numbers")
    return sampling


def _one_of(key: str, value: str, allowed: list[str]) -> str:
    if value not in allowed:
        raise unknown(key, value, allowed)
    return value


def _format(name: str | None) -> AnswerFormat | None:
    return None if name is None else FORMATS[_one_of("answer_format", name, list(FORMATS))]
