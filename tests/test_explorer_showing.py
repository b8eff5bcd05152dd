"""What is marked in an output, and that nothing of it is anything but text."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import promptlab as lab
from promptlab import markup
from promptlab.explorer.highlighting import LIMIT, marked, spans
from promptlab.explorer.showing import error_html, progress_html, prompt_html, question_html, sample_html
from promptlab.types import Completion, Grade, Message, Prompt, Question

QUESTION = Question("q<1>", "Tom has 3 boxes with 12 pens each. How many pens?", ("36",))
SHOWN = "Ann has 47 shells and finds 58 more on the long beach.\nFirst we add 47 and 58. The answer is 105."
PROMPT = Prompt((Message("user", f"{SHOWN}\n{QUESTION.text}"),), exemplars=(SHOWN,))
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)></pre></div>&lt;<!--\x1b[31m\u202e]]>{{7*7}}"


def kinds(text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end].strip()) for span in spans(QUESTION, PROMPT, text)]


class TestMarks:
    def test_checks_and_doubts(self):
        assert kinds("It is 36. Wait, let me check: 36.") == [("doubt", "Wait"), ("check", "let me check")]

    def test_numbers_and_passages_of_the_exemplars_only(self):
        assert kinds("She has 3 boxes with 12 pens each, so 58.") == [("copied", "58")]
        assert kinds("And so first we add 47 and 58. Done.") == [("copied", "first we add 47 and 58")]
        assert spans(QUESTION, Prompt(PROMPT.messages), "first we add 47 and 58") == []

    def test_another_language_and_another_script(self):
        assert kinds("Three times 12. Das ist also nicht die Zahl von ihm. It is 36.") == [
            ("foreign", "Das ist also nicht die Zahl von ihm.")
        ]
        assert kinds("The answer is 三十六 pens") == [("foreign", "三十六")]

    @settings(deadline=None, max_examples=40)
    @given(st.text(max_size=80), st.integers(0, 3))
    def test_the_text_itself_is_unchanged(self, noise: str, n: int):
        text = f"{noise} Wait, {'first we add 47 and 58 ' * n}{noise}"
        shown = re.sub(r"</?(?:pre|mark)[^>]*>", "", marked(QUESTION, PROMPT, text))
        assert html.unescape(shown) == markup.visible(text)

    def test_spans_follow_one_another(self):
        found = spans(QUESTION, PROMPT, f"Wait, {SHOWN} Wait, das ist nicht die Antwort von ihm. " * 3)
        assert all(a.end <= b.start for a, b in pairwise(found))
        assert all(a.start < a.end for a in found)


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


OURS = {"div", "pre", "b", "bdi", "span", "details", "summary", "mark"}


class TestHostile:
    @pytest.mark.parametrize("text", [HOSTILE, HOSTILE * 100, f"<think>{HOSTILE}</think>{HOSTILE}"])
    def test_a_sample_is_text(self, text: str):
        grade = Grade(0.0, HOSTILE, True, None, HOSTILE)
        pages = [
            sample_html(HOSTILE, QUESTION, PROMPT, Completion(text, "complete", reasoning=HOSTILE), grade),
            prompt_html(None, Prompt((Message("user", text),)), HOSTILE),
            question_html(Question(HOSTILE, text, (HOSTILE,), choices=(HOSTILE, "b"))),
            error_html(ValueError(text)),
        ]
        for page in pages:
            tags = Tags(page).found
            assert {tag for tag, _ in tags} <= OURS
            assert not any(name.startswith("on") or name in ("src", "href") for _, attrs in tags for name in attrs)
            assert "\x1b" not in page
            assert "\u202e" not in page

    def test_one_endless_line_is_cut_and_says_so(self):
        page = sample_html("1", QUESTION, PROMPT, Completion("x" * 10**6, "truncated"), Grade(0.0))
        assert len(page) < 2 * LIMIT
        assert f"{10**6 - LIMIT:,} more characters" in page


def test_a_foreseen_error_is_its_message_and_another_names_its_type():
    assert "ValueError: no" in error_html(ValueError("no"))
    assert "not foreseen" in error_html(ValueError("no"))
    assert "InputError" not in error_html(lab.errors.InputError("wrong"))


def test_the_notebook_s_cell_makes_the_page(tmp_path: Path):
    from promptlab.executing import execute

    parameters = {"models": "embedded:plain", "out": str(tmp_path / "out"), "run": "recorded:plain"}
    try:
        lab.open_model("embedded:plain")
    except lab.PromptlabError as problem:
        pytest.skip(f"needs the embedded model: {problem}")
    execute(Path(__file__).parents[1] / "notebooks/explore.ipynb", tmp_path / "executed.ipynb", parameters)
    assert "jupyter.widget-view" in (tmp_path / "executed.ipynb").read_text()


def test_a_prompt_says_how_long_it_is_before_what_scrolls():
    messages = (Message("user", "1?"), Message("assistant", "1"), Message("user", "2?"))
    shown = prompt_html(None, Prompt(messages, prefill="So"), "9 tokens")
    assert shown.index("as sent: 4 turns, 9 tokens") < shown.index("pl-prompt") < shown.index("So")


@pytest.mark.parametrize(("done", "of", "width"), [(0, 0, "0.0%"), (1, 3, "33.3%"), (3, 3, "100.0%")])
def test_a_bar_tells_its_value(done: int, of: int, width: str):
    bar = progress_html("samples", done, of)
    assert (
        f'role="progressbar" aria-label="samples" aria-valuemin="0" aria-valuemax="{of}" aria-valuenow="{done}"' in bar
    )
    assert width in bar
