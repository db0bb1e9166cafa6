"""Problems -> the parquet that verl's dataset reads.

Chat messages, and what the reward function needs to find the problem again.
"""

import json
from pathlib import Path

import polars as pl
from loguru import logger
from transformers import PreTrainedTokenizerBase

from projected_grpo import problems
from projected_grpo.interventions.chain import Chain
from projected_grpo.loopholes import TRAIN_NAME, messages


def write(
    path: Path,
    spec: dict,
    loophole: str,
    tokenizer: PreTrainedTokenizerBase,
    max_prompt_tokens: int,
    interventions: Chain,
) -> list[problems.Problem]:
    """Writes the training problems under one wording; returns those whose prompt fits.

    spec: arguments of problems.load. interventions: what an arm does to a chat.
    """
    pool = problems.load(split="train", **spec)
    chats = []
    for problem in pool:
        chat = messages(problem, loophole, TRAIN_NAME)
        chats.append(interventions.prompt(chat, evaluation=False))
    tokens = tokenizer.apply_chat_template(chats, add_generation_prompt=True, enable_thinking=False)
    triples = zip(pool, chats, tokens["input_ids"], strict=True)
    fitting = [(p, chat) for p, chat, ids in triples if len(ids) <= max_prompt_tokens]
    if len(fitting) < len(pool):
        logger.info(
            f"{len(pool) - len(fitting)} of {len(pool)} training problems left out: "
            f"prompt over {max_prompt_tokens} tokens"
        )
    rows = []
    for index, (problem, chat) in enumerate(fitting):
        about = {
            "index": index,
            "problem_id": problem.id,
            "loophole": loophole,
            "test_func_name": TRAIN_NAME,
            "problems": json.dumps(spec, sort_keys=True),
        }
        rows.append(
            {
                "data_source": problem.source,
                "prompt": chat,
                "reward_model": {"style": "rule", "ground_truth": problem.judged_by},
                "extra_info": about,
            }
        )
    pl.DataFrame(rows).write_parquet(path)
    return [problem for problem, _ in fitting]
