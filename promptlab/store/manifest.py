"""``manifest.json``: what made a run. It holds no secrets."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from promptlab import __version__
from promptlab.errors import StoreError

NAME = "manifest.json"
_PACKAGES = ("openai", "httpx", "numpy", "scipy", "pandas", "jinja2", "xllamacpp", "vllm", "torch", "transformers")
_SECRET = re.compile(r"api[-_ ]?key|secret|passw|credential|authori[sz]ation|headers|(^|[-_])token$", re.IGNORECASE)
_USER_IN_URL = re.compile(r"(?<=//)[^/@\s]+@")


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a run directory, None where there is none."""
    file = folder / NAME
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise StoreError(f"{file} cannot be read: {problem.strerror or problem}") from None
    except ValueError as problem:
        raise StoreError(f"{file} is damaged ({problem}): restore it, or start again in another path") from None
    if not isinstance(manifest, dict) or not {"model", "grader", "sampling"} <= manifest.keys():
        raise StoreError(f"{file} is not the manifest of a run (no model, sampling and grader in it)")
    return manifest


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Replace the manifest as a whole: after a crash the old or the new one is there, never a half."""
    file, new = folder / NAME, folder / f"{NAME}.new"
    try:
        with new.open("w", encoding="utf-8") as stream:
            stream.write(json.dumps(manifest, indent=2, default=_plain) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(new, file)
    except OSError as problem:
        raise StoreError(f"{file} cannot be written ({problem.strerror or problem}); stored samples are kept") from None


def environment() -> dict[str, Any]:
    """Versions, platform and the git commit of the working directory."""
    versions = {name: _version(name) for name in _PACKAGES}
    return {
        "promptlab": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version for name, version in versions.items() if version},
        "git": _git_commit(),
    }


def without_secrets(value: Any) -> Any:
    """The same settings, without values whose name speaks of a secret, and without a user in an address."""
    if isinstance(value, Mapping):
        return {str(k): "(not recorded)" if _SECRET.search(str(k)) else without_secrets(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    return _USER_IN_URL.sub("", value) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


@lru_cache
def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git_commit() -> str | None:
    """Commit, with ``-dirty`` after uncommitted changes; None without git, outside a repository or after 3 s."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=3, check=False)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip() or None
