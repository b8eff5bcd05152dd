"""The explorer in a real Chromium that drives a real JupyterLab; screenshots are kept under out/explorer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

import promptlab as lab
from browser import browser
from large_run import make_large_run
from notebook_server import jupyterlab
from promptlab.explorer.opening import first_state
from promptlab.explorer.saved import GAINED, LOST
from promptlab.explorer.state import prompt_of

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = Path(__file__).parents[1]
SHOTS = ROOT / "out/explorer"
MINUTE = 60_000  # milliseconds; a busy machine takes its time

# In the page: what a control (by its label) leads to, and after how many milliseconds. A value is chosen, else it is
# pressed.
_ANSWER = """([kind, label, value, sight]) => new Promise(resolve => {
  const page = document.querySelector('.pl-page'), start = performance.now();
  const name = e => (e.labels?.[0] ?? e).textContent.trim();
  const control = [...page.querySelectorAll(kind)].filter(e => e.checkVisibility() && name(e) === label).at(-1);
  if (kind === '[role=tab]') {
    const {x, y} = control.getBoundingClientRect();
    for (const part of ['pointerdown', 'pointerup']) {
      control.dispatchEvent(new PointerEvent(part, {bubbles: true, clientX: x + 5, clientY: y + 5})); }
  } else if (value === null) { control.click(); } else {
    control.value = typeof value === 'number' && kind === 'select' ? control.options[value].value : value;
    control.dispatchEvent(new Event('change', {bubbles: true})); }
  const look = () => (page.innerText.includes(sight) ? resolve(performance.now() - start) : setTimeout(look, 2));
  look();
})"""
_NAMELESS = """page => [...page.querySelectorAll('button, input, select, textarea, summary, [tabindex]')]
  .filter(e => e.checkVisibility() && !(e.labels && [...e.labels].some(l => l.textContent.trim()))
    && !e.getAttribute('aria-label') && !e.textContent.trim()).map(e => e.outerHTML.slice(0, 200))"""
_UNREACHED = """page => [...page.querySelectorAll('button, input, select, textarea, summary')]
  .filter(e => e.checkVisibility() && !e.disabled && e.tabIndex < 0).map(e => e.outerHTML.slice(0, 200))"""
_CUT = """page => {
  const box = e => e.getBoundingClientRect(), edge = box(page).right + 1, pen = document.createElement('canvas');
  const chosen = (e, style, text) => { text.font = style.font;  // what of a list's choice has no room
    const room = e.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return e.labels[0].textContent !== 'Question' && text.measureText(e.selectedOptions[0].text).width > room; };
  const outside = (a, b) => a.left < b.left || a.right > b.right || a.top < b.top || a.bottom > b.bottom;
  const cut = e => box(e).right > edge
    || (e.matches('button, label, [role=tab], .pl-facts, td, th') && e.scrollWidth > e.clientWidth + 1 && e.clientWidth)
    || (e.matches('select') && chosen(e, getComputedStyle(e), pen.getContext('2d')))
    || (e.matches('svg text') && outside(box(e), box(e.ownerSVGElement)));
  return [...page.querySelectorAll('*')].filter(e => e.checkVisibility() && cut(e))
    .map(e => `${e.tagName} ${e.textContent.slice(0, 60)}`); }"""


_VALUE = """([label, value]) => [...document.querySelectorAll('.pl-page input')]
  .some(e => e.labels[0]?.textContent.trim() === label && e.value === value)"""
_CHECKED = """label => [...document.querySelectorAll('.pl-page input:checked')]
  .some(e => e.labels[0]?.textContent.trim() === label)"""
_ENABLED = """label => [...document.querySelectorAll('.pl-page button:enabled')]
  .some(e => e.checkVisibility() && e.textContent.trim() === label)"""
_THEME = "theme => void jupyterapp.commands.execute('apputils:change-theme', {theme})"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Page]]:
    """Opens a notebook of these cells, runs it, and gives the page that shows the explorer."""
    folder = tmp_path_factory.mktemp("jupyterlab")
    with browser() as chromium, jupyterlab(folder) as address:

        def open_notebook(name: str, cells: list[str]) -> Page:
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
            notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
            nbformat.write(notebook, folder / f"{name}.ipynb")
            page = chromium.new_page(viewport={"width": 1100, "height": 1500})
            page.set_default_timeout(MINUTE)
            page.goto(f"{address}/doc/tree/{name}.ipynb?reset")
            page.wait_for_function("window.jupyterapp && document.body.innerText.includes('| Idle')")
            page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
            page.wait_for_selector(".pl-page")
            return page

        yield open_notebook


def button(page: Page, name: str) -> Locator:
    return page.locator(".pl-page").get_by_role("button", name=name, exact=True)


def turn_to(page: Page, name: str) -> None:
    page.locator(".pl-page").get_by_role("tab", name=name, exact=True).click()


def focused(page: Page) -> str:
    return str(page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()"))


def control(page: Page, label: str) -> Locator:
    return page.locator(".pl-page").get_by_label(label, exact=True).locator("visible=true").first


def sees(page: Page, text: str) -> None:
    page.wait_for_function("text => document.querySelector('.pl-page').innerText.includes(text)", arg=text)


def fill(page: Page, label: str, value: str) -> None:
    control(page, label).fill(value)
    control(page, label).press("Tab")


def shoot(page: Page, name: str) -> None:
    """In both themes and, at 900 px, whether anything is cut, nameless or out of the keyboard's reach."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": 900, "height": 1500})
    for theme in ("Dark", "Light"):
        page.evaluate(_THEME, f"JupyterLab {theme}")
        page.wait_for_function("is => document.body.dataset.jpThemeLight === is", arg=str(theme == "Light").lower())
        page.wait_for_timeout(300)  # the new style sheet is painted
        page.locator(".pl-page").evaluate("page => page.scrollIntoView()")
        page.screenshot(path=SHOTS / f"{name}-{theme.lower()}.png")
    whole = page.locator(".pl-page")
    assert [whole.evaluate(check) for check in (_CUT, _NAMELESS, _UNREACHED)] == [[], [], []]
    page.set_viewport_size({"width": 1100, "height": 1500})


def explore(model: str, **options: Any) -> str:
    given = "".join(f", {name}={value!r}" for name, value in options.items())
    return f"import promptlab as lab\nassert lab.__file__ == {lab.__file__!r}\nlab.explore({model}{given})"


QUESTIONS = {"source": "arithmetic", "split": "test", "n": 40, "seed": 0}
START: dict[str, Any] = {"answer_format": "answer-is", "samples": 8, "max_tokens": 60, "n": 3}


@pytest.mark.embedded
def test_the_tour(opened: Callable[..., Page], base_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    conditions: list[Any] = ["zero-shot", {"few-shot": {"k": 2, "style": "answers"}}]
    cell = explore("'embedded:plain'", questions=QUESTIONS, conditions=conditions, out=str(tmp_path), **START)
    page = opened("tour", [cell])

    # 1: the prompt as sent follows the controls; edited in place, it becomes a condition.
    sees(page, "few-shot-2-answers")
    target = lab.load_questions(**QUESTIONS)[7]
    fill(page, "Search", f"{target.text.split()[0]} {target.id}")
    sees(page, f"{target.id}")
    control(page, "k").fill("1")
    control(page, "k").press("Tab")
    sees(page, "few-shot-1-answers")
    sees(page, " tokens")
    button(page, "Edit the prompt").first.click()
    fill(page, "Last turn", f"Think twice. {target.text} Again: " + control(page, "Last turn").input_value())
    shoot(page, "editing")
    button(page, "Keep as a condition").click()
    sees(page, "edited (against the baseline)")
    control(page, "Condition").focus()
    control(page, "Condition").select_option("concise")
    sees(page, "concise (baseline)")
    assert focused(page) == "Condition"
    control(page, "Condition").select_option("zero-shot")
    control(page, "Content").select_option("wrong-answers")
    control(page, "Select").select_option("most-different")
    control(page, "Layout").select_option("one-message")
    sees(page, "few-shot-1-answers-most-different-wrong-answers-one-message")
    shoot(page, "long-names")
    for label, value in (("Content", "own"), ("Select", "random"), ("Layout", "turns")):
        control(page, label).select_option(value)
    button(page, "Remove").nth(2).click()
    page.wait_for_function("!document.querySelector('.pl-page').innerText.includes('edited (against')")
    page.wait_for_function("document.activeElement.textContent === 'Remove'")

    # 2: samples stream while other widgets answer; a second press doubles nothing; they can be cancelled.
    button(page, "Run").dblclick()
    sees(page, "1 of 16 samples")
    other = lab.load_questions(**QUESTIONS)[3]
    fill(page, "Search", "")
    moves: dict[str, list[tuple[str, str, Any, str]]] = {
        "page": [
            ("[role=tab]", "Take it away", None, "Save both"),
            ("[role=tab]", "One question", None, "Add a condition"),
        ],
        "question": [("select", "Question", 3, f"; {other.id}"), ("select", "Question", 7, f"; {target.id}")],
        "k": [("input", "k", "2", "few-shot-2-answers"), ("input", "k", "1", "few-shot-1-answers")],
    }
    took = {name: [page.evaluate(_ANSWER, list(one)) for _ in range(3) for one in pair] for name, pair in moves.items()}
    assert "16 of 16" not in page.locator(".pl-page").inner_text()
    sees(page, "16 of 16 samples")
    shown = page.locator(".pl-sample .pl-status")
    assert shown.count() == 16
    shoot(page, "one-question")
    fill(page, "Samples (K)", "64")
    page.wait_for_function(_ENABLED, arg="Run")  # what is disabled takes no focus
    button(page, "Run").focus()
    page.keyboard.press("Enter")
    sees(page, "of 112 samples")
    button(page, "Cancel").click()
    sees(page, "cancelled")
    fill(page, "Model", "embedded:plian")
    sees(page, "did you mean 'plain'?")
    page.wait_for_function(_VALUE, arg=["Model", "embedded:plain"])
    shoot(page, "no-such-model")

    # 3: on n questions.
    fill(page, "Samples (K)", "1")
    page.get_by_role("tab", name="One question").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.get_by_role("tab", selected=True, name="On n questions").count() == 1
    button(page, "Run on n questions").click()
    sees(page, "all 3 questions were asked")
    sees(page, "is not decided on plain against zero-shot")
    bar = page.locator(".pl-page").get_by_role("progressbar", name="samples", exact=True)
    assert (bar.get_attribute("aria-valuenow"), bar.get_attribute("aria-valuemax")) == ("6", "6")
    page.wait_for_selector(".pl-plot circle")
    shoot(page, "n-questions")
    fill(page, "Margin, points", "2")
    sees(page, "The settings have changed since")
    shoot(page, "n-questions-dated")
    fill(page, "Margin, points", "0")

    # 4: a saved run; flags come back as columns.
    run = next((tmp_path / "runs").iterdir())
    turn_to(page, "Saved run")
    fill(page, "Directory", str(run))
    button(page, "Open").click()
    sees(page, "question 1 of 3")
    control(page, "Keys").press_sequentially("nnnnnnnnnn", delay=0)
    control(page, "Keys").press_sequentially("fffff", delay=20)
    sees(page, "question 2 of 3")
    page.wait_for_function(_CHECKED, arg="Flag left")
    fill(page, "Note left", "see <b>here</b>")
    shoot(page, "saved-run")
    frame = lab.load_run(run).to_frame()
    assert frame.loc[frame["flag"], "flag_note"].tolist() == ["see <b>here</b>"]

    # 5: take it away.
    turn_to(page, "Take it away")
    sees(page, "lab.few_shot(k=1, style='answers')")
    shoot(page, "take-away")
    code = page.locator(".pl-text", has_text="import promptlab").inner_text()
    names: dict[str, Any] = {}
    exec(code.partition("preview = ")[0], names)
    state = first_state("embedded:plain", QUESTIONS, ["zero-shot", {"few-shot": {"k": 1, "style": "answers"}}], START)
    state = type(state)(**{**vars(state), "question": target.id})
    assert names["asked"].questions == (target,)
    for place, condition in enumerate(names["conditions"]):
        sent = condition.render(target, pool=names["questions"].pool, answer_format=names["answer_format"])
        assert sent == prompt_of(state, place)
    with capsys.disabled():
        said = ", ".join(f"{name} {median(ms):.0f} ms (at most {max(ms):.0f})" for name, ms in took.items())
        print(f"\nexplorer, while 16 samples stream, other widgets answer (median of 6): {said}")


HOSTILE = """
from local_models import LocalModel
from promptlab.types import Completion

evil = (
    "<script>window.pwned = 1</script><img src='http://127.0.0.1:9/x' onerror='window.pwned = 1'></pre></div>"
    "<svg onload='window.pwned = 1'><style>@import 'http://127.0.0.1:9/y'; body {display: none}</style> "
    "![x](http://127.0.0.1:9/z) "
)
texts = [evil, f"<think>{evil}</think>{evil}", "x" * 1_000_000, "\\u202eevil\\u2066 \\x1b[31m", evil * 10_000, "<b>"]
model = LocalModel("<b>evil</b>", reply=lambda request: Completion(texts[request.index], "complete"))
"""


def test_hostile_completions_are_inert(opened: Callable[..., Page], tmp_path: Path):
    rows = [{"question": f"{'<img src=x onerror=window.pwned=1>' * i} What is {i} + 1?", "answer": i} for i in (1, 2)]
    long = {"concise": {"name": "few-shot-2-most-different-wrong-answers-one-message"}}
    options = {"questions": rows, "conditions": ["zero-shot", long], "samples": 6, "n": 2, "out": str(tmp_path)}
    page = opened("hostile", [HOSTILE + explore("model", **options)])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    button(page, "Run").click()
    sees(page, "12 of 12 samples")
    sees(page, "more characters]")
    assert "<script>window.pwned" in page.locator(".pl-page").inner_text()
    shoot(page, "hostile")
    turn_to(page, "On n questions")
    button(page, "Run on n questions").click()
    sees(page, "all 2 questions were asked")
    shoot(page, "long-name-judged")
    turn_to(page, "Saved run")
    fill(page, "Directory", str(next((tmp_path / "runs").iterdir())))
    button(page, "Open").click()
    sees(page, "question 1 of 2")
    sees(page, "<script>window.pwned")
    assert page.evaluate("window.pwned") is None
    assert page.locator(".pl-page :is(script, img, svg:not(.pl-plot), iframe, link)").count() == 0
    assert page.locator(".pl-page style").count() == 1
    assert [url for url in asked if not re.match(r"(https?|wss?)://127\.0\.0\.1:(?!9/)\d+/|data:|blob:", url)] == []


def test_a_large_saved_run_answers_at_once(
    opened: Callable[..., Page], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run = make_large_run(tmp_path / "large")
    cells = ["from local_models import LocalModel", explore("LocalModel()", run=str(run), out=str(tmp_path))]
    page = opened("large", cells)
    sees(page, "question 1 of 5,000")
    press = "button", "Next", None
    took = {"next": [page.evaluate(_ANSWER, [*press, f"question {i} of 5,000"]) for i in range(2, 12)]}
    press = "button", "Sample ›", None
    took["sample"] = [page.evaluate(_ANSWER, [*press, f"sample {i} of 8"]) for i in range(2, 8)]
    for label, values in {
        "Grade (left)": ("correct", "any", "wrong", "any", "correct"), "Pairs": (LOST, "any", GAINED, "any", LOST),
        "Left": (f"condition-{i}" for i in (2, 3, 4, 5, 0)), "Right": (f"condition-{i}" for i in (8, 9, 5, 6, 7)),
    }.items():  # fmt: skip
        took[label] = []
        for value in values:
            took[label].append(page.evaluate(_CHOICE, [label, value]))
            page.wait_for_timeout(200)  # the rest of the page follows
    left = page.get_by_text(re.compile(r"question 1 of [\d,]+")).inner_text()
    assert 0 < int(left.rpartition(" ")[2].replace(",", "")) < 5_000  # what the filters left
    with capsys.disabled():
        said = ", ".join(f"{name} {median(ms):.0f} ms (at most {max(ms):.0f})" for name, ms in took.items())
        print(f"\nexplorer, 5,000 questions x 10 conditions x 8 samples (medians): {said}")


_CHOICE = """([label, value]) => new Promise(resolve => {
  const page = document.querySelector('.pl-page'), before = page.innerText, start = performance.now();
  const select = [...page.querySelectorAll('select')].find(s => s.labels[0].textContent.trim() === label);
  select.value = value;
  select.dispatchEvent(new Event('change', {bubbles: true}));
  const look = () => (page.innerText !== before ? resolve(performance.now() - start) : setTimeout(look, 2));
  look();
})"""
