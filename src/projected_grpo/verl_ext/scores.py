"""Numbers of every sample between verl's queue and the driver: the actor's scores, advantages."""

import polars as pl
import torch
import transfer_queue as tq
from jaxtyping import Float
from tensordict import TensorDict
from torch import Tensor
from transfer_queue import KVBatchMeta
from verl.workers.utils.padding import response_from_nested

from projected_grpo.verl_ext import rollout_rows
from projected_grpo.verl_ext.response_head import SCORED


def of_responses(trainer, batch: KVBatchMeta) -> pl.DataFrame:
    """A column for each score of the arm's mechanisms: its mean over each response, in order.

    One forward pass of the actor over the batch.
    """
    batch.extra_info.update(
        {
            "calculate_entropy": False,
            "compute_loss": False,
            "temperature": trainer.config.actor_rollout_ref.rollout.temperature,
            SCORED: True,
        }
    )
    trainer.actor_rollout_wg.compute_log_prob(batch)
    batch.extra_info[SCORED] = False
    names = trainer.interventions.scores
    keys = rollout_rows.sampled(batch)
    fields = [*names, "response_mask"]
    data = tq.kv_batch_get(keys=keys, partition_id=batch.partition_id, select_fields=fields)
    columns = {}
    for name in names:
        per_token = response_from_nested(data[name], data["response_mask"])
        columns[name] = [row.float().mean().item() for row in per_token.unbind()]
    return pl.DataFrame(columns)


def write_advantages(batch: KVBatchMeta, a: Float[Tensor, " n"]) -> None:
    """Puts a sample's number on every token of its response; a: of all samples, in order."""
    keys = rollout_rows.sampled(batch)
    fields = ["response_mask"]
    data = tq.kv_batch_get(keys=keys, partition_id=batch.partition_id, select_fields=fields)
    rows = [x * mask.float() for x, mask in zip(a, data["response_mask"].unbind(), strict=True)]
    nested = torch.nested.as_nested_tensor(rows, layout=torch.jagged)
    values = TensorDict({"advantages": nested, "returns": nested}, batch_size=len(keys))
    tq.kv_batch_put(keys=keys, partition_id=batch.partition_id, fields=values)
