import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from projected_grpo.fast import attention

LENGTHS = (7, 1, 12, 5)


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    shape = dict(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=50,
    )
    return LlamaForCausalLM(LlamaConfig(**shape)).double()


def packed(model, ids: list[torch.Tensor]) -> torch.Tensor:
    model.set_attn_implementation(attention.NAME)
    positions = torch.cat([torch.arange(len(i)) for i in ids])[None]
    return model(input_ids=torch.cat(ids)[None], position_ids=positions, use_cache=False).logits[0]


def alone(model, ids: list[torch.Tensor]) -> torch.Tensor:
    model.set_attn_implementation("eager")
    return torch.cat([model(input_ids=i[None], use_cache=False).logits[0] for i in ids])


def continued(model, prompt: torch.Tensor, ends: list[torch.Tensor]) -> torch.Tensor:
    """Logits of a row with two prompts, of which the first stands once for all its continuations."""
    model.set_attn_implementation(attention.NAME)
    n = len(prompt)
    positions = torch.cat(
        [torch.arange(n), *(torch.arange(n, n + len(e)) for e in ends), torch.arange(n)]
    )[None]
    return model(
        input_ids=torch.cat([prompt, *ends, prompt])[None], position_ids=positions, use_cache=False
    ).logits[0]


def continued_alone(model, prompt: torch.Tensor, ends: list[torch.Tensor]) -> torch.Tensor:
    n, rows = len(prompt), alone(model, [torch.cat([prompt, e]) for e in ends])
    each = rows.split([n + len(e) for e in ends])
    return torch.cat([each[0], *(row[n:] for row in each[1:]), alone(model, [prompt])])


def sequences() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randint(50, (n,), generator=generator) for n in LENGTHS]


def test_packed_sequences_give_what_each_gives_alone(model):
    assert torch.allclose(packed(model, sequences()), alone(model, sequences()), atol=1e-6)


def test_packed_gradients_are_the_sum_of_each_sequences_own(model):
    grads = []
    for forward in (packed, alone):
        model.zero_grad()
        forward(model, sequences()).square().sum().backward()
        grads.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    assert torch.allclose(*grads, rtol=1e-5, atol=1e-5)


def test_a_prompt_that_stands_once_serves_all_its_continuations(model):
    prompt, *ends = sequences()
    assert torch.allclose(
        continued(model, prompt, ends), continued_alone(model, prompt, ends), atol=1e-6
    )


def test_a_shared_prompts_gradient_sums_over_its_continuations(model):
    prompt, *ends = sequences()
    grads = []
    for forward in (continued, continued_alone):
        model.zero_grad()
        forward(model, prompt, ends)[
            len(prompt) :
        ].square().sum().backward()  # the prompt's own logits stand once here and three times there
        grads.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    assert torch.allclose(*grads, rtol=1e-5, atol=1e-5)


def test_the_next_batch_gets_its_own_bounds(model):
    packed(model, sequences())
    assert torch.allclose(
        packed(model, sequences()[::-1]), alone(model, sequences()[::-1]), atol=1e-6
    )


def test_a_batch_that_does_not_begin_a_sequence_is_refused(model):
    model.set_attn_implementation(attention.NAME)
    with pytest.raises(AssertionError, match="begins with position 0"):
        model(
            input_ids=torch.ones(1, 3, dtype=torch.long),
            position_ids=torch.tensor([[1, 2, 3]]),
            use_cache=False,
        )


def test_queries_and_keys_that_autocast_left_in_fp32_are_taken_in_the_values_dtype(model):
    q, k, v = (
        torch.randn(1, 2, 3, 8, generator=torch.Generator().manual_seed(i)) for i in range(3)
    )
    positions, layer = torch.arange(3)[None], model.model.layers[0].self_attn
    mixed, same = (
        attention.packed_attention(layer, x, y, v.bfloat16(), None, position_ids=positions)[0]
        for x, y in ((q, k), (q.bfloat16(), k.bfloat16()))
    )
    assert torch.equal(mixed, same)
