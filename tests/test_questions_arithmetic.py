"""The built-in word problems: right answers, disjoint splits, and the same set on every machine."""

from __future__ import annotations

import ast
import json
import operator
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.questions import load_questions
from promptlab.questions.arithmetic import LEVELS, SPLITS, exemplar_pool, generate, split_of
from promptlab.questions.drawing import Draft, Template, all_templates, draw
from promptlab.textnorm import normalise
from promptlab.types import Question

OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
VARIANTS = [(t, level, w) for t in all_templates() for level in t.levels for w in range(len(t.wordings))]


def drafts(template: Template, level: int, seed: str, n: int) -> Iterator[Draft]:
    """The draws that fit, out of n."""
    rng = Random(seed)
    return (draft for draft in (draw(template, level, rng) for _ in range(n)) if draft)


def value_of(node: ast.AST) -> float:
    """An arithmetic expression, worked out by another road than the generator's."""
    if isinstance(node, ast.BinOp):
        return OPERATIONS[type(node.op)](value_of(node.left), value_of(node.right))
    assert isinstance(node, ast.Constant)
    return node.value


def test_there_are_enough_templates_of_every_level() -> None:
    seen = [t for t in all_templates() if not t.held_out]
    held_out = [t for t in all_templates() if t.held_out]
    assert len(seen) >= 72
    assert len(held_out) >= 16
    for family, least in ((seen, 20), (held_out, 4)):
        assert min(Counter(level for t in family for level in t.levels).values()) >= least
    assert len({t.name for t in all_templates()}) == len(all_templates())
    wordings = [wording for t in all_templates() for wording in t.wordings]
    assert len(set(wordings)) == len(wordings)


@pytest.mark.parametrize("template", all_templates(), ids=lambda t: t.name)
def test_a_template_is_well_formed(template: Template) -> None:
    assert 2 <= len(template.wordings) <= 3
    steps = {1: (1, 1), 2: (2, 2), 3: (2, 4), 4: (2, 4)}
    for level in template.levels:
        least, most = steps[level]
        assert least <= len(template.steps) <= most
    # Nothing else may be in braces, and the wordings of a template use the same numbers.
    fields = [set(re.findall(r"{([a-z]\w*)}", w)) - {"he", "his", "him"} for w in template.wordings]
    assert all(one == fields[0] for one in fields)
    assert all(wording.rstrip()[-1] in ".?" for wording in template.wordings)


@pytest.mark.parametrize(("template", "level", "wording"), VARIANTS, ids=lambda v: getattr(v, "name", str(v)))
def test_every_wording_renders_at_every_level(template: Template, level: int, wording: int) -> None:
    draft = next(d for d in drafts(template, level, "render", 2_000) if d.wording == wording)
    assert "{" not in draft.text
    assert draft.text[0].isupper() or draft.text[0].isdigit() or draft.text[0] == "("
    assert not re.search(r"\b[01] [a-z]{2,}s\b", draft.text)  # "1 apples"
    assert not re.search(r"[.?] [a-z]|  |\ba [aeiou]", draft.text)


@pytest.mark.parametrize("template", all_templates(), ids=lambda t: t.name)
def test_steps_lead_to_the_answer(template: Template) -> None:
    for level in template.levels:
        found = list(drafts(template, level, "steps", 150))
        assert found
        for draft in found:
            for _, expression, value in draft.steps:
                assert value_of(ast.parse(expression, mode="eval").body) == value
                assert 1 <= value <= 9_999
            known = set(map(int, re.findall(r"\d+", draft.text))) | {2, 3, 4, 6, 7, 8, 60, 100}
            for _, expression, value in draft.steps:  # every number used is given, known or worked out before
                assert set(map(int, re.findall(r"\d+", expression))) <= known
                known.add(value)


@pytest.mark.parametrize("template", [t for t in all_templates() if t.name.startswith("bare-")], ids=lambda t: t.name)
def test_bare_expressions_have_their_value(template: Template) -> None:
    checked = 0
    for draft in drafts(template, template.levels[-1], "bare", 600):
        found = re.fullmatch(r"(?:What is |Work out |Find )?([-\d+*/() ]+?)(?: = )?[?.]", draft.text)
        if found:
            assert value_of(ast.parse(found[1].strip(), mode="eval").body) == draft.steps[-1][2]
            checked += 1
    assert checked >= 10


def test_levels_differ_in_size() -> None:
    small, large = (generate("test", 200, 0, (level,)) for level in (3, 4))
    mean = [sum(int(q.answers[0]) for q in questions) / 200 for questions in (small, large)]
    assert mean[1] > 3 * mean[0]


def test_a_question_says_where_it_comes_from() -> None:
    question = load_questions("arithmetic", n=1, levels=2, templates="held-out")[0]
    assert question.id == "arithmetic-test-0-L2-held-out-0"
    assert question.cluster == question.meta["template"]
    assert {k: question.meta[k] for k in ("level", "split", "held_out")} == {
        "level": 2,
        "split": "test",
        "held_out": True,
    }
    assert str(question.meta["steps"][-1]["value"]) == question.answers[0]
    assert question.meta["rationale"].count(" = ") == 2
    assert "answer" not in question.meta["rationale"].lower()
    assert json.loads(json.dumps(dict(question.meta))) == question.meta


def texts(questions: list[Question]) -> list[str]:
    return [normalise(q.text) for q in questions]


@pytest.mark.slow
def test_splits_share_no_text() -> None:
    found = {split: texts(generate(split, 5_000, seed)) for split, seed in zip(SPLITS, (0, 1, 0, 2), strict=True)}
    together = [text for split in found.values() for text in split]
    assert len(together) == len(set(together)) == 20_000


@settings(deadline=None)
@given(st.text(min_size=1))
def test_every_text_has_one_split(text: str) -> None:
    assert split_of(text) in SPLITS
    assert sorted(digit for digits in SPLITS.values() for digit in digits) == list(range(10))


@pytest.mark.parametrize("templates", ["seen", "held-out", "all"])
@pytest.mark.parametrize("levels", [None, 1, (3, 4)])
def test_a_smaller_set_is_a_prefix(templates: str, levels: object) -> None:
    few, many = (load_questions("arithmetic", n=n, seed=3, templates=templates, levels=levels) for n in (40, 150))
    assert few.questions == many.questions[:40]
    assert few.pool == many.pool
    if levels is not None:
        asked = {levels} if isinstance(levels, int) else set(levels)  # type: ignore[call-overload]
        assert {q.meta["level"] for q in (*many, *many.pool)} == asked


def test_ids_never_name_two_questions() -> None:
    sets = [
        load_questions("arithmetic", split=split, n=20, seed=seed, levels=levels, templates=templates)
        for split in ("dev", "test")
        for seed in (0, 1)
        for levels, templates in ((None, "seen"), (None, "held-out"), ((1,), "held-out"), ((1, 2), "held-out"))
    ]
    by_id = {q.id: q for questions in sets for q in (*questions, *questions.pool)}
    assert all(by_id[q.id] == q for questions in sets for q in (*questions, *questions.pool))


def test_templates_take_turns() -> None:
    questions = load_questions("arithmetic", n=None)
    sizes = Counter(q.cluster for q in questions).values()
    assert len(questions) == 400
    assert max(sizes) - min(sizes) <= 1
    turn = len(sizes)
    assert [q.cluster for q in questions[:turn]] != [q.cluster for q in questions[turn : 2 * turn]]


def test_the_pool_has_exemplars_of_every_kind() -> None:
    questions = load_questions("arithmetic", n=5, levels=(1, 2))
    sizes = Counter(q.cluster for q in questions.pool)
    assert set(sizes) == {t.name for t in all_templates() if not t.held_out and {1, 2} & set(t.levels)}
    assert set(sizes.values()) == {8}
    assert all(q.meta["rationale"] for q in questions.pool)


def test_held_out_templates_stay_out() -> None:
    held_out = {t.name for t in all_templates() if t.held_out}
    train = generate("train", 1_000, 0)
    assert not held_out & {q.cluster for q in train}
    assert not held_out & {q.cluster for q in exemplar_pool(0, LEVELS, "seen")}
    assert {q.cluster for q in load_questions("arithmetic", n=60, templates="held-out")} == held_out
    for templates in ("held-out", "all"):
        with pytest.raises(InputError, match="held-out templates are never trained on"):
            load_questions("arithmetic", split="train", templates=templates)


def test_hash_randomisation_changes_nothing() -> None:
    code = (
        "from promptlab import load_questions as load;"
        "print([load('arithmetic', n=60, split=s, templates=t).hash for s, t in [('test', 'all'), ('train', 'seen')]])"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "77")
    }
    here = [
        load_questions("arithmetic", n=60, split=s, templates=t).hash for s, t in (("test", "all"), ("train", "seen"))
    ]
    assert seen == {f"{here}\n"}


def test_exhausted_templates_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptlab.questions.arithmetic._TRIES", 60)
    one = [t for t in all_templates() if t.name == "spider-eyes"]
    monkeypatch.setattr("promptlab.questions.arithmetic.all_templates", lambda: tuple(one))
    with pytest.raises(InputError, match=r"n=5000, but only \d+ different questions were found for arithmetic-dev-0-"):
        generate("dev", 5_000, 0, templates="held-out")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "tset"}, "unknown split 'tset': did you mean 'test'? Allowed: pool, train, dev, test"),
        ({"templates": "unseen"}, "unknown templates 'unseen': did you mean 'seen'? Allowed: seen, held-out, all"),
        ({"levels": 5}, "levels=(5,): expected one or more of 1, 2, 3, 4"),
        ({"levels": ()}, "levels=(): expected one or more of 1, 2, 3, 4"),
        ({"levels": "12"}, "levels=('1', '2'): expected one or more of 1, 2, 3, 4"),
        ({"n": 0}, "n=0: expected a whole number of at least 1"),
        ({"n": "5"}, "n='5': expected a whole number of at least 1"),
        ({"seed": 1.5}, "seed=1.5: expected a whole number"),
        ({"kind": "number"}, "kind='number' has no meaning for the source 'arithmetic'"),
        ({"pool": []}, "pool=[] has no meaning for the source 'arithmetic'"),
    ],
)
def test_options_are_checked(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_questions("arithmetic", **options)  # type: ignore[arg-type]
    assert str(caught.value) == message
