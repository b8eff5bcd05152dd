"""Pages: what they link to is there, and every name of the library that they show exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import promptlab as lab
from promptlab.models.opening import options_in

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere_and_names_exist(page: Path):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (page.parent / target).exists(), target
    headings = {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^#+ (.*)", text, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)", text)) <= headings
    for name in re.findall(r"vllm:([^\s\"`]+)", text):
        options_in(name)
    for name in re.findall(r"\blab\.([A-Za-z_]\w*)", text):
        if name != "NAME":
            assert hasattr(lab, name), name
