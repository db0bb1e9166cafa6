"""A step's samples in the project's rollouts columns; verl's own dump drops what was labelled."""

from typing import Any

import polars as pl
import transfer_queue as tq
from transfer_queue import KVBatchMeta
from transformers import PreTrainedTokenizerBase

FIELDS = ["prompts", "responses", "extra_fields", "metrics"]


def sampled(batch: KVBatchMeta) -> list[str]:
    """Keys of the batch's samples, without what fills it up for an even deal."""
    pairs = zip(batch.keys, batch.tags, strict=True)
    return [key for key, tag in pairs if not tag.get("is_padding", False)]


def uid(key: str) -> str:
    """What a key of verl's queue, <uid>_<session>_<index>, shares with the rest of its group."""
    return key.rsplit("_", 2)[0]


def in_order(keys: list[str]) -> list[int]:
    """Places of the keys <step>-<prompt>_<session>_<index>, by prompt, then session."""

    def numbers(i: int) -> list[int]:
        return [int(part) for part in keys[i].replace("-", "_").split("_")]

    return sorted(range(len(keys)), key=numbers)


def rows_of(
    batch: KVBatchMeta, tokenizer: PreTrainedTokenizerBase, longest: int, run: str, step: int
) -> tuple[list[dict[str, Any]], list[dict[str, float]]]:
    """(a row a sample, in the batch's order, with `score`; seconds that each sample took).

    longest: tokens of the longest response that may be sampled.
    """
    keys = sampled(batch)
    data = tq.kv_batch_get(keys=keys, partition_id=batch.partition_id, select_fields=FIELDS)
    prompts, responses = data["prompts"].unbind(), data["responses"].unbind()
    labels = [extra["reward_extra_info"] for extra in data["extra_fields"]]
    rows = []
    for key, prompt, response, label in zip(keys, prompts, responses, labels, strict=True):
        cut = len(response) >= longest and response[-1] != tokenizer.eos_token_id
        row = {
            "run": run,
            "step": step,
            "phase": "train",
            "uid": uid(key),
            "prompt": tokenizer.decode(prompt),
            "response": tokenizer.decode(response, skip_special_tokens=True),
            "n_tokens": len(response),
            "finish": "length" if cut else "stop",
        }
        rows.append(row | label)
    return rows, list(data["metrics"])


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows as a frame, in order, with whatever columns they have."""
    return pl.DataFrame(rows, infer_schema_length=None)
