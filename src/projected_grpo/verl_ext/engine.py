"""verl's FSDP engine with the constraint in its optimizer step. Registered so that it takes precedence over verl's own."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from loguru import logger
from tabulate import tabulate
from verl.utils import tensordict_utils as tu
from verl.utils.device import get_device_name
from verl.utils.metric import Metric
from verl.workers.config import FSDPEngineConfig
from verl.workers.engine.base import EngineRegistry
from verl.workers.engine.fsdp import transformer_impl
from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithLMHead

from projected_grpo.directions.files import read_columns, read_direction
from projected_grpo.fast import attention, head
from projected_grpo.interventions import arms, diagnostics
from projected_grpo.interventions.constrain import Enforcer
from projected_grpo.verl_ext import delta_nets, loss  # noqa: F401  registers the on-policy loss
from projected_grpo.weights import spectra  # noqa: F401  registers packed attention


@dataclass
class ConstrainedFSDPEngineConfig(FSDPEngineConfig):
    """arm: an arms.Arm as a dict; v_hack: folder of files.write_direction; run_dir: where basis.parquet goes.

    response_head: only positions that predict a response token pass the vocabulary head; false leaves verl's own path, bit for bit.
    share_prompts: a group's prompt passes the model once; needs response_head, packed attention and micro-batches of a fixed number of samples. A model with
    delta-net layers, whose state has no way back to a prompt, passes every prompt."""

    arm: dict[str, Any] = field(default_factory=dict)
    v_hack: str | None = None
    run_dir: str | None = None
    response_head: bool = True
    share_prompts: bool = True


class ConstrainedFSDPEngine(FSDPEngineWithLMHead):
    enforcer: Enforcer | None = None
    said: dict[str, Any]  # what _speak needs of the micro-batch

    def _build_fsdp_module(self, module):
        if (
            get_device_name() == "cpu"
        ):  # the reference policy asks for pinned memory, which needs an accelerator
            transformer_impl.CPUOffloadPolicy = lambda pin_memory=False: None
        return super()._build_fsdp_module(module)

    def initialize(self):
        super().initialize()
        delta_nets.prepare(self.module)
        if self._is_lora:  # now, while the adapters train: the reference pass, which comes first, has them off, and FSDP2 would settle on no dtype for their gradients
            self.module._get_fsdp_state()._lazy_init()
        if self.response_head:
            self.module.get_output_embeddings().forward = self._speak
        arm = (
            arms.parse(dict(getattr(self.engine_config, "arm", {})))
            if getattr(self.engine_config, "arm", None)
            else None
        )
        if arm is not None and arm.where != "off":
            self._constrain(arm)

    def _constrain(self, arm: arms.Arm) -> None:
        assert self.engine_config.strategy == "fsdp2", (
            "the constraint needs fsdp2: set actor_rollout_ref.actor.strategy=fsdp2"
        )
        config, folder = self.model_config.hf_config, arm.direction(Path(self.engine_config.v_hack))
        d = config.get_text_config().hidden_size
        v, columns = (
            (None, read_columns(folder, d, arm.m).columns)
            if arm.select == "contrast"
            else (read_direction(folder, d).v, None)
        )
        self.enforcer = Enforcer(self.module, config.model_type, arm, v, spectra.cached, columns)
        table = diagnostics.table(self.enforcer)
        if self.rank == 0:
            table.write_parquet(Path(self.engine_config.run_dir) / "basis.parquet")
            by_kind = (
                table.group_by("kind", "side", "d", "r", maintain_order=True)
                .mean()
                .drop("name", "layer", "norm")
            )
            logger.info(
                f"arm {arm.name}: {len(table)} weights\n{tabulate(by_kind.rows(), by_kind.columns, floatfmt='.3f')}"
            )
            if arm.constrains and (told := diagnostics.verdict(table, arm)):
                logger.warning(told)

    @property
    def response_head(self) -> bool:
        return getattr(
            self.engine_config, "response_head", False
        )  # the reference policy's config is verl's own

    @property
    def share_prompts(self) -> bool:
        return (
            self.response_head
            and self.engine_config.share_prompts
            and not attention.has_states(self.model_config.hf_config)
        )

    @contextmanager
    def _gradient_sync_context(self, *, is_last_micro_batch):
        """verl's, and where gathered weights fit they stay until the last micro-batch: ranks then wait for each other once an update, not at every layer of every one."""
        self.module.set_reshard_after_backward(
            is_last_micro_batch or self.engine_config.reshard_after_forward
        )
        with super()._gradient_sync_context(is_last_micro_batch=is_last_micro_batch):
            yield

    def forward_backward_batch(self, data, loss_function, forward_only=False):
        if (
            not forward_only and "old_log_probs" not in data
        ):  # on policy they are only measured, and vLLM's own serve: trainer.py
            data["old_log_probs"] = data["rollout_log_probs"]
        if self.share_prompts and not forward_only:
            data = tu.index_select_tensor_dict(data, head.by_prompt(_rows(data["prompts"])))
        return super().forward_backward_batch(data, loss_function, forward_only)

    def _speak(self, x: torch.Tensor) -> torch.Tensor:
        """In place of the vocabulary head, where FSDP holds its weight whole: log-probs (and entropies) of the response tokens stand in for logits [1 k 1 or 2]."""
        weight, kept, labels = (
            self.module.get_output_embeddings().weight,
            self.said["kept"],
            self.said["labels"],
        )
        x = x[0, kept] / self.said["temperature"].to(x.dtype)
        found = [head.log_probs(x, weight, labels)] + (
            [head.entropy(x, weight)] if self.said["entropy"] else []
        )
        return torch.stack(found, -1)[None]

    def prepare_model_inputs(self, micro_batch):
        inputs, args = super().prepare_model_inputs(micro_batch)
        if self.response_head:
            prompts, totals = (
                micro_batch[key].offsets().diff() for key in ("prompts", "input_ids")
            )
            args["kept"] = kept = head.predicting(prompts, totals)
            asked = tu.get_non_tensor_data(data=micro_batch, key="calculate_entropy", default=False)
            self.said = dict(
                kept=kept,
                labels=args["input_ids_rmpad_rolled"][kept],
                temperature=args["temperature_rmpad"][kept, None],
                entropy=asked,
            )
        if self.share_prompts:
            left, place = head.share(_rows(micro_batch["prompts"]), totals)
            inputs |= {key: inputs[key][:, left] for key in ("input_ids", "position_ids")}
            self.said["kept"] = place[kept]
        return inputs, args

    def prepare_model_outputs(self, output, output_args, micro_batch, logits_processor_func):
        if not self.response_head:
            return super().prepare_model_outputs(
                output, output_args, micro_batch, logits_processor_func
            )
        ids = micro_batch["input_ids"]
        whole = [
            x.new_zeros(ids.values().shape[0]).index_put((output_args["kept"],), x)
            for x in output.logits[0].unbind(-1)
        ]
        return {
            name: torch.nested.nested_tensor_from_jagged(x, ids.offsets())
            for name, x in zip(("log_probs", "entropy"), whole)
        }

    def optimizer_step(self):
        if self.enforcer is None:
            return super().optimizer_step()
        self.enforcer.before_step()
        grad_norm = super().optimizer_step()
        self.enforcer.after_step()
        return grad_norm

    def train_batch(self, data, loss_function):
        output = super().train_batch(data, loss_function)
        if self.enforcer is not None:
            metrics, rows = diagnostics.read(self.enforcer)  # on every rank: it reduces
            if self.rank == 0:
                file = (
                    Path(self.engine_config.run_dir)
                    / "constraint"
                    / f"{self.lr_scheduler.last_epoch + 1:05d}.parquet"
                )  # the optimizer's step, resumed or not
                file.parent.mkdir(exist_ok=True)
                rows.write_parquet(file)
            if self.is_mp_src_rank_with_outputs():
                output["metrics"].update(
                    {key: Metric("mean", value) for key, value in metrics.items()}
                )
        return output


def _rows(nested: torch.Tensor) -> list[list[int]]:
    """The rows of a jagged tensor of token ids as lists, in one transfer."""
    flat, ends = nested.values().tolist(), nested.offsets().tolist()
    return [flat[a:b] for a, b in zip(ends, ends[1:])]


for place in ({"device": "cpu"}, {"device": "cuda", "vendor": "nvidia"}):
    EngineRegistry.register(model_type="language_model", backend=["fsdp", "fsdp2"], **place)(
        ConstrainedFSDPEngine
    )
