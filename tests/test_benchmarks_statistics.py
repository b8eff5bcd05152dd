"""The proof of the statistics: its truths are true, and it sees an interval that is too narrow."""

from __future__ import annotations

import time
from dataclasses import asdict
from itertools import product

import numpy as np
import pandas as pd
import pytest

from benchmarks import statistics
from benchmarks.attempts import WRONG, intervals, truths, vote_score, voted
from benchmarks.doses import SHOTS, judged
from benchmarks.grid import TRIALS
from benchmarks.populations import ALONE, FIVES, Cell, intercept, mean_chance, mean_product, questions
from benchmarks.powers import belief, promised
from benchmarks.seeds import trained
from benchmarks.summaries import recorded, summary
from promptlab.comparison import dose
from promptlab.stats import mean_estimate, pass_at_k
from promptlab.stats.spreads import shared

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
    table = recorded(out).set_index("result")
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
    pd.testing.assert_frame_equal(recorded(twice), recorded(once))
    assert recorded(once).loc[lambda t: t["result"] == "score, Wilson", "replications"].tolist() == [40]
    before = once.read_text()
    statistics.main(["--replications", "40", "--jobs", "1", "--out", str(once)])
    assert once.read_text() == before


def test_cells_that_are_not_decided_come_first(tmp_path):
    sure, open_cell = small("score"), small("betting")
    rows = [
        [{**asdict(c), "result": "r", "chunk": 0, "replications": 250, "right": n}]
        for c, n in ((sure, 250), (open_cell, 236))
    ]
    statistics.record(tmp_path / "x.csv", rows)
    first = statistics.undecided(tmp_path / "x.csv")
    assert first == {repr(open_cell)}
    todo = statistics.jobs([sure, open_cell], 750, set(), 0.0, first)
    assert [job[0].method for job in todo] == ["betting"] * 3 + ["score"] * 3


def test_it_ends_when_the_time_is_over_and_leaves_the_chunk_to_the_next_call(tmp_path, capsys):
    out = tmp_path / "none.csv"
    assert statistics.replicated((small("score"), 0, 5, time.time() - 1)) == []
    statistics.main(["--seconds", "0", "--jobs", "1", "--out", str(out)])
    assert "0 rows under 94 %" in capsys.readouterr().out
    assert statistics.done_before(out) == set()


def test_only_takes_several_methods_and_knows_them():
    assert statistics.methods("dose,seeds") == ["dose", "seeds"]
    with pytest.raises(SystemExit):
        statistics.main(["--only", "dose,seed"])


def test_powers_have_limits_of_their_own():
    key = {**dict.fromkeys(statistics.CELL, 0), "method": "plan", "layout": ALONE, "accuracy": 0.5}
    key |= {"result": "plan", "replications": 1000, "se": 0.01}
    said = summary(pd.DataFrame([{**key, "n": n, "share": share} for n, share in ((9, 0.8), (7, 0.7))]))
    assert "found in 75.0 % (cells: 70.0 to 80.0 %), 1 of 2 cells within 77 to 83 %" in said
    assert "| plan | n 7," in said
    assert "| plan | n 9," not in said
    assert "0 rows under 94 %" in said


def test_the_worst_cell_of_an_a_a_study_stands_beside_the_whole():
    key = {**dict.fromkeys(statistics.CELL, 0), "method": "A/A", "layout": ALONE, "accuracy": 0.5}
    key |= {"result": "A/A, simulated", "replications": 1000, "se": 0.007}
    said = summary(pd.DataFrame([{**key, "n": n, "right": r, "share": r / 1000} for n, r in ((9, 980), (7, 930))]))
    assert "1 rows under 94 %" in said
    assert "90 of 2,000 families with a false verdict: 4.5 %, within 6.0 %; most in one cell 7.0 ± 0.7 % (n 7," in said


@pytest.mark.parametrize("samples", [3, 8])
def test_the_expected_vote_is_the_mean_over_all_answers(samples):
    """By the library's own vote over every sequence of three answers; over many drawn ones of eight."""
    shares = np.array([0.4, *(0.6 * np.array(WRONG))])
    if samples == 3:
        every = np.array(list(product(range(4), repeat=3)))
        votes = np.stack([(every == kind).sum(axis=1) for kind in range(4)], axis=1)
        mean = float(shares[every].prod(axis=1) @ voted(votes))
    else:
        mean = float(voted(np.random.default_rng(0).multinomial(samples, shares, 100_000)).mean())
    assert vote_score(np.array([0.4]), samples)[0] == pytest.approx(mean, abs=1e-9 if samples == 3 else 5e-3)


def test_pass_and_cons_have_the_means_of_the_population():
    cell = Cell("attempts", 40_000, 8, 0.2)
    chance = questions(cell, cell.accuracies()[:1], np.random.default_rng(0)).chance
    seen = np.random.default_rng(1).binomial(8, chance[:, 0])
    assert truths(cell)["pass@2"] == pytest.approx(pass_at_k(8, seen, 2).mean(), abs=0.01)
    assert truths(cell)["cons@K"] == pytest.approx(vote_score(chance[::20, 0], 8).mean(), abs=0.03)
    votes = np.random.default_rng(2).multinomial(8, chance[::4] * [1, 0, 0, 0] + (1 - chance[::4]) * [0, *WRONG])
    assert truths(cell)["cons@5"] == pytest.approx(voted(votes, 5).mean(), abs=0.015)


def test_one_hard_question_that_was_not_seen_is_within_the_adjusted_interval_alone():
    found = intervals(np.array([0.9] + [1.0] * 99), None)
    assert found["Wilson"][0] > 0.99 > found["adjusted"][0] > 0.95
    assert found["adjusted"][1] == 1


@pytest.mark.parametrize("layout", [ALONE, FIVES])
def test_trained_seeds_have_the_stated_means(layout):
    cell = Cell("seeds", 400, 1, 0.5, layout, seeds=300)
    truth = np.array([0.6, 0.5, 0.5, 0.5])
    found = [trained(cell, truth, np.random.default_rng(seed))[0].mean(axis=(0, 1)) for seed in range(12)]
    assert np.mean(found, axis=0) == pytest.approx(truth, abs=0.02)


def test_a_product_of_chances_that_share_all_or_nothing():
    start, spread = intercept(0.3, 1.7), 1.7
    assert mean_product((start, start), spread, 0.0) == pytest.approx(0.09)
    chance = 1 / (1 + np.exp(-start - spread * np.random.default_rng(0).normal(size=400_000)))
    assert mean_product((start, start), spread, spread**2) == pytest.approx(float((chance**2).mean()), abs=1e-3)


def test_the_planner_is_told_the_true_variances():
    cell = Cell("plan", 40_000, 1, 0.2, FIVES)
    found = questions(cell, np.array([0.2, 0.3]), np.random.default_rng(0))
    spread = belief(cell, 0.1).spread
    differences = found.chance[:, 1] - found.chance[:, 0]
    assert spread.questions == pytest.approx(differences.var(), rel=0.03)
    assert spread.clusters == pytest.approx(shared(differences, found.clusters), rel=0.08)
    assert spread.sampling == pytest.approx((found.chance * (1 - found.chance)).mean() * 2, rel=0.02)


def test_a_promise_holds_for_a_population_that_keeps_it():
    cells = [Cell("plan", n, 8, 0.2, family=m, moved=True) for n, m in ((100, 1), (400, 1), (400, 6))]
    few, many, family = map(promised, cells)
    assert many < family < few < 0.3


def test_a_false_shape_and_a_missed_slope_are_seen():
    seen = {0: 0.3, 1: 0.7, 3: 0.6, 5: 0.3}
    rows = [("m", f"k{k}", k, q, float(q < 100 * share)) for k, share in seen.items() for q in range(100)]
    found = dose(pd.DataFrame(rows, columns=["model", "condition", "shots", "question", "score"]), baseline="k0")
    itself, flat, rising = (judged(found, np.array(truth)) for truth in (list(seen.values()), [0.5] * 4, SHOTS))
    assert all(right for name, right in itself.items() if name != "dose, shape")
    assert not flat["dose, all differences"]
    assert not flat["dose, shape"]
    assert not any(rising.values())
