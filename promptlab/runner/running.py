"""`run`: check everything, pay for what is missing, commit as it comes."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab import given, markup, portal
from promptlab.errors import BudgetError, InputError, PromptlabError, StoreError
from promptlab.grading import as_grader, by_kind, check_gradable
from promptlab.records import Run, Scorer, load_run
from promptlab.records.scoring import grade_stored
from promptlab.runner.budgets import Budgets, Prices, budgets
from promptlab.runner.lazy import Lazy
from promptlab.runner.planning import Planned, plan
from promptlab.runner.recording import Recorder
from promptlab.runner.registered import Registered, check_age, noted, since
from promptlab.runner.resuming import Source, check_names, check_sources, copy, pending, reused
from promptlab.runner.sending import send
from promptlab.runner.sessions import check_same, identity, manifest, session, settle, source
from promptlab.runner.stopping import Stopping, StopRule
from promptlab.store import Store, read_manifest
from promptlab.types import AnswerFormat, Grader, Model, Question, Sampling

if TYPE_CHECKING:
    from promptlab.prompts import Condition


def run(
    model: Model,
    conditions: Condition | Sequence[Condition],
    questions: Sequence[Question],
    *,
    samples: int = 1,
    sampling: Sampling,
    grader: Grader | None = None,
    answer_format: AnswerFormat | None = None,
    path: str | Path,
    reuse: Source | Iterable[Source] | None = None,
    stop_when: StopRule | None = None,
    registration: Registered | None = None,
    max_tokens_total: int | None = None,
    max_cost: float | None = None,
    prices: Prices | None = None,
    progress: bool = True,
) -> Run:
    """Ask a model every question under every condition, and keep everything in `path`.

    The same call again goes on where the last one stopped, also after ``kill -9``; a call with more questions,
    samples or conditions pays only for the difference. Failed samples (ending ``error``) are tried again.

    Parameters
    ----------
    model, conditions, questions
        The design. Exemplars come from ``questions.pool``.
    samples
        Samples of each question under each condition, K >= 1.
    sampling
        The same in every arm.
    grader
        By default the one that fits the question's kind. The model waits while a group is graded: run with a fast
        one, and use `Run.regrade` for a slow one.
    answer_format
        The sentence that asks for a format, the same in every arm.
    path
        The run's directory: one model, sampling, answer format and grader. On a local disk: SQLite's write-ahead log
        does not work on network file systems.
    reuse
        Another run, or its directory, or several; samples that this design shares with them are copied, not paid for;
        under a `registration` those that are not older than it, and their run is listed as looked at before. With
        samples of a run with a rule to stop early, all questions of its cap must be asked before `compare` takes any.
    stop_when
        End early by a rule, such as `promptlab.decided`. Questions then come in a random order of their own, some at a
        time, and `questions` is the cap. Every call on `path` must have the same rule and design.
    registration
        Of `Experiment.register`: `path` must hold no sample that is older, and its manifest then carries the hash and
        the earlier runs on these questions.
    max_tokens_total, max_cost
        Limits on what this call may spend: prompt and completion tokens, or US dollars. Requests are sent only
        while their worst case (all of `max_tokens`) fits. Tokens of a prompt that the model cannot count are taken
        as its characters / 2, and a completion that does not state its usage as the worst case. Retries inside a
        model's transport are not seen here.
    prices
        US dollars per million prompt tokens and per million completion tokens, for `max_cost`.
    progress
        Show a progress bar.

    Returns
    -------
    Run
        Everything in `path`.

    Raises
    ------
    InputError
        Something does not fit, in itself or with what `path` holds; nothing was sent.
    BudgetError
        The next request might exceed a limit; what was done is kept.
    ModelError
        The model cannot be used; what was done is kept.
    StoreError
        Another process writes to `path`, or it cannot be written.
    """
    arms, questions = given.listed("condition", conditions), given.listed("question", questions)
    folder, samples = given.to_write("path of run", path), given.whole("samples of run", samples, 1)
    _check_kinds(model, sampling, answer_format)
    oldest = since(registration)
    scorer = _scorer(grader, answer_format, questions)
    stopping = Stopping(stop_when, [arm.name for arm in arms], questions, samples, sampling.seed)
    made_with = identity(model, sampling, scorer) | stopping.fixed
    told = [arm.asked_of(model) for arm in arms]
    planned = plan(model.id, told, questions, samples=samples, sampling=sampling, answer_format=answer_format)
    limits = budgets(model, sampling.max_tokens, tokens=max_tokens_total, cost=max_cost, prices=prices)
    _check_prompts(model, sampling, planned[::samples])
    factors = {arm.name: arm.factors() for arm in arms}
    sources = check_sources(reuse, made_with)
    with Store(folder, write=True) as store:
        old = _admitted(store, folder, model, made_with, scorer)
        check_names(store, questions, factors, folder)
        check_age(store, registration)
        todo = pending(store, planned, samples, folder)
        new = manifest(old, made_with, model, factors, questions, samples)
        new |= noted(folder, old, model.name, questions, registration, sources)
        new |= reused(folder, old, sources, [*store.questions(), *questions], todo, oldest)
        settle(new["sessions"], store)
        new["planned"] = store.count() + len(todo)  # what the directory will hold
        recorder = Recorder(store, scorer)
        bar = _progress(model.name, len(planned), len(todo), recorder, shown=progress)
        design = _design(factors, questions, samples, planned, registration) | stopping.noted
        with session(folder, new, design, recorder.paid, len(todo)) as entry, _resumable(folder), bar as tick:
            store.add_design(questions, factors)
            grade_stored(store, store.ungraded(scorer.identity), scorer)  # what a broken grader left behind
            for part in stopping.parts(todo, look=lambda: load_run(folder)):
                _pay(model, sampling, copy(sources, part, recorder, oldest), limits, recorder, tick)
            entry["ended"] = stopping.ended(store)
    _warn_about(recorder.errors, folder)
    return load_run(folder)


def _check_kinds(model: Model, sampling: Sampling, answer_format: AnswerFormat | None) -> None:
    given.one("model", model)
    given.one("sampling", sampling)
    given.optional("answer_format", answer_format)


def _scorer(grader: Grader | None, answer_format: AnswerFormat | None, questions: Sequence[Question]) -> Scorer:
    chosen = by_kind if grader is None else as_grader(grader)
    check_gradable(chosen, questions)
    return Scorer(chosen, answer_format)


def _check_prompts(model: Model, sampling: Sampling, planned: Iterable[Planned]) -> None:
    """What the model would reject or ignore, each different prompt once."""
    prompts = {asked.prompt.hash: asked.prompt for p in planned for asked in p.cell.variants}
    model.check(sampling, list(prompts.values()))


def _design(
    factors: Mapping[str, Any],
    questions: Sequence[Question],
    samples: int,
    planned: Sequence[Planned],
    registration: Registered | None,
) -> dict[str, Any]:
    """What this call asks for, as its manifest notes it."""
    design = {"conditions": list(factors), "questions": source(questions), "samples": samples, "planned": len(planned)}
    return design | ({"registration": registration.hash} if registration else {})


def _admitted(
    store: Store, folder: Path, model: Model, made_with: Mapping[str, Any], scorer: Scorer
) -> dict[str, Any] | None:
    """The manifest of what the directory holds, if that was made with the same settings."""
    old = read_manifest(folder)
    if old:
        check_same(folder, old, made_with, regraded=not store.ungraded(scorer.identity))
        _say_if_elsewhere(folder, old["model"]["engine"], model.id.engine)
    return old


def _pay(
    model: Model,
    sampling: Sampling,
    part: Lazy[Planned],
    limits: Budgets,
    recorder: Recorder,
    tick: Callable[[], None],
) -> None:
    refused = portal.call(send(model, sampling, part, limits, recorder), tick)
    if refused:
        raise BudgetError(limits.refusal(refused.prompt))


def _say_if_elsewhere(folder: Path, old: str, new: str) -> None:
    """The engine is no part of a sample's key; a server that now has other weights under the same name would be."""
    if old != new:
        text = f"{folder}: its samples come from {old}, new ones will come from {new}; take another path if the weights"
        warnings.warn(f"{text} behind the name are not the same", stacklevel=4)


def _in_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


@contextmanager
def _progress(name: str, planned: int, todo: int, recorder: Recorder, *, shown: bool) -> Iterator[Callable[[], None]]:
    """A bar that counts committed samples; yields what refreshes it. A log file gets a line every 30 seconds."""
    from tqdm.auto import tqdm

    pause = 0.2 if sys.stderr.isatty() or _in_notebook() else 30
    done = planned - todo
    with tqdm(total=planned, initial=done, desc=name, unit="sample", disable=not shown, mininterval=pause) as bar:

        def tick() -> None:
            bar.update(done + recorder.stored - bar.n)
            if recorder.failed:
                bar.set_postfix(errors=recorder.failed, refresh=False)

        try:
            yield tick
        finally:
            tick()


@contextmanager
def _resumable(folder: Path) -> Iterator[None]:
    """An error of the model, the grader or the budget says that nothing is lost, and how to go on."""
    try:
        yield
    except (StoreError, InputError):
        raise
    except PromptlabError as problem:
        raise type(problem)(f"{problem}. {_how_to_go_on(folder)}") from problem
    except Exception as problem:
        problem.add_note(_how_to_go_on(folder))
        raise


def _how_to_go_on(folder: Path) -> str:
    with Store(folder) as store:
        (stored,) = next(store.rows("SELECT count(*) FROM samples WHERE ending != 'error'"))
    return f"{stored:,} samples are kept in {folder}; the same call again goes on from there"


def _warn_about(errors: Counter[str], folder: Path) -> None:
    """Failed samples are missing data: never silently."""
    if errors:
        reasons = markup.visible("; ".join(f"{n} x {reason}" for reason, n in errors.most_common(3)))
        more = f"; {len(errors) - 3} other reasons" if len(errors) > 3 else ""
        warnings.warn(
            f"{errors.total()} samples failed in {folder} ({reasons}{more}): the same call again tries them again",
            stacklevel=3,
        )
