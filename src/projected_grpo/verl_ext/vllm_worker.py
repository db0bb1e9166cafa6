"""vLLM worker extensions: a witness inside vLLM that the weights it samples with really moved, and the CPU backend's repair."""

import json
import os
from pathlib import Path

import torch
from verl.workers.rollout.vllm_rollout.utils import vLLMColocateWorkerExtension

WITNESS = "PROJECTED_GRPO_RUN_DIR"  # run folder, handed down by the environment; sync.jsonl there gets one line a weight sync


class WitnessExtension(vLLMColocateWorkerExtension):
    """After every weight sync writes how far one of vLLM's own weights is from where it was: {"sync", "name", "moved", "norm"}."""

    def update_weights_from_ipc(self, *args, **kwargs):
        name, weight = next((n, p) for n, p in self.model_runner.model.named_parameters() if "qkv_proj.weight" in n)
        before = weight.detach().float().cpu()
        super().update_weights_from_ipc(*args, **kwargs)
        after = weight.detach().float().cpu()
        self.syncs = getattr(self, "syncs", -1) + 1
        line = {"sync": self.syncs, "name": name, "moved": (after - before).norm().item(), "norm": after.norm().item()}
        with (Path(os.environ[WITNESS]) / "sync.jsonl").open("a") as out:
            out.write(json.dumps(line) + "\n")


class CPUWitnessExtension(WitnessExtension):
    """vLLM's CPU backend prepacks every linear after loading and drops its weight, so that a sync has nothing to write into:
    keep the live parameter and multiply by it."""

    def __new__(cls, **kwargs):
        from vllm.model_executor.layers import utils

        utils.dispatch_cpu_unquantized_gemm = _keep_weight
        return super().__new__(cls, **kwargs)


def _keep_weight(layer, remove_weight):
    layer.cpu_linear = torch.nn.functional.linear
