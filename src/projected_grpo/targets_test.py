"""Targets against real transformers models of each supported architecture, built small."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from projected_grpo.targets import ARCHITECTURES, KINDS, gamma, select

SIZES = dict(hidden_size=16, intermediate_size=40, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2,
             head_dim=8, vocab_size=32)  # fmt: skip


def parameters(model_type):
    config = AutoConfig.for_model(model_type, **SIZES)
    with torch.device("meta"):
        return dict(AutoModelForCausalLM.from_config(config).named_parameters())


@pytest.mark.parametrize("model_type", sorted(ARCHITECTURES))
def test_every_block_matrix_of_a_real_model_is_a_target_on_its_residual_side(model_type):
    named = parameters(model_type)
    targets = select(named, model_type)
    assert {t.name for t in targets} == {n for n, p in named.items() if p.ndim == 2 and ".layers." in n}
    for t in targets:
        side = named[t.name].shape[1] if t.side == "reads" else named[t.name].shape[0]
        assert side == SIZES["hidden_size"]
        assert (t.norm is not None) == (t.side == "reads")
        assert t.norm is None or named[t.norm].shape == (SIZES["hidden_size"],)


def test_attention_and_mlp_weights_have_the_norm_that_feeds_them():
    norms = {t.kind: t.norm for t in select(parameters("qwen3"), "qwen3") if t.layer == 2}
    assert all(norms[kind] == "model.layers.2.input_layernorm.weight" for kind in "qkv")
    assert all(norms[kind] == "model.layers.2.post_attention_layernorm.weight" for kind in ("gate", "up"))


def test_a_depth_band_and_kinds_narrow_the_selection():
    targets = select(parameters("llama"), "llama", layers=(0.5, 0.75), kinds=("o", "q"))
    assert [(t.layer, t.kind) for t in targets] == [(2, "q"), (2, "o")]


def test_an_unknown_architecture_is_refused_by_name_with_what_to_add():
    with pytest.raises(ValueError, match="architecture 'gemma3' is unknown.*ARCHITECTURES in targets.py"):
        select(["model.layers.0.mlp.up_proj.weight"], "gemma3")


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown kinds \['query'\]: choose from " + ", ".join(KINDS)):
        select(parameters("llama"), "llama", kinds=("query",))


def test_an_empty_band_is_refused():
    with pytest.raises(ValueError, match="lies in the depth band"):
        select(parameters("llama"), "llama", layers=(0.3, 0.35))


def test_lora_wrapped_names_are_refused():
    names = [name.replace("q_proj.weight", "q_proj.base_layer.weight") for name in parameters("llama")]
    with pytest.raises(ValueError, match="no parameter 'model.layers.0.self_attn.q_proj.weight'"):
        select(names, "llama")


@pytest.mark.parametrize("model_type", sorted(ARCHITECTURES))
def test_gamma_is_what_the_models_norm_multiplies_by(model_type):
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(model_type, **SIZES))
    norm = model.get_decoder().layers[0].input_layernorm
    norm.weight.data.uniform_(0.5, 2)
    x = torch.randn(16)
    unscaled = x / x.square().mean().add(norm.variance_epsilon).sqrt()
    torch.testing.assert_close(norm(x), gamma(norm.weight, model_type) * unscaled)
