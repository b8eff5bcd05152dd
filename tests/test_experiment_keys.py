"""Keys have no place in a file that is shared; words that begin like one are welcome."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptlab.cli import main
from promptlab.errors import InputError
from promptlab.experiment import Experiment
from promptlab.experiment.keys import refuse_secrets, refuse_written
from promptlab.experiment.reading import read_yaml
from promptlab.models.redacting import unquoted
from promptlab.sweeps import read_sweep
from tiny_notebooks import write_sweep

ROOT = Path(__file__).parents[1]
HEX = "0f8a7c1be2d940f8a7c1be2d94aabbcc"
KEYS = (  # made up, each of the form of some service's
    "sk-proj-1234567890abcdefghij",
    "sk-ant-api03-AbCd.EfGh1234567890AbCdEfGh",
    "sk-or-v1-" + HEX + HEX,
    f"sk-{HEX}",
    "csk-4f9x2m8k6c3v5h7j9p2r4t6w8y3b5n7d",
    "gsk_Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7",
    "xai-Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7",
    "pplx-Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7",
    "nvapi-Ab3dE6gH9jK2-mN5pQ8sT1vW4yZ7",
    "ghp_Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3",
    "github_pat_11ABCDEFG0Ab3dE6gH9jK2_mN5pQ8sT",
    "glpat-Ab3dE6gH9jK2mN5pQ8sT",
    "hf_AbcDefGhiJklMnoPqrStuVwxYzaBcdEfgH",
    "hf_abcdefghijklmnopqrst",
    "r8_Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3dE6gH9j",
    "fw_3ZkLmN8pQrStUvWxYz12ab",
    "AIzaSyA1b2C3d4E5-f6G7h8I9j0K1l2M3n4O5p6",
    "ya29.a0AfH6SMBabcdefghij1K2",
    "ASIAABCDEFGHIJKLMNOP",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln",
    "-----BEGIN RSA PRIVATE KEY-----",
    "Bearer abcdefgh12345",
    "authorization: bearer 9f8e7d6c5b4a",
    "BEARER 9F8E7D6C5B4A3210",
    "Basic dXNlcjpwYXNzd29yZDEyMw==",
    "Authorization: Token abcdefghijkl",
    "https://me:pass@host/v1",
    "openai:m@https://host/v1?key=abc-def-123",
    "openai:m@https://host/v1?x=1&api_key=abcdefgh",
    HEX,
    HEX.upper(),
    f"uses key {HEX}",
    "token: 123e4567-e89b-12d3-a456-426614174000",
    f"export AZURE_API_KEY={HEX}",
    f"hf_token='{HEX}'",
    "my key is 0f8a7c1be2d940f8a7c1",
    "dQw4w9WgXcQ7fJ2kLm5nPq8rSt1uVx4y",
)
WORDS = (
    "skeleton-of-thought",
    "sk-eleton-of-thought-prompting",
    "sketch-of-thought-prompting",
    "sk-learn-based-tfidf-vectorizer2024",
    "sk-learn-based-tfidf-selection-of-exemplars-2024",
    "ghost-written-exemplars",
    "vllm:skywork-o1-open-llama-3.1-8b",
    "vllm:Skywork/Skywork-o1-Open-Llama-3.1-8B",
    "embedded:instruct+r8-alpha16-lr2e-5-epoch3.gguf",
    "adapters/r8_alpha16_lr2e-5_epoch3.gguf",
    "xai-explanations-of-reasoning-2024",
    "openai:grok-2@https://api.x.ai/v1",
    "pplx-70b-online",
    "nvapi-compatible-endpoints",
    "hf-internal-testing/tiny-random-LlamaForCausalLM",
    "hf_transformers_baseline",
    "fw-few-shot-with-worked-exemplars",
    "pk-of-the-row-and-rk-of-the-rank",
    "AsiaPacificExamQuestions",
    "vllm:deepseek-ai/DeepSeek-R1-Distill-Qwen-7B?max_model_len=20000",
    "vllm:NousResearch/DeepHermes3Llama38BPreviewInstruct",
    "Basic understanding of arithmetic",
    "the bearer of three-hundred tokens",
    "Bearer $HF_TOKEN",
    "Bearer EMPTY",
    "authorization: none required whatsoever",
    "the key few-shot-3-own-kind-one-message",
    "token vllm:hf-internal-testing/tiny",
    "https://host/search?key=EXAMPLE_KEY",
    "https://host/v1?api_key=$MY_KEY",
    "http://localhost:8000/v1, openai:m@http://other:8000/v1",
    '["openai:a@http://one:80/v1","openai:a@http://two:80/v1"]',
    "revision: 740312add88f781978c0658806c59bc2815b9866",
    f"sha256:{HEX}{HEX}",
    f"https://hub/datasets/a/b/resolve/740312add88f781978c0658806c59bc2815b9866/{'x' * 5}.csv",
    "org/data@740312add88f781978c0658806c59bc2815b9866",
    "key " * 9,
    "max_tokens: 16384, tokens_per_second: 100",
)


def refused(refuse: Callable[[Any], None], what: Any) -> str:
    """What is said against it; nothing where it is welcome."""
    try:
        refuse(what)
    except InputError as problem:
        return str(problem)
    return ""


@pytest.mark.parametrize("text", KEYS)
def test_what_looks_like_a_key_is_refused_with_its_place_and_form_and_not_repeated(text: str, tmp_path: Path):
    with pytest.raises(InputError, match=r"^parameters\.word holds something that looks like a key \(\w") as caught:
        refuse_secrets({"parameters": {"word": f"openai:x {text}"}})
    assert text not in str(caught.value)
    file = write_sweep(tmp_path)
    file.write_text(f"{file.read_text()}\n# {text}\n")
    with pytest.raises(InputError, match=r"tiny\.yaml: line 9 holds something that looks like a key \(\w") as caught:
        read_sweep(file)
    assert text not in str(caught.value)


@pytest.mark.parametrize("text", WORDS)
def test_words_are_no_keys(text: str):
    assert refused(refuse_written, f"# {text}\nname: {text}") == ""
    name, _, value = text.rpartition(": ")
    assert refused(refuse_secrets, {"conditions": [{name or "name": value}, text], text: 1}) == ""


@pytest.mark.parametrize("path", sorted(ROOT.glob("experiments/*.yaml")), ids=lambda p: p.name)
def test_no_file_of_ours_holds_one(path: Path):
    assert refused(refuse_written, path.read_text(encoding="utf-8")) == ""


@pytest.mark.parametrize("name", ["api_key", "OPENAI-API-KEY", "hf_token", "client_secret", "password"])
def test_under_a_name_that_speaks_of_one_anything_random_is_a_key(name: str):
    with pytest.raises(InputError, match=r"looks like a key \(its name speaks of one\)"):
        refuse_secrets({"options": [{name: "0f8a7c1be2d94"}]})
    assert refused(refuse_secrets, {"options": [{name: "MY_OWN_KEY"}], "key_env": "MY_KEY", "max_tokens": 100}) == ""


@pytest.mark.parametrize("name", ["MINE_API_KEY", "AZURE_KEY_2", "MY_CREDS", "MY_CREDENTIALS", "DB_PASS", "PASSPHRASE"])
@pytest.mark.parametrize("around", ["{}", "'{}'", ' "{}"\n'])
def test_the_value_of_a_key_variable_is_a_key_whatever_it_looks_like(
    name: str, around: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, around.format("plain words of mine"))
    with pytest.raises(
        InputError, match=rf"about holds something that looks like a key \(the value of {name}\)"
    ) as got:
        refuse_secrets({"about": "I wrote plain words of mine here"})
    assert "plain words" not in str(got.value)


@pytest.mark.parametrize("value", ["https://host.example/token", "/home/me/credentials.json", "~/keys/one.pem"])
def test_where_a_key_is_got_is_none(value: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", value)
    assert refused(refuse_secrets, {"about": f"see {value}"}) == ""


def test_an_experiment_with_a_key_is_neither_run_nor_registered(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "one.yaml"
    text = (ROOT / "experiments/first_run.yaml").read_text(encoding="utf-8")
    file.write_text(f"{text}# sk-proj-1234567890abcdefghij\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"one\.yaml: line \d+ holds something that looks like a key"):
        Experiment.from_yaml(file)
    for command in ("run", "register"):
        assert main([command, str(file)]) == 2
        said = capsys.readouterr().err
        assert "looks like a key" in said
        assert "1234567890" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["one.yaml"]


def test_common_parts_can_be_merged_and_a_key_given_twice_still_is_an_error(tmp_path: Path):
    file = tmp_path / "one.yaml"
    file.write_text("base: &base {k: 3, seed: 0}\nfew: {<<: *base, k: 5}\n")
    assert read_yaml(file)["few"] == {"k": 5, "seed": 0}
    file.write_text("base: &base {k: 3}\nfew: {<<: *base, k: 5, k: 6}\n")
    with pytest.raises(InputError, match="says 'k' twice"):
        read_yaml(file)


def test_a_key_is_read_without_the_quotes_of_its_file():
    assert unquoted("  'sk-1 2'\r\n") == "sk-1 2"
