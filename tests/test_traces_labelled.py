"""Every detector against texts that were labelled by hand; `python -m benchmarks.traces` prints the whole table."""

from __future__ import annotations

import pytest

from benchmarks.traces import Counts, counted, load, table

# Precision and recall: what development may rely on, and what texts written afterwards must show.
FLOORS = {"traces": (0.95, 0.9), "traces_held_out": (0.9, 0.8)}


@pytest.fixture(scope="module", params=FLOORS)
def measured(request: pytest.FixtureRequest) -> tuple[str, dict[str, Counts]]:
    return request.param, counted(load(request.param))


def test_precision_and_recall(measured: tuple[str, dict[str, Counts]]):
    name, counts = measured
    for detector, found in counts.items():
        for what, floor in zip(("precision", "recall"), FLOORS[name], strict=True):
            k, n = getattr(found, what)
            assert k >= floor * n, f"{what} of {detector}: {k}/{n}; {found.wrong}"


def test_every_detector_has_labelled_texts_and_traps(measured: tuple[str, dict[str, Counts]]):
    name, counts = measured
    assert len(counts) == 15
    assert len(load(name)) >= 80
    assert all(found.recall[1] >= 1 for found in counts.values())


def test_a_detector_that_errs_is_seen():
    counts = Counts()
    for detected, labelled in ((True, True), (True, False), (False, True), (False, False)):
        counts.add("text", detected, labelled)
    assert (counts.precision, counts.recall) == ((1, 2), (1, 2))
    assert counts.wrong == ["text (false alarm)", "text (missed)"]
    assert "0.50 [0.09, 0.91]" in table({"x": counts}).to_string()


def test_no_text_is_in_both_sets():
    texts = [row["output"] for name in FLOORS for row in load(name)]
    assert len(set(texts)) == len(texts)
