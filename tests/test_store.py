"""The records: what is written comes back, one writer, readers never blocked, every failure one clear line."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_models import QUESTIONS
from promptlab.errors import StoreError
from promptlab.store import Record, Sample, Store, environment, read_manifest, storable, without_secrets, write_manifest
from promptlab.store.schema import VERSION
from promptlab.types import Completion, Grade, Message, Prompt

GRADER = ("yes", "1")
PROMPT = Prompt((Message("user", "1 + 1 = ?"),), exemplars=("2 + 2 = 4",))


def sample(key: str = "a", text: str = "2", ending: Any = "complete", **more: Any) -> Sample:
    completion = storable(Completion(text, ending, **more))
    return Sample(key, "q0", "zero-shot", 0, 0, 0, PROMPT.hash, 7, completion)


def record(key: str = "a", score: float = 1.0, **more: Any) -> Record:
    return Record(sample(key, **more), PROMPT, Grade(score, "2", True, None, "same number"), {"words": 3})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "run", write=True) as opened:
        opened.add_design(QUESTIONS[:2], {"zero-shot": {"shots": 0}})
        yield opened


def count(store: Store, table: str) -> int:
    return int(next(store.rows(f"SELECT count(*) FROM {table}"))[0])


def test_everything_comes_back(store: Store):
    completion = Completion("2", "truncated", "1 and 1", "length", 5, 6, 2, 1, 0.5, "")
    given = Sample("a", "q0", "zero-shot", 3, 1, 2, PROMPT.hash, 7, completion, "other-run", created=12.5)
    store.commit([Record(given, PROMPT, Grade(0.5, "2", True, False, "half"), {"words": 3})], GRADER)
    assert list(store.samples(["a", "missing"])) == [given]
    assert store.prompt(PROMPT.hash) == PROMPT
    assert list(store.questions()) == QUESTIONS[:2]
    assert store.conditions() == {"zero-shot": {"shots": 0}}
    assert list(
        store.rows("SELECT grader, version, score, answer, answered, format_ok, why, features FROM grades")
    ) == [("yes", "1", 0.5, "2", 1, 0, "half", '{"words": 3}')]


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(), max_size=40))
def test_any_text_is_stored_and_is_the_same_after_a_second_time(text: str):
    """Half surrogates (a model may write "\\ud83d" in JSON) are the only thing that changes, before grading."""
    once = storable(Completion(text, "complete", error=text))
    assert storable(once) is once
    db = sqlite3.connect(":memory:")
    assert db.execute("SELECT ?", [once.text]).fetchone() == (once.text,)
    assert (once.text == text) == all(not 0xD800 <= ord(c) <= 0xDFFF for c in text)


def test_a_surrogate_pair_becomes_its_character():
    assert storable(Completion("\ud83d\ude00 \ud83d", "complete")).text == "😀 \ufffd"


def test_not_a_number_is_null_and_json_stays_valid(store: Store):
    features = {"ratio": math.nan, "words": 3}
    store.commit([Record(sample(), PROMPT, Grade(math.nan), features)], GRADER)
    assert list(store.rows("SELECT score, json_extract(features, '$.words') FROM grades")) == [(None, 3)]


def test_a_failed_sample_is_replaced_with_all_its_grades(store: Store):
    store.commit([record(ending="error", error="time-out", score=math.nan)], GRADER)
    store.add_grades([record(ending="error", score=math.nan)], ("other", "1"))
    store.commit([record()], GRADER)
    assert list(store.rows("SELECT ending FROM samples")) == [("complete",)]
    assert list(store.rows("SELECT grader, score FROM grades")) == [("yes", 1.0)], "the other grade was of the failure"


def test_a_group_is_stored_as_a_whole_or_not_at_all(store: Store):
    bad = Record(Sample("b", None, "zero-shot", 0, 0, 0, PROMPT.hash, 7, Completion("", "complete")), PROMPT)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="NOT NULL"):
        store.commit([record("a"), bad], GRADER)
    assert count(store, "samples") == count(store, "grades") == count(store, "prompts") == 0
    store.commit([record("a")], GRADER)
    assert count(store, "samples") == 1, "the store still works"


def test_a_sample_without_a_grade_waits_for_one(store: Store):
    store.commit([record("a"), Record(sample("b"), PROMPT)], GRADER)
    assert store.ungraded(GRADER) == ["b"]
    assert store.ungraded(("yes", "2")) == ["a", "b"]


def test_more_keys_than_sqlite_takes_at_once(store: Store):
    keys = [f"k{i}" for i in range(1_201)]
    store.commit([record(key) for key in keys], GRADER)
    assert [s.key for s in store.samples(keys)].__len__() == 1_201


def test_closing_leaves_one_file_that_any_tool_reads(store: Store):
    store.commit([record()], GRADER)
    store.close()
    assert sorted(p.name for p in store.folder.iterdir()) == ["lock.sqlite", "samples.sqlite"]
    assert sqlite3.connect(store.folder / "samples.sqlite").execute("SELECT completion FROM samples").fetchone() == (
        "2",
    )


# -- one writer, many readers ------------------------------------------------------------------------------------------


def test_a_second_writer_is_told_who_writes(store: Store):
    with pytest.raises(StoreError, match=f"is being written by process {os.getpid()} since .*: wait .* another path"):
        Store(store.folder, write=True)
    assert store.commit([record()], GRADER) is None, "the first goes on"


def test_a_second_writer_in_another_process(store: Store):
    code = (
        f"from pathlib import Path; from promptlab.store import Store; Store(Path({str(store.folder)!r}), write=True)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert f"StoreError: {store.folder} is being written by process {os.getpid()}" in done.stderr


def test_the_lock_dies_with_its_process(tmp_path: Path):
    code = (
        "import os, signal; from pathlib import Path; from promptlab.store import Store\n"
        f"Store(Path({str(tmp_path)!r}), write=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode < 0  # killed while it held the lock
    Store(tmp_path, write=True).close()


def test_who_asks_for_the_holder_keeps_nobody_from_taking_the_lock(tmp_path: Path):
    Store(tmp_path, write=True).close()
    asking = sqlite3.connect(tmp_path / "lock.sqlite", check_same_thread=False)
    asking.execute("BEGIN")
    assert asking.execute("SELECT process FROM holder").fetchone() == (os.getpid(),)
    done = threading.Timer(0.2, asking.close)
    done.start()
    Store(tmp_path, write=True).close()
    done.join()


def test_readers_see_what_is_committed_and_are_not_blocked(store: Store):
    store.commit([record("a")], GRADER)
    with Store(store.folder) as reader:
        assert count(reader, "samples") == 1
        with store._transaction() as db:
            db.execute("DELETE FROM samples")
            assert count(reader, "samples") == 1
    with Store(store.folder) as reader:
        assert count(reader, "samples") == 0


# -- failures ----------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_one_error_and_nothing_is_lost(store: Store):
    store.commit([record("a")], GRADER)
    (pages,) = next(store.rows("PRAGMA page_count"))
    next(store.rows(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StoreError, match=r"full.*samples committed before are kept"):
        store.commit([record(f"k{i}", text="x" * 5_000) for i in range(20)], GRADER)
    next(store.rows("PRAGMA max_page_count = 1000000"))
    store.commit([record("b")], GRADER)
    assert [key for (key,) in store.rows("SELECT key FROM samples ORDER BY key")] == ["a", "b"]


def test_a_newer_schema_is_refused(store: Store):
    store.close()
    db = sqlite3.connect(store.folder / "samples.sqlite")
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    for write in (False, True):
        with pytest.raises(StoreError, match="newer promptlab"):
            Store(store.folder, write=write)


def test_a_damaged_file_is_one_error(tmp_path: Path):
    (tmp_path / "samples.sqlite").write_bytes(b"this is no database, whatever its name says" * 50)
    for write in (False, True):
        with pytest.raises(StoreError, match="damaged"):
            Store(tmp_path, write=write)


def test_a_file_cut_short_is_one_error(store: Store):
    store.commit([record(f"k{i}", text="x" * 500) for i in range(200)], GRADER)
    store.close()
    file = store.folder / "samples.sqlite"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(StoreError, match="damaged"), Store(store.folder) as reader:
        list(reader.rows("SELECT * FROM samples"))


def test_a_folder_without_records(tmp_path: Path):
    with pytest.raises(StoreError, match="holds no run"):
        Store(tmp_path)
    sqlite3.connect(tmp_path / "samples.sqlite").close()  # a file of 0 bytes
    with pytest.raises(StoreError, match="not the record of a run"):
        Store(tmp_path)


def test_a_path_that_cannot_be_a_folder(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Store(tmp_path / "file" / "run", write=True)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_read_only_folder_can_be_read_but_not_written(store: Store):
    store.commit([record()], GRADER)
    store.close()
    folder = store.folder
    for file in folder.iterdir():
        file.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    folder.chmod(0o555)
    try:
        reader, writer = (_as_nobody(folder, write) for write in (False, True))
    finally:
        folder.chmod(0o755)
    assert reader == "1"
    assert writer.startswith("StoreError")


def _as_nobody(folder: Path, write: bool) -> str:
    """The root user may write anywhere, so a child gives that up first."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        for above in [folder, *folder.parents][: len(folder.parents) - 1]:
            if os.getuid() == 0 and above != folder and above.owner() == "root":
                above.chmod(above.stat().st_mode | 0o055)
        if os.getuid() == 0:
            os.setuid(65_534)
        try:
            with Store(folder, write=write) as store:
                told = str(count(store, "samples"))
        except StoreError as problem:
            told = f"StoreError: {problem}"
        except BaseException as problem:  # noqa: BLE001  (the parent shows it)
            told = repr(problem)
        os.write(write_end, told.encode())
        os._exit(0)
    os.waitpid(child, 0)
    return os.read(read_end, 10_000).decode()


# -- manifest ----------------------------------------------------------------------------------------------------------

WHOLE = {"model": {}, "sampling": {}, "grader": {}}


def test_a_manifest_is_replaced_as_a_whole(tmp_path: Path):
    assert read_manifest(tmp_path) is None
    write_manifest(tmp_path, WHOLE)
    write_manifest(tmp_path, {**WHOLE, "path": tmp_path})
    assert read_manifest(tmp_path) == {**WHOLE, "path": str(tmp_path)}
    assert [p.name for p in tmp_path.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize("text", ['{"model": {}, "sam', "", "[]", '{"model": {}}'])
def test_a_cut_manifest_is_one_error(tmp_path: Path, text: str):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(StoreError, match=r"manifest\.json is (damaged|not the manifest)"):
        read_manifest(tmp_path)


def test_the_environment_never_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    here = environment()
    assert here["packages"]["numpy"]
    assert here["python"].startswith("3.")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert environment()["git"] is None
    monkeypatch.setenv("PATH", "")
    assert environment()["git"] is None


def test_no_secret_is_recorded():
    settings = {
        "api_key": "sk-1", "OPENAI_API_KEY": "sk-2", "token": "t", "extra_headers": {"x": "y"}, "max_tokens": 5,
        "url": "https://me:secret@host/v1", "nested": [{"password": "p", "top_p": 0.9}],
    }  # fmt: skip
    shown = json.dumps(without_secrets(settings))
    assert not any(secret in shown for secret in ("sk-", "secret@", '"t"', '"y"', '"p"', "me:"))
    assert without_secrets(settings)["max_tokens"] == 5
    assert without_secrets(settings)["nested"][0]["top_p"] == 0.9
