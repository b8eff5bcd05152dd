"""What was done otherwise than registered: one short text each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from promptlab import given
from promptlab.comparison.tested import Result, Tested
from promptlab.experiment import Experiment
from promptlab.records import Run
from promptlab.registering.design import design_of, ids_hash
from promptlab.registering.tying import Samples, losses, unchecked, untied
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

    Made = Experiment | Run | Result | pd.DataFrame
Design = Mapping[str, Any]

_LONG = 40  # characters of a value that a deviation shows
_SIZE = {True: "a fixed size", False: "a rule to stop early"}


@dataclass(frozen=True)
class Held:
    """What was made, held against the design `planned`, which is registered under `hash`."""

    made: Sequence[Made]
    planned: Design
    hash: str

    @cached_property
    def deviations(self) -> tuple[str, ...]:
        """What was done otherwise than planned."""
        return tuple(dict.fromkeys(chain(chain.from_iterable(map(self._of, self.made)), self._samples.several)))

    @cached_property
    def unchecked(self) -> tuple[str, ...]:
        """Whose samples could not be looked at."""
        return tuple(unchecked(self._results, self._samples))

    @cached_property
    def losses(self) -> tuple[str, ...]:
        """What failures of the infrastructure took."""
        return tuple(dict.fromkeys(losses(self._results)))

    @cached_property
    def _results(self) -> list[Tested]:
        """Those of a registered family; an explorative one is said to be that, and no more."""
        found = (getattr(one, "tested", None) for one in self.made)
        return [one for one in found if isinstance(one, Tested) and one.family in self.planned["tests"]]

    @cached_property
    def _samples(self) -> Samples:
        return Samples((one for one in self.made if isinstance(one, Run)), self.planned["samples"])

    def _of(self, one: Made) -> Iterator[str]:
        if isinstance(one, Experiment):
            return _of_experiment(one, self.planned)
        if isinstance(one, Run):
            return _of_run(one, self.planned, self.hash)
        if isinstance(tested := getattr(one, "tested", None), Tested):
            return chain(_of_result(tested, self.planned), untied(tested, self._samples))
        if hasattr(one, "columns"):  # of `pass_at_k`, `cons_at_k`, `summarise`, ...
            return iter([f"not registered: a table of {', '.join(map(str, one.columns))}"])
        allowed = "an Experiment, a Run or what was made of runs (or a list of these)"
        raise given.wrong("what is compared with a registration", one, allowed)


def _of_experiment(made: Experiment, planned: Design) -> Iterator[str]:
    found = design_of(made)
    found["tests"] = {name: found["tests"].get(name) for name in planned["tests"]}  # an older release named fewer
    planned, found = _in_any_order(planned), _in_any_order(found)
    chosen = [name for name in planned if name not in ("questions", "tests", "prompts")]  # those follow from the rest
    lines = [*_questions(planned, found["questions"]), *_differences(planned, found, chosen)]
    return iter(lines or _differences(planned, found, ["tests", "prompts"]))


def _in_any_order(design: Design) -> dict[str, Any]:
    """What is a list only for want of sets in a file."""
    tests = {name: sorted(tests) if isinstance(tests, list) else tests for name, tests in design["tests"].items()}
    return {**design, "control": sorted(design["control"]), "tests": tests}


def _of_run(run: Run, planned: Design, hash: str) -> Iterator[str]:
    """The last call under this registration: a directory may serve other designs as well."""
    made = run.manifest
    calls = [session for session in made.get("sessions", ()) if session.get("registration") == hash]
    if not calls:
        yield f"{run.model} was not run under this registration"
        return
    found = _found(run, calls, planned)
    lines = [*_questions(planned, found.pop("questions")), *_differences(planned, found, found)]
    ended = calls[-1].get("ended", "was killed")
    if ended != "completed" and not (planned["stop_every"] and ended.startswith("stopped early")):
        lines.append(ended)
    yield from (f"{run.model}: {line}" for line in lines)


def _found(run: Run, calls: Sequence[Mapping[str, Any]], planned: Design) -> dict[str, Any]:
    """The part of a design that a run's manifest knows."""
    made, call = run.manifest, calls[-1]
    asked = call["questions"]
    weights = {name: value for name, value in made["model"].items() if name != "engine"}
    return {
        "questions": {"n": asked["count"], "hash": asked["hash"]},
        "models": {**planned["models"], run.model: weights},
        "conditions": {c: planned["conditions"].get(c, {}) | made["conditions"][c] for c in call["conditions"]},
        "samples": call["samples"],
        "stop_every": _stop_every(calls, planned["stop_every"]) if made.get("stopping") else None,
        "sampling": made["sampling"],
        "answer_format": made["answer_format"],
        "grader": dict(zip(("name", "version"), run.grader, strict=True)),
    }


def _stop_every(calls: Iterable[Mapping[str, Any]], planned: int | None) -> int | None:
    """Of the first call that had another than planned: what it stopped at cannot be taken back."""
    noted = (call.get("batch", planned) for call in calls)  # older releases did not note it
    return next((batch for batch in noted if batch != planned), planned)


def _of_result(found: Tested, planned: Design) -> Iterator[str]:
    tests = planned["tests"]
    if found.family not in tests:
        yield f"not registered: {found.family.replace('_', ' ')}"
        return
    chosen = found.settings
    yield from _differences(planned, chosen, [name for name in ("baseline", "margin") if name in chosen])
    yield from _differences(tests, chosen, [name for name in ("alpha", "seed") if name in chosen], "tests.")
    yield from _family([test for test in tests[found.family] if test.startswith(found.within)], found.tests)
    if others := chosen.get("others"):
        yield f"{found.family.replace('_', ' ')}: judged together with {counted(others, 'more comparison')}"
    yield from _sized(found, planned)


def _sized(found: Tested, planned: Design) -> Iterator[str]:
    """How many questions and samples, or by which rule."""
    sized = not planned["stop_every"]
    if found.sized != sized:
        yield f"{_SIZE[found.sized]} instead of {_SIZE[sized]}"
    elif not found.sized and found.settings["family"] != (family := len(planned["tests"][found.family])):
        yield f"a rule for {found.settings['family']} instead of {counted(family, 'comparison')} together"
    if found.sized:
        yield from _asked(found, planned)


def _asked(found: Tested, planned: Design) -> Iterator[str]:
    yield from _questions(planned, {"n": len(found.questions), "ids": ids_hash(found.questions)})
    wanted = planned["questions"]["n"] * planned["samples"]
    for (model, condition), basis in found.bases.items():
        if basis.taken != wanted:
            yield f"{model}, {condition}: {basis.taken:,} instead of {counted(wanted, 'sample')}"


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
