"""Residual streams of a real (random-weight) model, batch by batch."""

import json

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from projected_grpo.directions.activations import (
    Tokens,
    band,
    batches,
    response_means,
    stored,
)


def tiny_llama(d=16):
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=d,
        intermediate_size=32,
        num_hidden_layers=5,
        num_attention_heads=2,
        vocab_size=50,
    )
    return LlamaForCausalLM(config).eval()


SAMPLES = [
    Tokens([1, 2, 3], [4, 5]),
    Tokens([1, 2, 3, 9, 9, 9, 9], [6, 7, 8, 9, 10]),
    Tokens([7], [8]),
]


@pytest.mark.parametrize("batch_tokens", [1, 20, 1000])
def test_activations_are_the_mean_over_response_tokens_only_whatever_the_padding(batch_tokens):
    model = tiny_llama()
    means = response_means(model, SAMPLES, (1, 3), batch_tokens)
    for sample, mean in zip(SAMPLES, means, strict=True):
        ids = torch.tensor([[*sample.prompt, *sample.response]])
        # Alone, unpadded, transformers' own hidden states.
        with torch.inference_mode():
            states = model(ids, output_hidden_states=True).hidden_states
        expected = torch.stack([states[layer][0, len(sample.prompt) :].mean(0) for layer in (1, 3)])
        torch.testing.assert_close(mean, expected, rtol=1e-4, atol=1e-6)
    # Whole again.
    assert len(model.get_decoder().layers) == 5


def test_batches_hold_every_sample_once_within_the_token_limit():
    in_batches = list(batches(SAMPLES, 20))
    assert sorted(i for batch in in_batches for i in batch) == [0, 1, 2]
    for batch in in_batches:
        padded = len(batch) * max(len(SAMPLES[i]) for i in batch)
        assert len(batch) == 1 or padded <= 20


def test_the_band_is_60_to_75_percent_of_depth():
    assert band(30, (0.6, 0.75)) == (18, 19, 20, 21, 22)
    assert band(24, (0.6, 0.75)) == (14, 15, 16, 17, 18)
    assert band(2, (0.6, 0.75)) == (1,)


def test_weights_of_a_training_run_load_though_they_name_an_attention_of_training(tmp_path):
    model = tiny_llama()
    model.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"attn_implementation": "packed"}))
    loaded = stored(tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(loaded.parameters(), model.parameters()))
