"""Browsing a saved run: filters against pandas, the samples to show, flags that come back as columns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_explorer_asking import control, texts, until

import promptlab as lab
from local_models import QUESTIONS, SAMPLING, LocalModel
from promptlab.errors import InputError, StoreError
from promptlab.explorer.saved import ANY, GAINED, LOST, Filter, Saved
from promptlab.records.flagging import Flag, change_flag, flags_of
from promptlab.types import Completion, Request

ARMS = [lab.zero_shot(), lab.concise(), lab.chain_of_thought()]


def reply(request: Request) -> Completion:
    """Right, wrong, truncated or failed, by chance."""
    drawn = request.seed % 10
    if drawn == 0:
        return Completion("", "error", error="lost")
    number = int(request.prompt.messages[-1].content.split()[2])
    answer = 2 * number + (1 if drawn < 6 else 2)
    return Completion(f"<b>The answer</b> is {answer}.", "truncated" if drawn == 9 else "complete")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "run"
    with pytest.warns(UserWarning, match="samples failed"):
        lab.run(LocalModel(reply=reply), ARMS, QUESTIONS, samples=3, sampling=SAMPLING, path=folder, progress=False)
    return folder


@pytest.fixture(params=["directory", "file"])
def run(request: pytest.FixtureRequest, path: Path, tmp_path: Path) -> lab.Run:
    (path / "flags.json").unlink(missing_ok=True)
    loaded = lab.load_run(path)
    if request.param == "directory":
        return loaded
    return lab.load_run(loaded.to_parquet(tmp_path / "run.parquet", drop=["key", "seconds"]))


class TestFilters:
    @pytest.mark.parametrize("ending", [ANY, "truncated", "error"])
    @pytest.mark.parametrize("grade", [ANY, "correct", "wrong"])
    def test_the_left_condition_s_samples(self, run: lab.Run, ending: str, grade: str):
        frame = run.to_frame()
        rows = frame[frame["condition"] == "concise"]
        rows = rows[(rows["ending"] == ending) | (ending == ANY)]
        rows = rows[(rows["status"] == grade) | (grade == ANY)]
        saved = Saved(run)
        hits = saved.found(Filter(left="concise", right="zero-shot", ending=ending, grade=grade))
        assert {saved.question(i).id for i in hits} == set(rows["question"])

    @pytest.mark.parametrize("pairs", [LOST, GAINED])
    def test_discordant_pairs_the_largest_change_first(self, run: lab.Run, pairs: str):
        means = run.to_frame().groupby(["question", "condition"])["score"].mean().unstack()
        drop = (means["zero-shot"] - means["concise"]) * (1 if pairs == LOST else -1)
        saved = Saved(run)
        hits = saved.found(Filter(left="zero-shot", right="concise", pairs=pairs))
        found = [saved.question(int(i)).id for i in hits]
        assert set(found) == set(drop.index[drop > 0])
        assert len(found) > 0
        assert (np.diff(drop[found].to_numpy()) <= 0).all()

    def test_the_samples_shown_are_those_that_the_filter_is_about(self, run: lab.Run):
        saved = Saved(run)
        wanted = Filter(left="zero-shot", right="concise", pairs=LOST)
        for number in saved.found(wanted):
            left, right = (saved.rows.iloc[row] for row in saved.shown(wanted, int(number)))
            assert (left["condition"], right["condition"]) == ("zero-shot", "concise")
            assert left["question"] == right["question"] == saved.question(int(number)).id
            assert left["score"] > right["score"]
        wanted = Filter(left="zero-shot", right="concise", pairs=LOST, grade="wrong")
        assert saved.found(wanted).tolist() == []  # none of them is right on the left
        wanted = Filter(left="concise", right="zero-shot", ending="truncated")
        for number in saved.found(wanted):
            assert saved.rows["ending"].iloc[saved.shown(wanted, int(number))[0]] == "truncated"

    def test_a_card_is_the_sample_of_its_row(self, run: lab.Run):
        saved, frame = Saved(run), run.to_frame().set_index(["condition", "question", "replicate", "sample"])
        for row in (0, 7, len(frame) - 1):
            card = saved.card(row)
            stored = frame.loc[saved.place(row)]
            assert card.sample.completion.text == stored["completion"]
            assert (card.status, saved.rows["status"].iloc[row]) == (stored["status"], stored["status"])
            assert saved.place(row)[:2] == (card.sample.condition, card.sample.question)
            assert card.prompt.messages[-1].content.startswith(
                next(q.text for q in QUESTIONS if q.id == card.sample.question)
            )

    def test_a_condition_without_a_question(self, path: Path, tmp_path: Path):
        some = lab.run(LocalModel(), ARMS[:1], QUESTIONS[:2], sampling=SAMPLING, path=tmp_path / "r", progress=False)
        more = lab.run(LocalModel(), ARMS[:2], QUESTIONS[1:3], sampling=SAMPLING, path=some.path, progress=False)
        saved = Saved(more)
        assert [saved.shown(Filter(left="zero-shot", right="concise"), i)[1] >= 0 for i in range(3)] == [
            False,
            True,
            True,
        ]


class TestFlags:
    def test_they_come_back_as_columns(self, run: lab.Run):
        assert "flag" not in run.to_frame()
        saved = Saved(run)
        saved.flag(5, True)
        saved.annotate(5, "read <this> ½", seen="")
        saved.annotate(6, "and this", seen="")
        frame = lab.load_run(run.path).to_frame().set_index(["condition", "question", "replicate", "sample"])
        assert frame.index[frame["flag"]].tolist() == [saved.place(5)]
        assert [frame.loc[saved.place(i), "flag_note"] for i in (5, 6, 7)] == ["read <this> ½", "and this", ""]
        assert run.flags[saved.place(5)] == Flag(True, "read <this> ½")
        change_flag(run.path, saved.place(5), flag=False, note="")
        saved.annotate(6, "", seen="and this")
        assert "flag" not in lab.load_run(run.path).to_frame()

    def test_they_go_along_into_a_file_and_can_be_changed_there(self, run: lab.Run, tmp_path: Path):
        saved = Saved(run)
        saved.flag(5, True)
        saved.annotate(6, "look", seen="")
        whole = run.to_frame()
        copy = lab.load_run(run.to_parquet(tmp_path / "copy.parquet"))
        pd.testing.assert_frame_equal(copy.to_frame()[list(whole)], whole)
        assert copy.flags == run.flags
        change_flag(copy.path, saved.place(5), flag=False)
        assert lab.load_run(copy.path).flags == {saved.place(6): Flag(note="look")}
        assert not lab.load_run(copy.path).to_frame()["flag"].any()
        assert run.flags[saved.place(5)].flag

    def test_what_another_explorer_says_stays(self, run: lab.Run):
        mine, other = Saved(run), Saved(lab.load_run(run.path))
        mine.flag(1, True)
        mine.annotate(1, "mine", seen="")
        other.flag(1, False)
        other.flag(2, True)
        assert mine.said(1) == other.said(1) == Flag(False, "mine")
        assert mine.said(2) == Flag(True)
        with pytest.raises(InputError, match=r"'mine'\. Yours was 'other'"):
            other.annotate(1, "other", seen="")
        other.annotate(1, "mine and other", seen="mine")
        assert mine.said(1).note == "mine and other"

    def test_many_write_at_once(self, run: lab.Run):
        saved = Saved(run)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda row: saved.flag(row, True), range(24)))
        assert set(run.flags) == {saved.place(row) for row in range(24)}

    def test_what_a_killed_writer_left_is_no_obstacle(self, run: lab.Run, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("promptlab.records.flagging._PATIENCE", 0.05)
        Saved(run).flag(0, True)
        file = next(f for f in (run.path.with_suffix(".flags.json"), run.path / "flags.json") if f.is_file())
        file.with_name(f"{file.name}.new").write_text("[half")
        Saved(run).flag(1, True)
        assert len(run.flags) == 2
        assert not file.with_name(f"{file.name}.new").exists()

    def test_they_are_not_the_condition_s_note(self, tmp_path: Path):
        arm = lab.zero_shot(note="Nothing.", name="noted")
        run = lab.run(LocalModel(), [arm], QUESTIONS[:1], sampling=SAMPLING, path=tmp_path / "r", progress=False)
        before = run.to_frame()["note"]
        run.put_flag(("noted", "q0", 0, 0), note="mine")
        assert run.to_frame()["note"].tolist() == before.tolist()

    def test_the_flagged_ones_are_found_on_either_side(self, run: lab.Run):
        saved = Saved(run)
        row = int(saved.samples("concise", 4)[1])
        saved.flag(row, True)
        again = Saved(lab.load_run(run.path))
        assert again.found(Filter(left="zero-shot", right="concise", flagged=True)).tolist() == [4]
        assert again.found(Filter(left="zero-shot", right="chain-of-thought", flagged=True)).tolist() == []

    def test_the_flagged_one_is_shown_on_its_side(self, run: lab.Run):
        saved = Saved(run)
        wanted = Filter(left="zero-shot", right="concise", flagged=True)
        row = int(saved.samples("concise", 4)[2])
        saved.flag(row, True)
        assert saved.shown(wanted, 4) == (saved.samples("zero-shot", 4)[0], row)
        mine = int(saved.samples("zero-shot", 4)[1])
        saved.flag(mine, True)
        assert saved.shown(wanted, 4) == (mine, row)
        others = {str(s) for s in saved.rows["status"]} - {str(saved.rows["status"].iloc[mine])}
        for status in others:  # what is asked of the left side is not asked of the right one's flag
            fits = Filter(left="zero-shot", right="concise", grade=status, flagged=True)
            left = [i for i in saved.samples("zero-shot", 4) if saved.rows["status"].iloc[i] == status]
            assert saved.found(fits).tolist() == ([4] if left else [])

    def test_a_run_that_ships_is_not_written_to(self):
        shipped = lab.load_run("recorded:plain")
        with pytest.raises(InputError, match="ships with promptlab"):
            shipped.put_flag(("zero-shot", "q", 0, 0), flag=True)

    def test_a_damaged_file_is_named(self, run: lab.Run):
        Saved(run).flag(0, True)
        file = next(f for f in (run.path.with_suffix(".flags.json"), run.path / "flags.json") if f.is_file())
        file.write_text('[{"condition": 1}]')
        with pytest.raises(StoreError, match=r"flags\.json is damaged"):
            flags_of(run.path)
        file.unlink()


class TestView:
    def opened(self, path: Path, tmp_path: Path) -> Any:
        (path / "flags.json").unlink(missing_ok=True)
        whole = lab.explore(LocalModel(), QUESTIONS, run=path, out=tmp_path)
        until(lambda: "question 1 of 12" in texts(whole))
        return whole

    def test_filter_move_and_flag_by_keys(self, path: Path, tmp_path: Path):
        whole = self.opened(path, tmp_path)
        assert "&lt;b&gt;The answer&lt;/b&gt;" in texts(whole)
        control(whole, "Keys").value = "nnp"
        assert "question 2 of 12" in texts(whole)
        control(whole, "Keys").value = "nnpf"
        control(whole, "Note right").value = "odd"
        assert control(whole, "Flag left").value
        control(whole, "Keys").value = "nnpfn"
        assert not control(whole, "Flag left").value
        assert control(whole, "Note right").value == ""
        kept = {place[:2]: flag for place, flag in flags_of(path).items()}
        assert kept == {("zero-shot", "q1"): Flag(True), ("concise", "q1"): Flag(note="odd")}
        control(whole, "Flagged only").value = True
        assert "question 1 of 1" in texts(whole)
        assert control(whole, "Flag left").value

    def test_keys_that_come_while_others_are_worked_on_count_once(self, path: Path, tmp_path: Path):
        """The page sends the whole field each time, with what it held before."""
        whole = self.opened(path, tmp_path)
        for typed in ("n", "nn", "nnn", "nnnnnn", "nnnnn", "nnnnnf", "nnnnnfff", "nnnnnffff", ""):
            control(whole, "Keys").value = typed
        assert "question 7 of 12" in texts(whole)
        assert not control(whole, "Flag left").value
        assert flags_of(path) == {}

    def test_a_key_in_the_place_of_all_others_counts(self, path: Path, tmp_path: Path):
        whole = self.opened(path, tmp_path)
        for typed in ("nnn", "n", "nf", "n"):  # Select all, then n; then a backspace
            control(whole, "Keys").value = typed
        assert "question 5 of 12" in texts(whole)

    def test_one_sample_on_both_sides_has_one_flag(self, path: Path, tmp_path: Path):
        whole = self.opened(path, tmp_path)
        control(whole, "Right").value = "zero-shot"
        control(whole, "Flag left").value = True
        assert control(whole, "Flag right").value
        control(whole, "Note right").value = "odd"
        assert control(whole, "Note left").value == "odd"

    def test_every_sample_can_be_seen_and_flagged(self, path: Path, tmp_path: Path):
        whole = self.opened(path, tmp_path)
        stored = lab.load_run(path).to_frame().set_index(["condition", "question", "sample"])["completion"]
        control(whole, "Keys").value = "n"
        for sample in range(3):
            assert f"sample {sample + 1} of 3" in texts(whole)
            assert escape(stored["zero-shot", "q1", sample]) in texts(whole)
            control(whole, "Flag left").value = True
            control(whole, "Sample ›").click()
        assert {(place[0], place[3]) for place in flags_of(path)} == {("zero-shot", i) for i in range(3)}
        control(whole, "Keys").value = "nDg"
        assert ("concise", "q1", 0, 2) in flags_of(path)
        control(whole, "Keys").value = "nDgd"
        assert not control(whole, "Flag right").value

    def test_what_another_explorer_wrote_is_shown_and_stays(self, path: Path, tmp_path: Path):
        whole = self.opened(path, tmp_path)
        other = lab.load_run(path)
        other.put_flag(("zero-shot", "q0", 0, 0), note="theirs")
        control(whole, "Flag left").value = True
        assert control(whole, "Note left").value == "theirs"
        other.put_flag(("zero-shot", "q0", 0, 0), note="theirs again")
        control(whole, "Note left").value = "mine"
        assert "Yours was &#x27;mine&#x27;" in texts(whole)
        assert control(whole, "Note left").value == "theirs again"
        assert flags_of(path)["zero-shot", "q0", 0, 0].note == "theirs again"

    def test_where_nothing_fits_nothing_can_be_said(self, path: Path, tmp_path: Path):
        whole = self.opened(path, tmp_path)
        control(whole, "Flagged only").value = True
        assert texts(whole).count("no question fits these filters") == 3
        assert control(whole, "Flag left").disabled
        assert control(whole, "Note right").disabled
        control(whole, "Keys").value = "fgsn"
        assert flags_of(path) == {}

    def test_a_path_without_a_run_leaves_the_run_that_is_open(self, path: Path, tmp_path: Path):
        whole = self.opened(path, tmp_path)
        control(whole, "Directory").value = str(tmp_path / "nowhere")
        control(whole, "Open").click()
        until(lambda: "holds no run" in texts(whole))
        assert control(whole, "Directory").value == str(path)
        assert "reading the records" not in texts(whole)
        assert "question 1 of 12" in texts(whole)

    def test_no_run_is_a_card(self, tmp_path: Path):
        whole = lab.explore(LocalModel(), QUESTIONS, out=tmp_path)
        control(whole, "Directory").value = str(tmp_path / "nowhere")
        control(whole, "Open").click()
        until(lambda: "holds no run" in texts(whole))
        assert 'role="alert"' in texts(whole)
        assert "Traceback" not in texts(whole)
        assert "reading the records" not in texts(whole)
