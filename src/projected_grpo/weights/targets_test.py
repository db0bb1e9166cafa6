"""Targets against real transformers models of each supported architecture, built small."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from projected_grpo.cli import Refusal
from projected_grpo.testing.tiny_llama import enforcer
from projected_grpo.weights.targets import ARCHITECTURES, PROJECTIONS, check, gamma, select

SIZES = dict(
    hidden_size=16,
    intermediate_size=40,
    num_hidden_layers=4,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=8,
    vocab_size=32,
    pad_token_id=0,
)
DELTA_NET = dict(
    linear_key_head_dim=4, linear_value_head_dim=4, linear_num_key_heads=2, linear_num_value_heads=2
)
KNOWN = sorted(ARCHITECTURES)


def config(model_type: str):
    sizes = SIZES | (DELTA_NET if model_type.startswith("qwen3_5") else {})
    found = (
        AutoConfig.for_model(model_type, text_config=sizes)
        if model_type == "qwen3_5"
        else AutoConfig.for_model(model_type, **sizes)
    )
    return found.get_text_config()


def parameters(model_type: str) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        return dict(AutoModelForCausalLM.from_config(config(model_type)).named_parameters())


@pytest.mark.parametrize("model_type", KNOWN)
def test_every_block_matrix_of_a_real_model_is_a_target_on_its_residual_side(model_type):
    named = parameters(model_type)
    found = select(named, model_type)
    assert {t.name for t in found} == {
        n for n, p in named.items() if p.ndim == 2 and ".layers." in n
    }
    for t in found:
        side = named[t.name].shape[1] if t.side == "reads" else named[t.name].shape[0]
        assert side == SIZES["hidden_size"]
        assert t.norm is not None or t.side == "writes"
        assert t.norm is None or named[t.norm].shape == (SIZES["hidden_size"],)


@pytest.mark.parametrize("model_type", KNOWN)
def test_a_direction_moves_a_weights_output_or_the_stream_exactly_through_its_folded_form(
    model_type,
):
    """Reads: with γ ⊙ v out of W, a push of the normed stream along v̂ changes nothing that W
    gives. Writes: with γ ⊙ v out of W, what the block adds to the stream has nothing along v.
    """
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config(model_type)).double()
    params = dict(model.named_parameters())
    for name, p in params.items():
        if "norm" in name:
            p.data.uniform_(0.2, 0.9)
    v = torch.nn.functional.normalize(torch.randn(16, dtype=torch.float64), dim=0)
    for t in (t for t in select(params, model_type) if t.layer in (0, 3)):
        γ = (
            gamma(params[t.norm], model_type).detach()
            if t.norm
            else torch.ones(16, dtype=torch.float64)
        )
        seen = torch.nn.functional.normalize(γ * v, dim=0)
        W = params[t.name].detach()
        W = (
            W - torch.outer(W @ seen, seen)
            if t.side == "reads"
            else W - torch.outer(seen, seen @ W)
        )
        norm = (
            model.get_submodule(t.norm.removesuffix(".weight")) if t.norm else torch.nn.Identity()
        )
        x = torch.randn(16 if t.side == "reads" else W.shape[1], dtype=torch.float64)
        if t.side == "reads":
            unscaled = x / x.square().mean().add(1e-6).sqrt()
            pushed = (
                norm(x) + γ * 0.7 * v
            ) @ W.T  # the norm's output when its normed input moves by 0.7 v
            torch.testing.assert_close(norm(x), γ * unscaled, rtol=0, atol=1e-5)
            torch.testing.assert_close(pushed, norm(x) @ W.T, rtol=0, atol=1e-9)
        else:
            assert (v @ norm(W @ x)).abs() < 1e-6


def test_qwen3_5_blocks_are_delta_nets_but_for_every_fourth():
    found = select(parameters("qwen3_5_text"), "qwen3_5_text")
    projections = [{t.projection for t in found if t.layer == layer} for layer in range(4)]
    assert (
        projections[0]
        == projections[1]
        == projections[2]
        == {"qkv", "z", "b", "a", "out", "gate", "up", "down"}
    )
    assert projections[3] == set(PROJECTIONS[:7])


def test_attention_and_mlp_weights_have_the_norm_that_feeds_them():
    norms = {t.projection: t.norm for t in select(parameters("qwen3"), "qwen3") if t.layer == 2}
    assert all(norms[kind] == "model.layers.2.input_layernorm.weight" for kind in "qkv")
    assert all(
        norms[kind] == "model.layers.2.post_attention_layernorm.weight" for kind in ("gate", "up")
    )


def test_gemmas_writing_weights_have_the_norm_behind_them():
    norms = {t.projection: t.norm for t in select(parameters("gemma2"), "gemma2") if t.layer == 1}
    assert (
        norms["o"] == "model.layers.1.post_attention_layernorm.weight"
        and norms["down"] == "model.layers.1.post_feedforward_layernorm.weight"
    )


def test_a_depth_band_and_kinds_narrow_the_selection():
    found = select(parameters("llama"), "llama", layers=(0.5, 0.75), projections=("o", "q"))
    assert [(t.layer, t.projection) for t in found] == [(2, "q"), (2, "o")]


def test_an_unknown_architecture_is_refused_by_name_with_what_to_add():
    with pytest.raises(
        Refusal,
        match="architecture 'mistral' is unknown.*ARCHITECTURES in weights/architectures.py",
    ):
        select({"model.layers.0.mlp.up_proj.weight": torch.zeros(1, 1)}, "mistral")


def test_a_matrix_without_a_role_is_refused_by_name_and_not_left_free():
    named = parameters("llama") | {"model.layers.1.self_attn.extra_proj.weight": torch.zeros(2, 16)}
    with pytest.raises(
        ValueError, match="'model.layers.1.self_attn.extra_proj.weight' has no role"
    ):
        select(named, "llama")


def test_an_unknown_projection_is_refused_with_the_known_ones():
    with pytest.raises(
        Refusal, match=r"unknown projections \['query'\]: choose from " + ", ".join(PROJECTIONS)
    ):
        select(parameters("llama"), "llama", projections=("query",))


@pytest.mark.parametrize(
    ("model_type", "layers", "projections", "line"),
    [
        ("mistral", (0.0, 1.0), PROJECTIONS, "architecture 'mistral' is unknown"),
        ("llama", (0.0, 1.0), ("query",), r"unknown projections \['query'\]"),
        ("llama", (0.0, 1.0), ("qkv", "out"), "llama has none of projections="),
        ("llama", (0.0, 1.0), (), "llama has none of projections="),
        ("llama", (0.9, 0.1), PROJECTIONS, "expected a band of depth"),
        ("llama", (0.0, 60.0), PROJECTIONS, "expected a band of depth"),
    ],
)
def test_what_selects_nothing_in_any_model_is_refused_before_there_is_one(
    model_type, layers, projections, line
):
    with pytest.raises(Refusal, match=line):
        check(model_type, layers, projections)


def test_an_empty_band_is_refused():
    with pytest.raises(ValueError, match="lies in the depth band"):
        select(parameters("llama"), "llama", layers=(0.3, 0.35))


def test_a_fused_weight_is_refused():
    named = {name.replace("q_proj", "qkv_proj"): p for name, p in parameters("llama").items()}
    with pytest.raises(ValueError, match="no parameter 'model.layers.0.self_attn.q_proj.weight'"):
        select(named, "llama")


@pytest.mark.parametrize("model_type", KNOWN)
def test_a_constrained_step_of_every_architecture_leaves_every_target_on_its_anchor(model_type):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config(model_type))
    hook = enforcer(model, "update", torch.randn(16), model_type, m=3)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    ids = torch.randint(1, 32, (2, 9))
    model(input_ids=ids, labels=ids).loss.backward()
    hook.before_step()
    optimizer.step()
    hook.after_step()
    for w, e in zip(hook.guarded, hook.energies["leak"], strict=True):
        assert e[1] > 0 and e[0] < 1e-8 * e[1], w.target.name
