"""Take it away: the state as Python code and as a file for a sweep, which make the same prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptlab.errors import InputError
from promptlab.explorer.judging import rule_of
from promptlab.explorer.state import Spec, State, conditions_of, kind_of, question_of, sliced
from promptlab.prompts import condition_from
from promptlab.prompts.library import CONDITIONS

_SAMPLING = ("max_tokens", "temperature", "top_p", "seed")


def state_to_code(state: State, *, given: bool = False) -> str:
    """A script: the prompts on screen without a call, then the run on n questions.

    `given`: the model was handed to the explorer open, so that code can only name it.
    """
    model = f"lab.open_model({state.model!r})"
    opened = f"model = {model}" if not given else f"# model: {state.model!r}, which lab.explore was given open"
    asked = None if state.answer_format is None else f"lab.{state.answer_format.upper().replace('-', '_')}"
    rule, conditions = rule_of(state), "".join(f"    {_call(spec)},\n" for spec in state.conditions)
    return f"""\
import promptlab as lab

{opened}
questions = {_loading(state.questions)}
conditions = [
{conditions}]
sampling = lab.Sampling({", ".join(_named({name: getattr(state, name) for name in _SAMPLING}))})
answer_format = {asked}

# The prompts on screen, exactly as sent; makes no call.
asked = questions.select([{question_of(state).id!r}])
preview = lab.preview(
    model, conditions, asked, samples={state.samples}, sampling=sampling, answer_format=answer_format
)
for condition in conditions:
    print(f"--- {{condition.name}}", preview.prompt(condition.name), sep="\\n")

# On {state.n} questions at most: asks the model.
run = lab.run(
    model,
    conditions,
    {_loading(sliced(state))},
    samples={state.samples},
    sampling=sampling,
    answer_format=answer_format,
    stop_when=lab.decided(baseline={rule.baseline!r}, margin={state.margin}, batch={rule.batch}),
    path="runs/explored",
)
print(lab.decisions(run).to_markdown())
"""


def _loading(options: Mapping[str, Any]) -> str:
    source, *rest = [repr(options["source"]), *_named({k: v for k, v in options.items() if k != "source"})]
    return f"lab.load_questions({', '.join([source, *rest])})"


def _call(spec: Spec) -> str:
    kind, options = kind_of(spec)
    return f"lab.{CONDITIONS[kind].__name__}({', '.join(_named(options))})"


def _named(options: Mapping[str, Any]) -> list[str]:
    return [f"{name}={value!r}" for name, value in options.items()]


def _as_read(specs: list[Spec]) -> list[Spec]:
    """The conditions as a reader of the file will see them, if they are then the same."""
    import yaml

    try:
        read: list[Spec] = yaml.safe_load(yaml.safe_dump(specs))
        same = list(map(condition_from, read)) == list(map(condition_from, specs))
    except (yaml.YAMLError, InputError):
        same = False
    if not same:
        raise InputError("a file cannot say these conditions (exemplars of your own are objects): take the Python code")
    return read


def state_to_yaml(state: State, *, given: bool = False) -> str:
    """A file for ``promptlab sweep``: one run of the main notebook, to which a grid adds more."""
    import yaml

    if given:
        raise InputError(f"{state.model!r} was given open, and a file can only name a model: explore it by its name")
    conditions = _as_read(list(state.conditions))
    if state.seed != (own := state.questions.get("seed", 0)):
        raise InputError(f"a sweep has one seed for questions and samples: set the seed to that of these, {own}")
    questions = {key: value for key, value in state.questions.items() if key not in ("n", "seed")}
    baseline, *others = (condition.name for condition in conditions_of(state))
    margin = "no margin" if state.margin is None else f"margin {state.margin}"
    parameters = {
        **{"models": [state.model], "control": "", "questions": questions, "n_questions": state.n},
        **{"conditions": conditions, "baseline": baseline, "margin": state.margin},
        **{"samples": state.samples, "max_tokens": state.max_tokens, "temperature": state.temperature},
        **{"top_p": state.top_p, "seed": state.seed, "answer_format": state.answer_format},
        **{"recorded": [], "recorded_control": {}},
    }
    sweep = {
        "about": f"What {', '.join(others) or 'no other condition'} does to {state.model} on {state.n} questions.",
        "analysis": f"Paired differences to {baseline}, simultaneous 95 % intervals, {margin}.",
        "parameters": parameters,
        "grid": {},
    }
    return yaml.safe_dump(sweep, sort_keys=False, allow_unicode=True, width=110)
