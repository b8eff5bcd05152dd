"""What was done otherwise than registered: one short text each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from promptlab import given
from promptlab.comparison.tested import Result, Tested
from promptlab.experiment import Experiment
from promptlab.records import Run
from promptlab.registering.design import design_of, ids_hash
from promptlab.wording import counted

Made = Experiment | Run | Result
Design = Mapping[str, Any]

_LONG = 40  # characters of a value that a deviation shows


def deviations(made: Made, planned: Design, hash: str) -> Iterator[str]:
    """What differs from the design `planned`, which is registered under `hash`."""
    if isinstance(made, Experiment):
        return _of_experiment(made, planned)
    if isinstance(made, Run):
        return _of_run(made, planned, hash)
    tested = getattr(made, "tested", None)
    if isinstance(tested, Tested):
        return _of_result(tested, planned)
    raise given.wrong("what is compared with a registration", made, "an Experiment, a Run or what was made of runs")


def _of_experiment(made: Experiment, planned: Design) -> Iterator[str]:
    found = design_of(made)
    found["tests"] = {name: found["tests"].get(name) for name in planned["tests"]}  # an older release named fewer
    chosen = [name for name in planned if name not in ("questions", "tests", "prompts")]  # those follow from the rest
    lines = [*_questions(planned, found["questions"]), *_differences(planned, found, chosen)]
    return iter(lines or _differences(planned, found, ["tests", "prompts"]))


def _of_run(run: Run, planned: Design, hash: str) -> Iterator[str]:
    """The last call under this registration: a directory may serve other designs as well."""
    made = run.manifest
    calls = [session for session in made.get("sessions", ()) if session.get("registration") == hash]
    if not calls:
        yield f"{run.model} was not run under this registration"
        return
    found = _found(run, calls[-1], planned)
    lines = [*_questions(planned, found.pop("questions")), *_differences(planned, found, found)]
    lines += _ended(calls[-1].get("ended", "was killed"), bool(made.get("stopping")), bool(planned["stop_every"]))
    yield from (f"{run.model}: {line}" for line in lines)


def _ended(ended: str, ruled: bool, planned: bool) -> Iterator[str]:
    """An early end is none where the rule for it was registered."""
    if ended != "completed" and not (planned and ended.startswith("stopped early")):
        yield ended
    elif ruled != planned:
        yield f"under {'a' if ruled else 'no'} rule to stop early"


def _found(run: Run, call: Mapping[str, Any], planned: Design) -> dict[str, Any]:
    """The part of a design that a run's manifest knows."""
    made, asked = run.manifest, call["questions"]
    weights = {name: value for name, value in made["model"].items() if name != "engine"}
    return {
        "questions": {"n": asked["count"], "hash": asked["hash"]},
        "models": {**planned["models"], run.model: weights},
        "conditions": {c: planned["conditions"].get(c, {}) | made["conditions"][c] for c in call["conditions"]},
        "samples": call["samples"],
        "sampling": made["sampling"],
        "answer_format": made["answer_format"],
        "grader": dict(zip(("name", "version"), run.grader, strict=True)),
    }


def _of_result(found: Tested, planned: Design) -> Iterator[str]:
    tests = planned["tests"]
    if found.family not in tests:
        yield f"not registered: {found.family.replace('_', ' ')}"
        return
    chosen = found.settings
    yield from _differences(planned, chosen, [name for name in ("baseline", "margin") if name in chosen])
    yield from _differences(tests, chosen, [name for name in ("alpha", "seed") if name in chosen], "tests.")
    yield from _family([test for test in tests[found.family] if test.startswith(found.within)], found.tests)
    if found.questions:
        yield from _asked(found, planned)


def _asked(found: Tested, planned: Design) -> Iterator[str]:
    yield from _questions(planned, {"n": len(found.questions), "ids": ids_hash(found.questions)})
    wanted = planned["questions"]["n"] * planned["samples"]
    for (model, condition), valid in found.valid.items():
        if valid != wanted:
            yield f"{model}, {condition}: {valid:,} instead of {counted(wanted, 'valid sample')}"


def _questions(planned: Design, found: Mapping[str, Any]) -> Iterator[str]:
    """One text, however many digests follow from it."""
    asked = planned["questions"]
    if found["n"] != asked["n"]:
        yield f"n_questions {found['n']} instead of {asked['n']}"
    elif any(asked[name] != found[name] for name in ("hash", "ids") if name in found):
        yield "other questions, or another pool of exemplars"


def _family(planned: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    yield from (f"{test} is not compared" for test in planned if test not in found)
    yield from (f"{test} was added" for test in found if test not in planned)


def _differences(
    planned: Mapping[str, Any], found: Mapping[str, Any], names: Iterable[str], owner: str = ""
) -> Iterator[str]:
    """What differs in these entries, and in theirs: ``sampling.top_p 1.0 instead of 0.9``."""
    for name in names:
        old, new = planned.get(name), found.get(name)
        if name not in planned or name not in found:
            yield f"{owner}{name} {'was added' if name in found else 'is left out'}"
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new, {**old, **new}, f"{owner}{name}.")
        elif old != new:
            yield f"{owner}{name} {_short(new)} instead of {_short(old)}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONG else f"{text[: _LONG - 3]}..."
