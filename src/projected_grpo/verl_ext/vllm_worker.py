"""vLLM worker extensions: a witness that its weights moved, and the CPU backend's repair."""

import json
from pathlib import Path

import torch
from verl.workers.rollout.vllm_rollout.utils import vLLMColocateWorkerExtension
from vllm import SamplingParams
from vllm.utils.torch_utils import set_random_seed

from projected_grpo.verl_ext import rendezvous


class WitnessExtension(vLLMColocateWorkerExtension):
    """After every weight sync writes to sync.jsonl how far one of vLLM's own weights moved.

    A line is {"sync", "name", "moved", "norm"}: the distance from where the sync before had put it,
    null at the first. What vLLM held just before says nothing: a sleeping vLLM drops its weights.
    """

    def begin(self, folder: str, seed: int, syncs: int) -> None:
        """The run in that folder, with so many syncs behind it: its sync.jsonl, what is drawn."""
        self.lines = Path(folder) / "sync.jsonl"
        self.before, self.syncs = None, syncs
        set_random_seed(seed)

    def __new__(cls, **kwargs):
        # Else vLLM's V2 runner compiles a kernel for every feature that a sampler can have, 20 s
        # where nothing is cached.
        SamplingParams.for_sampler_warmup = lambda: SamplingParams(temperature=0.9, logprobs=0)
        return super().__new__(cls, **kwargs)

    def update_weights_from_ipc(self, *args, **kwargs):
        super().update_weights_from_ipc(*args, **kwargs)
        params = self.model_runner.model.named_parameters()
        name, weight = next((n, p) for n, p in params if "qkv_proj.weight" in n)
        # A copy: on the CPU in fp32 it would be the live weight itself.
        now = weight.detach().to("cpu", torch.float32, copy=True)
        moved = None if self.before is None else (now - self.before).norm().item()
        line = {"sync": self.syncs, "name": name, "moved": moved, "norm": now.norm().item()}
        with self.lines.open("a") as out:
            out.write(json.dumps(line) + "\n")
        self.before = now
        self.syncs += 1

    def _get_zmq_handle(self) -> str:
        return rendezvous.own(super()._get_zmq_handle())


class CPUWitnessExtension(WitnessExtension):
    """Keeps the live parameter of every linear and multiplies by it.

    vLLM's CPU backend prepacks every linear after loading and drops its weight, so that a sync has
    nothing to write into.
    """

    def __new__(cls, **kwargs):
        from vllm.model_executor.layers import utils

        utils.dispatch_cpu_unquantized_gemm = _keep_weight
        return super().__new__(cls, **kwargs)


def _keep_weight(layer, remove_weight):
    layer.cpu_linear = torch.nn.functional.linear
