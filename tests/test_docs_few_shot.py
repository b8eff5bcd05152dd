"""docs/few-shot.md: its examples run as they stand, one after the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[1] / "docs/few-shot.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.embedded
def test_examples_run_as_they_stand(
    tmp_path: Path, base_weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in BLOCKS:
        exec(compile(block, str(PAGE), "exec"), names)
    told = capsys.readouterr().out
    assert names["picked"]["similarity"].is_monotonic_increasing, "nearest last"
    assert "plain under medprompt-2x2: " in told
    assert "'few-shot-question-first'" in told
    assert "r1-narrow under few-shot against zero-shot: " in told
