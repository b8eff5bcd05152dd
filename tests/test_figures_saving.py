"""A saved figure: its files, its alt text, and nothing cut off or covered at a blog's and a journal's width."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import matplotlib as mpl
import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from PIL import Image
from test_figures import samples

from promptlab import figures
from promptlab.comparison import associated, by_length, compare, contrast, dose
from promptlab.errors import InputError
from promptlab.figures import layouts
from promptlab.figures.saving import WIDTHS, accessible
from promptlab.planner import plan
from promptlab.quoting import published_findings
from promptlab.stats import Guess

mpl.use("agg")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def found() -> dict[str, object]:
    named = samples().replace({"model": {"r1": "DeepSeek-R1-Distill-Qwen-1.5B", "plain": "Qwen2.5-Math-1.5B"}})
    several = pd.concat(
        [named.assign(sample=k, score=named["score"].sample(frac=1, random_state=k).to_numpy()) for k in range(4)]
    )
    first, second = dict.fromkeys(named["model"])
    options = {"baseline": "zero-shot", "label": "60 questions, K = 1"}
    return {
        "comparison": compare(named, **options),
        "contrast": contrast(named, model=first, control=second, **options),
        "dose": dose(named, **options),
        "lengths": by_length(several, conditions=["zero-shot", "few-shot-3"]),
        "association": associated(several),
        "plan": plan(Guess((0.6, 0.5), within=0.1, correlation=0.5), questions=[50, 800], samples=[1, 4], wanted=0.05),
    }  # fmt: skip


LOGS = {
    name: pd.DataFrame({"step": range(30), "accuracy": np.linspace(0.2, end, 30)})
    for name, end in (("a", 0.6), ("b", 0.8))
}
DRAW = {
    "scores": lambda f: figures.scores(f["comparison"]),
    "degradation": lambda f: figures.degradation(f["comparison"]),
    "dose_response": lambda f: figures.dose_response(f["dose"]),
    "slope_chart": lambda f: figures.slope_chart(f["contrast"]),
    "against_control": lambda f: figures.against_control(f["contrast"]),
    "accounting": lambda f: figures.accounting(f["comparison"]),
    "changes": lambda f: figures.changes(f["comparison"]),
    "feature": lambda f: figures.feature(f["comparison"], "reasoning_words"),
    "within": lambda f: figures.within(f["association"]),
    "lengths": lambda f: figures.lengths(f["lengths"]),
    "power": lambda f: figures.power(f["plan"]),
    "training": lambda f: figures.training(LOGS),
    "forest": lambda f: figures.forest(f["comparison"], published_findings()),
}


def texts_in(figure) -> list:
    """All texts that are drawn, with their boxes; ticks outside the axes' limits are not."""
    found = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for ax in figure.axes:
        found += [*ax.texts, ax.title, ax._left_title]
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=False)
            found += [axis.label, *(label for at, label in ticks if low <= at <= high)]
    return [(t.get_text(), t.get_window_extent()) for t in found if t.get_visible() and t.get_text().strip()]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("draw", DRAW)
def test_nothing_is_cut_off_or_covered(draw: str, width: str, found):
    size = WIDTHS[width]
    figure = layouts.laid_out(DRAW[draw](found).figure, size.inches / size.scale, size.dots)
    page = layouts.page(figure)
    assert page.width * size.scale == pytest.approx(size.inches, abs=0.02)  # nothing stands out at a side
    texts = texts_in(figure)
    assert len(texts) > 5
    for _, box in texts:
        assert box.x0 >= page.x0 * figure.dpi - 1
        assert box.y0 >= page.y0 * figure.dpi - 1
        assert box.x1 <= page.x1 * figure.dpi + 1
        assert box.y1 <= page.y1 * figure.dpi + 1
    broken = [text for text, _ in texts if re.search(r"\d\s*\n\s*%|\[[^]]*\n", text)]
    assert not broken, "a number stands with its unit, an interval on one line"
    for (one, a), (other, b) in combinations(texts, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across < 2 or down < 2, f"{one!r} and {other!r} overlap"
    smallest = min(text.get_fontsize() for text in figure.findobj(mpl.text.Text) if text.get_text().strip())
    assert smallest * size.scale >= 5.9  # points in print


@pytest.mark.parametrize("width", [None, *WIDTHS])
def test_save_writes_svg_png_numbers_and_alt_text(width, found, tmp_path):
    comparison = found["comparison"]
    ax = figures.scores(comparison)
    before = ax.figure.get_size_inches().tolist(), ax.get_xlabel(), plt.get_fignums()
    svg, png, csv, txt = figures.save(ax, tmp_path / "new" / "a", comparison.summary, "a <note> & more", width=width)
    assert [p.name for p in (svg, png, csv, txt)] == ["a.svg", "a.png", "a.csv", "a.txt"]
    assert list(pd.read_csv(csv)["condition"]) == list(comparison.summary["condition"])
    told = txt.read_text().strip()
    assert told.endswith("a <note> & more.")
    root = ET.parse(svg).getroot()
    assert root.get("role") == "img"
    assert root.find(f"{SVG}desc").text == told
    assert told.startswith(root.find(f"{SVG}title").text)
    assert root.get("aria-label") == root.find(f"{SVG}title").text
    image = Image.open(png)
    assert image.text["Description"] == told
    if width:
        inches = image.width / image.info["dpi"][0]
        assert inches == pytest.approx(WIDTHS[width].inches, abs=0.02)
        assert float(root.get("width").removesuffix("pt")) / 72 == pytest.approx(inches, abs=0.02)
        assert (ax.figure.get_size_inches().tolist(), ax.get_xlabel(), plt.get_fignums()) == before
        assert [text.get_text() for text in ax.figure.texts] == ["a <note> & more"]  # a notebook shows it as well


def test_long_labels_and_notes_stay_on_the_page_at_every_width(tmp_path):
    """Letters are wider at the resolution of a PNG than at the one that pyplot draws with."""
    data = samples(("r1",)).replace({"condition": {"few-shot-3": "went on after the last step"}})
    words = "Exploratory, not registered; one training of each model; simultaneous intervals; open: not away from 0; "
    ax = figures.degradation(compare(data, baseline="zero-shot"))
    for name, size in WIDTHS.items():
        _, png, *_ = figures.save(ax, tmp_path / "a", note=3 * words, width=name)
        image = Image.open(png)
        dpi = image.info["dpi"][0]
        assert image.width / dpi == pytest.approx(size.inches, abs=0.02)
        assert not (np.asarray(image.convert("L"))[:, : int(0.03 * dpi * size.scale)] < 200).any()


def drawn_values(ax, upright: bool) -> np.ndarray:
    """What points, ends of intervals and lines show on the axis of values, and the widths of bars."""
    side, found = int(upright), []
    for part in ax.collections:
        if hasattr(part, "get_segments"):
            found += [end[side] for segment in part.get_segments() for end in segment]
        elif len(part.get_offsets()):
            found += [spot[side] for spot in part.get_offsets()]
    for line in (line for line in ax.lines if line.get_transform() == ax.transData):
        values = np.asarray(line.get_ydata() if upright else line.get_xdata(), float)
        found += [] if len(values) == 2 and not values.any() else list(values)  # no line at 0
    bars = [bars for bars in ax.containers if isinstance(bars, mpl.container.BarContainer)]
    found += [bar.get_width() for some in bars for bar in some]
    return np.array([value for value in found if np.isfinite(value)])


UPRIGHT = {"dose_response", "slope_chart", "lengths", "training", "power"}


@pytest.mark.parametrize("draw", DRAW)
def test_the_csv_holds_every_number_that_is_drawn(draw: str, found, tmp_path):
    ax = DRAW[draw](found)
    *_, csv, _ = figures.save(ax, tmp_path / "a")
    table = pd.read_csv(csv)
    known = table.select_dtypes("number").to_numpy().ravel()
    if draw == "slope_chart":
        sides = [table[f"{side}_baseline"] + table[f"{side}_difference"] for side in ("model", "control")]
        known = np.concatenate([known, *sides])
    for panel in ax.figure.axes:
        values = drawn_values(panel, draw in UPRIGHT)
        assert len(values) > 3
        near = np.nanmin(np.abs(values[:, None] - np.concatenate([known, 100 * known, [0.0]])[None, :]), axis=1)
        assert near.max() < 1e-6, values[near > 1e-6]
    names = {"training": {"a", "b"}, "dose_response": set(found["comparison"].design.models())}.get(draw, set())
    assert names <= set(table.get("model", []))


def test_of_a_figure_that_is_not_ones_own_the_numbers_must_be_given(tmp_path):
    ax = mpl.figure.Figure().subplots()
    with pytest.raises(InputError, match="promptlab did not draw this figure, so say what it was drawn from"):
        figures.save(ax, tmp_path / "a")
    *_, csv, _ = figures.save(ax, tmp_path / "a", pd.DataFrame({"x": [1]}))
    assert csv.read_text() == "x\n1\n"


def test_the_same_figure_gives_the_same_bytes(found, tmp_path):
    ax = figures.degradation(found["comparison"])
    files = [figures.save(ax, tmp_path / name, found["comparison"].table, width="journal")[:2] for name in "ab"]
    assert [p.read_bytes() for p in files[0]] == [p.read_bytes() for p in files[1]]


def test_what_was_saved_before_does_not_change_the_next_file(found, tmp_path):
    """A notebook's figure has the note, too, and its layout is final then; the file at a width is laid out anew."""
    ax = figures.degradation(found["comparison"])
    first = figures.save(ax, tmp_path / "a", note="a note", width="blog")[1]
    figures.save(ax, tmp_path / "a-journal", note="another note " * 20, width="journal")
    again = figures.save(ax, tmp_path / "b", note="a note", width="blog")[1]
    assert first.read_bytes() == again.read_bytes()


@pytest.mark.parametrize("layout", [None, "constrained"])
def test_a_note_leaves_a_legend_where_its_owner_put_it(layout: str | None, tmp_path):
    figure, ax = plt.subplots(layout=layout)
    ax.plot([0, 1], label="a")
    legend = figure.legend(loc="upper left", bbox_to_anchor=(0.5, 0.5))
    before = legend.get_window_extent().bounds
    figures.save(ax, tmp_path / "a", pd.DataFrame({"x": [1]}), note="a note", width="blog")
    figure.draw_without_rendering()
    assert legend.get_window_extent().bounds == before


def test_an_unknown_width_is_an_error(found, tmp_path):
    with pytest.raises(InputError, match="width of save is 'poster': it must be one of blog, journal"):
        figures.save(figures.scores(found["comparison"]), tmp_path / "a", found["comparison"].summary, width="poster")


def test_alt_text_says_the_extremes_and_which_intervals_exclude_0(found):
    comparison = found["comparison"]
    told = figures.alt_text(figures.degradation(comparison).figure, "registered today")
    table = comparison.table
    assert f"{len(table)} values: 2 models" in told
    lowest = table.loc[table["difference"].idxmin()]
    assert f"Lowest: {lowest['model']}, {lowest['condition']}, {100 * lowest['difference']:+.1f} points" in told
    below = table[table["high"] < 0]
    names = "; ".join(f"{m}, {c}" for m, c in zip(below["model"], below["condition"], strict=True))
    assert f"below 0: {len(below)} ({names})" in told
    assert f"including 0: {((table['low'] <= 0) & (table['high'] >= 0)).sum()}." in told
    assert told.endswith("registered today.")


def test_alt_text_says_what_has_no_interval_and_what_to_doubt():
    data = samples(("r1",))
    lost = (data["condition"] == "few-shot-3") & (data["question"].str[1:].astype(int) % 3 == 0)
    data = data.assign(score=data["score"].mask(lost), ending=data["ending"].mask(lost, "error"))
    told = figures.alt_text(figures.degradation(compare(data, baseline="zero-shot")).figure)
    assert "In doubt: few-shot-3: invalid." in told
    one = compare(samples(("r1",)).query("question == 'q0'"), baseline="zero-shot")
    assert "None has an interval." in figures.alt_text(figures.degradation(one).figure)


def test_every_figure_has_an_alt_text_of_its_own(found):
    told = {name: figures.alt_text(draw(found).figure) for name, draw in DRAW.items()}
    assert len(set(told.values())) == len(DRAW)
    assert all(re.search(r"\d", text) and text.endswith(".") for text in told.values())


def test_someone_elses_axes_are_told_by_their_labels():
    ax = mpl.figure.Figure().subplots()
    ax.set(title="Mine", xlabel="time", ylabel="cost", label="a name")
    assert figures.alt_text(ax.figure) == "Mine. x: time. y: cost."


@pytest.mark.filterwarnings("ignore:Glyph 27")
def test_hostile_names_stay_text(tmp_path):
    data = samples(("r1",)).assign(model='<script>"x"</script>\x1b[31m')
    comparison = compare(data, baseline="zero-shot")
    svg, *_ = figures.save(figures.degradation(comparison), tmp_path / "a", comparison.table)
    assert "<script" not in svg.read_text()
    assert ET.parse(svg).getroot().find(f"{SVG}title") is not None


def test_accessible_scales_the_size_and_keeps_the_view():
    svg = accessible('<?xml?>\n<svg width="100pt" height="50.5pt" viewBox="0 0 100 50.5"><g/></svg>', "One. Two.", 0.5)
    assert '<svg width="50pt" height="25.25pt" viewBox="0 0 100 50.5" role="img" aria-label="One">' in svg
    assert svg.endswith("<title>One</title>\n <desc>One. Two.</desc><g/></svg>")
