"""Where a server is: what is refused before it is asked."""

from __future__ import annotations

import pytest

from promptlab.errors import InputError
from promptlab.models.cards import checked_key_env

PASTED = ["sk-proj-abc123", "gsk_" + "a1B2" * 13, "hf_" + "a1B2" * 8, "OPENAI API KEY", "$MY_KEY", ""]


@pytest.mark.parametrize("name", [None, "OPENAI_API_KEY", "my_key", "_K2", "A_LONG_NAME_FOR_THE_KEY_OF_SERVER_2"])
def test_names_of_variables(name: str | None):
    assert checked_key_env(name) == name


@pytest.mark.parametrize("value", [*PASTED, 5])
def test_a_pasted_key_is_refused_and_not_shown(value: str):
    with pytest.raises(InputError, match="key_env is not the name of an environment variable") as caught:
        checked_key_env(value)
    assert not value or str(value) not in str(caught.value)


def test_a_variable_that_there_is_has_a_name_like_any(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(PASTED[1], "secret")
    assert checked_key_env(PASTED[1]) == PASTED[1]
