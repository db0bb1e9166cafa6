"""Evaluation in the middle of a run, by the vLLM that is awake and has the step's weights."""

import asyncio
from collections.abc import Mapping
from uuid import uuid4

import polars as pl
from omegaconf import DictConfig
from transformers import PreTrainedTokenizerBase
from verl.workers.rollout.llm_server import LLMServerClient

from projected_grpo import console, runs
from projected_grpo.interventions.chain import Chain
from projected_grpo.rollouts import evaluation
from projected_grpo.rollouts.generate import Sample, Sampler, Sampling
from projected_grpo.verl_ext.agent_loop import seed_of

# name in the log -> column of the rollouts
RATES = {"blatant": "blatant", "strict": "strict", "loose": "loose", "correct": "gt_pass"}


def is_due(cfg: DictConfig, step: int) -> bool:
    """Whether the weights after the step are evaluated."""
    return bool(cfg.eval_every) and step % cfg.eval_every == 0


def evaluate(
    run: runs.Run,
    step: int,
    client: LLMServerClient,
    tokenizer: PreTrainedTokenizerBase,
    interventions: Chain,
) -> Mapping[str, float]:
    """Writes evals/<step>.parquet and returns its rates, as eval/<wording>/<rate>.

    Problems, wordings, names and sampling are the final evaluation's.
    """
    evaluated = evaluation.evaluate(
        run,
        chat=lambda chat: interventions.prompt(chat, evaluation=True),
        awake=(step, sampler(client, tokenizer, step)),
    )
    console.say(evaluation.table(evaluated))
    means = [pl.col(column).mean().alias(name) for name, column in RATES.items()]
    metrics = {}
    for row in evaluated.group_by("loophole").agg(means).to_dicts():
        wording = row.pop("loophole")
        metrics |= {f"eval/{wording}/{name}": rate for name, rate in row.items()}
    return metrics


def sampler(client: LLMServerClient, tokenizer: PreTrainedTokenizerBase, step: int) -> Sampler:
    """Each sample has a seed of its own, of the run's, the step, its prompt's place and number."""

    def sample(prompts: list[list[int]], sampling: Sampling) -> list[list[Sample]]:
        async def one(i: int, session: int) -> Sample:
            parameters = {
                "temperature": sampling.temperature,
                "top_p": sampling.top_p,
                "max_tokens": sampling.max_tokens,
                "seed": seed_of(sampling.seed, f"eval-{step}-{i}", session),
            }
            output = await client.generate(
                uuid4().hex, prompt_ids=prompts[i], sampling_params=parameters
            )
            ids = output.token_ids
            cut = len(ids) >= sampling.max_tokens and ids[-1] != tokenizer.eos_token_id
            text = tokenizer.decode(ids, skip_special_tokens=True)
            return Sample(text, len(ids), "length" if cut else "stop")

        async def all_of_them() -> list[Sample]:
            places = [(i, k) for i in range(len(prompts)) for k in range(sampling.n)]
            return await asyncio.gather(*(one(i, k) for i, k in places))

        flat = asyncio.run(all_of_them())
        return [flat[i : i + sampling.n] for i in range(0, len(flat), sampling.n)]

    return sample
