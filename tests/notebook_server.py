"""A real JupyterLab on loopback, for notebooks that must work in a real browser."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import promptlab

_OPTIONS = (
    "--no-browser", "--allow-root", "--ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.log_level=ERROR",
    "--ServerApp.port_retries=0", "--LabApp.extension_manager=readonly", "--LabApp.news_url=",
    "--LabApp.expose_app_in_browser=True",
)  # fmt: skip
_QUIET = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """Serve the notebooks of a folder with settings of its own; its kernels know what these tests import."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = folder / "share/lab/settings"
    settings.mkdir(parents=True)
    (settings / "overrides.json").write_text(json.dumps(_QUIET))
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    places |= {"JUPYTER_RUNTIME_DIR": "runtime", "JUPYTERLAB_SETTINGS_DIR": "settings", "IPYTHONDIR": "ipython"}
    own = {name: str(folder / ".jupyter" / place) for name, place in places.items()}
    # The package that the tests import, which need not be the one that is installed.
    own["PYTHONPATH"] = os.pathsep.join([str(Path(promptlab.__file__).parents[1]), str(Path(__file__).parent)])
    command = [sys.executable, "-m", "jupyterlab", *_OPTIONS, f"--port={port}", f"--LabApp.app_settings_dir={settings}"]
    with (folder / "jupyterlab.log").open("w") as log:
        server = subprocess.Popen([*command, str(folder)], stdout=log, stderr=log, env={**os.environ, **own})
    try:
        _wait_for(f"http://127.0.0.1:{port}/api", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()  # it ends its kernels
        server.wait(timeout=30)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=5)
            return
        except OSError:
            assert server.poll() is None, "JupyterLab ended; see jupyterlab.log"
            time.sleep(0.1)
    raise AssertionError("JupyterLab did not answer for a minute")
