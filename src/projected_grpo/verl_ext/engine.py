"""verl's FSDP engine with an arm's mechanisms in its step. Registered so that verl takes it."""

import math
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from verl.utils.device import get_device_name
from verl.utils.metric import Metric
from verl.workers.config import FSDPEngineConfig
from verl.workers.engine.base import EngineRegistry
from verl.workers.engine.fsdp import transformer_impl

from projected_grpo.interventions import arms
from projected_grpo.interventions.base import Setup, Site
from projected_grpo.interventions.chain import Chain
from projected_grpo.verl_ext import (
    delta_nets,
    faults,
    loss,  # noqa: F401  registers the on-policy loss
    teacher,
)
from projected_grpo.verl_ext.response_head import ResponseHeadEngine


@dataclass
class ConstrainedFSDPEngineConfig(FSDPEngineConfig):
    """arm: what arms.parse takes, empty for none. v_hack: folder of a direction or columns.

    run_dir: the run's folder. start: what a checkpoint that is loaded is: "continued", this run's
    own or one that differs in nothing; "branch", where another run is left, or one of this run's
    since then. begin: the state that such a branch began at.
    response_head, share_prompts: see response_head.py.
    """

    arm: dict[str, Any] = field(default_factory=dict)
    v_hack: str | None = None
    run_dir: str | None = None
    start: Literal["model", "continued", "branch"] = "model"
    begin: str | None = None
    response_head: bool = True
    share_prompts: bool = True


class ConstrainedFSDPEngine(ResponseHeadEngine):
    interventions: Chain

    def _build_fsdp_module(self, module):
        if get_device_name() == "cpu":
            # the reference policy asks for pinned memory, which needs an accelerator
            transformer_impl.CPUOffloadPolicy = lambda pin_memory=False: None
        return super()._build_fsdp_module(module)

    def initialize(self):
        # verl seeds nothing here, and adapters would be the same under every seed
        torch.manual_seed(self.engine_config.seed)
        super().initialize()
        delta_nets.prepare(self.module)
        if self._is_lora:
            # now, while the adapters train: the reference pass, which comes first, has them off,
            # and FSDP2 would settle on no dtype for their gradients
            self.module._get_fsdp_state()._lazy_init()
        # the reference policy's config may be verl's own
        config = getattr(self.engine_config, "arm", None)
        self.interventions = arms.parse(dict(config)).interventions if config else Chain([])
        if not self._branched_at:
            self.interventions.attach(self.module, self._site())

    @property
    def _branched_at(self) -> Path | None:
        """The state that a branch began at, None for any other run."""
        begin = getattr(self.engine_config, "begin", None)
        is_branch = getattr(self.engine_config, "start", "model") == "branch"
        return Path(begin) / "actor" if is_branch else None

    def _site(self) -> Site:
        config = self.model_config.hf_config
        v_hack = getattr(self.engine_config, "v_hack", None)
        setup = Setup(
            model_type=config.model_type,
            d=config.get_text_config().hidden_size,
            v_hack=Path(v_hack) if v_hack else None,
        )
        run_dir = Path(getattr(self.engine_config, "run_dir", None) or ".")
        return Site(
            setup,
            run_dir,
            self.rank,
            step=lambda: self.lr_scheduler.last_epoch + 1,
            model=Path(self.model_config.local_tokenizer_path),
            backward=partial(teacher.backward, self),
        )

    @contextmanager
    def _gradient_sync_context(self, *, is_last_micro_batch):
        """verl's; where gathered weights fit they stay until the last micro-batch.

        Ranks then wait for each other once an update, not at every layer of every micro-batch.
        """
        reshard = is_last_micro_batch or self.engine_config.reshard_after_forward
        self.module.set_reshard_after_backward(reshard)
        with super()._gradient_sync_context(is_last_micro_batch=is_last_micro_batch):
            yield

    def scores(self, places):
        return self.interventions.score(self.module, places)

    def optimizer_step(self):
        self.interventions.before_step()
        grad_norm = super().optimizer_step()
        # verl leaves the step out, and the next ones are likely to be the same
        if not math.isfinite(grad_norm):
            step = self.lr_scheduler.last_epoch + 1
            raise faults.NotFinite(f"the gradient of step {step} has norm {float(grad_norm)}")
        self.interventions.after_step()
        return grad_norm

    def train_batch(self, data, loss_function):
        output = super().train_batch(data, loss_function)
        # on every rank: it may reduce
        metrics = self.interventions.measured()
        if self.is_mp_src_rank_with_outputs():
            for key, value in metrics.items():
                output["metrics"][key] = Metric("mean", value)
        return output

    def end_of_step(self, step: int, rows) -> None:
        self.interventions.end_of_step(step, rows)

    def save_checkpoint(self, local_path, *args, **kwargs):
        super().save_checkpoint(local_path, *args, **kwargs)
        torch.save(self.interventions.state(), self._state_file(local_path))

    def load_checkpoint(self, local_path, *args, **kwargs):
        """verl's. A branch draws on from its own seed.

        Its mechanisms are attached to the weights that it began with, whichever it goes on from.
        """
        if begin := self._branched_at:
            own = self.checkpoint_manager.get_rng_state()
            super().load_checkpoint(str(begin), *args, **kwargs)
            self.checkpoint_manager.load_rng_state(own)
            self.interventions.attach(self.module, self._site())
            if Path(local_path) == begin:
                return
        super().load_checkpoint(local_path, *args, **kwargs)
        self.interventions.load_state(torch.load(self._state_file(local_path)))

    def _state_file(self, local_path: str) -> Path:
        return Path(local_path) / f"interventions_rank_{self.rank}.pt"


for place in ({"device": "cpu"}, {"device": "cuda", "vendor": "nvidia"}):
    register = EngineRegistry.register(
        model_type="language_model", backend=["fsdp", "fsdp2"], **place
    )
    register(ConstrainedFSDPEngine)
