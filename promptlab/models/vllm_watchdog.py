"""Runs a server for as long as its own standard input is open; started by `vllm_server.py` as a script.

However the process that started it ends, the pipe closes, and the server with all its children goes: first asked, then
killed. The command is the arguments; it leads a process group of its own; it imports nothing of promptlab.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading

PATIENCE = 20.0  # seconds between asking and killing


def main() -> None:
    for deaf in (signal.SIGINT, signal.SIGTERM):  # they are for the process that waits for the answers
        signal.signal(deaf, lambda *_: None)  # a handler, unlike SIG_IGN, is not handed down to the server
    server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    threading.Thread(target=stop_at_the_end, args=(server,), daemon=True).start()
    status = server.wait()
    if not stopping.is_set():
        os.write(1, f"the server has ended with status {status}\n".encode())
    with contextlib.suppress(ProcessLookupError):
        os.killpg(0, signal.SIGKILL)  # itself too: children of a server that has crashed would hold the GPU


stopping = threading.Event()


def stop_at_the_end(server: "subprocess.Popen[bytes]") -> None:
    sys.stdin.buffer.read()
    stopping.set()
    server.terminate()
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()


if __name__ == "__main__":
    main()
