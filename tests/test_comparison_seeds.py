"""`contrast_seeds`: groups of trained seeds, paired."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from promptlab.comparison.seeds import contrast_seeds
from promptlab.errors import InputError
from promptlab.stats.twoway import two_way


def frame(contrasts, n=150, rng=None, question_sd=0.0, seed=0):
    """Scores in [0, 1] with a given contrast for each seed; `question_sd`: how unlike the contrast is on questions."""
    rng = rng or np.random.default_rng(seed)
    own = question_sd * rng.standard_normal(n)
    parts = []
    for s, size in enumerate(contrasts):
        for model, condition in ((m, c) for m in ("r", "sft") for c in ("zero-shot", "few-shot")):
            shift = size + own if (model, condition) == ("r", "few-shot") else 0.0
            score = np.clip(0.5 + shift + 0.05 * rng.standard_normal(n), 0, 1)
            row = {"model": f"{model}{s}", "condition": condition, "question": range(n), "score": score}
            parts.append(pd.DataFrame(row))
    return pd.concat(parts, ignore_index=True)


def run(data, seeds, **options):
    names = {"models": [f"r{s}" for s in range(seeds)], "controls": [f"sft{s}" for s in range(seeds)]}
    return contrast_seeds(data, **{**names, "baseline": "zero-shot", **options})


def test_without_unlike_questions_it_is_the_t_test_over_seeds():
    stats = pytest.importorskip("scipy.stats")
    sizes = [-0.3, -0.1, -0.2, -0.15, -0.05, -0.25]
    data = frame(sizes, n=400)
    row = run(data, 6).table.iloc[0]
    means = data.groupby(["model", "condition"])["score"].mean()
    each = [means[f"r{s}", "few-shot"] - means[f"r{s}", "zero-shot"] - means[f"sft{s}", "few-shot"]
            + means[f"sft{s}", "zero-shot"] for s in range(6)]  # fmt: skip
    t = stats.ttest_1samp(each, 0).confidence_interval()
    assert row.contrast == pytest.approx(np.mean(each))
    assert row.se_seeds == pytest.approx(np.std(each, ddof=1) / np.sqrt(6))
    assert (row.low, row.high) == pytest.approx((t.low, t.high), rel=0.06)
    assert (row.verdict, row.df, row.agreeing) == ("less favourable", 5, 6)


def test_the_variance_of_questions_is_added():
    sizes = [-0.12, -0.1, -0.11, -0.1, -0.12]
    alike, unlike = (run(frame(sizes, question_sd=sd), 5).table.iloc[0] for sd in (0.0, 0.2))
    assert unlike.se > 2 * unlike.se_seeds
    assert unlike.se == pytest.approx(0.2 / np.sqrt(150), rel=0.2)
    assert alike.se < unlike.se / 2


def test_under_five_seeds_there_is_no_claim_however_clear_each_of_them():
    found = run(frame([-0.3, -0.3, -0.31, -0.29]), 4)
    row = found.table.iloc[0]
    assert (row.verdict, row.seeds, row.agreeing) == ("no claim", 4, 4)
    assert np.isnan([row.low, row.high, row.detectable]).all()
    assert "no claim: 4 seeds are too few for a claim on training (5 at least). Contrast of each" in found.verdicts[0]
    assert found.power == ""
    assert "nan" not in found.to_markdown()
    assert set(found.pairs["verdict"]) == {"less favourable"}
    assert found.pairs["model"].tolist() == ["r0", "r1", "r2", "r3"]


def test_seeds_that_disagree_are_inconclusive_and_the_power_stands_beside():
    found = run(frame([-0.3, 0.3, -0.2, 0.2, 0.05]), 5)
    row = found.table.iloc[0]
    assert row.verdict == "inconclusive"
    assert set(found.pairs["verdict"]) == {"less favourable", "more favourable"}
    assert f"A true contrast of {100 * row.detectable:.1f} points would be found" in found.verdicts[0]
    assert row.detectable > 0.3
    assert found.power in found.to_markdown()


def test_conditions_share_alpha():
    data = frame([-0.3, -0.1, -0.2, -0.15, -0.05])
    more = [data, *(data[data["condition"] == "few-shot"].assign(condition=f"c{i}") for i in range(4))]
    alone, family = run(data, 5).table.iloc[0], run(pd.concat(more), 5).table
    assert len(family) == 5
    assert family.loc[0, "high"] - family.loc[0, "low"] > 1.5 * (alone.high - alone.low)


def test_the_interval_covers_and_either_way_alone_would_not():
    """Five seeds that answer the same 60 questions; seeds, questions and their interaction are random."""
    rng, hits = np.random.default_rng(1), np.zeros(3)
    for _ in range(400):
        values = 0.03 * rng.standard_normal(5) + 0.4 * rng.standard_normal((60, 1)) + 0.2 * rng.standard_normal((60, 5))
        found = two_way(values.ravel(), np.repeat(np.arange(60), 5), np.tile(np.arange(5), 60))
        alone = found.se_draws * 2.776, found.se_clusters * 2.001
        hits += [found.low < 0 < found.high, *(abs(found.value) < half for half in alone)]
    assert hits[0] / 400 >= 0.93
    assert (hits[1:] / 400 < 0.945).all()


def test_missing_samples_make_it_invalid():
    data = frame([-0.3, -0.1, -0.2, -0.15, -0.05])
    lost = (data["model"] == "sft3") & (data["question"] % 10 == 0)
    row = run(data.assign(score=data["score"].mask(lost)), 5).table.iloc[0]
    assert row.validity == "invalid"
    assert row.questions == 135
    never = run(data[~lost], 5).table.iloc[0]
    assert (never.validity, never.questions) == ("invalid", 135)
    shorter = run(data[(data["model"] != "sft3") | (data["question"] % 10 > 0)], 5).table.iloc[0]
    assert (shorter.validity, shorter.questions) == ("invalid", 135)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": ["r0"]}, "names of two seeds or more"),
        ({"models": "r0"}, "models is 'r0'"),
        ({"models": ["r0", "r1", "r2"]}, "3 models and 2 controls"),
        ({"models": ["r0", "r0"]}, "'r0' occurs twice"),
        ({"models": ["r0", "r9"]}, "unknown model 'r9'"),
        ({"baseline": "zeroshot"}, "did you mean 'zero-shot'"),
        ({"alpha": 2}, "alpha of contrast_seeds is 2: it must be a number above 0 and below 1"),
        ({"alpha": "x"}, "alpha of contrast_seeds is 'x'"),
        ({"seed": 1.5}, "seed of contrast_seeds is 1.5"),
    ],
)
def test_bad_input_is_one_clear_line(options, message):
    with pytest.raises(InputError, match=message):
        run(frame([0.1, 0.2, 0.3]), 2, **options)


def test_shown():
    found = run(frame([-0.3, -0.1, -0.2, -0.15, -0.05]), 5, label="Trained")
    assert repr(found) == "<SeedContrast of 5 seeds: 1 less favourable>"
    assert found.verdicts[0].count("for seeds trained like these.") == 1
    assert "Trained: r0, r1" in found.to_markdown()
    assert "Seed by seed" in found._repr_html_()


def test_exchanging_the_sides_turns_it_round():
    data = frame([-0.3, -0.1, -0.2, -0.15, -0.05])
    there = run(data, 5).table.iloc[0]
    back = run(data, 5, models=[f"sft{s}" for s in range(5)], controls=[f"r{s}" for s in range(5)]).table.iloc[0]
    assert (back.contrast, back.low, back.high) == pytest.approx((-there.contrast, -there.high, -there.low))
    assert back.verdict == "more favourable"
