"""What families of models want: by name, by mode, and what their servers would reject or ignore."""

from __future__ import annotations

import re
import warnings
from dataclasses import fields
from typing import Any

import pytest

import promptlab as lab
from promptlab.errors import InputError
from promptlab.models.modes import Mode, mode_of
from promptlab.models.profiles import Profile
from promptlab.models.recognising import profile_of
from promptlab.types import Message, Prompt, Sampling

PROFILES = lab.available_profiles()
ASKED = [Prompt(messages=(Message("user", "2 + 2?"),))]
INSTRUCTED = [Prompt(messages=(Message("system", "Be brief."), Message("user", "2 + 2?")))]


@pytest.mark.parametrize(
    ("names", "profile"),
    [
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B deepseek-ai/DeepSeek-R1 deepseek-ai/DeepSeek-R1-Zero", "r1"),
        ("deepseek-r1:7b /models/DeepSeek-R1-Distill-Llama-8B/ unsloth/DeepSeek-R1-Distill-Qwen-1.5B-GGUF", "r1"),
        ("deepseek-ai/DeepSeek-R1-0528 deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", "r1-0528"),
        ("deepseek-reasoner", "deepseek-api"),
        ("Qwen/Qwen3-8B Qwen/Qwen3-0.6B Qwen/Qwen3-30B-A3B Qwen/Qwen3-8B-FP8 qwen3:8b", "qwen3"),
        ("/cache/models--Qwen--Qwen3-8B/snapshots/b968826d9c46dd60 models--qwen3-8b/snapshots/main/", "qwen3"),
        ("/cache/models--Qwen--Qwen3-8B/snapshots/b968826d9c46dd60/DeepSeek-R1-Q4.gguf", "r1"),
        ("Qwen/QwQ-32B Qwen/Qwen3-4B-Thinking-2507 Qwen/Qwen3-235B-A22B-Thinking-2507-FP8", "qwen-thinking"),
        ("qwen-qwq-32b qwq:32b", "qwen-thinking"),
        ("mistralai/Magistral-Small-2509 magistral:24b magistral-medium-latest", "magistral"),
        ("openai/gpt-oss-20b gpt-oss:120b", "gpt-oss"),
        ("o1 o1-2024-12-17 o3-mini o4-mini-2025-04-16 openai/o3 openai/o3:free", "o-series"),
        ("o1-mini o1-preview o1-mini-2024-09-12 openai/o1-preview", "first-o"),
        ("gpt-5 gpt-5-mini gpt-5.1 gpt-5.2-2025-12-11", "gpt-5"),
        ("gpt-4o gpt-5-chat-latest Qwen/Qwen2.5-7B-Instruct Qwen/Qwen3-4B-Instruct-2507 Qwen/Qwen3-8B-Base", "chat"),
        ("Qwen/Qwen3-Embedding-8B Qwen/Qwen3-Coder-30B-A3B-Instruct llama-o1-like my/fake o3o", "chat"),
    ],
)
def test_a_profile_is_found_by_the_models_name(names: str, profile: str):
    assert {name: profile_of(name).name for name in names.split()} == dict.fromkeys(names.split(), profile)


def test_the_recommended_sampling():
    assert PROFILES["r1"].sampling() == Sampling(max_tokens=32_768, temperature=0.6, top_p=0.95)
    assert PROFILES["r1"].sampling(max_tokens=99, seed=1) == Sampling(
        max_tokens=99, temperature=0.6, top_p=0.95, seed=1
    )
    off = Sampling(max_tokens=32_768, temperature=0.7, top_p=0.8, extra={"top_k": 20})
    assert PROFILES["qwen3-no-think"].sampling() == off
    off.extra["top_k"] = 3  # type: ignore[index]
    assert PROFILES["qwen3-no-think"].sampling() != off, "one sampling is not another's"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_every_profile_is_whole(profile: Profile):
    assert PROFILES[profile.name] == profile
    assert profile.source.startswith("https://") or profile.name == "chat"
    re.compile(profile.pattern)
    assert not profile.effort or profile.effort in profile.efforts
    assert not profile.off or (PROFILES[profile.off].thinks is False and PROFILES[profile.off].mode)
    mode = Mode(profile, profile.effort)
    mode.check("m", profile.sampling(), ASKED)  # it takes what it recommends
    assert not set(profile.sampling().extra) & set(mode.refused())
    assert mode.notes("m", profile.sampling(), ASKED) == ()
    assert len(repr(profile)) < 240
    assert profile.name in repr(profile)


def test_every_field_of_a_profile_is_described():
    assert all(re.search(rf"\b{field.name}\b", Profile.__doc__ or "") for field in fields(Profile))


@pytest.mark.parametrize(
    ("model", "options", "named", "template"),
    [
        ("Qwen/Qwen3-8B", {}, "Qwen/Qwen3-8B", {"enable_thinking": True}),
        ("Qwen/Qwen3-8B", {"thinking": True}, "Qwen/Qwen3-8B", {"enable_thinking": True}),
        ("Qwen/Qwen3-8B", {"thinking": False}, "Qwen/Qwen3-8B#no-think", {"enable_thinking": False}),
        ("Qwen/Qwen3-8B#no-think", {}, "Qwen/Qwen3-8B#no-think", {"enable_thinking": False}),
        ("Qwen/Qwen3-8B#think", {}, "Qwen/Qwen3-8B", {"enable_thinking": True}),
        ("gpt-oss-20b", {}, "gpt-oss-20b", {"reasoning_effort": "medium"}),
        ("gpt-oss-20b", {"reasoning_effort": "medium"}, "gpt-oss-20b", {"reasoning_effort": "medium"}),
        ("gpt-oss-20b", {"reasoning_effort": "high"}, "gpt-oss-20b#high", {"reasoning_effort": "high"}),
        ("gpt-oss-20b#low", {}, "gpt-oss-20b#low", {"reasoning_effort": "low"}),
        ("gpt-5.1", {"thinking": False}, "gpt-5.1#no-think", {"reasoning_effort": "none"}),
        ("my-tune", {"profile": "qwen3", "thinking": False}, "my-tune#no-think", {"enable_thinking": False}),
        ("my-tune", {}, "my-tune", {}),
        ("DeepSeek-R1", {"thinking": True}, "DeepSeek-R1", {}),
    ],
)
def test_modes(model: str, options: dict[str, Any], named: str, template: dict[str, Any]):
    server_name, mode = mode_of(model, **options)
    assert "#" not in server_name
    assert (mode.named(server_name), mode.template) == (named, template)


@pytest.mark.parametrize(
    ("model", "options", "told"),
    [
        ("m", {"profile": "qwen"}, "unknown profile 'qwen': did you mean 'qwen3'"),
        ("DeepSeek-R1", {"thinking": False}, "models of profile 'r1' cannot be switched"),
        ("Qwen3-8B-no-such", {"thinking": "off"}, "thinking is 'off': it must be True or False"),
        ("gpt-4o", {"thinking": False}, "no profile says how this model is switched.*profile=: qwen3, gpt-5"),
        ("o3", {"reasoning_effort": "hihg"}, "unknown reasoning_effort of 'o3' 'hihg': did you mean 'high'"),
        ("Qwen3-8B", {"reasoning_effort": "high"}, "models of profile 'qwen3' have none"),
        ("Qwen3-8B#nothink", {}, "unknown mode of 'Qwen3-8B' 'nothink': did you mean 'no-think'"),
        ("Qwen3-8B#no-think", {"thinking": True}, "the mode is in the name already"),
    ],
)
def test_modes_that_there_are_not(model: str, options: dict[str, Any], told: str):
    with pytest.raises(InputError, match=told):
        mode_of(model, **options)


@pytest.mark.parametrize("changes", [{"temperature": 0.6}, {"top_p": 0.95}])
@pytest.mark.parametrize("model", ["o3-mini", "gpt-5", "deepseek-reasoner"])
def test_a_temperature_that_would_be_rejected_or_ignored(model: str, changes: dict[str, float]):
    _, mode = mode_of(model)
    with pytest.raises(InputError, match=f"takes no {next(iter(changes))}.*temperature=1, top_p=1"):
        mode.check(model, mode.profile.sampling(**changes), ASKED)


def test_gpt5_without_reasoning_takes_a_temperature():
    _, mode = mode_of("gpt-5.1", thinking=False)
    mode.check("gpt-5.1", mode.profile.sampling(temperature=0.6, top_p=0.95), ASKED)


def test_what_has_no_effect_in_a_raw_prompt():
    raw = [Prompt(text="2 + 2 =")]
    for name in ("Qwen3-8B#no-think", "gpt-oss-20b#high"):
        model, mode = mode_of(name)
        with pytest.raises(InputError, match="which a raw prompt does not get"):
            mode.check(model, mode.profile.sampling(), raw)
    mode_of("Qwen3-8B")[1].check("Qwen3-8B", PROFILES["qwen3"].sampling(), raw)


def test_a_prefill_that_harmony_has_no_place_for():
    prefilled = [Prompt(messages=ASKED[0].messages, prefill="<think>")]
    with pytest.raises(InputError, match="leave prefill empty"):
        mode_of("gpt-oss-20b")[1].check("gpt-oss-20b", PROFILES["gpt-oss"].sampling(), prefilled)
    mode_of("DeepSeek-R1")[1].check("DeepSeek-R1", PROFILES["r1"].sampling(), prefilled)


def test_other_sampling_than_recommended_is_noted():
    _, mode = mode_of("Qwen/Qwen3-8B")
    notes = mode.notes("m", Sampling(max_tokens=100, temperature=0.0), ASKED)
    assert notes == (
        "temperature is 0.0; profile 'qwen3' recommends 0.6",
        "top_k is not set; profile 'qwen3' recommends 20",
        "max_tokens is 100; profile 'qwen3' recommends 32768",
    )
    assert mode_of("gpt-4o")[1].notes("m", Sampling(max_tokens=1, temperature=2.0), INSTRUCTED) == ()


THINKING = "mistralai/Magistral-Small-2506 microsoft/Phi-4-reasoning zai-org/GLM-4.5-Air deepseek-ai/DeepSeek-V3.1"
THINKING += " Qwen/Qwen3.5-35B-A3B HuggingFaceTB/SmolLM3-3B Qwen_Qwen3-8B-GGUF qwen3 moonshotai/Kimi-K2-Thinking"
THINKING += " perplexity-ai/r1-1776 LGAI-EXAONE/EXAONE-Deep-7.8B Skywork/Skywork-OR1-7B MiniMaxAI/MiniMax-M1-80k"
THINKING += " agentica-org/DeepScaleR-1.5B-Preview XiaomiMiMo/MiMo-7B-RL simplescaling/s1.1-32B AIDC-AI/Marco-o1"
THINKING += " NovaSky-AI/Sky-T1-32B-Preview qihoo360/Light-R1-14B-DS open-r1/OpenR1-Qwen-7B"
OTHERS = "gpt-4o Qwen/Qwen2.5-7B-Instruct Qwen/Qwen3-4B-Instruct-2507 Qwen/Qwen3-8B-Base x-ai/grok-4-fast-non-reasoning"
OTHERS += " XiaomiMiMo/MiMo-7B-Base mistralai/Ministral-8B-Instruct-2410"


def test_a_model_that_may_think_without_a_profile_is_noted():
    def notes(name: str, **options: Any) -> tuple[str, ...]:
        return mode_of(name, **options)[1].notes("m", Sampling(max_tokens=1), ASKED)

    told = ("no profile for this family, 'chat' is used: see profile= and thinking_by=",)
    assert {name: notes(name) for name in THINKING.split()} == dict.fromkeys(THINKING.split(), told)
    assert {name: notes(name) for name in OTHERS.split()} == dict.fromkeys(OTHERS.split(), ())
    assert notes("SmolLM3-3B", profile="chat") == ()  # it was said so


def test_a_system_message_for_r1_warns_and_is_noted():
    _, mode = mode_of("DeepSeek-R1-Distill-Qwen-7B")
    with pytest.warns(UserWarning, match="'m': there is a system message, and profile 'r1' recommends to send none"):
        notes = mode.notes("m", PROFILES["r1"].sampling(), [*ASKED, *INSTRUCTED])
    assert len(notes) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        empty = Prompt(messages=(Message("system", ""), Message("user", "2 + 2?")))
        assert mode.notes("m", PROFILES["r1"].sampling(), [empty]) == ()
        assert mode_of("DeepSeek-R1-0528")[1].notes("m", PROFILES["r1-0528"].sampling(), INSTRUCTED) == ()


def test_the_soft_switch_stands_after_the_question():
    _, mode = mode_of("Qwen/Qwen3-8B#no-think")
    assert mode.messages(INSTRUCTED[0], "text") == (Message("system", "Be brief."), Message("user", "2 + 2? /no_think"))
    assert mode.messages(INSTRUCTED[0], "template") == INSTRUCTED[0].messages
    assert mode_of("Qwen/Qwen3-8B")[1].messages(ASKED[0], "text") == (Message("user", "2 + 2? /think"),)
    assert mode_of("Qwen/Qwen3-4B-Thinking-2507")[1].messages(ASKED[0], "text") == ASKED[0].messages
