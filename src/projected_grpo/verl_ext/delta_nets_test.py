"""Qwen3.5 through our engine: packed rows, the response-only head and the constraint.

It has delta-net blocks, and a vision tower beside the text model.
"""

from pathlib import Path

import pytest
import torch

from projected_grpo.testing import engine_cases, tiny_engine
from projected_grpo.verl_ext import delta_nets

TEXT = dict(
    hidden_size=64,
    intermediate_size=96,
    num_hidden_layers=4,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=64,
    vocab_size=tiny_engine.WORDS,
    linear_num_key_heads=2,
    linear_num_value_heads=2,
    linear_key_head_dim=32,
    linear_value_head_dim=32,
    rope_parameters=dict(
        rope_type="default",
        rope_theta=1e7,
        partial_rotary_factor=0.25,
        mrope_section=[3, 3, 2],
        mrope_interleaved=True,
    ),
)
VISION = dict(hidden_size=32, intermediate_size=48, depth=2, num_heads=2, out_hidden_size=64)


def build(folder: Path) -> None:
    from transformers import Qwen3_5Config, Qwen3_5ForConditionalGeneration

    torch.manual_seed(0)
    config = Qwen3_5Config(
        text_config=TEXT | {"tie_word_embeddings": True},
        vision_config=VISION,
        tie_word_embeddings=True,
    )
    model = Qwen3_5ForConditionalGeneration(config)
    # A state that lasts: one that leaked into the next sequence would be seen.
    for name, p in model.named_parameters():
        if name.endswith("A_log"):
            p.data.fill_(-4)
    model.save_pretrained(folder)
    tiny_engine.surround(folder)


def alone(folder: Path) -> dict[int, torch.Tensor]:
    """Log-probs of each response by transformers' own forward pass of its sequence alone."""
    from transformers import AutoModelForImageTextToText

    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    data = engine_cases.batch()
    pairs = zip(data["input_ids"].unbind(), data["responses"].unbind(), strict=True)
    rows = {}
    for i, (ids, response) in enumerate(pairs):
        with torch.no_grad():
            logp = model(input_ids=ids[None]).logits[0, :-1].log_softmax(-1)
        rows[i] = logp.gather(1, ids[1:, None])[-len(response) :, 0]
    return rows


def packed(folder: Path) -> None:
    engine, _ = engine_cases.made("fast", folder)
    rows = engine_cases.log_probs(engine, engine_cases.batch())
    torch.save(dict(enumerate(rows)), folder / "packed.pt")
    engine_cases.one_step("update", folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("hybrid")
    build(folder)
    tiny_engine.spawned(packed, folder)
    return folder


def test_packed_sequences_through_delta_nets_answer_as_each_does_alone(folder):
    rows, own = torch.load(folder / "packed.pt"), alone(folder)
    assert max((rows[i] - own[i]).abs().max() for i in own) < 1e-4


def test_update_mode_holds_delta_net_and_attention_weights_on_their_anchors(folder):
    weights = torch.load(folder / "update.pt")
    pairs = engine_cases.anchored(folder, weights, weights=3 * 8 + 7)
    drifts, moves = zip(*pairs, strict=True)
    assert max(drifts) < 1e-5 < min(moves)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="fla's convolution runs on a GPU")
def test_the_convolution_of_a_row_and_its_gradients_are_those_of_every_sequence_alone():
    torch.manual_seed(0)
    d, lengths = 96, (1, 2, 300, 3, 129)
    block = torch.nn.Module()
    block.conv1d = torch.nn.Conv1d(d, d, 4, groups=d, padding=3, bias=False, device="cuda")
    block.activation = "silu"
    x = torch.randn(1, d, sum(lengths), device="cuda")
    aim = torch.randn_like(x)
    bounds = torch.tensor((0, *lengths), device="cuda").cumsum(0)

    def together(row):
        return delta_nets.convolve(block, row, bounds)

    def alone(row):
        parts = [block.conv1d(s)[..., : s.shape[-1]] for s in row.split(lengths, -1)]
        return torch.cat([torch.nn.functional.silu(part) for part in parts], -1)

    def gradients(run) -> list[torch.Tensor]:
        row = x.clone().requires_grad_()
        y = run(row)
        return [y, *torch.autograd.grad((y * aim).sum(), (row, block.conv1d.weight))]

    for one, other in zip(gradients(together), gradients(alone), strict=True):
        assert torch.allclose(one, other, atol=1e-4, rtol=1e-4)
