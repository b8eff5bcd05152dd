"""The training code of the embedded models: chains, rewards, network, sampler, SFT, GRPO, conversion."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import itertools
import json
import math
import re
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from experiments.r1_miniature.chains import calculation, final, thinking, worked
from experiments.r1_miniature.mixing import draw_task, exemplar_pool, training_questions
from experiments.r1_miniature.places import adapter_of
from experiments.r1_miniature.recipe import CONFIG, load_recipe
from experiments.r1_miniature.rewards import Reward, reward, well_formed
from llama_layout import LINEAR, NORMS, to_halves
from promptlab.assets import find_asset
from promptlab.comparison.series import YOUNGER
from promptlab.errors import InputError, ModelError
from promptlab.formats import ANSWER_IS, ANSWER_TAGS, BOXED, FORMATS
from promptlab.grading import number
from promptlab.models.fetching import base_path
from promptlab.prompts import few_shot, zero_shot
from promptlab.questions.arithmetic import all_templates
from promptlab.reasoning import split_reasoning
from promptlab.types import Completion, Prompt

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed (the `train` extra)"
)
SEEN = [template.name for template in all_templates() if not template.held_out]
ONE_EACH = {question.cluster: question for question in training_questions(4 * len(SEEN), seed=3)}
EQUATION = re.compile(r"\d+(?: [-+*/] \d+)*(?: = \d+(?: [-+*/] \d+)*)+")


def value(expression: str) -> int:
    """An expression of whole numbers, products before sums, left to right."""
    total, sign = 0, 1
    for part in re.split(r" ([-+]) ", expression):
        if part in "+-":
            sign = 1 if part == "+" else -1
            continue
        first, *rest = re.split(r" ([*/]) ", part)
        product = int(first)
        for operation, factor in zip(rest[::2], rest[1::2], strict=True):
            product = product * int(factor) if operation == "*" else product // int(factor)
        total += sign * product
    return total


def false_equations(text: str) -> list[str]:
    return [found for found in EQUATION.findall(text) if len({value(side) for side in found.split(" = ")}) > 1]


def test_every_seen_template_is_trained_on() -> None:
    assert set(ONE_EACH) == set(SEEN)


@pytest.mark.parametrize("name", SEEN)
def test_chains_are_true_and_end_with_the_answer(name: str) -> None:
    question = ONE_EACH[name]
    for answer_format in (None, *FORMATS.values()):
        text = thinking(question, answer_format, Random(0), slips=0.0)
        assert EQUATION.search(text)
        assert not false_equations(text)
        reasoning, answer_text = split_reasoning(Completion(text, "complete"))
        assert reasoning
        assert answer_text == final(question, answer_format)
        assert number(question, answer_text).score == 1
        assert number(question, worked(question, answer_format)).score == 1
        assert not false_equations(worked(question, answer_format))


@pytest.mark.parametrize("name", SEEN[:20])
def test_a_slip_is_one_false_equation_that_is_mended(name: str) -> None:
    question = ONE_EACH[name]
    for seed in range(5):
        text = thinking(question, ANSWER_TAGS, Random(seed), slips=1.0)
        (wrong,) = false_equations(text)
        after = text[text.index(wrong) + len(wrong) :]
        assert value(wrong.split(" = ")[0]) == value(EQUATION.search(after)[0].split(" = ")[-1])  # type: ignore[index]
        assert number(question, split_reasoning(Completion(text, "complete"))[1]).score == 1


def test_a_product_of_large_numbers_is_split() -> None:
    assert calculation("123 * 45", 5535) == "123 * 45 = 123 * 40 + 123 * 5 = 4920 + 615 = 5535"
    assert calculation("20 * 35", 700) == "20 * 35 = 700"


def task_for(text: str, answer_format: Any = None) -> tuple[Any, Completion]:
    question = ONE_EACH["bare-plus"]
    task = draw_task(question, load_recipe("r1").mix, (), Random(0))
    task = replace(task, prompt=zero_shot().render(question), answer_format=answer_format)
    return task, Completion(text.replace("ANSWER", question.answers[0]), "complete")


@pytest.mark.parametrize(
    ("text", "answer_format", "correct", "formed", "tags"),
    [
        ("<think>\n1 + 1\n</think>\n<answer>ANSWER</answer>", None, 1, True, 4),
        ("<think>\n1 + 1\n</think>\nThe answer is ANSWER.", ANSWER_IS, 1, True, 3),
        ("<think>\n1 + 1\n</think>\n\\boxed{ANSWER}", BOXED, 1, True, 4),
        ("<think>\n1 + 1\n</think>\n<answer>ANSWER</answer>", BOXED, 1, False, 2),
        ("<think>\nreasoning process\n</think>\n<answer>ANSWER</answer>", None, 1, False, 4),
        ("<think>\n1 + 1\n</think>\n<answer>answer here</answer>", None, 0, False, 4),
        ("<think>\nIt is ANSWER", None, 0, False, 1),
        ("<answer>ANSWER</answer>", None, 1, False, 2),
        ("<think><think>1</think></think><answer>ANSWER</answer>", None, 1, False, 2),
    ],
)
def test_reward(text: str, answer_format: Any, correct: int, formed: bool, tags: int) -> None:
    earned = reward(*task_for(text, answer_format))
    assert (earned.correct, earned.well_formed, earned.tags) == (correct, formed, tags)
    assert earned.total(0.1, 0.025) == pytest.approx(correct + 0.1 * formed + 0.025 * tags)


def test_a_truncated_answer_is_not_well_formed() -> None:
    task, done = task_for("<think>\n1 + 1\n</think>\n<answer>ANSWER</answer>")
    assert not reward(task, replace(done, ending="truncated")).well_formed


def test_form_is_checked_in_linear_time() -> None:
    assert not well_formed("<think>" + "1 " * 200_000, ANSWER_TAGS.wrap)


@pytest.mark.parametrize("path", sorted(CONFIG.glob("*.yaml")), ids=lambda path: path.stem)
def test_recipes_are_whole(path: Path) -> None:
    recipe = load_recipe(path.stem)
    assert recipe.model == path.stem
    assert not recipe.start or (CONFIG / f"{recipe.start}.yaml").exists()


def test_a_recipe_with_an_unknown_entry_is_refused() -> None:
    with pytest.raises(InputError, match="stepz"):
        load_recipe("r1", ["grpo.stepz=3"])
    assert load_recipe("r1", ["grpo.steps=3"]).grpo.steps == 3  # type: ignore[union-attr]


def test_a_temperature_that_the_loss_does_not_know_is_refused() -> None:
    """The sampler's log-probabilities are scaled by it, the loss's are not: every ratio would be wrong."""
    with pytest.raises(InputError, match=r"temperature is 0\.7"):
        load_recipe("r1", ["grpo.temperature=0.7"])


def test_an_adapter_is_the_trained_one_or_the_one_that_ships(tmp_path: Path) -> None:
    assert adapter_of(tmp_path, "sft") == find_asset("data/adapters/sft.gguf")
    for name in ("sft/adapter.gguf", "sft/step-40.gguf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert adapter_of(tmp_path, "sft") == tmp_path / "sft/adapter.gguf"
    assert adapter_of(tmp_path, "sft@40") == tmp_path / "sft/step-40.gguf"
    for name in ("sft-3", "sft@50"):
        with pytest.raises(InputError, match=f"{name} is not at .* does not ship"):
            adapter_of(tmp_path, name)


def test_robust_prompts_mix_layouts_and_never_show_the_question() -> None:
    mix, pool, rng = load_recipe("sft").mix, exemplar_pool(5), Random(1)
    tasks = [draw_task(question, mix, pool, rng) for question in training_questions(300, seed=4)]
    shown = [task for task in tasks if task.prompt.exemplars]
    assert 0.4 < len(shown) / len(tasks) < 0.6
    assert {len(task.prompt.exemplars) for task in shown} == {1, 2, 3, 4, 5}
    assert len({len(task.prompt.messages) for task in tasks}) > 4
    assert all(task.question.text not in exemplar for task in shown for exemplar in task.prompt.exemplars)
    narrow = [draw_task(q, load_recipe("r1").mix, (), rng) for q in training_questions(50, seed=4)]
    assert not any(task.prompt.exemplars for task in narrow)


# --- with torch: a tiny random network of the same make -----------------------------------------------------------


def tiny_network(vocabulary: int = 96, seed: int = 0) -> Any:
    import torch

    from experiments.r1_miniature.network import LINEAR, NORMS, Network, Shape

    torch.set_num_threads(1)  # several threads that wait for one another collapse on busy cores
    torch.manual_seed(seed)
    shape = Shape(blocks=2, width=24, heads=6, kv_heads=2, rope_base=10_000.0, epsilon=1e-5)
    sizes = {"attn_k": (8, 24), "attn_v": (8, 24), "ffn_gate": (40, 24), "ffn_up": (40, 24), "ffn_down": (24, 40)}
    tensors = {name: torch.randn(2, *sizes.get(name, (24, 24))) * 0.2 for name in LINEAR}
    tensors |= {name: torch.rand(2, 24) + 0.5 for name in NORMS}
    tensors |= {"token_embd": torch.randn(vocabulary, 24), "output_norm": torch.rand(24) + 0.5}
    network = Network(shape, tensors, rank=3, alpha=6.0, dtype=torch.float32)
    for parameter in network.b.values():
        torch.nn.init.normal_(parameter, std=0.1)
    return network


@needs_torch
def test_advantages_are_standardised_within_a_group() -> None:
    import torch

    from experiments.r1_miniature.grpo import advantages

    rewards = torch.tensor([[1.0, 0.0, 0.0, 1.0], [0.5, 0.5, 0.5, 0.5], [0.0, 0.0, 0.0, 1.2]])
    found = advantages(rewards)
    assert torch.allclose(found.mean(1), torch.zeros(3), atol=1e-6)
    assert torch.equal(found[1], torch.zeros(4))
    assert torch.allclose(found[0], torch.tensor([1.0, -1.0, -1.0, 1.0]) * 0.5 / math.sqrt(1 / 3), atol=1e-4)


@needs_torch
@pytest.mark.parametrize("samples", [2, 8, 16])
def test_a_group_of_equal_rewards_has_nothing_to_say(samples: int) -> None:
    """Every reward that an answer can earn: in fp32 the mean of equal ones is often another number."""
    import torch

    from experiments.r1_miniature.grpo import advantages

    earned = [Reward(c, f, t, 0.0).total(0.1, 0.025) for c in (0.0, 1.0) for f in (False, True) for t in range(5)]
    assert not advantages(torch.tensor(earned)[:, None].repeat(1, samples)).any()


@needs_torch
def test_the_surrogate_is_clipped_on_the_profitable_side_only() -> None:
    import torch

    from experiments.r1_miniature.grpo import surrogate

    ratio, advantage = torch.tensor([2.0, 2.0, 0.1, 0.1, 1.1]), torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0])
    found = surrogate(ratio.log(), torch.zeros(5), advantage, 0.2, 0.28)
    assert torch.allclose(found, torch.tensor([1.28, -2.0, 0.1, -0.8, 1.1]))


@needs_torch
def test_sampler_agrees_with_the_whole_forward_pass() -> None:
    import torch

    from experiments.r1_miniature.network import log_probs
    from experiments.r1_miniature.rollout import Settings
    from experiments.r1_miniature.sampler import Sampler

    network, prompts = tiny_network(), [[5, 9, 3], [7] * 70, [11, 2, 2, 8, 40]]
    sampler = Sampler(network)
    rollout = sampler.sample(prompts, 4, Settings(1.0, 1.0, 70, (95,)), seed=3)
    weights = network.merged()
    for row, answer in enumerate(rollout.rows()):
        prompt = prompts[row // 4]
        states = network.hidden(torch.tensor([prompt + answer[:-1]]), weights)[0, len(prompt) - 1 :]
        expected = log_probs(states, torch.tensor(answer), weights)
        assert torch.allclose(rollout.log_probs[row, : len(answer)], expected, atol=1e-4)
        assert (95 in answer) == bool(rollout.ended[row])
        assert 95 not in answer[:-1]
    again = sampler.sample(prompts, 4, Settings(1.0, 1.0, 70, (95,)), seed=3)
    assert rollout.rows() == again.rows()
    assert sampler.sample(prompts, 4, Settings(1.0, 1.0, 70, (95,)), seed=4).rows() != rollout.rows()


@needs_torch
def test_refresh_shows_the_sampler_a_changed_adapter() -> None:
    import torch

    from experiments.r1_miniature.rollout import Settings
    from experiments.r1_miniature.sampler import Sampler

    network, greedy = tiny_network(), Settings(0.0, 1.0, 20, (95,))
    sampler = Sampler(network)
    before = sampler.sample([[5, 9, 3]], 1, greedy, 0).rows()
    with torch.no_grad():
        for parameter in network.b.values():
            parameter.mul_(-3)
    assert sampler.sample([[5, 9, 3]], 1, greedy, 0).rows() == before
    sampler.refresh()
    assert sampler.sample([[5, 9, 3]], 1, greedy, 0).rows() == Sampler(network).sample([[5, 9, 3]], 1, greedy, 0).rows()
    assert sampler.sample([[5, 9, 3]], 1, greedy, 0).rows() != before


@needs_torch
def test_draw_keeps_to_the_nucleus_and_to_the_probabilities() -> None:
    import torch

    from experiments.r1_miniature.rollout import draw

    torch.manual_seed(0)
    chances = torch.tensor([0.5, 0.3, 0.15, 0.05])
    tokens, found = draw(chances.log().repeat(20_000, 1), 1.0, 0.9)
    shares = torch.bincount(tokens, minlength=4) / 20_000
    assert torch.allclose(shares, torch.tensor([0.5, 0.3, 0.15, 0.0]) / 0.95, atol=0.015)
    assert torch.allclose(found.exp(), chances[tokens])
    cold, _ = draw(chances.log()[None], 0.0, 0.9)
    assert cold.item() == 0


@needs_torch
def test_gguf_adapter_comes_back_as_it_was_in_fp16(tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="gguf is not installed (the `train` extra)")
    import torch

    from experiments.r1_miniature.convert import read_gguf, write_gguf
    from promptlab.models.gguf import check_adapter

    network, other = tiny_network(seed=0), tiny_network(seed=1)
    path = write_gguf(network, tmp_path / "adapter.gguf", "test")
    check_adapter(path)
    read_gguf(other, path)
    for (name, mine), yours in zip(network.named_parameters(), other.parameters(), strict=True):
        assert torch.equal(mine.half().float(), yours), name
    wrong = tiny_network()
    wrong.alpha = 7.0
    with pytest.raises(ValueError, match="alpha"):
        read_gguf(wrong, path)


@needs_torch
def test_the_network_is_a_llama_with_the_adapter_added() -> None:
    """Against the transformers library's, which has the rows of queries and keys in halves and not in pairs."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed (the `train` extra)")
    import torch

    network = tiny_network()
    shape, merged = network.shape, network.merged()
    config = transformers.LlamaConfig(
        vocab_size=96,
        hidden_size=shape.width,
        intermediate_size=40,
        num_hidden_layers=shape.blocks,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        rms_norm_eps=shape.epsilon,
        rope_theta=shape.rope_base,
        tie_word_embeddings=True,
    )

    def llama(adapted: bool) -> Any:
        weights = {name: network.base("token_embd") for name in ("model.embed_tokens.weight", "lm_head.weight")}
        for kind, name in (LINEAR | NORMS).items():
            for i, rows in enumerate(network.base(kind)):
                if adapted and kind in network.a:
                    rows = rows + network.alpha / network.rank * network.b[kind][i] @ network.a[kind][i]
                weights[f"model.layers.{i}.{name}.weight"] = to_halves(rows, kind, shape)
        model = transformers.LlamaForCausalLM(config)
        model.load_state_dict({**weights, "model.norm.weight": network.base("output_norm")})
        return model

    ids = torch.tensor([[5, 9, 3, 60, 2, 17]])
    with torch.no_grad():
        ours = (network.hidden(ids, merged) @ merged.embedding.T).log_softmax(-1)
        theirs, without = (llama(adapted)(ids).logits.log_softmax(-1) for adapted in (True, False))
    assert torch.allclose(ours, theirs, atol=1e-4)
    assert (without - theirs).abs().max() > 0.1


class Letters:
    """A stand-in for the tokeniser: a token a letter."""

    ends = (95,)

    def encode(self, text: str) -> list[int]:
        return [ord(letter) % 95 for letter in text]

    def encode_all(self, texts: list[str]) -> list[list[int]]:
        return [self.encode(text) for text in texts]

    def decode_all(self, rows: list[list[int]]) -> list[str]:
        return ["".join(chr(token + 32) for token in row if token != 95) for row in rows]


@needs_torch
def test_the_sampler_is_a_model_that_can_be_run(tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="gguf is not installed (the `train` extra)")
    from experiments.r1_miniature.gpu_model import GpuModel
    from experiments.r1_miniature.record import DROPPED
    from experiments.r1_miniature.sampler import Sampler
    from promptlab.questions import load_questions
    from promptlab.runner import run
    from promptlab.types import Sampling

    class Tiny(GpuModel):
        def __init__(self) -> None:
            self.name, self.context, self._groups, self._adapter_hash, self._device = "tiny", 8192, 4, "", "cpu"
            self._tokens, self._sampler = Letters(), Sampler(tiny_network(), keep=1)  # type: ignore[assignment]

    def recorded(folder: str) -> Any:
        return run(
            Tiny(),
            [zero_shot(), few_shot(k=1)],
            load_questions("arithmetic", split="dev", n=5, seed=0),
            samples=3,
            sampling=Sampling(max_tokens=70, temperature=5.0, top_p=1.0),
            path=tmp_path / folder,
            progress=False,
        )

    made = recorded("one")
    frame = made.to_frame()
    assert len(frame) == 2 * 5 * 3
    assert set(frame["ending"]) <= {"complete", "truncated", "empty"}
    assert (frame.loc[frame["ending"] == "truncated", "completion_tokens"] == 70).all()
    assert frame.groupby(["condition", "question"])["completion"].nunique().max() == 3
    assert frame["completion"].equals(recorded("two").to_frame()["completion"])
    pytest.importorskip("pyarrow")
    from promptlab.records import load_run

    back = load_run(made.to_parquet(tmp_path / "tiny.parquet", drop=DROPPED)).to_frame()
    kept = [column for column in frame.columns if column not in DROPPED]
    assert back[kept].equals(frame[kept])


def assert_recorded_under(shipped: Any, arms: Any) -> None:
    """A younger factor, which the recording does not know, stands at what it stood for then."""
    known = shipped.manifest["conditions"]
    assert list(known) == [arm.name for arm in arms]
    for arm in arms:
        now = arm.factors()
        assert {name: now[name] for name in known[arm.name]} == known[arm.name]
        if arm.shots:
            assert {name: now[name] for name in now.keys() - known[arm.name].keys()}.items() <= YOUNGER.items()


def test_what_is_recorded_is_what_ships() -> None:
    """The conditions and questions of `record.py` are those of the shipped files, down to the prompts."""
    pytest.importorskip("pyarrow")
    from experiments.r1_miniature.record import DESIGNS, recorded_questions
    from promptlab.records import load_run

    shipped = load_run("recorded:r1")
    questions, arms = recorded_questions(DESIGNS["conditions"].questions), DESIGNS["conditions"].conditions()
    assert_recorded_under(shipped, arms)
    assert shipped.manifest["questions"]["hash"] == questions.hash
    assert shipped.questions == tuple(questions)
    cards = {card.sample.condition: card for card in shipped.show(questions[7].id).cards}
    for arm in arms:
        rendered = arm.render(questions[7], pool=questions.pool, answer_format=ANSWER_IS)
        assert cards[arm.name].prompt == rendered
        assert cards[arm.name].sample.draw == arm.draw_of(questions[7])


def test_recorded_draws_are_what_ships() -> None:
    pytest.importorskip("pyarrow")
    from experiments.r1_miniature.record import DESIGNS, recorded_questions
    from promptlab.records import load_run

    shipped, design = load_run("recorded:r1-draws"), DESIGNS["draws"]
    assert_recorded_under(shipped, design.conditions())
    assert shipped.manifest["questions"]["hash"] == recorded_questions(design.questions).hash


def test_a_card_speaks_of_the_recorded_samples() -> None:
    pytest.importorskip("pyarrow")
    from experiments.r1_miniature.card import accuracy_table, with_families
    from promptlab.records import load_run

    frame = with_families(load_run("recorded:r1"))
    assert frame.groupby("held_out")["question"].nunique().sum() == 400
    lines = accuracy_table(frame).splitlines()
    assert len(lines) == 2 + 18
    seen = frame[(frame["condition"] == "zero-shot") & ~frame["held_out"]]["score"].mean()
    assert lines[2].startswith(f"| zero-shot | {seen:.1%} [")


@pytest.mark.parametrize("module", ["chains", "rewards", "grpo"])
def test_examples_in_docstrings(module: str) -> None:
    if module == "grpo":
        pytest.importorskip("torch", reason="torch is not installed (the `train` extra)")
    loaded = importlib.import_module(f"experiments.r1_miniature.{module}")
    extra = {"torch": importlib.import_module("torch")} if module == "grpo" else None
    found = doctest.testmod(loaded, extraglobs=extra)
    assert found.attempted
    assert not found.failed


@needs_torch
def test_an_update_raises_what_was_rewarded_and_passes_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from experiments.r1_miniature import grpo, passes
    from experiments.r1_miniature.passes import Example, answer_log_probs

    recipe = load_recipe("r1").grpo
    assert recipe is not None
    examples = [Example([1, 2, 3], [4, 5 + i, 6]) for i in range(4)] + [Example([9, 2], [8, 7])] * 2
    rewarded = torch.tensor([1.0, -1.0, 1.0, -1.0, 0.0, 0.0])

    def after_one_update(tokens: int) -> Any:
        monkeypatch.setattr(passes, "_TOKENS", tokens)
        network = tiny_network()
        old = [answer_log_probs(network, [[e]], network.merged()).detach() for e in examples]
        batch = grpo.Batch([], examples, old, [], rewarded)
        optimiser = torch.optim.SGD(network.parameters(), lr=0.5)
        told = grpo.grpo_update(network, optimiser, batch, range(6), recipe)
        assert told["drift"] < 1e-5
        assert told["clipped"] == 0
        new = [answer_log_probs(network, [[e]], network.merged()).detach() for e in examples]
        return torch.stack([(n - o).sum() for n, o in zip(new, old, strict=True)]), network

    (gain, whole), (_, pieces) = after_one_update(10_000), after_one_update(6)
    assert (gain[:4] * rewarded[:4]).sum() > 0
    for one, other in zip(whole.parameters(), pieces.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def groups_of_answers(sizes: list[int], rng: Random) -> list[Any]:
    """A group of examples for every size: a prompt, and answers of 1 to 9 tokens."""
    from experiments.r1_miniature.passes import Example

    def tokens(length: int) -> list[int]:
        return rng.choices(range(96), k=length)

    prompts = [tokens(rng.randint(2, 20)) for _ in sizes]
    return [Example(p, tokens(rng.choice((1, 1, 3, 9)))) for p, n in zip(prompts, sizes, strict=True) for _ in range(n)]


@needs_torch
@pytest.mark.parametrize("tokens", [10_000, 60, 25])  # one pass; several; groups that are longer than a pass
@pytest.mark.parametrize("sizes", [[5, 1, 8, 2], [1, 1, 1]])
def test_a_prompt_is_shared_as_if_each_answer_were_alone(
    monkeypatch: pytest.MonkeyPatch, sizes: list[int], tokens: int
) -> None:
    import torch

    from experiments.r1_miniature import passes

    monkeypatch.setattr(passes, "_TOKENS", tokens)
    rng, network = Random(tokens), tiny_network()
    examples = rng.sample(groups := groups_of_answers(sizes, rng), len(groups))
    total = sum(len(example.answer) for example in examples)
    worth = [torch.randn(len(example.answer)) / total for example in examples]

    merged, alone = network.merged(), []
    for example in examples:
        states = network.hidden(torch.tensor([example.prompt + example.answer[:-1]]), merged)[0]
        logs = (states @ merged.embedding.T).log_softmax(-1)[len(example.prompt) - 1 :]
        alone.append(logs[range(len(example.answer)), example.answer])
    torch.cat(alone).mul(torch.cat(worth)).sum().backward()
    expected = [parameter.grad.clone() for parameter in network.parameters()]

    def share(rows: list[int], new: Any) -> dict[str, Any]:
        assert torch.allclose(new, torch.cat([alone[i] for i in rows]), atol=1e-5)
        seen.extend(rows)
        return {"loss": (new * torch.cat([worth[i] for i in rows])).sum()}

    seen: list[int] = []
    optimiser = torch.optim.SGD(network.parameters(), lr=0.0)
    passes.update(network, optimiser, examples, share, clip_norm=math.inf)
    assert sorted(seen) == list(range(len(examples)))
    for parameter, gradient in zip(network.parameters(), expected, strict=True):
        assert torch.allclose(parameter.grad, gradient, atol=1e-5)


@needs_torch
@pytest.mark.parametrize("tokens", [10_000, 60, 25])
def test_passes_are_bounded_and_a_prompt_is_computed_as_seldom_as_can_be(
    monkeypatch: pytest.MonkeyPatch, tokens: int
) -> None:
    from experiments.r1_miniature import passes

    monkeypatch.setattr(passes, "_TOKENS", tokens)
    examples = groups_of_answers([5, 1, 8, 2], Random(0))
    for groups in (found := passes.pieces(examples)):
        longest = max(passes._length(examples, rows) for rows in groups)
        assert longest * len(groups) <= tokens or (len(groups), len(groups[0])) == (1, 1)
        assert all(examples[i].prompt == examples[rows[0]].prompt for rows in groups for i in rows)
    if tokens == 10_000:
        assert sorted(map(sorted, found[0])) == [[0, 1, 2, 3, 4], [5], [6, 7, 8, 9, 10, 11, 12, 13], [14, 15]]


class Speaks(Letters):
    """Whatever was sampled, it reads as a thought that is English and German in turn."""

    def decode_all(self, rows: list[list[int]]) -> list[str]:
        said = itertools.cycle(("Left", "Es sind noch"))
        return [f"<think>\n{next(said)}: 1\n</think>" for _ in rows]


@needs_torch
@pytest.mark.parametrize(("model", "advantage"), [("r1-lang", 0.0), ("r1-lang-consistent", 0.5**0.5), ("r1", 0.0)])
def test_english_is_worth_what_the_recipe_says(model: str, advantage: float) -> None:
    from experiments.r1_miniature import grpo
    from experiments.r1_miniature.sampler import Sampler

    recipe = load_recipe(model, ["grpo.questions=2", "grpo.samples=2", "grpo.max_tokens=2"])
    sampler, levels = Sampler(tiny_network()), grpo.build_levels(recipe, per_level=8)
    batch = grpo.sample_batch(recipe, sampler, Speaks(), levels, step=0)  # type: ignore[arg-type]
    assert batch.advantages.tolist() == pytest.approx([advantage, -advantage] * 2, abs=1e-4)
    assert grpo._summary(batch, recipe).get("english") == (0.5 if "lang" in model else None)


# --- with the real weights ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base() -> Path:
    for module in ("torch", "gguf", "tokenizers"):
        pytest.importorskip(module, reason=f"{module} is not installed (the `train` extra)")
    try:
        return base_path()
    except ModelError as problem:
        pytest.skip(str(problem))


def engine_log_probs(base: Path, adapter: Path | None, text: str) -> dict[str, float]:
    """llama.cpp's log-probabilities of the most probable next tokens."""
    from promptlab.models.engine import Spec, shared_engine

    engine = shared_engine(Spec(base, adapter, str(adapter), 1, 1, 2048))
    asked = {"prompt": text, "n_predict": 1, "n_probs": 20, "temperature": 0.0, "cache_prompt": False}
    found = engine.post("/completion", asked)["completion_probabilities"][0]["top_logprobs"]
    return {one["id"]: one["logprob"] for one in found}


PROMPTS = [
    Prompt(text="The capital of France is"),
    zero_shot().render(ONE_EACH["trip-remaining"], answer_format=ANSWER_IS),
    few_shot(k=3, layout="one-message").render(ONE_EACH["shop-change"], pool=exemplar_pool(5)),
]


def unquantised(base: Path, target: Path) -> Path:
    """The base with fp16 matrices: llama.cpp then leaves the activations unrounded too, and can be compared closely."""
    import numpy as np
    from gguf import GGUFReader, GGUFValueType, GGUFWriter
    from gguf.quants import dequantize

    reader, writer = GGUFReader(base), GGUFWriter(target, "llama")
    for name, field in reader.fields.items():
        if not name.startswith(("GGUF.", "general.architecture", "general.file_type")):
            inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], sub_type=inner)
    for tensor in reader.tensors:
        weights = dequantize(tensor.data, tensor.tensor_type)
        writer.add_tensor(tensor.name, weights.astype(np.float16) if weights.ndim > 1 else weights.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


@pytest.mark.slow
@pytest.mark.embedded
@needs_torch
def test_tokens_and_log_probabilities_are_llama_cpps(base: Path, tmp_path: Path) -> None:
    """Without an adapter, and with a converted one that changes the model a good deal."""
    pytest.importorskip("xllamacpp", reason="xllamacpp is not installed")
    import torch

    from experiments.r1_miniature.convert import write_gguf
    from experiments.r1_miniature.network import load_network
    from experiments.r1_miniature.tokens import Tokens
    from promptlab.models.chatml import render
    from promptlab.models.engine import Spec, shared_engine

    tokens, network = Tokens(base), load_network(base, rank=8, alpha=32, device="cpu")
    torch.manual_seed(0)
    half = unquantised(base, tmp_path / "half.gguf")
    plain = shared_engine(Spec(base, None, "", 1, 1, 2048))
    moved = []
    for spread in (0.0, 0.01):
        for parameter in network.b.values():
            torch.nn.init.normal_(parameter, std=spread)
        adapter = write_gguf(network, tmp_path / "adapter.gguf", "test") if spread else None
        with torch.no_grad():
            weights = network.merged()
            for prompt in PROMPTS:
                text = render(prompt)
                ids = tokens.encode(text)
                assert ids == plain.post("/tokenize", {"content": text, "parse_special": True})["tokens"]
                last = network.hidden(torch.tensor([ids]), weights)[0, -1] @ weights.embedding.T
                ours = last.log_softmax(-1)
                theirs = engine_log_probs(half, adapter, text)
                gaps = [abs(ours[i].item() - p) for i, p in theirs.items() if p > -6]
                # llama.cpp rounds to fp16 on its way: 0.008 to 0.034 at most over ten seeds, 0.005 to 0.008 on average.
                assert max(gaps) < 0.1
                assert sum(gaps) / len(gaps) < 0.015
                moved.append(ours)
    changes = [float((one - other).abs().max()) for one, other in zip(moved[:3], moved[3:], strict=True)]
    assert min(changes) > 0.3, changes  # far more than the tolerance


@pytest.mark.slow
@needs_torch
def test_sft_and_grpo_run_and_resume_on_a_cpu(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np
    import torch
    from gguf import GGUFReader

    from experiments.r1_miniature import grpo
    from experiments.r1_miniature.train import main

    def train(model: str, out: str, *more: str) -> int:
        return main([model, "--device", "cpu", "--dev", "0", "--out", str(tmp_path / out), *more])

    torch.set_num_threads(1)
    small = [f"sft.{entry}" for entry in ("questions=2", "batch=2", "epochs=3", "lr=0.003")]  # one batch, three times
    small = [word for entry in small for word in ("--set", entry)]
    assert train("sft-narrow", "one", *small) == 0
    losses = [float(row.split(",")[1]) for row in (tmp_path / "one/sft-narrow/curve.csv").read_text().splitlines()[1:]]
    assert len(losses) == 3
    assert losses == sorted(losses, reverse=True)
    stops = [train("sft-narrow", "two", *small, "--seconds", "0") for _ in range(4)]  # each stops after one step
    assert stops == [3, 3, 3, 0]
    curves = [(tmp_path / out / "sft-narrow/curve.csv").read_text().splitlines() for out in ("one", "two")]
    assert [row.rpartition(",")[0] for row in curves[0]] == [row.rpartition(",")[0] for row in curves[1]]
    adapters = [(tmp_path / out / "sft-narrow/adapter.gguf").read_bytes() for out in ("one", "two")]
    assert adapters[0] == adapters[1]

    capsys.readouterr()
    (tmp_path / "two/sft-narrow/adapter.gguf").unlink()  # as if it were not at its end
    assert train("sft-narrow", "two", *small, "--set", "sft.lr=0.004", "--steps", "2") == 2
    told = capsys.readouterr().err
    assert "sft.lr was 0.003, is 0.004; --steps was 0, is 2." in told

    lengths = itertools.count()  # so few steps never earn a real reward: any spread will do
    monkeypatch.setattr(grpo, "reward", lambda task, completion, answers: Reward(next(lengths) % 2, False, 0, 0.0))
    tiny = [f"grpo.{entry}" for entry in ("questions=2", "samples=4", "updates=1", "max_tokens=24")]
    tiny = [word for entry in tiny for word in ("--set", entry)]
    assert train("r1-narrow", "one", "--steps", "1", *tiny) == 0
    start, path = (tmp_path / "one" / model / "adapter.gguf" for model in ("sft-narrow", "r1-narrow"))
    before, after = ({t.name: np.array(t.data) for t in GGUFReader(file).tensors} for file in (start, path))
    assert all((before[name] != after[name]).any() for name in before)
    assert path.stat().st_size < 5_000_000
    assert json.loads((tmp_path / "one/r1-narrow/recipe.json").read_text())["grpo"]["samples"] == 4
    assert f"starts from {start}" in capsys.readouterr().out

    assert [train("r1-narrow", "two", "--steps", "3", "--seconds", "0", *tiny) for _ in range(2)] == [3, 3]
    assert train("r1-narrow", "two", "--steps", "1", *tiny) == 2
    assert "has 2 steps behind it, asked for are 1" in capsys.readouterr().err


@pytest.mark.slow
@needs_torch
def test_distill_trains_on_right_answers_alone(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped r1's own, sampled once: what they are a later call takes from the file."""
    import torch

    from experiments.r1_miniature import rejection
    from experiments.r1_miniature.sft import draw_tasks
    from experiments.r1_miniature.train import main
    from promptlab.models.chatml import render

    torch.set_num_threads(1)
    monkeypatch.setattr(rejection, "MAX_TOKENS", 64)
    small = ["--set", "sft.questions=4", "--set", "sft.batch=2", "--device", "cpu", "--dev", "0", "--steps", "1"]
    assert main(["distill", *small, "--out", str(tmp_path), "--seconds", "0"]) == 3
    kept = tmp_path / "distill/examples.jsonl"
    recipe = load_recipe("distill", ["sft.questions=4"])
    tasks = {render(task.prompt): task for task in draw_tasks(recipe, Random(f"sft/{recipe.seed}"))}
    pairs = [json.loads(line) for line in kept.read_text().splitlines()]
    assert 0 < len(pairs) <= 4
    for prompt, text in pairs:
        found = reward(tasks[prompt], Completion(text.removesuffix("<|im_end|>"), "complete"))
        assert (found.correct, found.well_formed) == (1, True)
    monkeypatch.setattr(rejection, "write_right", None)  # not called again
    assert main(["distill", *small, "--out", str(tmp_path)]) == 0
    assert main(["distill", *small, "--out", str(tmp_path / "x"), "--set", "sft.answers=r2"]) == 2
