"""One llama.cpp server in a process of its own; started by `engine.py` as a script, imports nothing of promptlab.

Its settings come as JSON in the first argument; it prints one line (``ready URL`` or ``failed REASON``) and serves
until its standard input ends: when the process that started it closes the pipe, or dies in whatever way.
"""

import json
import os
import signal
import sys
from typing import Any

HOST_CACHE_MIB = 0  # prompts kept outside the slots: the engine's default of 8 GiB only grows
FEW = 32  # prompt tokens computed together: blocks of 32 and 63 gave the base's bits of single tokens, 512 did not


def parameters(settings: dict[str, Any]) -> Any:
    """llama.cpp's parameters. One thread: more of them spin while they wait, and collapse on busy cores."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings["base"]
    if settings["adapter"]:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(settings["adapter"], 1.0)]
    params.n_parallel, params.n_ctx = settings["slots"], settings["slots"] * settings["context"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.n_ubatch = FEW
    params.n_gpu_layers = 0  # the same arithmetic on every machine
    params.kv_unified = False  # with one cache for all slots a seed would no longer fix the text
    params.cache_ram_mib = HOST_CACHE_MIB
    params.port, params.verbosity = settings["port"], 0
    return params


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits for the answers
    import xllamacpp

    try:
        server = xllamacpp.Server(parameters(json.loads(sys.argv[1])))
    except RuntimeError as error:
        print(f"failed {error}", flush=True)
        os._exit(1)
    print(f"ready {server.listening_address}", flush=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads what the engine might print later
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
