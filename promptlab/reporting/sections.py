"""One part in full: sentences, tables, figures, parameters, what made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from promptlab import markup
from promptlab.comparison.rendering import SCORES
from promptlab.records import Run
from promptlab.reporting import elements
from promptlab.reporting.judging import Judged
from promptlab.reporting.vectors import Drawing
from promptlab.types import digest

# What makes a run's samples what they are; the rest of a manifest says when and on what they were made.
_IDENTITY = ("model", "sampling", "answer_format", "grader", "conditions", "questions", "samples")
_MANY = 8
_MADE = ("promptlab", "python", "platform", "packages", "git", "started", "updated", "settings")


def part_section(judged: Judged, drawings: Iterable[Drawing], *, opened: bool) -> str:
    inner = [elements.paragraph(judged.stamp, "stamp"), *_problem(judged), *_found(judged)]
    inner += [_figure(drawing) for drawing in drawings]
    inner += [_parameters(judged), *(_made(run) for run in judged.part.runs)]
    return f"<div class=part>{markup.folded(judged.part.title, ''.join(inner), opened=opened)}</div>"


def _problem(judged: Judged) -> Iterator[str]:
    state = judged.part.state
    if judged.problem:
        yield elements.paragraph(judged.problem, "problem")
    if state and state.state != "done":
        where = f" in cell {state.cell}" if state.cell else ""
        yield elements.paragraph(f"{state.state}{where}: {state.error}" if state.error else state.state, "problem")


def _found(judged: Judged) -> Iterator[str]:
    found, decided = judged.comparison, judged.decisions
    if found:
        yield _said(found.verdicts, [found.power, *found.warnings])
    for contrast in judged.contrasts:
        yield _said(contrast.verdicts, [contrast.power, *contrast.warnings])
    if decided:
        yield _said(decided.verdicts, decided.savings)
    yield markup.bullets(judged.notes) if judged.notes else ""
    if found:
        shown = found.summary[[name for name in SCORES if name in found.summary]]
        yield elements.table(shown, f"Scores: {judged.part.title}")
        yield markup.folded("where the points went, as numbers", elements.table(found.accounting, "Accounting"))


def _said(verdicts: Sequence[str], notes: Iterable[str]) -> str:
    """Sentences; where they are many they are folded, and what warns of them never is."""
    words = markup.bullets(verdicts)
    many = markup.folded(f"{len(verdicts)} comparisons in words", words) if len(verdicts) > _MANY else words
    return many + markup.bullets(notes)


def _figure(drawing: Drawing) -> str:
    if drawing.problem:
        return elements.paragraph(f"{drawing.title} could not be drawn: {drawing.problem}", "problem")
    return f"<figure>{drawing.svg}<figcaption>{markup.escape(drawing.title)}</figcaption></figure>"


def _parameters(judged: Judged) -> str:
    part = judged.part
    hashes = [("hash of parameters and notebook", part.state.hash)] if part.state and part.state.hash else []
    if part.registration:
        hashes.append(("hash of the design", part.registration.hash))
    if not hashes and not part.parameters:
        return ""
    return markup.folded("parameters and hash", elements.facts(hashes) + elements.settings(part.parameters))


def _made(run: Run) -> str:
    """A run's own manifest, with a digest of what makes its samples what they are."""
    manifest: Mapping[str, Any] = run.manifest
    identity = {name: manifest[name] for name in _IDENTITY if name in manifest}
    made = {name: manifest[name] for name in _MADE if manifest.get(name)}
    hashed = elements.facts([("hash of these settings", digest(identity))])
    return markup.folded(f"{run.model}: settings", hashed + elements.settings({**identity, **made}))
