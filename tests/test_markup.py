"""Everything that a model wrote is escaped, and bounded, before it becomes HTML."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab import markup

HOSTILE = "<script>alert(1)</script>\"' onload=x &amp; </pre></details>"
VOID = {"br"}


class Tags(HTMLParser):
    """Collects the tags, and checks that they close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.seen.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert not tags.open
    return tags


@pytest.mark.parametrize(
    ("build", "tags"),
    [
        (markup.pre, ["pre"]),
        (markup.muted, ["span"]),
        (lambda text: markup.folded(text, markup.pre(text)), ["details", "summary", "pre"]),
        (lambda text: markup.card(text, markup.pre(text)), ["div", "div", "strong", "pre"]),
        (lambda text: markup.columns([markup.card(text)]), ["div", "div", "div", "strong"]),
        (lambda text: markup.bullets([text]), ["ul", "li"]),
        (lambda text: markup.turns([(text, text)]), ["span", "pre"]),
        (lambda text: markup.table([text], [[text]]), ["table", "thead", "tr", "th", "tbody", "tr", "td"]),
    ],
    ids=["pre", "muted", "folded", "card", "columns", "bullets", "turns", "table"],
)
@settings(deadline=None, max_examples=30)
@given(text=st.one_of(st.just(HOSTILE), st.text()))
def test_only_our_own_tags_appear(build, tags: list[str], text: str):
    assert parsed(build(text)).seen == tags


def test_the_text_is_still_readable():
    assert parsed(markup.pre('1 < 2 & "x"')).text == '1 < 2 & "x"'


def test_an_endless_line_is_cut_and_says_so():
    shown = markup.escape("x" * 1_000_000, limit=100)
    assert len(shown) < 200
    assert shown.endswith("[... 999,900 more characters]")
    assert markup.escape("x" * 100, limit=100) == "x" * 100


def test_folded_is_closed_unless_asked():
    assert markup.folded("t", "").startswith("<details>")
    assert markup.folded("t", "", opened=True).startswith("<details open>")
