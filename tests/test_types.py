"""The contract's own arithmetic."""

from __future__ import annotations

from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from promptlab.types import Message, ModelId, Prompt, Sampling, digest, request_key

TEXTS = st.text(max_size=8)


@given(TEXTS, TEXTS, st.integers(0, 9), st.integers(0, 99), st.dictionaries(TEXTS, st.floats() | TEXTS, max_size=3))
def test_a_key_is_the_digest_of_what_makes_a_sample(name: str, text: str, replicate: int, index: int, extra: dict):
    """Records hold these keys: another way to compute them must not change one."""
    model, prompt = ModelId(name, "r", adapter=name), Prompt((Message("user", text),))
    sampling = Sampling(max_tokens=9, extra=extra)
    parts = [[name, "r", name, ""], prompt.hash, asdict(sampling), replicate, index]
    assert request_key(model, prompt, sampling, replicate, index) == digest(parts)
