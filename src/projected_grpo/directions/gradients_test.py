"""A sample's gradient against autograd's own definition, and the share of it inside columns."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from projected_grpo.directions import gradients
from projected_grpo.directions.activations import Tokens

NAMES = ("model.layers.1.self_attn.q_proj.weight", "model.layers.1.mlp.down_proj.weight")


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    shape = dict(
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=1,
        vocab_size=40,
    )
    return LlamaForCausalLM(LlamaConfig(**shape))


def test_a_samples_gradient_is_that_of_its_responses_log_probability(model):
    sample = Tokens([3, 4, 5], [6, 7, 8, 9])
    (grads,) = gradients.of_samples(model, [sample], NAMES)
    ids = torch.tensor([[*sample.prompt, *sample.response]])
    logits = model(input_ids=ids).logits[0, 2:-1]
    logp = torch.log_softmax(logits, -1)[range(4), sample.response].sum()
    for name in NAMES:
        g = grads[name]
        (expected,) = torch.autograd.grad(logp, model.get_parameter(name), retain_graph=True)
        cosine = torch.nn.functional.cosine_similarity(g.flatten(), expected.flatten(), dim=0)
        assert cosine > 0.995
        assert g.norm() == pytest.approx(1, abs=1e-5)


def test_the_share_inside_columns_is_the_same_from_the_gradient_and_from_a_full_factor(model):
    (grads,) = gradients.of_samples(model, [Tokens([1, 2], [3, 4, 5])], NAMES)
    B = torch.linalg.qr(torch.randn(16, 3, generator=torch.Generator().manual_seed(0))).Q
    for name, side in zip(NAMES, ("reads", "writes"), strict=True):
        g = grads[name]
        direct = ((g @ B) if side == "reads" else (B.T @ g)).square().sum()
        F = gradients.factor(g, side, 16)
        torch.testing.assert_close((F.T @ B).square().sum(), direct, rtol=1e-4, atol=1e-6)
