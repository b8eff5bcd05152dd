"""An experiment: what a script says in ten lines, as one object that files and notebooks can describe."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab.errors import InputError, Problems, lines_of
from promptlab.experiment.reading import as_list, called, one_of, parts_of, read_yaml
from promptlab.grading import grader_named
from promptlab.models import longest_output, open_model
from promptlab.prompts import Condition, Preview, preview
from promptlab.questions import QuestionSet, load_questions
from promptlab.runner import run
from promptlab.types import AnswerFormat, Model, Sampling

if TYPE_CHECKING:
    import pandas as pd

    from promptlab.comparison import Comparison, Contrast, Control, Decided
    from promptlab.records import Run
    from promptlab.registering import Registration

ALPHA = 0.05  # of each family of comparisons
RECORDS = "runs"  # in a notebook's `out`


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
    reuse
        The `path` of other experiments: samples that this one shares with theirs are copied, not paid for.
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
    reuse: tuple[Path, ...] = ()

    @classmethod
    def from_yaml(cls, path: str | Path) -> Experiment:
        """Read and validate an experiment file; every problem is one `InputError` that names the file."""
        try:
            return cls.from_mapping(read_yaml(Path(path)))
        except InputError as problem:
            raise Problems("\n".join(f"{path}: {line}" for line in lines_of(problem))) from None

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Experiment:
        """The same from a mapping of plain values, for example a notebook's parameters."""
        return cls(**parts_of(given, [f.name for f in fields(cls)]))

    @classmethod
    def from_parameters(
        cls,
        *,
        models: Any,
        conditions: Any,
        questions: Mapping[str, Any],
        max_tokens: int | None,
        out: str | Path,
        n_questions: int | None = None,
        temperature: float = 0.6,
        top_p: float = 0.95,
        seed: int = 0,
        reuse: Iterable[str | Path] = (),
        **others: Any,
    ) -> Experiment:
        """The same from a notebook's parameters, which are flat: each may be an axis of a sweep.

        Parameters
        ----------
        models, conditions, others
            As in `Experiment`.
        questions, n_questions, seed
            Options of `load_questions`, and the two of them that are set apart. `seed` is the sampling's too.
        max_tokens, temperature, top_p
            Of `Sampling`; `max_tokens` None: what the profiles of the models recommend (`longest_output`).
        out
            A directory; the records go to ``runs/`` in it.
        reuse
            The `out` of other calls: samples that this design shares with them are copied, not paid for.
        """
        size = {} if n_questions is None else {"n": n_questions}
        longest = longest_output(as_list(models, "models")) if max_tokens is None else max_tokens
        sampling = {"max_tokens": longest, "temperature": temperature, "top_p": top_p, "seed": seed}
        parts = {"models": models, "conditions": conditions, "questions": {**questions, **size, "seed": seed}}
        folders = [Path(folder) / RECORDS for folder in as_list(reuse, "reuse")] if reuse else ()
        records = {"path": Path(out) / RECORDS, "reuse": folders}
        return cls.from_mapping({**parts, "sampling": sampling, **records, **others})

    def narrowed(self, conditions: Collection[str], questions: Mapping[str, Any]) -> Experiment:
        """The same experiment for these conditions and questions (options of `load_questions`), in the same records.

        Meant for what goes beside a comparison, such as more questions under the baseline alone.
        """
        known = [c.name for c in self.conditions]
        names = [one_of("condition", name, known) for name in conditions]
        arms = tuple(c for c in self.conditions if c.name in names)
        return replace(self, conditions=arms, questions=called(load_questions, questions, "questions"))

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
        models = self.open_models()
        self._check(models[1:])
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
                reuse=[folder / model.name for folder in self.reuse if (folder / model.name).is_dir()],
                registration=registration,
                stop_when=self._rule(),
                max_tokens_total=self.max_tokens_total,
                progress=progress,
            )
            for model in models
        ]

    def _check(self, later: Sequence[Model]) -> None:
        """Raise `InputError` for what a later model would refuse, before the first, which `run` checks, is paid for."""
        if not later:
            return
        pool, asked = self.questions.pool, self.answer_format
        for model in later:
            arms = [condition.asked_of(model) for condition in self.conditions]
            prompts = [arm.render(q, pool=pool, answer_format=asked) for arm in arms for q in self.questions]
            model.check(self.sampling, prompts)

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
