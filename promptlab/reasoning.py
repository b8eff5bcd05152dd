"""Where the reasoning ends and the answer begins: one rule for graders and traces alike."""

from __future__ import annotations

import re
from dataclasses import replace

from promptlab.types import Completion

_PAIRS = (  # what opens reasoning, and what closes it
    (r"(?i:<think(?:ing)?\s*>)", r"(?i:</think(?:ing)?\s*>)"),
    (r"\[THINK\]", r"\[/THINK\]"),  # Magistral
    (r"◁think▷", r"◁/think▷"),  # Kimi
    (r"<seed:think>", r"</seed:think>"),  # Seed-OSS
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),  # Sky-T1, OpenThinker
    (r"<\|channel>thought", r"<channel\|>"),  # Gemma 4
)
_WORDS = (  # a model may also speak of these, as of any word: they count in a text that begins with one
    (r"(?i:<thought>)", r"(?i:</thought>)"),
    (r"(?i:<reasoning>)", r"(?i:</reasoning>)"),
)
_BEGUN = re.compile("|".join(rf"\s*{opening}" for opening, _ in _WORDS))

# The channels of gpt-oss (https://cookbook.openai.com/articles/openai-harmony), where a server leaves them in the text;
# without their special tokens they read "analysis...assistantfinal...". Behind the word analysis comes no letter.
_OPENED = re.compile(r"(?:<\|start\|>assistant)?<\|channel\|>|analysis(?=[^\W_]|[\"(\\$])")
_FINAL = re.compile(r"<\|channel\|>final[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>")
_SECOND = re.compile(rf"<\|start\|>assistant{_FINAL.pattern}")  # where the prompt has opened the first channel
_BARE = re.compile(r"assistantfinal")
_HEADER = re.compile(r"(?:<\|start\|>assistant)?<\|channel\|>[^<]*<\|message\|>")
_ENDED = re.compile(r"<\|(?:end|return|call)\|>")


def split_reasoning(completion: Completion) -> tuple[str, str]:
    """Split a completion into (reasoning, answer text).

    The server's own field comes first. In the text, everything up to the *last* closing tag is reasoning, also
    when the chat template put the opening tag into the prompt and only the closing one appears; after an opening
    tag that never closes there is no answer text, whatever follows. ``<answer>`` tags stay in the answer text: the
    format check looks for them, and graders read the last of them. Of gpt-oss's channels the last final one is the
    answer text; before it is reached there is none.

    Examples
    --------
    >>> split_reasoning(Completion("<think>2 + 2</think>4", "complete"))
    ('2 + 2', '4')
    >>> split_reasoning(Completion("2 + 2</think>4", "complete"))
    ('2 + 2', '4')
    >>> split_reasoning(Completion("<think>2 + 2 is", "truncated"))
    ('2 + 2 is', '')
    """
    analysis, final = _by_channel(completion.text.strip())
    opens, closes = _tags(final)
    thoughts, answer_text = _by_tag(final)
    reasoning = "\n".join(part for part in (completion.reasoning, analysis, *thoughts) if part)
    return closes.sub("", opens.sub("", reasoning)).strip(), answer_text.strip()


def without_prefill(completion: Completion, prefill: str) -> Completion:
    """Take a prefill that opened the reasoning from the text, where the server has put the reasoning into its field.

    Examples
    --------
    >>> without_prefill(Completion("<think>4", "complete", reasoning="2 + 2"), "<think>").text
    '4'
    """
    opens, closes = _tags(prefill)
    opened = list(opens.finditer(prefill))
    if not completion.reasoning or not opened or closes.search(prefill, opened[-1].end()):
        return completion
    return replace(completion, text=completion.text.removeprefix(prefill))


def _either(pairs: tuple[tuple[str, str], ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds any opening tag, by its group, and any closing one."""
    openings, closings = zip(*pairs, strict=True)
    return re.compile("|".join(f"({opening})" for opening in openings)), re.compile("|".join(closings))


_TAGS, _TAGS_AND_WORDS = _either(_PAIRS), _either(_PAIRS + _WORDS)


def _tags(text: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return _TAGS_AND_WORDS if _BEGUN.match(text) else _TAGS


def _by_tag(text: str) -> tuple[list[str], str]:
    """The parts of the reasoning, and the rest."""
    opens, closes = _tags(text)
    first = opens.match(text)
    if first and first.lastindex and not re.search((_PAIRS + _WORDS)[first.lastindex - 1][1], text):
        return [text[first.end() :]], ""  # another pair's closing tag, inside, does not end it
    parts, rest = [], text
    closings = list(closes.finditer(rest))
    if closings:
        parts.append(rest[: closings[-1].start()])
        rest = rest[closings[-1].end() :]
    opening = opens.search(rest)
    if opening:
        parts.append(rest[opening.end() :])
        rest = rest[: opening.start()]
    return parts, rest


def _by_channel(text: str) -> tuple[str, str]:
    """What gpt-oss's channels hold before the last final one, and that one; no channels: all is final."""
    opened = _OPENED.match(text)
    finals = list((_FINAL if opened else _SECOND).finditer(text)) or list(_BARE.finditer(text))
    if not opened and not finals:
        return "", text
    start, end = finals[-1].span() if finals else (len(text), len(text))
    before = text[:start].removeprefix("analysis").removesuffix("<|start|>assistant")
    return _ENDED.sub("\n", _HEADER.sub("", before)), _ENDED.split(text[end:], maxsplit=1)[0]
