"""The report in a real Chromium, with everything hostile that a model, a server or a data set may write."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from browser import browser
from local_models import LocalModel, complete
from promptlab.prompts import few_shot, zero_shot
from promptlab.reporting import report
from promptlab.runner import run
from promptlab.types import Completion, Question, Request, Sampling

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OUT = "http://127.0.0.1:9/stolen"  # nothing listens there, and nothing may ask
ATTACKS = (
    f"<script>window.pwned = 1; fetch('{OUT}')</script>",
    f"</script><script>window.pwned = 2; new Image().src = '{OUT}'</script>",
    "<!--<script>window.pwned = 3</script>",
    "--></style><script>window.pwned = 4</script>",
    f"![seen]({OUT}.png) [click](javascript:window.pwned=5) <{OUT}>",
    f"<img src='{OUT}.png' onerror='window.pwned = 6'><iframe src='{OUT}'></iframe>",
    "<svg onload='window.pwned = 7'><animate onbegin='window.pwned = 8' attributeName=x dur=1s></svg>",
    f"<style>@import url('{OUT}.css'); * {{ display: none !important }}</style><link rel=stylesheet href='{OUT}'>",
    f"<meta http-equiv=refresh content='0;url={OUT}'><base href='{OUT}/'>",
    "</pre></details></section></main></body></html><h1 style='position:fixed;inset:0'>over everything</h1>",
    '{"samples": []}\u2028\u2029]]> &lt;script&gt; \\u003cscript\\u003e ${window.pwned = 9} `',
    "\u202e\u2066\u200f\u061c right to left \u202d \u05d0\u05d1\u05d2 123 \u0645\u0631\u062d\u0628\u0627",
    "a" + "\u0301\u0488\u20dd" * 400 + " stacked marks",
    "\x00\x07\x1b[2J\x1b]0;title\x07\x9b31m control characters",
    "x" * 1_000_000,
    "<think>" + "<details open>" * 999 + "</think> unclosed",
)  # fmt: skip
HOSTILE = "<img src=x onerror='window.pwned = 10'>\u202e"
NUMBER = len(ATTACKS)
QUESTIONS = [
    Question(f"q{i}{HOSTILE if i == 3 else ''}", f"{ATTACKS[i % 6]} {i} + {i}?", (str(2 * i),)) for i in range(NUMBER)
]


def reply(request: Request) -> Completion:
    """An attack a question, in the text and in the reasoning; some are cut, some fail."""
    i = next(i for i, q in enumerate(QUESTIONS) if any(q.text in text for _, text in request.prompt.turns))
    few = len(request.prompt.turns) > 2
    if i == 0 and few:
        return Completion("", "error", error=ATTACKS[0] + ATTACKS[5])
    ending: Any = "truncated" if i == 1 else "complete"
    answer = f"The answer is {2 * i + few}. " if i != 2 else "Well. "
    return Completion(answer + ATTACKS[i], ending, reasoning=ATTACKS[-1 - i], completion_tokens=10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Path:
    """A report on a hostile model, and a well-behaved one of a bad name; two pages of samples."""
    folder = tmp_path_factory.mktemp("hostile")
    conditions = [zero_shot(), few_shot(k=1, style="answers", exemplars=[Question("e", "1 + 1?", ("2",))])]
    for i, model in enumerate((LocalModel("bad", reply), LocalModel(HOSTILE, complete))):
        with warnings.catch_warnings(action="ignore"):  # that one sample failed
            run(model, conditions, QUESTIONS, sampling=Sampling(max_tokens=50), path=folder / str(i), progress=False)
    return report(folder, control="bad")


class Opened:
    """A page, what it asked for, and what it said."""

    def __init__(self, chromium: Browser, file: Path, **options: Any) -> None:
        self.page: Page = chromium.new_page(viewport={"width": 900, "height": 900}, **options)
        self.page.set_default_timeout(10_000)
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda problem: self.said.append(str(problem)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.goto(file.as_uri())

    def open_everything(self) -> int:
        """Every sample of every page, with all that is folded in it; returns how many."""
        opened = 0
        while True:
            opened += self.page.locator(".sample").count()
            for _ in range(2):  # what is folded in a sample is made when it opens
                self.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
                self.page.wait_for_timeout(50)
            if self.page.locator("#after").is_disabled():
                return opened
            self.page.click("#after")


@pytest.fixture
def opened(chromium: Browser, file: Path) -> Iterator[Opened]:
    found = Opened(chromium, file)
    yield found
    found.page.close()


@pytest.fixture(scope="module")
def bare(file: Path) -> Path:
    """The same page without its policy: escaping has to hold by itself."""
    without = file.with_name("bare.html")
    page, n = re.subn(r"<meta http-equiv=.Content-Security-Policy.[^>]*>", "", file.read_text(encoding="utf-8"))
    assert n == 1
    without.write_text(page, encoding="utf-8")
    return without


@pytest.mark.parametrize("name", ["file", "bare"])
def test_no_request_leaves_and_no_script_runs(chromium: Browser, name: str, request: pytest.FixtureRequest):
    place = request.getfixturevalue(name)
    found = Opened(chromium, place)
    assert found.open_everything() == 4 * NUMBER
    assert found.page.evaluate("window.pwned") is None
    assert found.asked == [place.as_uri()]
    assert found.said == []
    foreign = "img, iframe, link, base, object, embed, animate, a, [onload], [onerror], [onbegin], [style], h1 ~ h1"
    assert found.page.locator(foreign).count() == 0
    assert found.page.locator("script").count() == 2
    assert found.page.locator("style").count() == 1
    assert found.page.title() == found.page.locator("h1").inner_text()
    found.page.close()


def test_the_sentinels_would_be_seen(chromium: Browser, tmp_path: Path):
    """The same attacks in a page that escapes nothing: both watchers notice."""
    naive = tmp_path / "naive.html"
    naive.write_text(f"<meta charset=utf-8><pre>{ATTACKS[0]}{ATTACKS[5]}</pre>", encoding="utf-8")
    found = Opened(chromium, naive)
    found.page.wait_for_timeout(100)
    assert found.page.evaluate("window.pwned") is not None
    assert len(found.asked) > 1
    found.page.close()


def test_what_was_written_is_there_to_read_word_for_word(opened: Opened):
    opened.page.select_option("#by-condition", "zero-shot")
    opened.open_everything()
    text = opened.page.locator("#samples").text_content() or ""
    for attack in (*ATTACKS[:11], ATTACKS[12]):
        assert attack in text


def test_nothing_breaks_out_of_its_box(opened: Opened):
    opened.open_everything()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 900
    script = """() => [...document.querySelectorAll('.sample pre, .sample dd, .sample bdi, td')].filter((box) => {
      const {left, right} = box.getBoundingClientRect(), style = getComputedStyle(box);
      const loose = !box.closest('.scroll') && (left < 0 || right > innerWidth);
      return loose || !style.unicodeBidi.startsWith('isolate') || !(box.dir === 'auto' || box.tagName !== 'PRE');
    }).map((box) => box.outerHTML.slice(0, 200))"""
    assert opened.page.evaluate(script) == []
    tall = "Math.max(...[...document.querySelectorAll('.sample > summary, .sample pre')].map((e) => e.offsetHeight))"
    assert opened.page.evaluate(tall) < 500, "a million letters scroll in their own box"
    shown = opened.page.locator("#samples").inner_text()
    assert not set("\u202e\u2066\u202d\x1b\x9b") & set(shown)


def test_words_after_a_text_from_right_to_left_stand_where_they_should(opened: Opened):
    opened.page.select_option("#by-model", HOSTILE.replace("\u202e", "\N{REPLACEMENT CHARACTER}"))
    line = opened.page.locator(".sample summary").first
    places = line.locator("bdi").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().left)")
    assert places == sorted(places)


# -- the page does its work --------------------------------------------------------------------------------------------


def column(page: Page, name: str) -> list[str]:
    table = page.locator("table.sortable").first
    i = table.locator("th").all_inner_texts().index(name)
    return table.locator(f"tbody td:nth-child({i + 1})").all_inner_texts()


def test_tables_are_sorted_from_the_keyboard_and_say_so(opened: Opened):
    page = opened.page
    heading = page.locator("table.sortable").first.locator("th", has_text="difference")
    for wanted, reverse in (("ascending", False), ("descending", True)):
        heading.locator("button").focus()
        page.keyboard.press("Enter")
        assert heading.get_attribute("aria-sort") == wanted
        values = [float(value) for value in column(page, "difference")]
        assert values == sorted(values, reverse=reverse)
    assert page.locator("table.sortable").first.locator("[aria-sort]").count() == 1


def test_samples_are_filtered_and_paged(opened: Opened):
    page, said = opened.page, opened.page.locator("#count")
    assert said.inner_text() == f"1 to 50 of {4 * NUMBER} of {4 * NUMBER} samples"
    page.click("#after")
    assert said.inner_text().startswith("51 to 64 of")
    page.select_option("#by-ending", "truncated")
    assert said.inner_text() == f"1 to 2 of 2 of {4 * NUMBER} samples"
    page.select_option("#by-condition", "zero-shot")
    assert page.locator(".sample").count() == 1
    page.select_option("#by-condition", "")
    page.select_option("#by-ending", "error")
    assert page.locator(".sample summary .mark").all_inner_texts() == ["error"]
    page.select_option("#by-ending", "")
    page.select_option("#by-grade", "no answer")
    assert set(page.locator(".sample summary .mark").all_inner_texts()) == {"no answer"}


def test_a_sample_opens_with_a_key_and_shows_all_of_it(opened: Opened):
    page = opened.page
    page.fill("#by-text", "5 + 5?")
    sample = page.locator(".sample").first
    sample.locator("summary").first.focus()
    page.keyboard.press("Enter")
    sample.locator("pre").first.wait_for()
    text = sample.inner_text()
    for part in ("question", "gold\n10", "answer\n10", "grade\ncorrect (score 1)", "ending\ncomplete", "answer text"):
        assert part in text
    folded = sample.locator("details summary")
    assert folded.all_inner_texts() == ["prompt as sent", "reasoning"]
    folded.first.click()
    assert "5 + 5?" in sample.locator("details").first.inner_text()


CONTRAST = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const page = light(getComputedStyle(document.body).backgroundColor);
  const texts = [...document.querySelectorAll('.mark, h1, .note, .stamp, label, summary, td')];
  return [page, Math.min(...texts.map((one) => {
    const text = light(getComputedStyle(one).color);
    return (Math.max(text, page) + 0.05) / (Math.min(text, page) + 0.05);
  }))];
}"""


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_both_themes_can_be_read(chromium: Browser, file: Path, scheme: str, dark: bool):
    found = Opened(chromium, file, color_scheme=scheme)
    page, least = found.page.evaluate(CONTRAST)
    assert (page < 0.2) == dark
    assert least >= 4.5  # WCAG AA
    paper = found.page.locator("figure svg").first.evaluate("(svg) => getComputedStyle(svg).backgroundColor")
    assert min(map(int, re.findall(r"\d+", paper))) > 230, "a figure is drawn in dark colours"
    found.page.close()
