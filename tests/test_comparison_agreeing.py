"""`agree`: live samples of the recorded model agree, those of another model under its name do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import promptlab as lab
from promptlab.comparison import Agreement, agree
from promptlab.errors import InputError

MODELS, CONDITIONS = ("instruct", "plain", "r1-narrow", "r1"), ("zero", "concise", "few-1", "few-3", "few-5")
CELLS = [(model, condition) for model in MODELS for condition in CONDITIONS]


def drawn(p: np.ndarray, samples: int, rng: np.random.Generator, cells: list[tuple[str, str]] = CELLS) -> pd.DataFrame:
    """Samples from the chance of a right answer in each cell (rows) and question (columns)."""
    score = rng.random((*p.shape, samples)) < p[..., None]
    cell, question, sample = np.indices(score.shape).reshape(3, -1)
    model, condition = np.array(cells)[cell].T
    names = np.array([f"q{i:03d}" for i in range(p.shape[1])])[question]
    columns = {"model": model, "condition": condition, "question": names, "sample": sample, "score": score.ravel()}
    return pd.DataFrame(columns).astype({"score": float}).assign(gold="7")


def chances(rng: np.random.Generator, mean: float = 0.5, questions: int = 12, cells: int = 20) -> np.ndarray:
    """Three of four questions are nearly always right or nearly always wrong: temperature noise is small."""
    sure = np.where(rng.random((cells, questions)) < mean, 0.98, 0.02)
    return np.where(rng.random(sure.shape) < 0.25, rng.random(sure.shape), sure)


def swapped(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The third model answers otherwise: few-shot cells gain about 25 points, question by question of its own."""
    other = p.copy()
    other[10:12] = chances(rng, 0.5, p.shape[1], 2)
    other[12:15] = chances(rng, 0.75, p.shape[1], 3)
    return other


def one(score: float | list[float], samples: int = 1, cell: tuple[str, str] = ("m", "a"), n: int = 12) -> pd.DataFrame:
    """Questions with these sure scores in one cell."""
    return drawn(np.broadcast_to(np.asarray(score, dtype=float), (1, n)), samples, np.random.default_rng(0), [cell])


def test_false_alarms_are_rare_and_a_swap_is_seen():
    rng = np.random.default_rng(5)
    alarms, seen = [], []
    for _ in range(12):
        p = chances(rng)
        recorded = drawn(p, 4, rng)
        alarms.append("NOT agree" in agree(drawn(p, 1, rng), recorded).verdict)
        seen.append(agree(drawn(swapped(p, rng), 1, rng), recorded))
    assert sum(alarms) <= 2
    assert sum(not found.ok for found in seen) >= 11
    flagged = [found.models.set_index("model")["flag"] for found in seen]
    assert sum(flags["r1-narrow"] == "differs" for flags in flagged) >= 10
    assert sum((flags.drop("r1-narrow") == "differs").any() for flags in flagged) <= 2


def test_cells_models_and_sentence():
    rng = np.random.default_rng(0)
    p = chances(rng)
    found = agree(drawn(p, 1, rng), drawn(p, 4, rng))
    assert found.ok
    assert list(zip(found.table["model"], found.table["condition"], strict=True)) == CELLS
    assert found.table["difference"].to_numpy() == pytest.approx(found.table["live"] - found.table["recorded"])
    assert found.pooled.value == pytest.approx(found.table["difference"].mean())
    assert found.models["difference"].mean() == pytest.approx(found.pooled.value)
    assert found.verdict.startswith("live agrees with recorded: 20 cells, pooled ")
    assert found.verdict.endswith(
        "; no cell or model differs beyond chance, and the pooled difference seen is within 5 points."
    )
    assert (
        repr(found) == f"<Agreement of live and recorded: 20 cells, pooled {100 * found.pooled.value:+.1f} points, ok>"
    )
    again = agree(drawn(p, 1, np.random.default_rng(1)), drawn(p, 4, np.random.default_rng(2)), seed=3)
    same = agree(drawn(p, 1, np.random.default_rng(1)), drawn(p, 4, np.random.default_rng(2)), seed=3)
    pd.testing.assert_frame_equal(again.table, same.table)


def test_the_sentence_names_the_cells_largest_first():
    rng = np.random.default_rng(1)
    p = np.where(np.arange(40) % 2, 0.9, 0.1) * np.ones((20, 1))
    live = p.copy()
    live[12], live[13] = 0.8, 0.95
    text = agree(drawn(live, 1, rng), drawn(p, 4, rng)).verdict
    assert text.startswith("live does NOT agree with recorded: 20 cells, pooled +")
    assert text.index("r1-narrow under few-3 (+") < text.index("r1-narrow under few-1 (+")
    assert text.endswith("which suggests other weights, prompts or sampling than recorded.")


@pytest.mark.parametrize(
    ("live", "ok", "reason"), [(1, True, "all samples of each question are equal"), (0, False, "")]
)
def test_a_cell_without_variance(live: float, ok: bool, reason: str):
    found = agree(one(live), one(1, 4))
    assert found.ok is ok
    row = found.table.iloc[0]
    assert (row["difference"], row["reason"], row["flag"]) == (live - 1, reason, "" if ok else "differs")


def test_a_large_pooled_difference_that_chance_may_do_is_not_called_other_weights():
    found = agree(one([0, 1, 1, 1], n=4), one(1, 4, n=4))
    assert not found.ok
    assert "NOT shown to agree" in found.verdict
    assert "which chance alone may do" in found.verdict
    tolerant = agree(one([0, 1, 1, 1], n=4), one(1, 4, n=4), tolerance=0.3)
    assert tolerant.ok
    assert tolerant.verdict.endswith("within 30 points.")


def test_missing_samples_are_counted_and_are_no_wrong_answers():
    live, recorded = one(1), one(1, 4)
    live.loc[:2, "score"] = np.nan
    recorded = recorded.assign(ending=np.where(recorded.index < 5, "error", "complete"))
    found = agree(live, recorded)
    row = found.table.iloc[0]
    assert (row["questions"], row["difference"], row["missing"]) == (9, 0, 8)
    assert found.warnings == ("missing after infrastructure failures: 3 live and 5 recorded samples",)


def test_a_cell_with_missing_samples_only_is_not_agreement():
    live = pd.concat([one(1), one(np.nan, cell=("m", "b")).assign(score=np.nan)])
    found = agree(live, pd.concat([one(1, 4), one(1, 4, ("m", "b"))]))
    assert not found.ok
    assert found.verdict.endswith("1 cell left nothing to compare.")
    assert list(found.table["flag"]) == ["", "not estimable"]


def test_what_was_not_recorded_is_said():
    live = pd.concat([one(1), one(1, cell=("m", "b")), one(1, cell=("x", "a")), one(1, cell=("m", "c"), n=14)])
    recorded = pd.concat([one(1, 4, n=10), one(1, 4, ("m", "c"), n=13), one(1, 4, ("other", "a"))])
    assert agree(live, recorded).warnings == (
        "not checked: 1 live model without recorded samples: x",
        "not checked: 1 live condition without recorded samples: m under b",
        "not checked: 1 live question without recorded samples: q013",
        "not checked: live questions that were not recorded in their cell: 2 under a of m",
    )


@pytest.mark.parametrize(
    ("recorded", "message"),
    [
        (one(1, cell=("n", "a")), "no model is in both: live has m; recorded has n"),
        (one(1, cell=("m", "b")), "no condition is in both: live has m under a; recorded has m under b"),
        (
            one(1).assign(question=[f"z{i}" for i in range(12)]),
            "no question is in both: live has q000, q001, q002, q003",
        ),
        (one(1).drop(columns="score"), "recorded: runs lack the column score"),
        (one(1).assign(gold="8"), "gold answers differ for 12 questions: 'q000' has '7' live and '8' recorded"),
    ],
)
def test_nothing_to_compare_is_one_clear_line(recorded: pd.DataFrame, message: str):
    with pytest.raises(InputError, match=message):
        agree(one(1), recorded)


def test_questions_that_are_shared_under_other_conditions_only():
    live = pd.concat([one(1, n=2), one(1, cell=("m", "b"), n=4).tail(2)])
    recorded = pd.concat([one(1, n=4).tail(2), one(1, cell=("m", "b"), n=2)])
    with pytest.raises(InputError, match="no question under the same condition"):
        agree(live, recorded)


@pytest.mark.parametrize("settings", [{"alpha": 0}, {"tolerance": -0.1}])
def test_settings(settings: dict[str, float]):
    with pytest.raises(InputError, match=next(iter(settings))):
        agree(one(1), one(1), **settings)


def test_what_is_shown_is_escaped():
    cell = ("<b>|m", "a")
    found = agree(one(0, cell=cell), one(1, 4, cell))
    assert "<b>" not in found._repr_html_() + found.to_markdown()
    assert "\\|m" in found.to_markdown()
    assert found.verdict.replace("<b>|m", "&lt;b&gt;|m") in found._repr_html_()


SAMPLING = lab.Sampling(temperature=0.6, top_p=0.95, max_tokens=256, seed=0)


def live(adapter: str, path: Path) -> pd.DataFrame:
    """Enough of the first recorded questions to tell; zero-shot, since short prompts are read soonest."""
    questions = lab.load_questions("arithmetic", split="test", n=50, seed=0, templates="all")
    model = lab.open_model(f"embedded:{adapter}")
    try:
        run = lab.run(
            model,
            lab.zero_shot(),
            questions,
            samples=1,
            sampling=SAMPLING,
            path=path,
            answer_format=lab.ANSWER_IS,
            progress=False,
        )
        return run.to_frame()
    finally:
        model.close()


@pytest.mark.embedded
@pytest.mark.slow
def test_a_swapped_adapter_is_seen(base_weights: Path, tmp_path: Path):
    recorded = lab.load_run("recorded:r1-narrow")
    # The pooled difference of 50 questions has a standard error of about four points.
    found: dict[str, Agreement] = {
        name: agree(live(name, tmp_path / name).assign(model="r1-narrow"), recorded, tolerance=0.1)
        for name in ("r1-narrow", "plain")
    }
    assert found["r1-narrow"].ok, found["r1-narrow"].verdict
    assert not found["plain"].ok
    assert "live does NOT agree with recorded" in found["plain"].verdict
