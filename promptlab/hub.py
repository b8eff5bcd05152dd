"""A file of the Hugging Face hub, through the hub's own client and cache."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_PATIENCE = 3.0  # seconds for a first sign of the hub


def hub_file(repo: str, file: str, **options: Any) -> Path:
    """The file's place in the cache; it is downloaded where it is not there.

    A hub that cannot be reached is said at once, and what the cache has is taken as it is: the client alone tries it
    six times, for 24 seconds.

    Parameters
    ----------
    repo, file, options
        As for `huggingface_hub.hf_hub_download`.

    Raises
    ------
    ImportError
        The client is not installed.
    ConnectionError
        The hub cannot be reached, and the cache does not have the file.
    """
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    away = not _answers(constants.ENDPOINT)
    try:
        return Path(hf_hub_download(repo, file, local_files_only=away, **options))
    except LocalEntryNotFoundError as problem:
        if not away:
            raise
        raise ConnectionError(f"{constants.ENDPOINT} cannot be reached, and its cache here lacks {file}") from problem


def _answers(address: str) -> bool:
    """Whether something listens there; behind a proxy only the client can tell."""
    url = urlsplit(address)
    host, secure = url.hostname or "", url.scheme == "https"
    if url.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(host):
        return True
    try:
        with socket.create_connection((host, url.port or (443 if secure else 80)), timeout=_PATIENCE):
            return True
    except OSError:
        return False
