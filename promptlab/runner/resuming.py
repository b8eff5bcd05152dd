"""What a directory holds already: is it part of this design, what is still to do, what can be copied."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from promptlab import given
from promptlab.errors import InputError
from promptlab.records import Run
from promptlab.records.opening import manifest_of
from promptlab.runner.lazy import Lazy
from promptlab.runner.planning import Cell, Planned
from promptlab.runner.recording import Recorder
from promptlab.runner.sessions import differences, plain_json, settings_differ
from promptlab.store import Store, storable_text
from promptlab.types import Question

Source = Run | str | Path  # of samples to copy

_CHUNK = 500  # samples copied in one transaction


def check_names(
    store: Store, questions: Iterable[Question], conditions: Mapping[str, Mapping[str, Any]], folder: Path
) -> None:
    """A name that is stored already must still mean the same.

    Raises
    ------
    InputError
        A condition with other factors, or a question with another content or cluster.
    """
    known = store.conditions()
    for name, factors in conditions.items():
        shared = {factor: value for factor, value in plain_json(factors).items() if factor in known.get(name, {})}
        changed = [line for f, v in shared.items() for line in differences(f, known[name][f], v)]
        if changed:
            raise InputError(
                f"condition {name!r} has other factors in {folder}: {'; '.join(changed)}. Use another name"
            )
    asked = {question.id: _content(question) for question in store.questions()}
    for question in questions:
        if asked.get(question.id, _content(question)) != _content(question):
            what = "text, answers, choices, kind or cluster"
            raise InputError(
                f"question {question.id!r} has another {what} in {folder}: use another id, or another path"
            )


def _content(question: Question) -> tuple[Any, ...]:
    lists = plain_json(question.answers), plain_json(question.choices)
    return storable_text(question.text), *lists, question.kind, question.cluster


def pending(store: Store, planned: Lazy[Planned], samples: int, folder: Path) -> Lazy[Planned]:
    """The planned samples that are not stored yet, or only as a failure (ending ``error``): those are tried again.

    Raises
    ------
    InputError
        A stored sample stands in the place of a planned one, but was made with another prompt.
    """
    cells = [first.cell for first in planned[::samples]]
    by_prompt = {(asked.prompt.hash, cell.replicate): n for n, cell in enumerate(cells) for asked in cell.variants}
    names = {(cell.condition, cell.question.id) for cell in cells}
    done = bytearray(len(planned))
    for key, condition, question, prompt, replicate, sample, ending in store.places():
        number = by_prompt.get((prompt, replicate), len(cells)) * samples + sample
        same = planned[number] if sample < samples and number < len(planned) else None
        if same and same.key == key:
            _check_place(same.cell, condition, question, folder)
            done[number] = ending != "error"
        elif sample < samples and (condition, question) in names:
            raise InputError(
                f"condition {condition!r}, question {question!r}: {folder} holds samples of another prompt or "
                "replicate under these names (did the exemplar pool change?). Use another name or another path"
            )
    return planned.only(array("Q", (n for n in planned.numbers if not done[n]))) if any(done) else planned


def _check_place(cell: Cell, condition: str, question: str, folder: Path) -> None:
    if (cell.condition, cell.question.id) != (condition, question):
        raise InputError(
            f"condition {cell.condition!r}, question {cell.question.id!r}: {folder} holds this sample as "
            f"condition {condition!r}, question {question!r}. Keep its names, or use another replicate="
        )


def check_sources(sources: Source | Iterable[Source] | None, made_with: Mapping[str, Any]) -> list[Path]:
    """The directories of other runs from which samples may be copied.

    Raises
    ------
    InputError
        A source that is no run's directory, or of another model or sampling: nothing in it can match.
    """
    several = sources if isinstance(sources, Iterable) and not isinstance(sources, str) else [sources]
    folders = [_folder(source) for source in several if source is not None]
    for folder in folders:
        if folder.is_file():
            raise InputError(f"reuse: {folder} is one file; samples are copied from a run's directory")
        different = settings_differ(manifest_of(folder, "reuse"), made_with, ("model", "sampling"))
        if different:
            raise InputError(f"reuse: nothing in {folder} can match, it was made with {'; '.join(different)}")
    return folders


def _folder(source: Source) -> Path:
    return source.path if isinstance(source, Run) else given.to_write("reuse", source)


def reused(
    folder: Path,
    old: Mapping[str, Any] | None,
    sources: Iterable[Path],
    questions: Iterable[Question],
    todo: Lazy[Planned],
    since: float,
) -> dict[str, Any]:
    """For the manifest: the runs that samples are copied from, in this call and before.

    Where such a run had a rule to stop early, all that it might have asked is its ``cap``: fewer questions of it are
    those at which it stopped (`promptlab.records.view.marked`).
    """
    found: dict[str, dict[str, Any]] = {entry["run"]: entry for entry in (old or {}).get("reused", ())}
    here = {_asked(question): question.id for question in questions}
    for source in sources:
        name = os.path.relpath(source.resolve(), folder.resolve())
        entry = found[name] = {**found.get(name, {}), "run": name}
        cap = _cap(source, here)
        if cap and ("cap" in entry or _holds_any(source, todo, since)):
            entry["cap"] = cap
    return {"reused": list(found.values())} if found else {}


def _cap(source: Path, here: Mapping[tuple[str, ...], str]) -> list[str]:
    """Of a run under a rule, or one that has copied from such a run; questions that are asked `here`, by their ids."""
    made = manifest_of(source, "reuse")
    taken = set(here.values())  # by other questions, where a text is not asked here: they do not stand for it
    with Store(source) as store:
        texts = {question.id: _asked(question) for question in store.questions()}
    own = {name: f"{name} of {source.name}" if name in taken else name for name in texts}
    names = {name: here.get(text, own[name]) for name, text in texts.items()}
    caps = [entry.get("cap", ()) for entry in made.get("reused", ())] + ([names] if made.get("stopping") else [])
    return list(dict.fromkeys(names.get(name, name) for name in chain.from_iterable(caps)))


def _asked(question: Question) -> tuple[str, ...]:
    """What a prompt shows of a question: those of one text may differ in their choices."""
    return tuple(map(storable_text, (question.text, *question.choices)))


def _holds_any(source: Path, todo: Lazy[Planned], since: float) -> bool:
    """Whether any sample will be copied from there."""
    with Store(source) as store:
        query = "SELECT key FROM samples WHERE ending != 'error' AND created >= ?"
        stored = {key for (key,) in store.rows(query, (since,))}
    return any(planned.key in stored for planned in todo)


def copy(sources: Iterable[Path], wanted: Lazy[Planned], recorder: Recorder, since: float) -> Lazy[Planned]:
    """Copy matching samples of other runs, graded with this run's grader; return what is still to be paid for.

    `since`: none that is older (seconds since 1970).
    """
    for folder in sources:
        with Store(folder) as other:
            wanted = _copy_from(other, wanted, recorder, since)
    return wanted


def _copy_from(other: Store, wanted: Lazy[Planned], recorder: Recorder, since: float) -> Lazy[Planned]:
    left = array("Q")
    for start in range(0, len(wanted), _CHUNK):
        numbers = wanted.numbers[start : start + _CHUNK]
        some = {p.key: p for p in wanted.only(numbers)}
        stored = (sample for sample in other.samples(list(some)) if sample.completion.ending != "error")
        found = {sample.key: sample for sample in stored if (sample.created or 0) >= since}
        group = [(some[key], sample.completion) for key, sample in found.items()]
        recorder.commit(group, other.folder.name, {key: sample.created for key, sample in found.items()})
        if recorder.failure:
            raise recorder.failure
        left.extend(number for number, key in zip(numbers, some, strict=True) if key not in found)
    return wanted.only(left)
