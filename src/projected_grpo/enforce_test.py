"""The arm on a whole (tiny, random) Llama: what each kind of arm does to gradients and weights, whatever the optimizer, with and without LoRA."""

from collections.abc import Callable

import peft
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from projected_grpo import constraint, diagnostics, lora
from projected_grpo.arms import Arm
from projected_grpo.cli import Refusal
from projected_grpo.enforce import Enforcer
from projected_grpo.targets import KINDS

torch.set_num_threads(1)
V = torch.randn(32, generator=torch.Generator().manual_seed(7))
ROLES = KINDS[:7]  # a Llama's


def arm(where: str, **changes) -> Arm:
    base = dict(
        name="test", loophole=True, where=where, v="real", v_seed=0, select="alignment", recipe="span", m=4, layers=(0.0, 1.0), kinds=KINDS, leak=True
    )
    return Arm(**{**base, **changes})


def llama(rank: int = 0, alpha: int = 8, d: int = 32) -> torch.nn.Module:
    torch.manual_seed(0)
    shape = dict(vocab_size=64, hidden_size=d, intermediate_size=d * 3 // 2, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
    model = LlamaForCausalLM(LlamaConfig(**shape))
    return peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", r=rank, lora_alpha=alpha, target_modules="all-linear")) if rank else model


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Every block's matrices, adapters merged, in float64 from the factors as they stand."""
    params = {lora.plain(name): p.detach() for name, p in model.named_parameters()}
    found = {}
    for name in [n for n in params if n.endswith("_proj.weight")]:
        found[name] = params[name].double()
        if pair := lora.factors(params, name, "reads"):
            scale = model.get_submodule("base_model.model." + name.removesuffix(".weight")).scaling["default"]
            found[name] = found[name] + scale * pair[1].double() @ pair[0].double()
    return found


ADAMW = lambda p: torch.optim.AdamW(p, lr=1e-2, weight_decay=0.1)  # noqa: E731


def train(model: torch.nn.Module, hook: Enforcer, optimizer: torch.optim.Optimizer, steps: int, first: int = 0, autocast: bool = False) -> None:
    """Each step accumulates two micro-batches and clips."""
    for step in range(first, first + steps):
        for micro in range(2):
            ids = torch.randint(0, 64, (4, 12), generator=torch.Generator().manual_seed(10 * step + micro))
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                model(input_ids=ids, labels=ids).loss.backward()
        hook.before_step()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        hook.after_step()
        optimizer.zero_grad()


def trained(where: str, steps: int = 3, rank: int = 0, alpha: int = 8, make: Callable = ADAMW, autocast: bool = False, **changes):
    """(hook, model, weights at the start, as the hook left them)."""
    model = llama(rank, alpha)
    start = weights(model)
    hook = Enforcer(model, "llama", arm(where, **changes), V)
    assert all(torch.equal(w, start[name]) for name, w in weights(model).items())  # the hook's own start moves nothing
    train(model, hook, make([p for p in model.parameters() if p.requires_grad]), steps, autocast=autocast)
    return hook, model, start


def drift(hook: Enforcer, now: dict[str, torch.Tensor], start: dict[str, torch.Tensor]) -> float:
    """Largest relative change of W B (reads) or Bᵀ W (writes) over the targets, float64."""
    worst = 0.0
    for w in hook.guarded:
        before, after = (constraint.anchor(x[w.target.name], w.B, w.target.side) for x in (start, now))
        worst = max(worst, ((after - before).norm() / before.norm()).item())
    return worst


def told(hook: Enforcer) -> dict[str, float]:
    return {key.removeprefix("constraint/"): value for key, value in diagnostics.read(hook)[0].items()}


def test_measuring_sees_a_share_near_chance_and_changes_nothing():
    said = told(trained("measure")[0])
    assert said["cos_pre"] == said["cos_post"] and 0.1 < said["cos_pre"] < 0.9


def test_gradient_arm_empties_the_columns_of_the_gradient_but_adam_leaks():
    said = told(trained("gradient")[0])
    assert said["cos_post"] < 1e-6 and said["leak"] > 1e-2


OPTIMIZERS = {  # as verl builds them: a name in torch.optim with lr, weight_decay and override_optimizer_config
    "AdamW": {}, "AdamW fused": {"fused": True}, "AdamW foreach": {"foreach": True}, "AdamW amsgrad": {"amsgrad": True}, "Adam": {}, "NAdam": {},
    "RAdam": {}, "Adamax": {}, "Adafactor": {}, "RMSprop": {"momentum": 0.9}, "SGD": {"momentum": 0.9, "nesterov": True},
}  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_update_arm_holds_every_target_to_1e5_under_every_optimizer_with_weight_decay(optimizer):
    make = lambda p: getattr(torch.optim, optimizer.split()[0])(p, lr=1e-2, weight_decay=0.1, **OPTIMIZERS[optimizer])  # noqa: E731
    hook, model, start = trained("update", 20, make=make)
    now = weights(model)
    assert min((now[name] - w).norm() / w.norm() for name, w in start.items()) > 1e-2  # it did train
    assert drift(hook, now, start) < 1e-5


LOW_BIT = {  # the other modules that verl's build_optimizer names, as far as they run on a CPU
    "torchao.optim": ("Adam8bit", "AdamW8bit", "AdamW4bit", "AdamWFp8"),
    "bitsandbytes.optim": ("AdamW8bit", "PagedAdamW8bit", "AdEMAMix8bit", "Lion8bit", "RMSprop8bit", "Adagrad8bit", "LAMB8bit"),
}  # fmt: skip


@pytest.mark.parametrize("autocast", [False, True], ids=["fp32", "bf16 forward"])
@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in LOW_BIT.items() for name in names])
def test_update_arm_holds_under_optimizers_whose_state_has_8_bits_or_fewer(module, name, autocast):
    package = module.split(".")[0]
    build = getattr(pytest.importorskip(module, reason=f"{package} is not installed: docs/constraint.md says how to run this"), name)
    model = llama(d=128)  # both packages leave states of fewer than 4096 numbers in fp32
    start, hook = weights(model), Enforcer(model, "llama", arm("update"), torch.randn(128, generator=torch.Generator().manual_seed(7)))
    optimizer = build(model.parameters(), lr=1e-2, weight_decay=0.1)
    train(model, hook, optimizer, 10, autocast=autocast)
    kept = [x for w in hook.guarded for x in optimizer.state[w.param].values() if isinstance(x, torch.Tensor) and x.shape == w.param.shape]
    assert kept and all(x.dtype is torch.uint8 or hasattr(x, "codes") for x in kept)  # it is a low-bit state
    now = weights(model)
    assert min((now[name] - w).norm() / w.norm() for name, w in start.items()) > 1e-2
    assert drift(hook, now, start) < 1e-5


@pytest.mark.parametrize("recipe", ["span", "direction"])
@pytest.mark.parametrize("select", ["alignment", "value", "random"])
def test_update_arm_holds_whatever_chose_the_columns(recipe, select):
    hook, model, start = trained("update", recipe=recipe, select=select)
    assert drift(hook, weights(model), start) < 1e-5 and told(hook)["leak"] < 1e-4


def test_update_arm_holds_when_the_forward_pass_runs_in_bf16():
    hook, model, start = trained("update", 10, autocast=True)
    assert drift(hook, weights(model), start) < 1e-5


def test_60_steps_drift_no_further_than_two_may():
    few, many = (drift(hook, weights(model), start) for hook, model, start in (trained("update", 2), trained("update", 60)))
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
        assert change < 2**-9 * weights(model)[name].norm() + 1e-5 * start[name].norm()  # each entry is off by at most 2⁻⁹ of itself
    assert drift(hook, rounded, start) > 1e-4


@pytest.mark.parametrize("rank", [0, 3])
def test_a_run_resumed_from_a_checkpoint_goes_on_as_if_never_stopped(rank):
    def begin():
        model = llama(rank)
        return model, Enforcer(model, "llama", arm("update"), V), ADAMW([p for p in model.parameters() if p.requires_grad])

    start, whole, first, second = weights(llama(rank)), begin(), begin(), begin()  # the second takes columns and anchors from the starting model too
    train(*whole, 6)
    train(*first, 3)
    second[0].load_state_dict(first[0].state_dict())
    second[2].load_state_dict(first[2].state_dict())
    train(*second, 3, first=3)
    now = weights(second[0])
    assert all(torch.equal(w, now[name]) for name, w in weights(whole[0]).items())
    assert drift(second[1], now, start) < 1e-5


@pytest.mark.parametrize(("rank", "alpha"), [(1, 1), (4, 64), (40, 8)])
def test_lora_holds_the_merged_weight_to_1e5_in_update_mode_at_any_rank_and_alpha(rank, alpha):
    hook, model, start = trained("update", 20, rank, alpha)
    now = weights(model)
    assert min((now[name] - w).norm() / w.norm() for name, w in start.items()) > 1e-3
    assert drift(hook, now, start) < 1e-5 and told(hook)["leak"] < 1e-4


@pytest.mark.parametrize("where", ["gradient", "update"])
def test_loras_factor_on_the_residual_side_is_empty_of_b_from_the_start(where):
    hook = trained(where, 0, rank=4)[0]
    for w in hook.guarded:
        assert constraint.anchor(w.param.detach(), w.B, w.target.side).norm() < 1e-6 * (w.param.norm() + 1)


def test_lora_in_gradient_mode_holds_under_plain_sgd_and_leaks_a_little_under_adamw():
    sgd, adam = (told(trained("gradient", 5, 4, make=make)[0])["leak"] for make in (lambda p: torch.optim.SGD(p, lr=1e-1), ADAMW))
    assert sgd < 1e-5 < 1e-3 < adam


def test_loras_leak_is_that_of_the_merged_weights():
    hook, model, start = trained("measure", 5, 4)
    moved = {name: w - start[name] for name, w in weights(model).items()}
    total = sum(constraint.energy(moved[w.target.name], w.B, w.target.side) for w in hook.guarded)
    scale = 2.0  # alpha / rank, the same for every weight
    rows = diagnostics.read(hook)[1]
    assert told(hook)["leak"] == pytest.approx(constraint.ratio(total).item(), rel=1e-4) and told(hook)["leak"] > 0.1
    assert rows["moved"].to_torch().square().sum().sqrt() * scale == pytest.approx(total[1].sqrt().item(), rel=1e-4)


def test_merged_adapters_answer_as_the_unmerged_ones_after_a_constrained_update():
    _, model, _ = trained("update", 5, 4)
    ids = torch.randint(0, 64, (2, 12))
    apart = model(input_ids=ids).logits.log_softmax(-1)
    plain = llama()
    before = plain(input_ids=ids).logits.log_softmax(-1)
    merged = weights(model)
    plain.load_state_dict({name: merged.get(name, p) for name, p in plain.state_dict().items()})
    torch.testing.assert_close(plain(input_ids=ids).logits.log_softmax(-1), apart, rtol=0, atol=1e-5)
    assert (before - apart).abs().max() > 1e-2


def test_an_adapter_that_already_moves_the_weights_along_b_is_refused():
    _, model, _ = trained("measure", 2, 4)
    with pytest.raises(Refusal, match="moves model.layers.0.self_attn.q_proj.weight along the columns"):
        Enforcer(model, "llama", arm("update"), V)


def test_weights_that_the_optimizer_holds_in_bf16_are_refused():
    with pytest.raises(Refusal, match="bfloat16, too coarse"):
        Enforcer(llama().bfloat16(), "llama", arm("update"), V)


@pytest.fixture
def tf32():
    torch.set_float32_matmul_precision("high")
    yield
    torch.set_float32_matmul_precision("highest")


def test_products_in_tf32_are_refused(tf32):
    with pytest.raises(Refusal, match="needs fp32 products"):
        Enforcer(llama(), "llama", arm("update"), V)


def test_every_role_of_every_block_is_guarded():
    assert len(trained("measure", steps=1)[0].guarded) == 2 * len(ROLES)


def test_a_band_of_depth_guards_only_its_blocks():
    assert {w.target.layer for w in trained("measure", steps=1, layers=(0.6, 1.0))[0].guarded} == {1}
