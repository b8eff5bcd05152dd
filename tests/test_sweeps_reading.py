"""Sweep files: what they may say, and which runs they mean."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.experiment.reading import read_yaml
from promptlab.sweeps import Sweep, read_sweep
from promptlab.sweeps.expanding import expand
from promptlab.sweeps.reading import Axis
from tiny_notebooks import write_notebook, write_sweep

ROOT = Path(__file__).parents[1]


def runs_of(folder: Path, **keys: object):
    return expand(read_sweep(write_sweep(folder, **keys)), folder)


def given_by(folder: Path, **keys: object) -> list[dict[str, object]]:
    return [dict(run.given) for run in runs_of(folder, **keys)]


def test_a_grid_is_every_combination_and_the_last_axis_runs_fastest(tmp_path: Path):
    found = given_by(tmp_path, grid={"n": [1, 2], "word": ["a", "b"]}, parameters={"share": 0.1})
    assert found == [{"share": 0.1, "n": n, "word": word} for n in (1, 2) for word in ("a", "b")]


def test_labels_set_several_parameters_and_make_readable_ids(tmp_path: Path):
    pair = {"small": {"n": 1, "word": "a"}, "large": {"n": 9, "word": "b"}}
    first, last = runs_of(tmp_path, grid={"pair": pair})
    assert dict(last.given) == pair["large"]
    assert [run.id.rpartition("-")[0] for run in (first, last)] == ["small", "large"]


@pytest.mark.parametrize(
    ("models", "ids"),
    [
        (["openai:one@http://host:80/v1", "openai:two@http://host:80/v1"], ["one", "two"]),
        (["openai:org/m@http://a:80/v1", "openai:org/m@https://b.org/v1", "vllm:org/n"], ["m-a-80", "m-b.org", "n"]),
        (["openai:m@http://a/v1", "openai:m@http://a/v2"], ["m-0", "m-1"]),
        (["vllm:one/m", "vllm:other/m", "embedded:r1"], ["one-m", "other-m", "r1"]),
        (["openai:qwen3:8b@http://a/v1", "openai:qwen3:4b@http://a/v1"], ["qwen3-8b", "qwen3-4b"]),
    ],
)
def test_a_model_is_in_the_id_by_its_name_and_by_its_place_only_where_that_is_needed(
    models: list[str], ids: list[str], tmp_path: Path
):
    write_notebook(tmp_path / "tiny.ipynb", parameters="models = []")
    grid = {"models": [[model] for model in models]}
    for keys in ({"grid": grid}, {"grid": None, "include": [{"models": [model]} for model in models]}):
        assert [run.id.rpartition("-")[0] for run in runs_of(tmp_path, **keys)] == ids


def test_an_axis_may_stand_anywhere_in_the_parameters(tmp_path: Path):
    parts = [{"k": "$k"}, "few-$k", "costs $5, $\\alpha$"]
    found = given_by(tmp_path, parameters={"many": parts}, grid={"k": [1, 3]})
    assert found == [{"many": [{"k": k}, f"few-{k}", parts[2]]} for k in (1, 3)]
    found = given_by(tmp_path, parameters={"word": "n is $n"}, grid={"n": [1, 3]})
    assert found == [{"word": f"n is {n}", "n": n} for n in (1, 3)], "a parameter of the notebook stays one"
    with pytest.raises(InputError, match=r"unknown axis in the parameters: '\$x': .*Allowed: \$n"):
        runs_of(tmp_path, parameters={"word": "$x"})
    with pytest.raises(InputError, match=r"unknown axis in the parameters: '\$shot': did you mean '\$shots'"):
        runs_of(tmp_path, parameters={"word": "few-$shot"}, grid={"shots": [1]})
    with pytest.raises(InputError, match=r"\$many stands inside a text and is \[2\]: only a text or a number can"):
        runs_of(tmp_path, parameters={"word": "x$many"}, grid={"many": [[2], [3]]})


def test_include_adds_and_exclude_takes_out(tmp_path: Path):
    pair = {"small": {"n": 1}, "large": {"n": 9}}
    grid = {"pair": pair, "word": ["a", "b"]}
    found = given_by(
        tmp_path, grid=grid, exclude=[{"pair": "large", "word": "b"}], include=[{"pair": "large", "share": 1}]
    )
    assert found == [{"n": 1, "word": "a"}, {"n": 1, "word": "b"}, {"n": 9, "word": "a"}, {"n": 9, "share": 1}]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"girds": {"n": [1]}}, "unknown key of a sweep 'girds': did you mean 'grid'"),
        ({"about": None}, "says nothing about 'about': a sentence"),
        ({"analysis": " "}, "says nothing about 'analysis': what will be compared"),
        ({"grid": {"n": 3}}, r"grid\.n is 3; allowed: a list of values"),
        ({"grid": {"n": []}}, r"grid\.n has no values"),
        ({"grid": {"n": [1, 1]}}, r"grid\.n has a value twice"),
        ({"grid": {"pair": {"a": 3}}}, r"grid\.pair\.a must be a mapping"),
        ({"exclude": [{"m": 1}]}, "unknown axis in 'exclude' 'm'"),
        ({"exclude": [{"n": 7}]}, r"exclude\[0\] takes out no run: {'n': 7}"),
        ({"exclude": [{"n": [1, 2]}]}, r"each names one value, or one label, of an axis \(n: n-1, n-2\)"),
        ({"grid": {"n": [1], "b": {"x": {"n": 3}}}}, "both 'n' and 'b' set 'n': which of them holds"),
        ({"grid": {"b": {"x": {"n": 3}}}, "include": [{"b": "x", "n": 4}]}, "both 'b' and 'n' set 'n'"),
        (
            {"grid": {"b": {"x": {"n": 1}, "y": {"word": "a"}}}},
            "twice, with equal parameters: x-.* and y-",
        ),
        ({"exclude": [{"n": 1}, {"n": 2}]}, "'exclude' takes out every run"),
        ({"include": [{"n": 1}]}, "the same run is asked for twice, with equal parameters: n-1-[0-9a-f]{6}$"),
        ({"include": {"n": 1}}, "'include' must be a list"),
        ({"notebook": "nowhere.ipynb"}, "there is no notebook nowhere.ipynb"),
        ({"jobs": 0}, "'jobs' is 0"),
        ({"tokens_per_second": -1}, "tokens_per_second is -1"),
    ],
)
def test_what_does_not_fit_is_said(keys: dict[str, object], message: str, tmp_path: Path):
    with pytest.raises(InputError, match=message):
        runs_of(tmp_path, **keys)


def test_a_date_and_a_key_given_twice_are_refused(tmp_path: Path):
    file = write_sweep(tmp_path)
    text = file.read_text()
    file.write_text(f"{text}parameters:\n  word: 2026-01-01\n")
    with pytest.raises(InputError, match="put dates into quotes"):
        read_sweep(file)
    file.write_text(f"{text}about: again\n")
    with pytest.raises(InputError, match=r"tiny\.yaml: says 'about' twice"):
        read_sweep(file)


def test_a_value_that_contains_itself_is_one_error(tmp_path: Path):
    file = write_sweep(tmp_path)
    file.write_text(f"{file.read_text()}parameters: &all {{many: [*all]}}\n")
    with pytest.raises(InputError, match=r"tiny\.yaml: holds a value that contains itself"):
        read_sweep(file)


def test_an_id_follows_from_the_parameters_and_the_hash_from_the_notebook_too(tmp_path: Path):
    file = write_sweep(tmp_path)
    first = expand(read_sweep(file), tmp_path)
    assert expand(read_sweep(file), tmp_path) == first
    write_notebook(tmp_path / "tiny.ipynb", "print('other')")
    changed = expand(read_sweep(file), tmp_path)
    assert [run.id for run in changed] == [run.id for run in first], "it goes on in its directory"
    assert not {run.hash for run in changed} & {run.hash for run in first}
    assert expand(read_sweep(write_sweep(tmp_path, parameters={"share": 0.7})), tmp_path)[0].id != first[0].id


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 3))
def test_a_grid_has_as_many_runs_as_it_has_combinations(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], cut: int
):
    folder = tmp_path_factory.mktemp("grid")
    names = [f"p{i}" for i in range(len(sizes))]
    write_notebook(folder / "tiny.ipynb", parameters="\n".join(f"{name} = 0" for name in names))
    grid = tuple(Axis(name, {str(v): {name: v} for v in range(n)}) for name, n in zip(names, sizes, strict=True))
    exclude = ({names[0]: 0},) if sizes[0] > 1 and cut else ()
    sweep = Sweep(name="x", about="", analysis="", notebook="tiny.ipynb", parameters={}, grid=grid, exclude=exclude)
    runs = expand(sweep, folder)
    expected = [values for values in itertools.product(*map(range, sizes)) if not (exclude and values[0] == 0)]
    assert [tuple(run.given[name] for name in names) for run in runs] == expected
    assert len({run.id for run in runs}) == len(runs)


def test_the_page_shows_a_file_that_works(tmp_path: Path):
    page = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
    file = tmp_path / "shown.yaml"
    file.write_text(page.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    assert len(expand(read_sweep(file), tmp_path)) == 21


SHIPPED = [path for path in sorted(ROOT.glob("experiments/*.yaml")) if "grid" in read_yaml(path)]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_every_shipped_sweep_can_be_expanded_and_asks_something(path: Path):
    sweep = read_sweep(path)
    assert "?" in sweep.about
    assert len(expand(sweep, path.parent)) > 1
    assert "embedded:" in str(read_yaml(path))
