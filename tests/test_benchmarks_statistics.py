"""The proof of the statistics: its truths are true, and it sees an interval that is too narrow."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from benchmarks import statistics
from benchmarks.populations import ALONE, FIVES, Cell, mean_chance, questions
from benchmarks.trials import TRIALS
from promptlab.stats import mean_estimate

LATER = 1e12


def small(method: str) -> Cell:
    """The first cell of a method, with everything that it has."""
    return next(cell for cell in statistics.cells() if cell.method == method)


@pytest.mark.parametrize(("accuracy", "layout", "draws"), [(0.05, ALONE, 0), (0.5, FIVES, 0), (0.95, FIVES, 4_000)])
def test_the_stated_truth_is_the_mean_of_the_population(accuracy, layout, draws):
    cell = Cell("differences", 40_000, 1, accuracy, layout, family=2, moved=True, draws=draws)
    found = questions(cell, cell.accuracies(), np.random.default_rng(0))
    units = found.draws if draws else found.clusters
    for truth, chance in zip(cell.accuracies(), found.chance.T, strict=True):
        e = mean_estimate(chance, units)
        assert abs(e.value - truth) < 4 * e.se
        assert e.se < 0.01
    base, moved, still = cell.accuracies()
    assert base == still == accuracy < moved


def test_quadrature_equals_simulation():
    z = np.random.default_rng(0).normal(size=400_000)
    assert mean_chance(-2.0, 1.8) == pytest.approx((1 / (1 + np.exp(2 - 1.8 * z))).mean(), abs=1.5e-3)


def test_an_interval_of_half_the_width_is_seen(monkeypatch, tmp_path, capsys):
    def halved(cell, rng):
        values = rng.normal(size=cell.n)
        e = mean_estimate(values)
        return {"whole": e.low <= 0 <= e.high, "halved": abs(e.value) <= (e.high - e.low) / 4}

    monkeypatch.setitem(TRIALS, "halved", halved)
    monkeypatch.setattr(statistics, "cells", lambda: [Cell("halved", 30, 1, 0.5)])
    out = tmp_path / "halved.csv"
    statistics.main(["--replications", "600", "--jobs", "1", "--out", str(out)])
    table = pd.read_csv(out).set_index("result")
    assert table.loc["halved", "share"] == pytest.approx(0.68, abs=0.06)
    assert table.loc["whole", "share"] == pytest.approx(0.95, abs=4 * table.loc["whole", "se"])
    under = capsys.readouterr().out.split("under 94 %:")[1]
    assert "| halved | n 30, K 1, 0.5 right, alone, family of 1, all equal | 600 |" in under


@pytest.mark.parametrize("method", TRIALS)
def test_each_method_has_cells_and_says_what_was_right(method):
    rows = statistics.replicated((small(method), 0, 2, LATER))
    assert rows
    assert all(0 <= row["right"] <= row["replications"] <= 2 for row in rows)
    assert {row["result"]: row["right"] for row in rows}.get("sign flips equal McNemar", 2) == 2


def test_every_cell_is_of_a_method_and_no_two_are_alike():
    made = statistics.cells()
    assert {cell.method for cell in made} == set(TRIALS)
    assert len(set(map(repr, made))) == len(made)


def test_a_second_call_goes_on_where_the_first_ended(monkeypatch, tmp_path):
    monkeypatch.setattr(statistics, "CHUNK", 10)
    cells = [small("score"), small("log-odds")]
    monkeypatch.setattr(statistics, "cells", lambda: cells)
    twice, once = tmp_path / "twice.csv", tmp_path / "once.csv"
    for number in (20, 40):
        statistics.main(["--replications", str(number), "--jobs", "1", "--out", str(twice)])
    statistics.main(["--replications", "40", "--jobs", "2", "--out", str(once)])
    assert twice.read_text() == once.read_text()
    assert pd.read_csv(once).loc[lambda t: t["result"] == "score, Wilson", "replications"].tolist() == [40]


def test_it_ends_when_the_time_is_over(tmp_path, capsys):
    assert statistics.replicated((small("score"), 0, 5, time.time() - 1)) == []
    statistics.main(["--seconds", "0", "--jobs", "1", "--out", str(tmp_path / "none.csv")])
    assert "0 rows under 94 %" in capsys.readouterr().out
