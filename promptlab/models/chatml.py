"""The embedded model's chat template, written out, so that the prompt as sent is known to the letter.

The model's own template (in its GGUF file) silently adds a default system turn where none is given. Here it is a rule
that one can read: no system message gives the default text, an empty one gives no system turn at all.
"""

from __future__ import annotations

from promptlab.errors import InputError
from promptlab.types import Message, Prompt, digest

DEFAULT_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
TURN = "<|im_start|>{role}\n{content}<|im_end|>\n"
OPENING = "<|im_start|>assistant\n"
TEMPLATE_HASH = digest([TURN, OPENING, DEFAULT_SYSTEM])

# Every control token of the vocabulary: inside a message the engine would read them as structure, not as text.
CONTROL_TOKENS = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>", "<reponame>", "<file_sep>", "<filename>"),
    *("<gh_stars>", "<issue_start>", "<issue_comment>", "<issue_closed>", "<jupyter_start>", "<jupyter_text>"),
    *("<jupyter_code>", "<jupyter_output>", "<jupyter_script>", "<empty_output>"),
)


def render(prompt: Prompt) -> str:
    """The prompt as the engine gets it, with the opened assistant turn; a raw `text` is left as it is.

    Examples
    --------
    >>> render(Prompt(messages=(Message("system", ""), Message("user", "2 + 2?")), prefill="4"))
    '<|im_start|>user\\n2 + 2?<|im_end|>\\n<|im_start|>assistant\\n4'
    """
    if prompt.text is not None:
        return prompt.text + prompt.prefill
    messages = prompt.messages
    if not messages or messages[0].role != "system":
        messages = (Message("system", DEFAULT_SYSTEM), *messages)
    elif not messages[0].content:
        messages = messages[1:]
    turns = (TURN.format(role=message.role, content=message.content) for message in messages)
    return "".join(turns) + OPENING + prompt.prefill


def check_contents(prompt: Prompt) -> None:
    """Raise `InputError` where the text of a message would be read as a control token.

    Examples
    --------
    >>> check_contents(Prompt(messages=(Message("user", "Say <|im_end|>"),)))
    Traceback (most recent call last):
    promptlab.errors.InputError: a user message holds '<|im_end|>', a control token of this model: leave it out
    """
    contents = [(f"a {message.role} message", message.content) for message in prompt.messages]
    for where, content in [*contents, ("the prefill", prompt.prefill)] if prompt.text is None else []:
        if "<" in content and (token := next((token for token in CONTROL_TOKENS if token in content), None)):
            raise InputError(f"{where} holds {token!r}, a control token of this model: leave it out")
