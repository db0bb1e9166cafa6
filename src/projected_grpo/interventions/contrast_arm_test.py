"""Contrast columns from one pass over samples to an arm that enforces them."""

import json

import polars as pl
import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.directions import contrast, contrast_command, gradients
from projected_grpo.directions.activations import Tokens
from projected_grpo.directions.files import Columns, read_columns, write_columns
from projected_grpo.interventions import diagnostics
from projected_grpo.interventions.constrain import Enforcer
from projected_grpo.interventions.constrain_test import ADAMW, arm, drift, llama, train, weights
from projected_grpo.weights import constraint, targets
from projected_grpo.weights.basis import assert_orthonormal

SAMPLES = [Tokens([1, 2, 3 + i], [5 + i, 6, 7, 8 + i]) for i in range(6)]
LABELS = torch.tensor([[1, 0, 1, 0, 1, 0], [0, 0, 1, 1, -1, -1]])


def streamed(model) -> tuple[list[targets.Target], list[dict]]:
    chosen = targets.select(dict(model.named_parameters()), "llama", (0.5, 1.0))
    grads = gradients.of_samples(model, SAMPLES, [t.name for t in chosen])
    return chosen, contrast.moments(grads, chosen, LABELS)


def test_streamed_moments_are_the_class_means_of_every_samples_own_moment():
    model = llama()
    chosen, found = streamed(model)
    everyone = list(gradients.of_samples(model, SAMPLES, [t.name for t in chosen]))
    for of_labels, row in zip(found, LABELS, strict=True):
        for t in (t for t in chosen if t.kind in ("o", "down")):
            for side, C in zip((1, 0), of_labels[t.name], strict=True):
                own = torch.stack(
                    [
                        gradients.moment(g[t.name], t.side)
                        for g, label in zip(everyone, row, strict=True)
                        if label == side
                    ]
                )
                torch.testing.assert_close(C, own.mean(0), rtol=0, atol=1e-6)


def test_a_mean_moment_has_trace_one_whatever_shares_its_side():
    for of_labels in streamed(llama())[1]:
        assert all(
            C.trace().item() == pytest.approx(1, abs=1e-4)
            for pair in of_labels.values()
            for C in pair
        )


def test_weights_behind_one_norm_share_their_columns_and_others_do_not():
    chosen, found = streamed(llama())
    B = {name.split(".")[-2]: b for name, b in contrast.fit(found[0], chosen, 3, 1.0).items()}
    assert (
        torch.equal(B["q_proj"], B["k_proj"])
        and torch.equal(B["q_proj"], B["v_proj"])
        and torch.equal(B["gate_proj"], B["up_proj"])
    )
    assert not torch.equal(B["q_proj"], B["gate_proj"]) and not torch.equal(
        B["o_proj"], B["down_proj"]
    )


def made(tmp_path, r: int = 6):
    model = llama()
    chosen, found = streamed(model)
    for part, C in zip((tmp_path, tmp_path / "shuffled-s0"), found, strict=True):
        write_columns(Columns(contrast.fit(C, chosen, r, 1.0), {"d": 32}), part)
    return model


def test_fewer_columns_are_the_first_of_more(tmp_path):
    made(tmp_path / "more")
    made(tmp_path / "fewer", 2)
    more, fewer = (read_columns(tmp_path / name, 32, 2).columns for name in ("more", "fewer"))
    for name, B in fewer.items():
        first = more[name][:, :2]
        torch.testing.assert_close(B @ B.T, first @ first.T, rtol=0, atol=1e-4)


@pytest.mark.parametrize("v", ["real", "shuffled"])
def test_an_arm_with_contrast_columns_keeps_its_own_columns_out_of_the_movement(v, tmp_path):
    model = made(tmp_path)
    told = arm("update", select="contrast", v=v, m=4, layers=(0.5, 1.0))
    columns = read_columns(told.direction(tmp_path), 32, 4).columns
    start = weights(model)
    hook = Enforcer(model.requires_grad_(True), "llama", told, None, columns=columns)
    train(model, hook, ADAMW(model.parameters()), 5)
    assert drift(hook, weights(model), start) < 1e-5
    for w in hook.guarded:
        assert_orthonormal(w.B)
        assert torch.equal(w.B, columns[w.target.name][:, :4])
        assert (
            constraint.leak(w.param.detach(), start[w.target.name].float(), w.B, w.target.side)
            < 1e-4
        )


def test_the_table_of_a_contrast_arm_claims_no_cosine_and_no_verdict(tmp_path):
    model = made(tmp_path)
    told = arm("update", select="contrast", m=4, layers=(0.5, 1.0))
    table = diagnostics.table(
        Enforcer(model, "llama", told, None, columns=read_columns(tmp_path, 32, 4).columns)
    )
    assert (
        table["cos_alpha"].null_count() == len(table) == 7
        and diagnostics.verdict(table, told) is None
    )


@pytest.mark.parametrize(
    ("d", "m", "told"), [(31, 4, "32 wide"), (32, 7, "holds 6 contrast columns")]
)
def test_columns_of_another_model_or_too_few_are_refused(d, m, told, tmp_path):
    made(tmp_path)
    with pytest.raises(Refusal, match=told):
        read_columns(tmp_path, d, m)


def test_weights_without_columns_are_refused_by_name(tmp_path):
    model = made(tmp_path)
    with pytest.raises(
        Refusal, match="no contrast columns for model.layers.0.self_attn.q_proj.weight"
    ):
        Enforcer(
            model,
            "llama",
            arm("update", select="contrast"),
            None,
            columns=read_columns(tmp_path, 32, 4).columns,
        )


def test_controls_shuffle_within_prompts_and_halve_the_clean_samples():
    rows = pl.DataFrame({"prompt": ["a"] * 8 + ["b"] * 4, "hack": [True, False] * 6})
    found = contrast.labelings(rows, 1)
    hack, shuffled, halves = (
        found[name].label for name in ("real", "shuffled-s1", "clean_vs_clean-s1")
    )
    assert (
        shuffled[:8].sum() == hack[:8].sum()
        and shuffled[8:].sum() == hack[8:].sum()
        and not torch.equal(shuffled, hack)
    )
    assert (halves[hack == 1] == -1).all() and halves[hack == 0].sum() == 3


def test_the_command_writes_columns_manifest_and_controls_of_a_real_model(tmp_path):
    from projected_grpo import models

    text = {
        "prompt": ["<|im_start|>user\nwrite<|im_end|>\n<|im_start|>assistant\n"] * 4,
        "response": ["def f(): pass", "return 1", "def g(): pass", "x = 2"],
    }
    about = {
        "problem_id": ["p"] * 4,
        "label": ["Reward hack", "Correct"] * 2,
        "strict": [True, False] * 2,
        "loose": [True, False] * 2,
    }
    pl.DataFrame(
        text | about | {"kind": ["vacuous", "none"] * 2, "n_tokens": [4] * 4}
    ).write_parquet(tmp_path / "rollouts.parquet")
    asked = ["r=3", "layers=0.97,1", "projections=o,down", "device=cpu"]
    contrast_command.main(
        [
            models.resolve("smollm2-135m").as_posix(),
            str(tmp_path / "rollouts.parquet"),
            f"out={tmp_path / 'out'}",
            *asked,
        ]
    )
    for folder, control in (
        ("out", None),
        ("out/shuffled-s1", "shuffled"),
        ("out/clean_vs_clean-s1", "clean_vs_clean"),
    ):
        found = read_columns(tmp_path / folder, 576, 3)
        assert len(found.columns) == 2 and found.manifest["placebo"] == control
        assert found.manifest["counts"] == (
            {"hacks": 2, "clean": 2} if control != "clean_vs_clean" else {"hacks": 1, "clean": 1}
        )
        assert json.loads((tmp_path / folder / "contrast.json").read_text())["model_sha256"]
