"""Engines of every kind for tests, a batch for them, and a step of each."""

from functools import partial
from pathlib import Path

import torch

from projected_grpo.directions import files
from projected_grpo.testing.tiny_engine import arm, jagged, make_engine
from projected_grpo.verl_ext import faults


def batch():
    """Four sequences of uneven length, of which the first and the third answer one prompt."""
    generator = torch.Generator().manual_seed(1)
    lengths, prompt = (9, 14, 11, 7), 4
    ids = [torch.randint(5, 1000, (n,), generator=generator) for n in lengths]
    ids[2][:prompt] = ids[0][:prompt]
    prompts, responses = [i[:prompt] for i in ids], [i[prompt:] for i in ids]
    data = jagged(prompts, responses)
    values = zip(responses, (1.0, -1.0, 0.5, -0.5), strict=True)
    advantages = [torch.full((len(response),), a) for response, a in values]
    data["advantages"] = torch.nested.as_nested_tensor(advantages, layout=torch.jagged)
    return data


LORA = {
    "lora": "update",
    "lora-gradient": "gradient",
    "lora-measure": "measure",
}  # kind -> where its arm acts
FAST = {"fast": 4, "halves": 2}  # kind -> samples a micro-batch, of four
BRANCHES = ("branched", "branched twice", "branched resumed")
UPDATES = ("update", "twice", "resumed", *BRANCHES, *LORA)  # in fp32, on verl's own path


def made(kind: str, folder: Path, start: str = "model"):
    """(engine, actor's config) of a kind; see `one_step`, and the engine's config for `start`.

    A branch begins at the checkpoint of this kind's folder.
    """
    fast, stock = kind in FAST, kind in ("stock", "recomputed")
    where = LORA.get(kind, "update" if kind in UPDATES else kind)
    chosen = arm(where) if kind in ("measure", "gradient", *UPDATES) else {}
    return make_engine(
        folder,
        folder / kind,
        chosen,
        fast=fast,
        stock=stock,
        fp32=kind in ("recomputed", *FAST, *UPDATES),
        lora=kind in LORA,
        start=start,
        begin=str(folder / kind / "begin") if start == "branch" else None,
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

    stock: verl's engine and loss. recomputed: the same, in fp32 and with old log-probs from a
    second forward pass. fast: our engine with all its short cuts, in fp32; halves: in two
    micro-batches. off, measure, gradient: our engine with the hook absent, watching or projecting,
    on verl's own path. update: restoring, in fp32; lora...: the same with adapters and three ways
    to act, two steps, and what vLLM is sent. twice: two steps; resumed: two, with a checkpoint and
    a new engine between them; branched: likewise, but the new engine starts there, and takes one
    step more (twice), or one more with a new engine between them (resumed).
    """
    from verl.utils import tensordict_utils as tu
    from verl.workers.utils.losses import ppo_loss

    engine, actor = made(kind, folder)
    data = batch()
    if kind in FAST:
        tu.assign_non_tensor(data, use_dynamic_bsz=False, micro_batch_size_per_gpu=FAST[kind])
    if kind == "recomputed":
        data["old_log_probs"] = torch.nested.as_nested_tensor(
            log_probs(engine, data), layout=torch.jagged
        )

    def update() -> None:
        with engine.train_mode():
            engine.train_batch(batch() if kind in UPDATES else data, partial(ppo_loss, actor))
            if kind in UPDATES:
                engine.lr_scheduler_step()

    update()

    def anew(place: str) -> None:
        nonlocal engine, actor
        checkpoint = str(folder / kind / place / "actor")
        engine.save_checkpoint(checkpoint, global_step=1)
        engine, actor = made(kind, folder, "branch" if kind in BRANCHES else "continued")
        engine.load_checkpoint(checkpoint)

    if kind in ("resumed", *BRANCHES):
        anew("begin")
    if kind != "update" and kind in UPDATES:
        update()
    if kind == "branched resumed":
        anew("own")
    if kind in BRANCHES[1:]:
        update()
    torch.save(
        {name: p.full_tensor().detach().clone() for name, p in engine.module.named_parameters()},
        folder / f"{kind}.pt",
    )
    if kind == "lora":
        torch.save(
            {name: p.clone() for name, p in engine.get_per_tensor_param()[0]}, folder / "sent.pt"
        )
        torch.save(dict(enumerate(log_probs(engine, batch()))), folder / "said.pt")


def not_finite(folder: Path) -> None:
    """A step whose gradient has NaN in it; keeps what it raises in nan.txt."""
    from verl.workers.utils.losses import ppo_loss

    engine, actor = made("off", folder)
    with torch.no_grad():
        next(iter(engine.module.parameters())).mul_(float("nan"))
    try:
        with engine.train_mode():
            engine.train_batch(batch(), partial(ppo_loss, actor))
    except faults.NotFinite as error:
        (folder / "nan.txt").write_text(str(error))


def anchored(
    folder: Path,
    now: dict[str, torch.Tensor],
    weights: int = 4 * 7,
    before: dict[str, torch.Tensor] | None = None,
) -> list[tuple[float, float]]:
    """For every target (relative change of its anchor, relative change of the weight).

    Columns are built anew from the weights `before`, None for the starting model's.
    """
    from transformers import AutoConfig
    from verl.utils.model import get_hf_auto_model_class

    from projected_grpo.testing.tiny_llama import enforcer
    from projected_grpo.weights import constraint

    config = AutoConfig.from_pretrained(folder)
    model = get_hf_auto_model_class(config).from_pretrained(folder, dtype=torch.float32)
    model.load_state_dict(before or {}, strict=False)
    v = files.read_direction(folder / "v", 64).v
    hook = enforcer(model, "measure", v, config.model_type)
    changes = []
    for w in hook.guarded:
        W0, W = w.param.detach().double(), now[w.target.name].double()
        anchor = constraint.anchor(W0, w.B, w.target.side)
        after = constraint.anchor(W, w.B, w.target.side)
        drift = (after - anchor).norm() / anchor.norm()
        changes.append((drift.item(), ((W - W0).norm() / W0.norm()).item()))
    assert len(changes) == weights
    return changes
