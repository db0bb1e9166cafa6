"""The arm on a whole (tiny, random) Llama: what each kind of arm does to gradients and weights, whatever the optimizer, with and without LoRA."""

from collections.abc import Callable

import peft
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from projected_grpo.cli import Refusal
from projected_grpo.interventions import diagnostics
from projected_grpo.interventions.arms import Arm
from projected_grpo.interventions.constrain import Enforcer
from projected_grpo.weights import constraint, lora
from projected_grpo.weights.targets import KINDS

torch.set_num_threads(1)
V = torch.randn(32, generator=torch.Generator().manual_seed(7))
ROLES = KINDS[:7]  # a Llama's


def arm(where: str, **changes) -> Arm:
    base = dict(
        name="test",
        loophole=True,
        where=where,
        v="real",
        v_seed=0,
        select="alignment",
        recipe="span",
        m=4,
        layers=(0.0, 1.0),
        kinds=KINDS,
        leak=True,
    )
    return Arm(**{**base, **changes})


def llama(rank: int = 0, alpha: int = 8, d: int = 32) -> torch.nn.Module:
    torch.manual_seed(0)
    shape = dict(
        vocab_size=64,
        hidden_size=d,
        intermediate_size=d * 3 // 2,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    model = LlamaForCausalLM(LlamaConfig(**shape))
    return (
        peft.get_peft_model(
            model,
            peft.LoraConfig(
                task_type="CAUSAL_LM", r=rank, lora_alpha=alpha, target_modules="all-linear"
            ),
        )
        if rank
        else model
    )


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Every block's matrices, adapters merged, in float64 from the factors as they stand."""
    params = {lora.plain(name): p.detach() for name, p in model.named_parameters()}
    found = {}
    for name in [n for n in params if n.endswith("_proj.weight")]:
        found[name] = params[name].double()
        if pair := lora.factors(params, name, "reads"):
            scale = model.get_submodule("base_model.model." + name.removesuffix(".weight")).scaling[
                "default"
            ]
            found[name] = found[name] + scale * pair[1].double() @ pair[0].double()
    return found


ADAMW = lambda p: torch.optim.AdamW(p, lr=1e-2, weight_decay=0.1)  # noqa: E731


def train(
    model: torch.nn.Module,
    hook: Enforcer,
    optimizer: torch.optim.Optimizer,
    steps: int,
    first: int = 0,
    autocast: bool = False,
) -> None:
    """Each step accumulates two micro-batches and clips."""
    for step in range(first, first + steps):
        for micro in range(2):
            ids = torch.randint(
                0, 64, (4, 12), generator=torch.Generator().manual_seed(10 * step + micro)
            )
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                model(input_ids=ids, labels=ids).loss.backward()
        hook.before_step()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        hook.after_step()
        optimizer.zero_grad()


def trained(
    where: str,
    steps: int = 3,
    rank: int = 0,
    alpha: int = 8,
    make: Callable = ADAMW,
    autocast: bool = False,
    **changes,
):
    """(hook, model, weights at the start, as the hook left them)."""
    model = llama(rank, alpha)
    start = weights(model)
    hook = Enforcer(model, "llama", arm(where, **changes), V)
    assert all(
        torch.equal(w, start[name]) for name, w in weights(model).items()
    )  # the hook's own start moves nothing
    train(
        model,
        hook,
        make([p for p in model.parameters() if p.requires_grad]),
        steps,
        autocast=autocast,
    )
    return hook, model, start


def drift(hook: Enforcer, now: dict[str, torch.Tensor], start: dict[str, torch.Tensor]) -> float:
    """Largest relative change of W B (reads) or Bᵀ W (writes) over the targets, float64."""
    worst = 0.0
    for w in hook.guarded:
        before, after = (
            constraint.anchor(x[w.target.name], w.B, w.target.side) for x in (start, now)
        )
        worst = max(worst, ((after - before).norm() / before.norm()).item())
    return worst


def told(hook: Enforcer) -> dict[str, float]:
    return {
        key.removeprefix("constraint/"): value for key, value in diagnostics.read(hook)[0].items()
    }


def test_measuring_sees_a_share_near_chance_and_changes_nothing():
    said = told(trained("measure")[0])
    assert said["cos_pre"] == said["cos_post"] and 0.1 < said["cos_pre"] < 0.9


def test_gradient_arm_empties_the_columns_of_the_gradient_but_adam_leaks():
    said = told(trained("gradient")[0])
    assert said["cos_post"] < 1e-6 and said["leak"] > 1e-2


@pytest.mark.parametrize("recipe", ["span", "direction"])
@pytest.mark.parametrize("select", ["alignment", "value", "random"])
def test_update_arm_holds_whatever_chose_the_columns(recipe, select):
    hook, model, start = trained("update", recipe=recipe, select=select)
    assert drift(hook, weights(model), start) < 1e-5 and told(hook)["leak"] < 1e-4


def test_60_steps_drift_no_further_than_two_may():
    few, many = (
        drift(hook, weights(model), start)
        for hook, model, start in (trained("update", 2), trained("update", 60))
    )
    assert many < 1e-5 and few < 1e-5


def test_a_projected_gradient_alone_drifts_so_the_invariant_can_fail():
    hook, model, start = trained("gradient", 20)
    assert drift(hook, weights(model), start) > 1e-3


def test_in_bf16_as_vllm_receives_it_the_anchor_holds_to_that_types_rounding_and_no_better():
    hook, model, start = trained("update", 20)
    rounded = {name: w.bfloat16().double() for name, w in weights(model).items()}
    for w in hook.guarded:
        name = w.target.name
        change = constraint.anchor(rounded[name] - start[name], w.B, w.target.side).norm()
        assert (
            change < 2**-9 * weights(model)[name].norm() + 1e-5 * start[name].norm()
        )  # each entry is off by at most 2⁻⁹ of itself
    assert drift(hook, rounded, start) > 1e-4


@pytest.mark.parametrize("rank", [0, 3])
def test_a_run_resumed_from_a_checkpoint_goes_on_as_if_never_stopped(rank):
    def begin():
        model = llama(rank)
        return (
            model,
            Enforcer(model, "llama", arm("update"), V),
            ADAMW([p for p in model.parameters() if p.requires_grad]),
        )

    start, whole, first, second = (
        weights(llama(rank)),
        begin(),
        begin(),
        begin(),
    )  # the second takes columns and anchors from the starting model too
    train(*whole, 6)
    train(*first, 3)
    second[0].load_state_dict(first[0].state_dict())
    second[2].load_state_dict(first[2].state_dict())
    train(*second, 3, first=3)
    now = weights(second[0])
    assert all(torch.equal(w, now[name]) for name, w in weights(whole[0]).items())
    assert drift(second[1], now, start) < 1e-5


def test_weights_that_the_optimizer_holds_in_bf16_are_refused():
    with pytest.raises(Refusal, match="bfloat16, too coarse"):
        Enforcer(llama().bfloat16(), "llama", arm("update"), V)


@pytest.fixture
def tf32(request):  # no generator: under the import hook pytest does not know it for one
    torch.set_float32_matmul_precision("high")
    request.addfinalizer(lambda: torch.set_float32_matmul_precision("highest"))


def test_products_in_tf32_are_refused(tf32):
    with pytest.raises(Refusal, match="needs fp32 products"):
        Enforcer(llama(), "llama", arm("update"), V)


def test_every_role_of_every_block_is_guarded():
    assert len(trained("measure", steps=1)[0].guarded) == 2 * len(ROLES)


def test_a_band_of_depth_guards_only_its_blocks():
    assert {w.target.layer for w in trained("measure", steps=1, layers=(0.6, 1.0))[0].guarded} == {
        1
    }
