"""vLLM, offline: chat prompts in, rollouts out (not yet labelled).

A request is one prompt; n samples of it share a `uid`, the group that GRPO and the direction extraction centre by. The seed is the engine's (vLLM's CPU
backend has none per request): the same call on the same machine repeats itself, another set of requests draws anew.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from projected_grpo.fast import precision
from projected_grpo.loopholes.base import messages
from projected_grpo.problems.problem import Problem


@dataclass(frozen=True)
class Request:
    problem: Problem
    loophole: str
    test_func_name: str
    elicit: bool = False  # ask for the hack outright (loopholes.ELICIT_SYSTEM)


@dataclass(frozen=True)
class Sampling:
    n: int = 4
    temperature: float = 0.8
    top_p: float = 0.95
    max_tokens: int = 256  # of the response
    seed: int = 0


def generate(
    model: Path, requests: list[Request], sampling: Sampling, run: str, phase: str, step: int = 0
) -> pl.DataFrame:
    """One row a sample: run, step, phase, uid, problem_id, loophole, test_func_name, elicited, prompt, plain_prompt (not elicited), response,
    n_tokens, finish."""
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = (
        "0"  # one process: a crash is this process's, and nothing is left behind
    )
    from vllm import LLM, SamplingParams

    engine = LLM(
        str(model),
        max_model_len=4096,
        seed=sampling.seed,
        disable_log_stats=True,
        language_model_only=True,
        **_device_options(),
    )
    tokenizer = engine.get_tokenizer()

    def render(r: Request, elicit: bool) -> str:
        chat = messages(r.problem, r.loophole, r.test_func_name, elicit)
        return tokenizer.apply_chat_template(
            chat, add_generation_prompt=True, tokenize=False, enable_thinking=False
        )

    prompts = [render(r, r.elicit) for r in requests]
    params = SamplingParams(
        n=sampling.n,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
    )
    tokens = [
        {"prompt_token_ids": tokenizer(p, add_special_tokens=False).input_ids} for p in prompts
    ]
    outputs = engine.generate(tokens, params, use_tqdm=True)
    return pl.DataFrame(
        {
            "run": run,
            "step": step,
            "phase": phase,
            "uid": f"{request.problem.id}|{request.loophole}|{request.test_func_name}",
            "problem_id": request.problem.id,
            "loophole": request.loophole,
            "test_func_name": request.test_func_name,
            "elicited": request.elicit,
            "prompt": prompt,
            "plain_prompt": render(request, False),
            "response": sample.text,
            "n_tokens": len(sample.token_ids),
            "finish": sample.finish_reason,
        }
        for request, prompt, output in zip(requests, prompts, outputs, strict=True)
        for sample in output.outputs
    )


def _device_options() -> dict:
    import torch

    if torch.cuda.is_available():
        graphs = {
            "mode": 0,
            "cudagraph_mode": "FULL_DECODE_ONLY",
            "cudagraph_capture_sizes": [1, 8, 32, 64, 128, 256],
        }
        return {
            "dtype": "bfloat16",
            "gpu_memory_utilization": 0.6,
            "max_num_seqs": 256,
            "compilation_config": graphs,
        }
    dtype = precision.name(precision.compute_dtype("cpu"))
    return {
        "dtype": dtype,
        "kv_cache_memory_bytes": 1 << 30,
        "enforce_eager": True,
        "max_num_seqs": 64,
        "max_num_batched_tokens": 1024,
    }
