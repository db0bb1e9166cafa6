"""vLLM worker extensions: a witness inside vLLM that the weights it samples with really moved, and the CPU backend's repair."""

import json
import os
from pathlib import Path

import torch
from verl.workers.rollout.vllm_rollout.utils import vLLMColocateWorkerExtension
from vllm import SamplingParams

from projected_grpo.verl_ext import rendezvous


class WitnessExtension(vLLMColocateWorkerExtension):
    """After every weight sync writes to sync.jsonl how far one of vLLM's own weights is from where the sync before had left it:
    {"sync", "name", "moved", "norm"}, moved null at the first. What it held just before says nothing: a sleeping vLLM drops its weights."""

    held = None
    syncs = 0

    def __new__(cls, **kwargs):
        # else vLLM's V2 runner compiles a kernel for every feature that a sampler can have, 20 s where nothing is cached
        SamplingParams.for_sampler_warmup = lambda: SamplingParams(temperature=0.9, logprobs=0)
        return super().__new__(cls, **kwargs)

    def update_weights_from_ipc(self, *args, **kwargs):
        super().update_weights_from_ipc(*args, **kwargs)
        name, weight = next(
            (n, p) for n, p in self.model_runner.model.named_parameters() if "qkv_proj.weight" in n
        )
        now = weight.detach().to(
            "cpu", torch.float32, copy=True
        )  # on the CPU in fp32 it would be the live weight itself
        moved = None if self.held is None else (now - self.held).norm().item()
        with (Path(os.environ[rendezvous.RUN_DIR]) / "sync.jsonl").open("a") as out:
            out.write(
                json.dumps(
                    {"sync": self.syncs, "name": name, "moved": moved, "norm": now.norm().item()}
                )
                + "\n"
            )
        self.held, self.syncs = now, self.syncs + 1

    def _get_zmq_handle(self) -> str:
        return rendezvous.own(super()._get_zmq_handle())


class CPUWitnessExtension(WitnessExtension):
    """vLLM's CPU backend prepacks every linear after loading and drops its weight, so that a sync has nothing to write into:
    keep the live parameter and multiply by it."""

    def __new__(cls, **kwargs):
        from vllm.model_executor.layers import utils

        utils.dispatch_cpu_unquantized_gemm = _keep_weight
        return super().__new__(cls, **kwargs)


def _keep_weight(layer, remove_weight):
    layer.cpu_linear = torch.nn.functional.linear
