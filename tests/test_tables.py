"""Tables as Markdown: read as plain text, and harmless where they are rendered."""

from __future__ import annotations

import pandas as pd
import pytest

from promptlab import tables


def test_plain_text_stays_as_it_is_read():
    frame = pd.DataFrame({"p": [1e-5], "what": ['5 > 3 & "so" isn\'t 2 < 3']})
    shown = tables.section('R&D\'s "own"', frame, ["a -> b", "< 0.001"])
    assert "&lt;" not in shown
    assert '| < 0.001 | 5 > 3 & "so" isn\'t 2 < 3 |' in shown
    assert shown.startswith('**R&D\'s "own"**')
    assert shown.endswith("- a -> b\n- < 0.001")


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "<img src=x", "</td>", "<!-- x", "&lt;b&gt;", "&#60;b>"]
)
def test_no_tag_and_no_entity_stays_one(hostile: str):
    shown = tables.markdown(pd.DataFrame({"x": [hostile]}))
    assert hostile not in shown
    assert not any(start in shown for start in ("<script", "<img", "</td", "<!--"))


def test_a_rounding_error_is_no_small_difference():
    assert tables.cell(5e-17) == tables.cell(-5e-17) == tables.cell(0.0) == "0.000"
    assert (tables.cell(2e-4), tables.cell(-2e-4)) == ("< 0.001", "> -0.001")
