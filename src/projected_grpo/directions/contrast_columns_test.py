"""Contrast columns from one pass over samples, and the command that writes them."""

import json

import polars as pl
import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.directions import contrast, contrast_command, fitted, gradients
from projected_grpo.directions.activations import Tokens
from projected_grpo.directions.files import Columns, read_columns, write_columns
from projected_grpo.testing.tiny_llama import llama
from projected_grpo.weights import targets

SAMPLES = [Tokens([1, 2, 3 + i], [5 + i, 6, 7, 8 + i]) for i in range(6)]
LABELS = torch.tensor([[1, 0, 1, 0, 1, 0], [0, 0, 1, 1, -1, -1]])


def streamed(model) -> tuple[list[targets.Target], list[contrast.Moments]]:
    chosen = targets.select(dict(model.named_parameters()), "llama", (0.5, 1.0))
    grads = gradients.of_samples(model, SAMPLES, [t.name for t in chosen])
    return chosen, contrast.moments(grads, chosen, LABELS)


def test_streamed_moments_are_the_class_means_of_every_samples_own_moment():
    model = llama()
    chosen, streams = streamed(model)
    everyone = list(gradients.of_samples(model, SAMPLES, [t.name for t in chosen]))
    for of_labels, row in zip(streams, LABELS, strict=True):
        for name, fellows in contrast.streams(chosen).items():
            hack, clean = of_labels[name]
            for side, C in ((1, hack), (0, clean)):
                own = []
                for g, label in zip(everyone, row, strict=True):
                    if label == side:
                        own += [gradients.moment(g[t.name], t.side) for t in fellows]
                torch.testing.assert_close(C, torch.stack(own).mean(0), rtol=0, atol=1e-6)


def test_a_mean_moment_has_trace_one_whatever_shares_its_side():
    for of_labels in streamed(llama())[1]:
        for hack, clean in of_labels.values():
            assert hack.trace().item() == pytest.approx(1, abs=1e-4)
            assert clean.trace().item() == pytest.approx(1, abs=1e-4)


def test_weights_behind_one_norm_share_their_columns_and_others_do_not():
    chosen, streams = streamed(llama())
    columns = contrast.fit(streams[0], chosen, 3, 1.0)
    B = {name.split(".")[-2]: b for name, b in columns.items()}
    assert torch.equal(B["q_proj"], B["k_proj"])
    assert torch.equal(B["q_proj"], B["v_proj"])
    assert torch.equal(B["gate_proj"], B["up_proj"])
    assert not torch.equal(B["q_proj"], B["gate_proj"])
    assert not torch.equal(B["o_proj"], B["down_proj"])


def written(folder, r: int = 6) -> None:
    chosen, streams = streamed(llama())
    columns = contrast.fit(streams[0], chosen, r, 1.0)
    write_columns(Columns(columns, {"d": 32}), folder)


def test_fewer_columns_are_the_first_of_more(tmp_path):
    written(tmp_path / "more")
    written(tmp_path / "fewer", 2)
    more = read_columns(tmp_path / "more", 32, 2).columns
    for name, B in read_columns(tmp_path / "fewer", 32, 2).columns.items():
        first = more[name][:, :2]
        torch.testing.assert_close(B @ B.T, first @ first.T, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("d", "m", "line"), [(31, 4, "32 wide"), (32, 7, "holds 6 contrast columns")]
)
def test_columns_of_another_model_or_too_few_are_refused(d, m, line, tmp_path):
    written(tmp_path)
    with pytest.raises(Refusal, match=line):
        read_columns(tmp_path, d, m)


def test_placebos_shuffle_within_prompts_and_halve_the_clean_samples():
    rows = pl.DataFrame({"prompt": ["a"] * 8 + ["b"] * 4, "hack": [True, False] * 6})
    labelings = contrast.labelings(rows, 1)
    names = ("real", "shuffled-s1", "clean_vs_clean-s1")
    hack, shuffled, halves = (labelings[name].label for name in names)
    assert shuffled[:8].sum() == hack[:8].sum() and shuffled[8:].sum() == hack[8:].sum()
    assert not torch.equal(shuffled, hack)
    assert (halves[hack == 1] == -1).all() and halves[hack == 0].sum() == 3


def test_the_command_writes_columns_manifest_and_placebos_of_a_real_model(tmp_path):
    from projected_grpo import models

    prompt = "<|im_start|>user\nwrite<|im_end|>\n<|im_start|>assistant\n"
    rollouts = {
        "prompt": [prompt] * 4,
        "response": ["def f(): pass", "return 1", "def g(): pass", "x = 2"],
        "problem_id": ["p"] * 4,
        "label": ["Reward hack", "Correct"] * 2,
        "strict": [True, False] * 2,
        "loose": [True, False] * 2,
        "kind": ["empty", "none"] * 2,
        "finish": ["stop"] * 4,
        "n_tokens": [4] * 4,
    }
    source = tmp_path / "rollouts.parquet"
    pl.DataFrame(rollouts).write_parquet(source)
    out = tmp_path / "out"
    options = ["r=3", "layers=0.97,1", "projections=o,down", "device=cpu"]
    folder = models.resolve("smollm2-135m").as_posix()
    contrast_command.main([folder, str(source), f"out={out}", *options])
    assert fitted.problem_ids(out) == {"p"}
    counts = {"hacks": 2, "clean": 2}
    for place, placebo, n in (
        (out, None, counts),
        (out / "shuffled-s1", "shuffled", counts),
        (out / "clean_vs_clean-s1", "clean_vs_clean", {"hacks": 1, "clean": 1}),
    ):
        columns = read_columns(place, 576, 3)
        assert len(columns.columns) == 2 and columns.manifest["placebo"] == placebo
        assert columns.manifest["counts"] == n
        assert json.loads((place / "contrast.json").read_text())["model_sha256"]
