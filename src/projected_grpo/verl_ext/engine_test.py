"""Our engine against verl's own on one PPO step: the same bits when nothing is constrained, other weights when something is."""

import socket
from functools import partial
from pathlib import Path

import polars as pl
import pytest
import torch
import torch.multiprocessing as mp

from projected_grpo import directions

WORDS = 1000


def build(folder: Path) -> None:
    """A tiny random Llama in the hub's layout, and a Haar v beside it."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    shape = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2)
    LlamaForCausalLM(LlamaConfig(vocab_size=WORDS, tie_word_embeddings=True, **shape)).save_pretrained(folder)
    surround(folder)


def surround(folder: Path) -> None:
    """What verl and an arm need beside a model of width 64: a tokenizer of a thousand words and a Haar v."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = {f"w{i}": i for i in range(WORDS)}
    PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel(words, "w0")), eos_token="w1", pad_token="w2").save_pretrained(folder)
    directions.save(directions.VHack(torch.nn.functional.normalize(torch.randn(64), dim=0), 2, {"layer": 2}), folder / "v")


def batch():
    """Four sequences of uneven length as verl's trainer hands them to the engine; the first and the third answer one prompt."""
    from tensordict import TensorDict
    from verl.utils import tensordict_utils as tu

    generator = torch.Generator().manual_seed(1)
    lengths, prompt = (9, 14, 11, 7), 4
    jagged = partial(torch.nested.as_nested_tensor, layout=torch.jagged)
    ids = [torch.randint(5, 1000, (n,), generator=generator) for n in lengths]
    ids[2][:prompt] = ids[0][:prompt]
    responses = [n - prompt for n in lengths]
    data = TensorDict(
        {
            "input_ids": jagged(ids),
            "position_ids": jagged([torch.arange(n) for n in lengths]),
            "prompts": jagged([i[:prompt] for i in ids]),
            "responses": jagged([i[prompt:] for i in ids]),
            "response_mask": jagged([torch.ones(n, dtype=torch.int64) for n in responses]),
            "loss_mask": jagged([torch.ones(n, dtype=torch.int64) for n in responses]),
            "old_log_probs": jagged([-torch.rand(n, generator=generator) for n in responses]),
            "advantages": jagged([torch.full((n,), a) for n, a in zip(responses, (1.0, -1.0, 0.5, -0.5), strict=True)]),
        },
        batch_size=4,
    )
    tu.assign_non_tensor(
        data, temperature=1.0, use_dynamic_bsz=True, max_token_len_per_gpu=64, use_remove_padding=True, global_batch_size=4, calculate_entropy=False
    )
    return data


LORA = {"lora": "update", "lora-gradient": "gradient", "lora-measure": "measure"}  # kind -> where its arm acts
UPDATES = ("update", "twice", "resumed", *LORA)  # in fp32, on verl's own path


def made(kind: str, folder: Path):
    """(engine, actor's config) of a kind; see `one_step`."""
    from verl.trainer.config import CheckpointConfig
    from verl.workers.config import FSDPActorConfig, FSDPEngineConfig, FSDPOptimizerConfig, HFModelConfig, PolicyLossConfig
    from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithLMHead

    from projected_grpo.enforce_test import arm
    from projected_grpo.verl_ext.engine import ConstrainedFSDPEngine, ConstrainedFSDPEngineConfig

    fast, stock = kind == "fast", kind in ("stock", "recomputed")
    common = dict(strategy="fsdp2", use_torch_compile=False, seed=3)
    if kind in ("recomputed", "fast", *UPDATES):
        common["mixed_precision"] = {"param_dtype": "fp32", "reduce_dtype": "fp32", "buffer_dtype": "fp32"}
    where = LORA.get(kind, "update" if kind in UPDATES else kind)
    chosen = vars(arm(where)) if kind in ("measure", "gradient", *UPDATES) else {}
    (folder / kind).mkdir(exist_ok=True)
    ours = dict(arm=chosen, v_hack=str(folder / "v"), run_dir=str(folder / kind), response_head=fast)
    config = FSDPEngineConfig(**common) if stock else ConstrainedFSDPEngineConfig(**common, **ours)
    attention = {"attn_implementation": "packed" if fast else "sdpa"}
    adapter = dict(lora_rank=4, lora_alpha=64, lora={"merge": True}) if kind in LORA else {}
    model = HFModelConfig(path=str(folder), use_remove_padding=True, override_config=attention, enable_gradient_checkpointing=False, **adapter)
    engine = (FSDPEngineWithLMHead if stock else ConstrainedFSDPEngine)(
        model, config, FSDPOptimizerConfig(lr=1e-3, weight_decay=0.1, total_training_steps=10), CheckpointConfig()
    )
    engine.initialize()
    loss = PolicyLossConfig(loss_mode="on_policy" if fast else "vanilla")
    return engine, FSDPActorConfig(
        strategy="fsdp2", rollout_n=1, ppo_mini_batch_size=4, use_dynamic_bsz=True, optim=FSDPOptimizerConfig(lr=1e-3), policy_loss=loss
    )


def log_probs(engine, data) -> list[torch.Tensor]:
    """The engine's own, of every response's tokens."""
    from verl.utils import tensordict_utils as tu
    from verl.workers.utils.padding import no_padding_2_padding

    with engine.eval_mode(), torch.no_grad():
        padded = no_padding_2_padding(engine.infer_batch(data)["model_output"]["log_probs"], data)
    tu.assign_non_tensor(data, calculate_entropy=False)
    return [row[:n] for row, n in zip(padded, data["responses"].offsets().diff(), strict=True)]


def one_step(kind: str, folder: Path) -> None:
    """One optimizer step from the saved model; keeps all weights after it in <kind>.pt.

    stock: verl's engine and loss. recomputed: the same, in fp32 and with old log-probs from a second forward pass.
    fast: our engine with all its short cuts, in fp32. off, measure, gradient: our engine with the hook absent, watching or projecting, on verl's own path.
    update: restoring, in fp32; lora...: the same with adapters and three ways to act, two steps, and what vLLM is sent. twice: two steps; resumed: two, with a
    checkpoint and a new engine between them."""
    from verl.utils import tensordict_utils as tu
    from verl.workers.utils.losses import ppo_loss

    engine, actor = made(kind, folder)
    data = batch()
    if kind == "fast":
        tu.assign_non_tensor(data, use_dynamic_bsz=False, micro_batch_size_per_gpu=4)
    if kind == "recomputed":
        data["old_log_probs"] = torch.nested.as_nested_tensor(log_probs(engine, data), layout=torch.jagged)

    def update() -> None:
        with engine.train_mode():
            engine.train_batch(batch() if kind in UPDATES else data, partial(ppo_loss, actor))
            if kind in UPDATES:
                engine.lr_scheduler_step()

    update()
    if kind == "resumed":
        engine.save_checkpoint(str(folder / "ckpt"), global_step=1)
        engine, actor = made(kind, folder)
        engine.load_checkpoint(str(folder / "ckpt"))
    if kind != "update" and kind in UPDATES:
        update()
    torch.save({name: p.full_tensor().detach().clone() for name, p in engine.module.named_parameters()}, folder / f"{kind}.pt")
    if kind == "lora":
        torch.save({name: p.clone() for name, p in engine.get_per_tensor_param()[0]}, folder / "sent.pt")
        torch.save(dict(enumerate(log_probs(engine, batch()))), folder / "said.pt")


def steps(_rank: int, folder: Path, port: int) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=0, world_size=1)
    for kind in ("stock", "recomputed", "off", "measure", "gradient", "fast", *UPDATES):
        one_step(kind, folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("engines")
    build(folder)
    with pytest.MonkeyPatch.context() as patch, socket.socket() as free:
        for key, value in {"VERL_PLATFORM": "cpu", "VERL_USE_EXTERNAL_MODULES": "projected_grpo.verl_ext.platform_cpu", "TORCHDYNAMO_DISABLE": "1"}.items():
            patch.setenv(key, value)  # verl reads them when it is imported, which in the child comes first
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        mp.spawn(steps, (folder, port), nprocs=1)
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
    assert any(not torch.equal(w, weights["gradient"][name]) for name, w in weights["stock"].items())


def test_the_short_cuts_leave_verls_on_policy_update_as_it_is(weights):
    moved = apart(weights["recomputed"], weights["start"])
    assert apart(weights["fast"], weights["recomputed"]) < 1e-3 * moved < apart(weights["stock"], weights["recomputed"])


def anchored(folder: Path, now: dict[str, torch.Tensor], weights: int = 4 * 7) -> list[tuple[float, float]]:
    """For every target (relative change of its anchor, relative change of the weight), columns built anew from the starting model."""
    from transformers import AutoConfig
    from verl.utils.model import get_hf_auto_model_class

    from projected_grpo import constraint
    from projected_grpo.enforce import Enforcer
    from projected_grpo.enforce_test import arm

    config = AutoConfig.from_pretrained(folder)
    model = get_hf_auto_model_class(config).from_pretrained(folder, dtype=torch.float32)
    hook, found = Enforcer(model, config.model_type, arm("measure"), directions.load(folder / "v", 64).v), []
    for w in hook.guarded:
        W0, W = w.param.detach().double(), now[w.target.name].double()
        before, after = (constraint.anchor(x, w.B, w.target.side) for x in (W0, W))
        found.append((((after - before).norm() / before.norm()).item(), ((W - W0).norm() / W0.norm()).item()))
    assert len(found) == weights
    return found


@pytest.mark.parametrize("kind", ["update", "twice", "resumed"])
def test_verls_step_in_update_mode_leaves_every_target_on_its_anchor(kind, weights, folder):
    drifts, moves = zip(*anchored(folder, weights[kind]), strict=True)
    assert max(drifts) < 1e-5 < 1e-3 < min(moves)


def test_a_resumed_engine_takes_the_step_that_an_unstopped_one_takes(weights):
    assert all(torch.equal(w, weights["resumed"][name]) for name, w in weights["twice"].items())


def test_what_vllm_is_sent_of_a_constrained_adapter_stays_on_its_anchor_to_bf16_rounding(weights, folder):
    sent = {name: w for name, w in weights["sent"].items() if w.dtype is torch.bfloat16}
    drifts, moves = zip(*anchored(folder, sent), strict=True)
    assert 1e-5 < max(drifts) < 2**-7 < min(moves)


def test_what_vllm_is_sent_answers_as_the_trainers_adapters_do(weights, folder):
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    data, said = batch(), weights["said"]

    def of_responses() -> list[torch.Tensor]:
        rows = []
        for ids, response in zip(data["input_ids"].unbind(), data["responses"].unbind(), strict=True):
            logp = model(input_ids=ids[None]).logits[0, :-1].log_softmax(-1)
            rows.append(logp.gather(1, ids[1:, None])[-len(response) :, 0].detach())
        return rows

    before = of_responses()
    model.load_state_dict({name: w.float() for name, w in weights["sent"].items()}, strict=False)
    after = of_responses()
    off = max((x - said[i]).abs().max().item() for i, x in enumerate(after))
    moved = max((x - said[i]).abs().max().item() for i, x in enumerate(before))
    assert off < 0.02 < 0.2 < moved


def test_every_step_leaves_a_row_for_every_weight(folder):
    rows = pl.read_parquet(folder / "twice" / "constraint" / "00002.parquet")
    assert len(rows) == 4 * 7 and rows["leak"].max() < 1e-3 and 0 < rows["cos_pre"].min() and rows["chance"].unique().to_list() == [0.25]


def merged_leak(folder: Path, weights: dict, kind: str) -> float:
    """‖ΔW B‖ / ‖ΔW‖ over all targets of what the adapters of a kind add after two steps, ΔW = L_B L_A, columns built anew."""
    from transformers import AutoModelForCausalLM

    from projected_grpo import constraint, lora
    from projected_grpo.enforce import Enforcer
    from projected_grpo.enforce_test import arm

    found = {lora.plain(name): w for name, w in weights[kind].items()}
    hook = Enforcer(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), "llama", arm("measure"), directions.load(folder / "v", 64).v)
    total = torch.zeros(2, dtype=torch.float64)
    for w in hook.guarded:
        A, B = lora.factors(found, w.target.name, "reads")
        total += constraint.energy(B.double() @ A.double(), w.B, w.target.side)
    return constraint.ratio(total).item()


def test_verls_adapters_in_gradient_mode_send_no_gradient_into_the_columns_and_leak_only_what_adamw_puts_back(weights, folder):
    rows = {kind: pl.read_parquet(folder / kind / "constraint" / "00002.parquet") for kind in LORA}
    assert rows["lora-gradient"]["cos_post"].max() < 1e-5 < 1e-2 < rows["lora-gradient"]["cos_pre"].min()
    free, projected, held = (merged_leak(folder, weights, kind) for kind in ("lora-measure", "lora-gradient", "lora"))
    assert held < 1e-5 < projected < free / 2
