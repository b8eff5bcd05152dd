"""A run under a registration: none of its samples is older, and its manifest lists what was looked at before."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from promptlab import given
from promptlab.errors import InputError, StoreError
from promptlab.store import Store, read_manifest
from promptlab.store.database import FILE
from promptlab.types import Question
from promptlab.wording import counted

SCOPE = (
    "run directories beside this one, beside the directory that holds it and in the directories there, and those that "
    "samples were copied from"
)


class Registered(Protocol):
    """What `registration` of `run` takes; `Experiment.register` makes one."""

    @property
    def hash(self) -> str: ...
    @property
    def registered(self) -> str:
        """When, in ISO 8601 with the offset to UTC."""


def since(registration: Registered | None) -> float:
    """When the oldest sample may have been made, in seconds since 1970; `InputError` where it is no registration."""
    if registration is None:
        return 0.0
    if not (hasattr(registration, "hash") and hasattr(registration, "registered")):
        raise given.wrong("registration of run", registration, "one of Experiment.register or Registration.read")
    return datetime.fromisoformat(registration.registered).timestamp()


def check_age(store: Store, registration: Registered | None) -> None:
    """Raise `InputError` where the store holds a sample that is older than the registration, if there is one."""
    if registration is None:
        return
    (older,) = next(store.rows("SELECT count(*) FROM samples WHERE created < ?", [since(registration)]))
    if older:
        said = f"holds {counted(older, 'sample')} from before the registration ({registration.registered})"
        raise InputError(f"{store.folder} {said}: a run under it starts from nothing. Take another path")


def noted(
    folder: Path,
    old: Mapping[str, Any] | None,
    model: str,
    questions: Iterable[Question],
    registration: Registered | None,
    sources: Iterable[Path],
) -> dict[str, Any]:
    """For the manifest: the registration with every earlier run that was found; without one what stood there.

    `sources`: the directories that samples are copied from.
    """
    before = (old or {}).get("registration")
    if registration is None:
        return {"registration": before} if before else {}
    kept = before["looked_before"] if before and before["hash"] == registration.hash else []
    earlier = _earlier(folder.resolve(), model, questions, registration.hash, sources)
    seen = {entry["run"]: entry for entry in [*kept, *earlier]}
    found = {"hash": registration.hash, "registered": registration.registered}
    return {"registration": found | {"looked_before": list(seen.values()), "scope": SCOPE}}


def _earlier(
    folder: Path, model: str, questions: Iterable[Question], hash: str, sources: Iterable[Path]
) -> list[dict[str, Any]]:
    """Runs within the scope that asked some of these questions, by text.

    Other models that began under this registration are the same experiment; the same model once more is a look.
    """
    texts = {question.text for question in questions}
    near, above = folder.parent, folder.parent.parent
    files = {*near.glob(f"*/{FILE}"), *above.glob(f"*/{FILE}"), *above.glob(f"*/*/{FILE}")}
    places = {file.parent for file in files} | {source.resolve() for source in sources}
    entries = {at: _seen(at, texts, hash, model if at != folder else "") for at in sorted(places)}
    return [{"run": os.path.relpath(at, folder), **entry} for at, entry in entries.items() if entry]


def _seen(folder: Path, texts: set[str], hash: str, model: str) -> dict[str, Any]:
    """What was looked at in one directory; empty where that is nothing."""
    try:
        manifest = read_manifest(folder) or {}
        calls = manifest.get("sessions", ())
        begun = bool(calls) and calls[0].get("registration") == hash  # what was asked there besides came later
        if begun and manifest.get("name") != model:
            return {}
        with Store(folder) as store:
            shared = sum(question.text in texts for question in store.questions())
            ((samples,),) = store.rows("SELECT count(*) FROM samples")
            conditions = list(store.conditions())
    except StoreError:
        return {"unreadable": True}
    if not (shared and samples):
        return {}
    when = {name: manifest.get(name) for name in ("started", "updated")}
    return {"model": manifest.get("name"), "questions": shared, "samples": samples, "conditions": conditions, **when}
