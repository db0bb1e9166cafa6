import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from projected_grpo.fast import attention

LENGTHS = (7, 1, 12, 5)


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=50,
    )
    return LlamaForCausalLM(config).double()


def logits(model, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """ids, positions [t] of one packed row -> [t v]."""
    model.set_attn_implementation(attention.NAME)
    return model(input_ids=ids[None], position_ids=positions[None], use_cache=False).logits[0]


def packed(model, ids: list[torch.Tensor]) -> torch.Tensor:
    positions = torch.cat([torch.arange(len(i)) for i in ids])
    return logits(model, torch.cat(ids), positions)


def alone(model, ids: list[torch.Tensor]) -> torch.Tensor:
    model.set_attn_implementation("eager")
    return torch.cat([model(input_ids=i[None], use_cache=False).logits[0] for i in ids])


def continued(model, prompt: torch.Tensor, ends: list[torch.Tensor]) -> torch.Tensor:
    """Logits of a row with two prompts: the first stands once for all its continuations."""
    n = len(prompt)
    after = [torch.arange(n, n + len(end)) for end in ends]
    positions = torch.cat([torch.arange(n), *after, torch.arange(n)])
    return logits(model, torch.cat([prompt, *ends, prompt]), positions)


def continued_alone(model, prompt: torch.Tensor, ends: list[torch.Tensor]) -> torch.Tensor:
    n, rows = len(prompt), alone(model, [torch.cat([prompt, end]) for end in ends])
    each = rows.split([n + len(end) for end in ends])
    return torch.cat([each[0], *(row[n:] for row in each[1:]), alone(model, [prompt])])


def sequences() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randint(50, (n,), generator=generator) for n in LENGTHS]


def gradient(model, outputs: torch.Tensor) -> torch.Tensor:
    model.zero_grad()
    outputs.square().sum().backward()
    return torch.cat([p.grad.flatten() for p in model.parameters()])


def test_packed_sequences_give_what_each_gives_alone(model):
    assert torch.allclose(packed(model, sequences()), alone(model, sequences()), atol=1e-6)


def test_packed_gradients_are_the_sum_of_each_sequences_own(model):
    one, other = [gradient(model, forward(model, sequences())) for forward in (packed, alone)]
    assert torch.allclose(one, other, rtol=1e-5, atol=1e-5)


def test_a_prompt_that_stands_once_serves_all_its_continuations(model):
    prompt, *ends = sequences()
    one, other = continued(model, prompt, ends), continued_alone(model, prompt, ends)
    assert torch.allclose(one, other, atol=1e-6)


def test_a_shared_prompts_gradient_sums_over_its_continuations(model):
    prompt, *ends = sequences()
    # The prompt's own logits stand once in the one row and three times in the other.
    n = len(prompt)
    one = gradient(model, continued(model, prompt, ends)[n:])
    other = gradient(model, continued_alone(model, prompt, ends)[n:])
    assert torch.allclose(one, other, rtol=1e-5, atol=1e-5)


def test_the_next_batch_gets_its_own_bounds(model):
    packed(model, sequences())
    one, other = packed(model, sequences()[::-1]), alone(model, sequences()[::-1])
    assert torch.allclose(one, other, atol=1e-6)


def test_a_batch_that_does_not_begin_a_sequence_is_refused(model):
    with pytest.raises(AssertionError, match="begins with position 0"):
        logits(model, torch.ones(3, dtype=torch.long), torch.tensor([1, 2, 3]))


def test_queries_and_keys_that_autocast_left_in_fp32_are_taken_in_the_values_dtype(model):
    draws = [torch.Generator().manual_seed(i) for i in range(3)]
    q, k, v = [torch.randn(1, 2, 3, 8, generator=draw) for draw in draws]
    positions, layer = torch.arange(3)[None], model.model.layers[0].self_attn

    def attended(q, k) -> torch.Tensor:
        options = dict(attention_mask=None, position_ids=positions)
        y, _ = attention.packed_attention(layer, q, k, v.bfloat16(), **options)
        return y

    assert torch.equal(attended(q, k), attended(q.bfloat16(), k.bfloat16()))
