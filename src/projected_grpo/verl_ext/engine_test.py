"""Our engine against verl's own on one PPO step.

The same bits when nothing is constrained, other weights when something is.
"""

from pathlib import Path

import polars as pl
import pytest
import torch

from projected_grpo.directions import files
from projected_grpo.testing.engine_cases import (
    FAST,
    LORA,
    UPDATES,
    anchored,
    batch,
    not_finite,
    one_step,
)
from projected_grpo.testing.tiny_engine import build, spawned


def steps(folder: Path) -> None:
    for kind in ("stock", "recomputed", "off", "measure", "gradient", *FAST, *UPDATES):
        one_step(kind, folder)
    not_finite(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("engines")
    build(folder)
    spawned(steps, folder)
    return folder


@pytest.fixture(scope="module")
def weights(folder) -> dict[str, dict[str, torch.Tensor]]:
    return {file.stem: torch.load(file) for file in folder.glob("*.pt")} | {"start": start(folder)}


def start(folder: Path) -> dict[str, torch.Tensor]:
    from transformers import AutoModelForCausalLM

    return dict(AutoModelForCausalLM.from_pretrained(folder).named_parameters())


def apart(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
    """Norm of the difference over all weights."""
    return torch.stack([(a[name] - b[name]).norm() for name in a]).norm().item()


@pytest.mark.parametrize("kind", ["off", "measure"])
def test_without_a_constraint_one_step_is_bit_identical_to_verls_own(weights, kind):
    assert all(torch.equal(w, weights[kind][name]) for name, w in weights["stock"].items())


def test_a_projected_gradient_gives_another_step(weights):
    assert any(
        not torch.equal(w, weights["gradient"][name]) for name, w in weights["stock"].items()
    )


@pytest.mark.parametrize("kind", FAST)
def test_the_short_cuts_leave_verls_on_policy_update_as_it_is(kind, weights):
    moved = apart(weights["recomputed"], weights["start"])
    assert (
        apart(weights[kind], weights["recomputed"])
        < 1e-3 * moved
        < apart(weights["stock"], weights["recomputed"])
    )


@pytest.mark.parametrize("kind", ["update", "twice", "resumed"])
def test_verls_step_in_update_mode_leaves_every_target_on_its_anchor(kind, weights, folder):
    drifts, moves = zip(*anchored(folder, weights[kind]), strict=True)
    assert max(drifts) < 1e-5 < 1e-3 < min(moves)


def test_a_resumed_engine_takes_the_step_that_an_unstopped_one_takes(weights):
    assert all(torch.equal(w, weights["resumed"][name]) for name, w in weights["twice"].items())


def test_a_branch_is_anchored_at_the_weights_that_it_starts_from(weights, folder):
    drifts, moves = zip(
        *anchored(folder, weights["branched"], before=weights["update"]), strict=True
    )
    assert max(drifts) < 1e-5 < 1e-3 < min(moves)
    since_the_start, _ = zip(*anchored(folder, weights["branched"]), strict=True)
    assert max(since_the_start) > 1e-5


def test_a_gradient_that_is_not_finite_ends_the_run_and_names_its_step(folder):
    assert (folder / "nan.txt").read_text() == "the gradient of step 1 has norm nan"


def test_a_branch_that_was_stopped_takes_the_step_that_an_unstopped_one_takes(weights):
    resumed = weights["branched resumed"]
    assert all(torch.equal(w, resumed[name]) for name, w in weights["branched twice"].items())


def test_what_vllm_is_sent_of_a_constrained_adapter_stays_on_its_anchor_to_bf16_rounding(
    weights, folder
):
    sent = {name: w for name, w in weights["sent"].items() if w.dtype is torch.bfloat16}
    drifts, moves = zip(*anchored(folder, sent), strict=True)
    assert 1e-5 < max(drifts) < 2**-7 < min(moves)


def test_what_vllm_is_sent_answers_as_the_trainers_adapters_do(weights, folder):
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    data, answers = batch(), weights["said"]

    def of_responses() -> list[torch.Tensor]:
        rows = []
        for ids, response in zip(
            data["input_ids"].unbind(), data["responses"].unbind(), strict=True
        ):
            logp = model(input_ids=ids[None]).logits[0, :-1].log_softmax(-1)
            rows.append(logp.gather(1, ids[1:, None])[-len(response) :, 0].detach())
        return rows

    before = of_responses()
    model.load_state_dict({name: w.float() for name, w in weights["sent"].items()}, strict=False)
    after = of_responses()
    off = max((x - answers[i]).abs().max().item() for i, x in enumerate(after))
    moved = max((x - answers[i]).abs().max().item() for i, x in enumerate(before))
    assert off < 0.02 < 0.2 < moved


def test_every_step_leaves_a_row_for_every_weight(folder):
    rows = pl.read_parquet(folder / "twice" / "constraint" / "00002.parquet")
    assert (
        len(rows) == 4 * 7
        and rows["leak"].max() < 1e-3
        and 0 < rows["cos_pre"].min()
        and rows["chance"].unique().to_list() == [0.25]
    )


def merged_leak(folder: Path, weights: dict, kind: str) -> float:
    """‖ΔW B‖ / ‖ΔW‖ over all targets of what the adapters of a kind add after two steps.

    ΔW = L_B L_A; columns are built anew.
    """
    from transformers import AutoModelForCausalLM

    from projected_grpo.testing.tiny_llama import enforcer
    from projected_grpo.weights import constraint, lora

    params = {lora.base_name(name): w for name, w in weights[kind].items()}
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    hook = enforcer(model, "measure", files.read_direction(folder / "v", 64).v)
    total = torch.zeros(2, dtype=torch.float64)
    for w in hook.guarded:
        A, B = lora.factors(params, w.target.name, "reads")
        total += constraint.energy(B.double() @ A.double(), w.B, w.target.side)
    return constraint.ratio(total).item()


def test_adapters_in_gradient_mode_get_no_gradient_in_the_columns_and_leak_what_adamw_puts_back(
    weights, folder
):
    rows = {kind: pl.read_parquet(folder / kind / "constraint" / "00002.parquet") for kind in LORA}
    assert (
        rows["lora-gradient"]["cos_post"].max()
        < 1e-5
        < 1e-2
        < rows["lora-gradient"]["cos_pre"].min()
    )
    free, projected, held = (
        merged_leak(folder, weights, kind) for kind in ("lora-measure", "lora-gradient", "lora")
    )
    assert held < 1e-5 < projected < free / 2
