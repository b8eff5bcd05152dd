"""The manifest over the life of a run: what it was made with, and every call that added to it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from promptlab.errors import BudgetError, InputError
from promptlab.records import Scorer
from promptlab.store import Store, environment, without_secrets, write_manifest
from promptlab.types import Model, Sampling

_TIME = "%Y-%m-%dT%H:%M:%S%z"
_PAID = """SELECT count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0),
    coalesce(sum(completion_tokens IS NULL AND ending != 'error'), 0) FROM samples WHERE origin = '' AND created >= ?"""


def identity(model: Model, sampling: Sampling, scorer: Scorer) -> dict[str, Any]:
    """The part of a manifest that every call on one directory must share (the engine apart)."""
    name, version = scorer.identity
    asked = scorer.answer_format
    made_with = {
        "name": model.name,
        "model": without_secrets(asdict(model.id)),
        "sampling": asdict(sampling),
        "answer_format": asdict(asked) if asked else None,
        "grader": {"name": name, "version": version},
    }
    try:
        return plain_json(made_with)
    except TypeError as problem:
        raise InputError(f"sampling.extra must hold plain values only: {problem}") from None


def check_same(folder: Path, old: Mapping[str, Any], new: Mapping[str, Any], *, regraded: bool) -> None:
    """Refuse to mix: the same model, sampling, answer format, rule to stop and grader as before.

    Another grader is welcome where `regraded`, that is where it has graded everything that is stored.
    """
    different = settings_differ(old, new, ("model", "sampling", "answer_format", "stopping"))
    if different:
        raise InputError(f"{folder} was made with other settings: {'; '.join(different)}. Use another path")
    if not regraded and (different := settings_differ(old, new, ("grader",))):
        raise InputError(
            f"{folder} was graded by another grader: {'; '.join(different)}. Grade what is stored again first, with "
            "load_run(path).regrade(grader), or use another path"
        )


def settings_differ(old: Mapping[str, Any], new: Mapping[str, Any], parts: Iterable[str]) -> list[str]:
    """What differs in these parts of two manifests; another engine is no other model."""
    lines = [line for part in parts for line in differences(part, old.get(part), new.get(part))]
    return [line for line in lines if not line.startswith("model.engine:")]


def differences(name: str, old: Any, new: Any) -> list[str]:
    """What differs, one text each: ``sampling.top_p: 0.9 -> 1.0``."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = list({**old, **new})
        return [line for key in keys for line in differences(f"{name}.{key}", old.get(key), new.get(key))]
    return [] if old == new else [f"{name}: {old!r} -> {new!r}"]


def plain_json(value: Any) -> Any:
    """The value as it comes back from a JSON file, so that old and new compare."""
    return json.loads(json.dumps(value))


def manifest(
    old: Mapping[str, Any] | None,
    made_with: Mapping[str, Any],
    model: Model,
    conditions: Mapping[str, Mapping[str, Any]],
    questions: Any,
    samples: int,
) -> dict[str, Any]:
    """The manifest from now on: settings as they are, conditions and sessions added to what was there.

    `questions` and `samples` speak of the largest call: a later, narrower one takes nothing out of the directory.
    """
    old = old or {}
    asked = source(questions)
    before = old.get("questions", asked)
    return {
        **made_with,
        "settings": without_secrets(getattr(model, "settings", {})),
        "questions": before if before["count"] > asked["count"] else asked,
        "conditions": {**old.get("conditions", {}), **conditions},
        "samples": max(samples, old.get("samples", 0)),
        "seed": made_with["sampling"]["seed"],
        **environment(),
        "started": old.get("started", _now()),
        "updated": _now(),
        "sessions": list(old.get("sessions", [])),
    }


def source(questions: Any) -> dict[str, Any]:
    """Which questions: enough to load them again, and to see whether they are the same."""
    return {name: getattr(questions, name, None) for name in ("name", "origin", "hash")} | {"count": len(questions)}


@contextmanager
def session(
    folder: Path, manifest: dict[str, Any], design: Mapping[str, Any], paid: Mapping[str, int], pending: int
) -> Iterator[dict[str, Any]]:
    """Note one call of `run` in the manifest: its `design`, when it started and, also after Ctrl-C, how it ended and
    what it cost.

    Yields its entry. After ``kill -9`` the entry has no ``ended``; what it cost the next call adds (`settle`).
    """
    entry: dict[str, Any] = {"started": _now(), **design, "pending": pending}
    entry |= {"engine": manifest["model"]["engine"], "git": manifest["git"]}
    manifest["sessions"].append(entry)
    write_manifest(folder, manifest)
    try:
        yield entry
    except BaseException as problem:
        entry["ended"] = _how(problem)
        raise
    finally:
        entry["paid"] = dict(paid)
        entry["stopped"] = manifest["updated"] = _now()
        write_manifest(folder, manifest)


def settle(sessions: Sequence[dict[str, Any]], store: Store) -> None:
    """Say of a last call that was killed what it cost, as far as that was stored: what was in flight is not known."""
    if not sessions or "paid" in sessions[-1]:
        return
    began = datetime.strptime(sessions[-1]["started"], _TIME).timestamp()
    (sums,) = store.rows(_PAID, (began,))
    names = ("requests", "prompt_tokens", "completion_tokens", "tokens_not_told")
    sessions[-1]["paid"] = dict(zip(names, sums, strict=True))


def _how(problem: BaseException) -> str:
    if isinstance(problem, KeyboardInterrupt):
        return "interrupted"
    return "budget" if isinstance(problem, BudgetError) else f"failed: {type(problem).__name__}"


def _now() -> str:
    return time.strftime(_TIME)
