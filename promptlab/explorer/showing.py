"""Pieces of the page as escaped HTML: prompts, samples, errors. What a model wrote always passes through `markup`."""

from __future__ import annotations

from promptlab import markup
from promptlab.errors import PromptlabError
from promptlab.explorer.highlighting import marked
from promptlab.reasoning import split_reasoning
from promptlab.types import Completion, Grade, Model, Prompt, Question, status
from promptlab.wording import counted

_MARKS = {"correct": "✓", "wrong": "✗", "error": "⚠"}  # beside the word: colour alone tells nobody who cannot see it


def question_html(question: Question) -> str:
    text = "\n".join([question.text, *(f"{chr(65 + i)}. {choice}" for i, choice in enumerate(question.choices))])
    gold = markup.muted(f"gold: {' | '.join(question.answers)}; {question.id}")
    return f'<div role="group" aria-label="question">{text_html(text)}{gold}</div>'


def text_html(text: str) -> str:
    return f'<pre class="pl-text" dir="auto">{markup.escape(text)}</pre>'


def prompt_html(model: Model | None, prompt: Prompt, tokens: str = "") -> str:
    """The prompt exactly as sent: how long it is, its turns with their roles, then the text that the model reads."""
    turns = "".join(f'<div class="pl-role">{markup.escape(role)}</div>{text_html(text)}' for role, text in prompt.turns)
    whole = "" if model is None else markup.folded(f"as {model.name} reads it", text_html(model.as_sent(prompt)))
    region = f'<div class="pl-prompt" role="region" aria-label="prompt as sent" tabindex="0">{turns}</div>'
    facts = [f"as sent: {counted(len(prompt.turns), 'turn')}", *filter(None, [tokens])]
    return facts_html(", ".join(facts)) + region + whole


def progress_html(label: str, done: int, of: int) -> str:
    """A bar that a screen reader can read: the one of ipywidgets says nothing to it."""
    values = f'aria-valuemin="0" aria-valuemax="{of}" aria-valuenow="{done}"'
    bar = f'<div class="pl-bar" role="progressbar" aria-label="{markup.escape(label)}" {values}>'
    inside = f'<div style="width: {100 * done / max(of, 1):.1f}%"></div></div>'
    return bar + inside + facts_html(f"{done:,} of {of:,} {label}")


def sample_html(title: str, question: Question, prompt: Prompt, completion: Completion, grade: Grade) -> str:
    """One sample: grade and why, answer text, folded reasoning with its marks, tokens and time."""
    reasoning, answer_text = split_reasoning(completion)
    head = f"<b>{markup.escape(title)}</b> {_status(status(completion.ending, grade.score, grade.answered))}"
    if grade.answered:
        head += f" <span>answer: <b><bdi>{markup.escape(grade.answer, 200)}</bdi></b></span>"
    parts = [head, facts_html(grade.why[:500]) if grade.why else ""]
    if reasoning:
        thought = marked(question, prompt, reasoning)
        parts.append(markup.folded(f"reasoning, {len(reasoning.split()):,} words", thought))
    parts.append(marked(question, prompt, answer_text) if answer_text else "")
    return f'<div class="pl-sample">{"".join(parts)}{facts_html(_facts(completion))}</div>'


def waiting_html(title: str, asked: bool) -> str:
    state = "waiting for it" if asked else "not asked yet"
    return f'<div class="pl-sample">{facts_html(f"{title}: {state}")}</div>'


def error_html(problem: BaseException) -> str:
    """A card to read instead of a traceback."""
    known = isinstance(problem, PromptlabError)
    said = str(problem) if known else f"{type(problem).__name__}: {problem}"
    more = "" if known else markup.muted("This was not foreseen. Nothing is lost; if it comes again, please report it.")
    return f'<div class="pl-error" role="alert"><b>That did not work.</b> {markup.escape(said, 1_000)} {more}</div>'


def note_html(text: str) -> str:
    return f'<div role="status" class="pl-facts">{markup.escape(text)}</div>'


def facts_html(text: str) -> str:
    return f'<div class="pl-facts">{markup.escape(text)}</div>'


def _status(word: str) -> str:
    kind = {"correct": "right", "wrong": "wrong"}.get(word, "other")
    return f'<span class="pl-status pl-{kind}">{_MARKS.get(word, "–")} {markup.escape(word)}</span>'


def _facts(completion: Completion) -> str:
    tokens = "tokens not told" if completion.completion_tokens is None else f"{completion.completion_tokens:,} tokens"
    seconds = "" if completion.seconds is None else f", {completion.seconds:.1f} s"
    return f"{completion.ending}, {tokens}{seconds}"
