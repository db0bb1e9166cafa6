"""Made-up rollouts for the update: prompts of 300 to 750 tokens, responses of up to 512."""

from functools import partial

import torch
import torch.distributed as dist
from tensordict import TensorDict


def rollouts(groups: list[int], n: int) -> TensorDict:
    """What verl's trainer hands to the engine, the same for a group whichever rank holds it."""
    jagged = partial(torch.nested.as_nested_tensor, layout=torch.jagged)
    prompts, responses, advantages = [], [], []
    for group in groups:
        draw = torch.Generator().manual_seed(group)
        length = int(torch.randint(300, 750, (1,), generator=draw))
        prompt = torch.randint(5, 400, (length,), generator=draw)
        for _ in range(n):
            length = torch.empty(1).log_normal_(5.5, 0.5, generator=draw).clamp(20, 512)
            response = torch.randint(5, 400, (int(length),), generator=draw)
            advantage = torch.randn(1, generator=draw)
            prompts.append(prompt)
            responses.append(response)
            advantages.append(advantage.expand(len(response)).clone())
    ones = [torch.ones(len(r), dtype=torch.int64) for r in responses]
    ids = [torch.cat(pair) for pair in zip(prompts, responses, strict=True)]
    columns = {
        "input_ids": ids,
        "position_ids": [torch.arange(len(i)) for i in ids],
        "prompts": prompts,
        "responses": responses,
        "response_mask": ones,
        "loss_mask": ones,
        "old_log_probs": [torch.zeros(len(r)) for r in responses],
        "advantages": advantages,
    }
    return TensorDict({name: jagged(x) for name, x in columns.items()}, batch_size=len(ids))


def dealt(groups: int, n: int) -> TensorDict:
    """This rank's part of `groups` groups of n samples, as the trainer deals them out."""
    from verl.utils.seqlen_balancing import get_seqlen_balanced_partitions

    lengths = []
    for group in range(groups):
        ids = rollouts([group], n)["input_ids"]
        lengths.append(ids.values().shape[0])
    parts = get_seqlen_balanced_partitions(lengths, dist.get_world_size(), equal_size=True)
    return rollouts(parts[dist.get_rank()], n)
