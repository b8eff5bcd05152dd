"""promptlab: prompt-engineering experiments on reasoning models, with honest statistics.

The concepts: a *question* under a *condition* gives a *prompt*; a *model* answers it with *completions*; a *grader*
gives each a *grade*; a *run* keeps them all. `compare` judges conditions within a model, `contrast` compares a model
with its control.

>>> import promptlab as lab
>>> questions = lab.load_questions("arithmetic", n=2, seed=0)
>>> lab.few_shot(k=3).shots
3

Names are loaded on first use, so that ``import promptlab`` stays light. For tab completion see ``dir(promptlab)``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "promptlab.questions": "QuestionSet available_benchmarks load_questions",
    "promptlab.prompts": "Condition Exemplars chain_of_thought concise condition_from few_shot few_shot_controls "
    "from_template medprompt medprompt_followup medprompt_steps preview r1_zero_template zero_shot",
    "promptlab.models": "Profile available_models available_profiles fetch_base longest_output open_model "
    "serve_embedded serve_vllm",
    "promptlab.formats": "ANSWER_IS ANSWER_TAGS BOXED",
    "promptlab.grading": "as_grader by_kind drop_f1 grader_named label maths number regex",
    "promptlab.runner": "run",
    "promptlab.records": "Run load_run recorded_runs",
    "promptlab.importing": "ImportedRun import_run import_runs",
    "promptlab.comparison": "Ablation Agreement Association ByLength Comparison Contrast CostMatched Decided "
    "Decisions DoseResponse Drawn Explanation Oddities PositionBias SeedContrast ablation agree associated "
    "by_length compare cons_at_k contrast contrast_seeds contrasts cost_matched decided decisions dose "
    "draw_components explain_loss feature_table oddest over_draws pass_at_k position_bias summarise vote",
    "promptlab.planner": "Plan plan",
    "promptlab.stats": "Guess",
    "promptlab.experiment": "Experiment",
    "promptlab.explorer": "explore",
    "promptlab.registering": "Registration",
    "promptlab.reporting": "report",
    "promptlab.quoting": "published published_findings",
    "promptlab.traininglogs": "training_log",
    "promptlab.sweeps": "Sweep Swept sweep",
    "promptlab.errors": "PromptlabError",
    "promptlab.types": "AnswerFormat Completion Grade Message Model ModelId Prompt Question Request Sampling",
}
_MODULES = ("figures", "stats")  # used as lab.figures.degradation(...)
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = ["__version__", *_MODULES, *_HOME_OF]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"promptlab.{name}")
    if name not in _HOME_OF:
        from promptlab.errors import unknown

        raise AttributeError(str(unknown("name in promptlab:", name, __all__)))
    value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
