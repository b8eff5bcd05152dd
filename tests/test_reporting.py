"""The report: what lies where, verdicts by the registered design, and a file that stays small and harmless."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from test_markup import parsed

from local_models import QUESTIONS, LocalModel
from promptlab import cli
from promptlab.errors import InputError
from promptlab.experiment import Experiment, designing
from promptlab.prompts import concise, zero_shot
from promptlab.reporting import elements, report, samples, vectors
from promptlab.reporting.page import _asset
from promptlab.runner import run
from promptlab.sweeps.states import State, write_state
from promptlab.types import Completion, Request, Sampling, digest

mpl.use("agg")

DESIGN: dict[str, Any] = {
    "models": ["local:one", "local:two"],
    "conditions": ["zero-shot", {"few-shot": {"k": 2}}],
    "questions": {"source": "arithmetic", "n": 12, "levels": [1]},
    "sampling": {"max_tokens": 64},
    "control": "two",
}


@pytest.fixture(scope="module", autouse=True)
def models() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(designing, "open_model", lambda name: LocalModel(name.removeprefix("local:")))
        yield


def designed(folder: Path, **changes: Any) -> Experiment:
    return Experiment.from_mapping(DESIGN | {"path": str(folder / "runs")} | changes)


def carried_out(folder: Path, **changes: Any) -> Path:
    """A notebook's `out`: design and records."""
    experiment = designed(folder, **changes)
    experiment.run(registration=experiment.register(folder / "design.yaml"), progress=False)
    return folder


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return carried_out(tmp_path_factory.mktemp("experiment") / "first")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs that are done, one that failed before it had records."""
    root = tmp_path_factory.mktemp("sweep") / "shots"
    for id, k in (("k-1-aaaaaa", 1), ("k-2-bbbbbb", 2)):
        carried_out(root / id, conditions=["zero-shot", {"few-shot": {"k": k}}])
        write_state(root / id, State(id, "done", f"hash of {id}", seconds=1.5))
    write_state(root / "k-3-cccccc", State("k-3-cccccc", "failed", "hash of k-3-cccccc", cell=4, error="KeyError: 'x'"))
    runs = {p.name: {"hash": f"hash of {p.name}", "parameters": {"k": i}} for i, p in enumerate(sorted(root.iterdir()))}
    content = {"name": "shots", "about": "Do more shots do more?", "analysis": "Each against none.", "runs": runs}
    entry = {"frozen": "2026-01-01T00:00:00+00:00", "sweep": content}
    entry["hash"] = digest([content, entry["frozen"]])
    (root / "sweep.yaml").write_text(yaml.safe_dump([entry], sort_keys=False))
    return root


def embedded(file: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id=data>(.*?)</script>', file.read_text(encoding="utf-8"))
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def words(file: Path) -> str:
    """What the page says, apart from figures and samples."""
    page = re.sub(r"<(script|style|svg).*?</\1>", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


# -- what lies where ---------------------------------------------------------------------------------------------------


def test_an_experiment_is_judged_by_its_registered_design(experiment: Path):
    file = report(experiment)
    assert file == experiment / "report.html"
    said = words(file)
    assert re.search(r"registered 20\d\d-\d\d-\d\d, hash [0-9a-f]{8}: as registered", said)
    assert "one against its control two" in said
    order = [said.index(part) for part in ("as registered", "Each condition against the baseline", "Run by run")]
    assert order == sorted(order)
    data = embedded(file)
    assert len(data["samples"]) == 2 * 2 * 12
    assert {s["model"] for s in data["samples"]} == {"one", "two"}
    first = data["samples"][0]
    assert data["questions"][first["question"]]["text"]
    assert ["user", data["questions"][first["question"]]["text"]] in data["prompts"][first["prompt"]]


def test_the_same_records_give_the_same_file(experiment: Path, tmp_path: Path):
    one, other = (report(experiment, out=tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert one == other


def test_samples_beside_the_design_are_not_compared(tmp_path: Path):
    folder = carried_out(tmp_path / "more")
    more = designed(folder).narrowed(["zero-shot"], DESIGN["questions"] | {"n": 20})
    more.run(progress=False)
    file = report(folder)
    assert "as registered" in words(file)
    assert len(embedded(file)["samples"]) == 2 * (12 + 20), "to be looked at all the same"


def test_a_run_under_a_rule_to_stop_has_decisions(tmp_path: Path):
    said = words(report(carried_out(tmp_path / "ruled", stop_every=4, control="")))
    assert "Runs that could stop as soon as they were decided" in said
    assert "as registered" in said
    assert "few-shot-2 is not decided on one against zero-shot" in said


def test_what_was_chosen_otherwise_is_a_deviation(experiment: Path, tmp_path: Path):
    said = words(report(experiment, baseline="few-shot-2", margin=0.1, out=tmp_path / "r.html"))
    assert "deviates: baseline few-shot-2 instead of zero-shot" in said.replace("&#x27;", "'")


def test_a_sweep_shows_each_run_the_failed_one_too(sweep: Path):
    said = words(report(sweep))
    for text in ("shots", "Do more shots do more?", "Each against none.", "2026-01-01T00:00:00+00:00, hash"):
        assert text in said
    assert "failed in cell 4: KeyError: &#x27;x&#x27;" in said
    assert "Over the 3 runs nothing is adjusted" in said
    assert "hash of k-1-aaaaaa" in said
    assert {s["run"] for s in embedded(sweep / "report.html")["samples"]} == {"k-1-aaaaaa", "k-2-bbbbbb"}


def test_a_sweep_that_was_changed_after_it_was_frozen_is_refused(sweep: Path, tmp_path: Path):
    changed = tmp_path / "sweep.yaml"
    changed.write_text((sweep / "sweep.yaml").read_text().replace("Do more", "Do fewer"))
    with pytest.raises(InputError, match=r"was changed after it was frozen.* Put it back as it was$"):
        report(tmp_path)


def test_a_design_that_was_changed_is_said_and_judges_nothing_as_registered(tmp_path: Path):
    folder = carried_out(tmp_path / "changed")
    design = folder / "design.yaml"
    design.write_text(design.read_text().replace("baseline: zero-shot", "baseline: few-shot-2"))
    said = words(report(folder))
    assert "was changed after it was registered" in said
    assert "not registered" in said


def test_runs_named_one_by_one_are_judged_together(experiment: Path, tmp_path: Path):
    one, two = (experiment / "runs" / name for name in ("one", "two"))
    for paths in ([one, two], [experiment / "runs"]):
        said = words(report(*paths, control="two", out=tmp_path / "r.html"))
        assert "not registered: what is compared" in said
        assert "one against its control two" in said


def test_records_that_cannot_be_read_do_not_hide_the_others(sweep: Path, tmp_path: Path):
    folder = carried_out(tmp_path / "damaged")
    (folder / "runs" / "one" / "samples.sqlite").write_bytes(b"no database " * 999)
    said = words(report(folder))
    assert "samples.sqlite is damaged" in said
    assert "two: few-shot-2 is not compared" not in said
    assert "one: few-shot-2 is not compared" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"baseline": "zero-shots"}, "did you mean 'zero-shot'"),
        ({"margin": 2}, "margin of compare is 2"),
        ({"control": "three"}, "unknown control 'three'"),
        ({"samples": -1}, "samples of report"),
    ],
)
def test_a_slip_is_an_error(experiment: Path, tmp_path: Path, options: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message):
        report(experiment, out=tmp_path / "r.html", **options)
    assert not (tmp_path / "r.html").exists()


def test_places_without_records(tmp_path: Path):
    with pytest.raises(InputError, match=r"holds no run that can be read: no manifest\.json in it"):
        report(tmp_path)
    with pytest.raises(InputError, match="report needs a path"):
        report()


def test_the_command(experiment: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["report", str(experiment), "--out", str(tmp_path / "r.html"), "--samples", "5"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "r.html")
    assert cli.main(["report", str(tmp_path / "nothing")]) == 2
    assert capsys.readouterr().err.startswith("promptlab: load_run")


# -- small -------------------------------------------------------------------------------------------------------------


def talkative(request: Request) -> Completion:
    return Completion(f"<think>{'x' * 100_000}</think>The answer is 7.", "complete", finish_reason="stop")


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long") / "local"
    sampling = Sampling(max_tokens=50)
    run(
        LocalModel(reply=talkative),
        [zero_shot(), concise()],
        QUESTIONS[:4],
        sampling=sampling,
        path=folder,
        progress=False,
    )
    return folder


def test_samples_are_capped_by_whole_questions_and_texts_are_cut(long: Path, tmp_path: Path):
    file = report(long, samples=4, out=tmp_path / "r.html")
    data = embedded(file)
    cells = {(s["condition"], data["questions"][s["question"]]["id"]) for s in data["samples"]}
    assert cells == {(c, q) for c in ("zero-shot", "concise") for q in ("q0", "q1")}
    assert "4 of 8 samples: the first questions" in words(file)
    assert all(len(s["reasoning"]) < samples.LONGEST + 60 for s in data["samples"])
    assert "[... 96,000 characters left out ...]" in data["samples"][0]["reasoning"]
    assert file.stat().st_size < 500_000


def test_a_cut_keeps_the_end_where_the_answer_stands():
    found = samples.cut("a" * 9_000 + " The answer is 7.")
    assert found.endswith("The answer is 7.")
    assert samples.cut("short") == "short"
    assert samples.cut("\x1b[31m\u202etxt") == "\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}txt"


# -- harmless ----------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.sampled_from(["</script>", "<!--<script>", "]]>", "\u2028\u2029", "&lt;"]), st.text()))
def test_embedded_json_cannot_leave_its_element_and_comes_back_as_it_was(text: str):
    kept = samples.Embedded(1)
    kept._samples = [{"text": text}]
    found = kept.json()
    assert not set("<>&\u2028\u2029") & set(found)
    assert json.loads(found)["samples"] == [{"text": text}]


HOSTILE = "<script>pwned()</script>\"' onload=x</td></table>"


def test_static_pieces_are_escaped_and_well_formed():
    import pandas as pd

    frame = pd.DataFrame({"model": [HOSTILE, "b"], "verdict": [HOSTILE, "ok"], "n": [1.5, float("nan")], "no": ""})
    pieces = [elements.table(frame, HOSTILE), elements.section(HOSTILE, elements.paragraph(HOSTILE))]
    pieces += [elements.facts([(HOSTILE, HOSTILE)]), elements.settings({HOSTILE: [HOSTILE]})]
    seen = {tag for piece in pieces for tag in parsed(piece).seen}
    ours = "section h2 p dl dt dd div table caption thead tr th button tbody td span"
    assert seen <= set(ours.split(" "))
    assert "no" not in re.findall(r"<button[^>]*>(\w+)<", pieces[0])


def test_the_page_has_a_policy_without_exceptions(experiment: Path, tmp_path: Path):
    page = report(experiment, out=tmp_path / "r.html").read_text()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"<[a-z]+[^>]*\s(style|on\w+)=", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))


def test_the_script_makes_no_markup_of_strings():
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function|fetch", _asset("page.js"))


def test_figures_bring_no_style_and_share_no_id(experiment: Path, tmp_path: Path):
    page = report(experiment, out=tmp_path / "r.html").read_text()
    drawn = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(drawn) == 4
    ids = [id for svg in drawn for id in re.findall(r'\sid="([^"]+)"', svg)]
    assert len(ids) == len(set(ids)) > 0
    used = {id for svg in drawn for id in re.findall(r'(?:href="#|url\(#)([^")]+)', svg)}
    assert used == set(ids)
    assert not re.search(r"<style|style=|<metadata|xlink", "".join(drawn))
    said = re.findall(r'aria-label="([^"]+)"', "".join(drawn))
    assert all("interval" in text for text in said)
    assert len(set(said)) == len(drawn)


def test_a_figure_that_cannot_be_drawn_is_said_and_hides_no_other(
    experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fails(*_: object) -> None:
        raise ValueError("no such glyph")

    monkeypatch.setattr(vectors.figures, "scores", fails)
    said = words(file := report(experiment, out=tmp_path / "r.html"))
    assert "Score by condition could not be drawn: ValueError: no such glyph" in said
    assert len(re.findall("<svg", file.read_text())) == 3


def test_an_svg_keeps_what_it_looks_like():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" height="9pt" width="9pt">'
        '<style>*{a: b}</style><g id="unused"><path id="p" style="fill: #ffffff; stroke-width: 0.8"/>'
        '<use xlink:href="#p" style="clip-path: url(#p)"/></g></svg>'
    )
    found = vectors.inline(svg, "f0", "<a & b>")
    assert '<path id="f0-0" fill="#ffffff" stroke-width="0.8" />' in found
    assert '<use href="#f0-0" clip-path="url(#f0-0)" />' in found
    assert "unused" not in found
    assert 'aria-label="&lt;a &amp; b&gt;"' in found
