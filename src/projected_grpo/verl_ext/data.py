"""Problems -> the parquet that verl's dataset reads: chat messages, and what the reward function needs to find the problem again."""

import json
from pathlib import Path

import polars as pl
from loguru import logger
from transformers import PreTrainedTokenizerBase

from projected_grpo import problems
from projected_grpo.loopholes import TRAIN_NAME, messages


def write(
    path: Path,
    spec: dict,
    loophole: str,
    tokenizer: PreTrainedTokenizerBase,
    max_prompt_tokens: int,
) -> list[problems.Problem]:
    """Writes the training problems of `spec` (arguments of problems.load) under one loophole; returns those whose prompt fits."""
    found = problems.load(split="train", **spec)
    chats = [messages(problem, loophole, TRAIN_NAME) for problem in found]
    lengths = [
        len(ids)
        for ids in tokenizer.apply_chat_template(
            chats, add_generation_prompt=True, enable_thinking=False
        )["input_ids"]
    ]
    kept = [
        (p, chat)
        for p, chat, n in zip(found, chats, lengths, strict=True)
        if n <= max_prompt_tokens
    ]
    if len(kept) < len(found):
        logger.info(
            f"{len(found) - len(kept)} of {len(found)} training problems left out: prompt over {max_prompt_tokens} tokens"
        )
    rows = [
        {
            "data_source": problem.source,
            "prompt": chat,
            "reward_model": {"style": "rule", "ground_truth": problem.hash},
            "extra_info": {
                "index": index,
                "problem_id": problem.id,
                "loophole": loophole,
                "test_func_name": TRAIN_NAME,
                "problems": json.dumps(spec, sort_keys=True),
            },
        }
        for index, (problem, chat) in enumerate(kept)
    ]
    pl.DataFrame(rows).write_parquet(path)
    return [problem for problem, _ in kept]
