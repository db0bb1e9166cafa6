"""Qwen3.5 (delta-net blocks, a vision tower beside the text model) through our engine: packed rows, the response-only head and the constraint."""

from pathlib import Path

import pytest
import torch

from projected_grpo.testing import engine_cases
from projected_grpo.verl_ext import delta_nets

TEXT = dict(
    hidden_size=64,
    intermediate_size=96,
    num_hidden_layers=4,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=64,
    vocab_size=engine_cases.WORDS,
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
    for name, p in model.named_parameters():
        if name.endswith("A_log"):
            p.data.fill_(
                -4
            )  # a state that lasts, so that one that leaked into the next sequence would be seen
    model.save_pretrained(folder)
    engine_cases.surround(folder)


def alone(folder: Path) -> dict[int, torch.Tensor]:
    """Log-probs of each response by transformers' own forward pass of that sequence and no other."""
    from transformers import AutoModelForImageTextToText

    model, data = (
        AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32),
        engine_cases.batch(),
    )
    rows = {}
    for i, (ids, response) in enumerate(
        zip(data["input_ids"].unbind(), data["responses"].unbind(), strict=True)
    ):
        with torch.no_grad():
            logp = model(input_ids=ids[None]).logits[0, :-1].log_softmax(-1)
        rows[i] = logp.gather(1, ids[1:, None])[-len(response) :, 0]
    return rows


def packed(folder: Path) -> None:
    engine, _ = engine_cases.made("fast", folder)
    torch.save(
        dict(enumerate(engine_cases.log_probs(engine, engine_cases.batch()))), folder / "packed.pt"
    )
    engine_cases.one_step("update", folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("hybrid")
    build(folder)
    engine_cases.spawned(packed, folder)
    return folder


def test_packed_sequences_through_delta_nets_answer_as_each_does_alone(folder):
    said, own = torch.load(folder / "packed.pt"), alone(folder)
    assert max((said[i] - own[i]).abs().max() for i in own) < 1e-4


def test_update_mode_holds_delta_net_and_attention_weights_on_their_anchors(folder):
    drifts, moves = zip(
        *engine_cases.anchored(folder, torch.load(folder / "update.pt"), weights=3 * 8 + 7),
        strict=True,
    )
    assert max(drifts) < 1e-5 < min(moves)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="fla's convolution runs on a GPU")
def test_the_convolution_of_a_row_and_its_gradients_are_those_of_every_sequence_alone():
    torch.manual_seed(0)
    d, lengths = 96, (1, 2, 300, 3, 129)
    block = torch.nn.Module()
    block.conv1d, block.activation = (
        torch.nn.Conv1d(d, d, 4, groups=d, padding=3, bias=False, device="cuda"),
        "silu",
    )
    x = torch.randn(1, d, sum(lengths), device="cuda")
    aim = torch.randn_like(x)

    def gradients(run) -> list[torch.Tensor]:
        row = x.clone().requires_grad_()
        y = run(row)
        return [y, *torch.autograd.grad((y * aim).sum(), (row, block.conv1d.weight))]

    bounds = torch.tensor((0, *lengths), device="cuda").cumsum(0)

    def alone(row):
        return torch.cat(
            [
                torch.nn.functional.silu(block.conv1d(s)[..., : s.shape[-1]])
                for s in row.split(lengths, -1)
            ],
            -1,
        )

    for found, own in zip(
        gradients(lambda row: delta_nets.convolve(block, row, bounds)),
        gradients(alone),
        strict=True,
    ):
        assert torch.allclose(found, own, atol=1e-4, rtol=1e-4)
