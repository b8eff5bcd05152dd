"""Conditions and exemplars: a question becomes exactly what is sent, inspectable before any call."""

from promptlab.prompts.conditions import Condition
from promptlab.prompts.controls import few_shot_controls
from promptlab.prompts.exemplars import Exemplars
from promptlab.prompts.library import (
    CONDITIONS,
    chain_of_thought,
    concise,
    condition_from,
    few_shot,
    from_template,
    r1_zero_template,
    zero_shot,
)
from promptlab.prompts.medprompting import medprompt, medprompt_followup, medprompt_steps
from promptlab.prompts.previewing import Preview, preview

__all__ = [
    "CONDITIONS",
    "Condition",
    "Exemplars",
    "Preview",
    "chain_of_thought",
    "concise",
    "condition_from",
    "few_shot",
    "few_shot_controls",
    "from_template",
    "medprompt",
    "medprompt_followup",
    "medprompt_steps",
    "preview",
    "r1_zero_template",
    "zero_shot",
]
