"""Given samples through verl's training pass: gradients of their log-probabilities."""

from collections.abc import Sequence
from functools import partial

import torch
from tensordict import TensorDict
from torch import Tensor
from verl.utils import tensordict_utils as tu
from verl.workers.utils.padding import response_from_nested

from projected_grpo.directions.activations import Tokens


def backward(engine, samples: Sequence[Tokens], coefficients: Sequence[float]) -> None:
    """Adds Σ c ∇ln p(response | prompt), at temperature 1, over all ranks' samples to gradients.

    One micro-batch a rank, through the engine's own pass.
    """
    data = batch(samples, coefficients, engine.model_config.use_remove_padding)
    # FSDP averages over ranks
    loss = partial(_loss, ranks=engine.get_data_parallel_size())
    engine.forward_backward_batch(data, loss)


def batch(samples: Sequence[Tokens], coefficients: Sequence[float], packed: bool) -> TensorDict:
    """As verl's trainer hands an update's samples to its engine."""
    prompts = [torch.tensor(sample.prompt) for sample in samples]
    responses = [torch.tensor(sample.response) for sample in samples]
    ids = [torch.cat(both) for both in zip(prompts, responses, strict=True)]
    ones = [torch.ones_like(response) for response in responses]
    fields = {
        "input_ids": _nested(ids),
        "position_ids": _nested([torch.arange(len(row)) for row in ids]),
        "prompts": _nested(prompts),
        "responses": _nested(responses),
        "response_mask": _nested(ones),
        "loss_mask": _nested(ones),
        # what sampled them is not asked
        "old_log_probs": _nested([torch.zeros(len(row)) for row in responses]),
        "coefficients": torch.tensor(coefficients),
    }
    data = TensorDict(fields, batch_size=len(samples))
    tu.assign_non_tensor(
        data,
        temperature=1.0,
        use_dynamic_bsz=False,
        micro_batch_size_per_gpu=len(samples),
        use_remove_padding=packed,
        global_batch_size=len(samples),
        calculate_entropy=False,
    )
    return data


def _nested(rows: list[Tensor]) -> Tensor:
    return torch.nested.as_nested_tensor(rows, layout=torch.jagged)


def _loss(model_output, data, dp_group, ranks: int) -> tuple[Tensor, dict]:
    """verl's signature of a loss; the gradient goes up."""
    per_token = response_from_nested(model_output["log_probs"], data["response_mask"])
    ln_p = torch.stack([row.sum() for row in per_token.unbind()])
    return ranks * (data["coefficients"] * ln_p).sum(), {}
