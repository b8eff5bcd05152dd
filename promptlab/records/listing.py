"""The samples of some questions, whole, from a directory or a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from promptlab.records.showing import Card
from promptlab.records.view import Run
from promptlab.store import Store


def list_cards(run: Run, questions: Collection[str]) -> Iterator[Card]:
    """Every sample of these questions (by id), ordered by question, condition and sample."""
    places = {question: i for i, question in enumerate(questions)}
    return _of_file(run, places) if run.path.is_file() else _of_folder(run, places)


def _of_folder(run: Run, places: dict[str, int]) -> Iterator[Card]:
    arms = {name: i for i, name in enumerate(run.conditions)}
    with Store(run.path) as store:
        order = sorted(
            (places[question], arms[condition], sample, key)
            for key, condition, question, sample in store.rows("SELECT key, condition, question, sample FROM samples")
            if question in places
        )
        for *_, key in order:
            (sample,) = store.samples([key])
            yield Card(sample, store.prompt(sample.prompt), store.grade(key, run.grader))


def _of_file(run: Run, places: dict[str, int]) -> Iterator[Card]:
    from promptlab.records.files import card_of, rows_of
    from promptlab.records.parquet import complete, explained

    whole = run._whole()
    place = whole["question"].map(places)
    chosen = whole.assign(_place=place)[place.notna()].sort_values("_place", kind="stable").drop(columns="_place")
    with explained(run.path):
        yield from (card_of(row) for row in rows_of(complete(chosen)))
