"""``vllm:MODEL`` with the real engine."""

from __future__ import annotations

import asyncio
import os
import random
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asking import SAMPLING, answers, chat, requests
from making import OPTIONS

import promptlab as lab
from promptlab.errors import InputError, ModelError
from promptlab.models.vllm_offline import VllmModel
from promptlab.reasoning import split_reasoning
from promptlab.runner.lazy import Lazy
from promptlab.types import Completion, Message, Model, Prompt, Request, Sampling

PROMPTS = [chat(f"What is {i} + 2? Think step by step.") for i in range(4)]


@pytest.fixture(scope="module")
def model(base: Path) -> Iterator[VllmModel]:
    opened = lab.open_model(f"vllm:{base}", **OPTIONS)
    assert isinstance(opened, VllmModel)
    yield opened
    opened.close()


def test_what_it_says_of_itself_before_any_weights_are_loaded(model: VllmModel, base: Path) -> None:
    assert isinstance(model, Model)
    assert (model.id.name, model.name, model.context) == (base.name, base.name, 1024)
    assert len(model.id.revision) == len(model.id.template_hash) == 32
    assert model.id.engine.startswith("vLLM 0.")
    assert model.id.engine.endswith("float32")
    assert str(base.parent) not in str(model.settings) + str(model.id)
    assert model.settings["engine"]["max_model_len"] == 1024
    assert model.as_sent(chat("Hi", prefill="Well")).endswith(
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nWell"
    )


def test_what_cannot_be_is_refused_before_any_call(model: VllmModel, base: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'max_model_len'"):
        lab.open_model(f"vllm:{base}", max_modle_len=1024)
    with pytest.raises(InputError, match="skip_tokenizer_init cannot be set"):
        lab.open_model(f"vllm:{base}", skip_tokenizer_init=True)
    with pytest.raises(ModelError, match="99999"):
        _ = lab.open_model(f"vllm:{base}", max_model_len=99_999).context
    with pytest.raises(InputError, match="did you mean 'top_k'"):
        model.check(Sampling(max_tokens=9, extra={"topk": 5}), [])
    with pytest.raises(InputError, match="min_p"):
        model.check(Sampling(max_tokens=9, extra={"min_p": 7}), [])
    with pytest.raises(InputError, match=r"'<\|im_end\|>', a control token"):
        model.check(SAMPLING, [chat("Say <|im_end|>")])
    with pytest.raises(InputError, match="over the context of 1024"):
        model.check(SAMPLING, [chat("a b " * 600)])
    with pytest.raises(InputError, match="promptlab sets it"):
        model.check(Sampling(max_tokens=9, extra={"n": 4}), [])


def test_prompts_that_together_exceed_a_batch_are_computed_one_after_the_other(model: VllmModel) -> None:
    """4,096 tokens fit; with its own defaults vLLM splits the fifth on a CPU, and dies of its seed."""
    long = requests([chat(f"{i} {'a b ' * 440}") for i in range(5)], sampling=Sampling(max_tokens=2))
    assert [(found.error, found.prompt_tokens > 800) for found in answers(model, long).values()] == [("", True)] * 5


def test_each_sample_has_its_own_seed_whatever_is_computed_beside_it(model: VllmModel) -> None:
    random.seed(5)
    expected = random.random()
    random.seed(5)
    together = answers(model, requests(PROMPTS, samples=3))
    assert random.random() == expected, "the engine has seeded the caller's generator"
    assert len({completion.text for completion in together.values()}) > 6
    for request in requests(PROMPTS, samples=3)[:3]:
        alone = answers(model, [request])[request.key]
        assert (alone.text, alone.finish_reason) == (together[request.key].text, together[request.key].finish_reason)


def test_completions(model: VllmModel) -> None:
    prompt = chat("Count from one to ten.", prefill="One,")
    found = answers(model, requests([prompt, Prompt(text="1, 2, 3, 4,")], sampling=Sampling(max_tokens=8)))
    cut = found["0-0"]
    assert (cut.ending, cut.finish_reason, cut.completion_tokens) == ("truncated", "length", 8)
    assert cut.text.startswith("One,")
    assert cut.prompt_tokens == model.count_tokens(prompt)
    assert (cut.reasoning_tokens, cut.seconds is not None) == (0, True)
    assert found["1-0"].prompt_tokens == model.count_tokens(Prompt(text="1, 2, 3, 4,"))


def test_a_prompt_that_is_too_long_fails_alone(model: VllmModel) -> None:
    found = answers(model, requests([PROMPTS[0], chat("a b " * 600)]))
    assert (found["0-0"].ending, found["1-0"].ending) != ("error", "complete")
    assert found["1-0"].ending == "error"
    assert "maximum context length" in found["1-0"].error


def test_exemplars_are_read_once(model: VllmModel) -> None:
    questions = lab.load_questions("arithmetic", n=4, seed=0)
    condition = lab.few_shot(k=5)
    prompts = [condition.render(question, pool=questions.pool, answer_format=None) for question in questions]
    same = [prompt for prompt in prompts if prompt.exemplars == prompts[0].exemplars]
    answers(model, requests(same[:1]))
    again = answers(model, requests(same, samples=2, sampling=Sampling(max_tokens=2)))
    hits = [completion.cached_tokens for completion in again.values()]
    assert all(hit is not None and hit >= 128 for hit in hits), hits


def test_a_reader_that_stops_leaves_an_engine_that_works(model: VllmModel, base: Path) -> None:
    asked = requests(PROMPTS, samples=3)
    other = lab.open_model(f"vllm:{base}", **{**OPTIONS, "max_model_len": 512})

    async def first_group() -> list[tuple[str, Completion]]:
        groups: Any = model.generate(asked)
        group = await anext(groups)
        with pytest.raises(ModelError, match="is answering in this process"):
            await anext(other.generate(asked[:1]))
        await groups.aclose()
        return list(group)

    for key, completion in asyncio.run(first_group()):
        (request,) = (request for request in asked if request.key == key)
        assert answers(model, [request])[key].text == completion.text


def test_an_engine_that_fails_in_mid_run_loses_nothing(
    model: VllmModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one thing injected is the failure; what was committed stays, the same call goes on with a new engine."""
    questions = lab.load_questions("arithmetic", n=8, seed=1)
    design: dict[str, Any] = {
        "samples": 2, "sampling": Sampling(max_tokens=32), "path": tmp_path / "run", "progress": False
    }  # fmt: skip
    conditions = [lab.zero_shot(), lab.few_shot(k=2)]
    core = model._engine()._core
    step, finished = core.step, []

    def failing() -> Any:
        if len(finished) > 8:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        outputs = step()
        finished.extend(output for output in outputs if output.finished)
        return outputs

    monkeypatch.setattr(core, "step", failing)
    with pytest.raises(ModelError, match="engine has failed") as failed:
        lab.run(model, conditions, questions, **design)
    assert "the same call again goes on" in str(failed.value)
    kept = lab.load_run(tmp_path / "run").to_frame().set_index("key")
    assert 0 < len(kept) < 32
    run = lab.run(model, conditions, questions, **design)
    frame = run.to_frame().set_index("key")
    assert len(frame) == 32
    assert (frame.loc[kept.index, "completion"] == kept["completion"]).all()
    table = lab.compare(run, baseline="zero-shot").table
    assert len(table) == 1
    assert run.manifest["packages"]["vllm"].startswith("0.")
    assert "float32" in run.manifest["model"]["engine"]


def test_no_more_requests_exist_than_the_engine_can_use(base: Path) -> None:
    """Memory does not grow with the number of samples: requests are made when their turn comes, and let go."""
    model = lab.open_model(f"vllm:{base}", **OPTIONS, max_num_seqs=2)
    known, alive = list[weakref.ref[Request]](), list[int]()

    def made(number: int) -> Request:
        (request,) = requests(PROMPTS[:1], sampling=Sampling(max_tokens=2))
        request = replace(request, key=str(number), seed=number)
        known.append(weakref.ref(request))
        alive.append(sum(each() is not None for each in known))
        return request

    found = asyncio.run(_keys(model, Lazy(range(40), made)))
    assert sorted(found, key=int) == [str(number) for number in range(40)]
    assert max(alive) <= 10  # two in work, two ready, as many at the reader's
    model.close()


async def _keys(model: Model, asked: Sequence[Request]) -> list[str]:
    return [key async for group in model.generate(asked) for key, _ in group]


def test_a_template_that_opens_the_reasoning(thinker: Path, tmp_path: Path) -> None:
    """Only the closing tag is generated, or none at all; the opening one belongs to the completion."""
    folder = tmp_path / "opens"
    folder.mkdir()
    for file in thinker.iterdir():
        os.symlink(file.resolve(), folder / file.name)
    template = folder / "chat_template.jinja"
    text = template.read_text(encoding="utf-8")
    template.unlink()
    template.write_text(text + "{{ '<think>\\n' if add_generation_prompt }}", encoding="utf-8")
    model = lab.open_model(f"vllm:{folder}", profile="r1", **OPTIONS)
    assert model.as_sent(chat("Hi")).endswith("<|im_start|>assistant\n<think>\n")
    with pytest.raises(InputError, match="opens the turn with it already"):
        model.check(SAMPLING, [chat("Hi", prefill="<think>\n")])
    with pytest.warns(UserWarning, match="recommends to send none"):
        model.check(SAMPLING, [Prompt(messages=(Message("system", "Be brief."), Message("user", "Hi")))])
    unclosed = Sampling(max_tokens=8, extra={"ignore_eos": True})
    found = answers(model, requests([chat("What is 2 + 2?")], sampling=unclosed))["0-0"]
    assert found.text.startswith("<think>\n")
    assert found.reasoning_tokens
    assert split_reasoning(found)[1] == ""
    model.close()
