"""Problems -> the table that verl's dataset reads.

Chat messages, and what the reward function needs to find the problem again.
"""

import json

import polars as pl
from loguru import logger
from transformers import PreTrainedTokenizerBase

from projected_grpo.cli import Refusal
from projected_grpo.interventions.chain import Chain
from projected_grpo.loopholes import TRAIN_NAME, messages
from projected_grpo.problems import Problem


def table(
    pool: list[Problem],
    spec: dict,
    loophole: str,
    tokenizer: PreTrainedTokenizerBase,
    max_prompt_tokens: int,
    interventions: Chain,
    batch: int,
) -> pl.DataFrame:
    """A row for each problem of the pool whose prompt fits, under one wording.

    spec: arguments of problems.load that find the pool. interventions: what an arm does to a chat.
    batch: prompts a step; Refusal where fewer are left.
    """
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
    if len(fitting) < batch:
        raise Refusal(
            f"{len(fitting)} training problems are fewer than a batch of {batch}: ask less of them "
            "(env.problems), allow longer prompts, or lower data.train_batch_size"
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
    return pl.DataFrame(rows)
