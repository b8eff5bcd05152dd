"""The colours in use look apart to colour-blind readers, and markers or hatches tell series apart without any."""

from __future__ import annotations

from itertools import combinations

import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb
from test_figures import samples

from colour_vision import SHARMA, SIGHTS, ciede2000, lab, nearest
from promptlab import figures
from promptlab.comparison import compare
from promptlab.figures import bars, drawing

mpl.use("agg")

TOGETHER = [to_rgb(colour) for colour in (*drawing.COLOURS, drawing.GREY, "black")]


@pytest.mark.parametrize("line", SHARMA.splitlines())
def test_the_distance_is_that_of_the_published_pairs(line: str):
    *numbers, distance = map(float, line.split())
    one, other = numbers[:3], numbers[3:]
    assert ciede2000(one, other) == pytest.approx(distance, abs=5e-5)
    assert ciede2000(other, one) == pytest.approx(distance, abs=5e-5)


def test_the_sights_keep_greys_and_bring_red_and_green_together():
    red, green = (0.8, 0.3, 0.2), (0.45, 0.55, 0.2)
    for sight in SIGHTS:
        assert lab((0.5, 0.5, 0.5), sight)[1:] == pytest.approx([0, 0], abs=0.1)
        assert lab((1, 1, 1), sight)[0] == pytest.approx(100, abs=0.01)
        if sight != "ordinary":
            assert nearest([red, green], sight) < 0.5 * nearest([red, green], "ordinary")


@pytest.mark.parametrize("sight", SIGHTS)
def test_any_two_colours_look_apart(sight: str):
    assert nearest(TOGETHER, sight) >= 12


def test_the_check_would_see_two_colours_that_look_alike():
    assert nearest([to_rgb("#009E73"), to_rgb("#C06060")], "deuteranopia") < 12


def test_no_colour_is_lost_on_white():
    def luminance(rgb):
        return sum(
            w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
            for w, c in zip((0.2126, 0.7152, 0.0722), rgb, strict=True)
        )

    assert min(1.05 / (luminance(colour) + 0.05) for colour in TOGETHER) > 2.3


def test_a_series_beyond_the_colours_has_a_pair_of_colour_and_marker_of_its_own():
    styles = [drawing.style(i, "") for i in range(40)]
    assert len({(s["color"], s["marker"]) for s in styles}) == 40
    assert len({s["marker"] for s in styles[:8]}) == len({s["color"] for s in styles[:8]}) == 8
    assert len(set(bars.HATCHES)) == len(drawing.COLOURS)


def test_series_of_a_figure_differ_in_colour_and_marker():
    models = tuple(f"m{i}" for i in range(7))
    many = compare(samples_of(models), baseline="zero-shot")
    ax = figures.scores(many, mpl.figure.Figure(layout="constrained").subplots())
    drawn = [c for c in ax.collections if c.get_label() in models]
    colours = [tuple(c.get_edgecolor()[0][:3]) for c in drawn]
    shapes = [c.get_paths()[0].vertices.tobytes() for c in drawn]
    assert len(drawn) == 7
    assert all(one != other for one, other in combinations(shapes, 2))
    assert min(nearest(colours, sight) for sight in SIGHTS) >= 12


def samples_of(models: tuple[str, ...]):
    import pandas as pd

    one = samples(("r1",))
    return pd.concat([one.assign(model=model) for model in models], ignore_index=True)
