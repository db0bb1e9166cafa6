"""The gap between vLLM's probabilities and the trainer's is that of the tokens that both gave."""

import math

import pytest
import torch
from verl.workers.config import FSDPActorConfig, FSDPOptimizerConfig

from projected_grpo.verl_ext import loss


def test_the_gap_is_averaged_over_the_tokens_whose_log_probs_vllm_gave():
    actor = FSDPActorConfig(
        strategy="fsdp2",
        rollout_n=1,
        ppo_mini_batch_size=2,
        use_dynamic_bsz=True,
        optim=FSDPOptimizerConfig(lr=1e-3),
    )
    vllm = torch.tensor([[0.5, 0.5, 0.9], [math.nan] * 3]).log()
    ours = torch.tensor([[0.4, 0.25, 0.1], [0.3, 0.3, 0.3]]).log()
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    _, metrics = loss.on_policy(vllm, ours, torch.ones(2, 3), mask, config=actor)
    loss.divide(metrics)
    assert metrics[loss.PROBS] == pytest.approx((0.1 + 0.25) / 2)
    assert metrics[loss.KL] == pytest.approx((math.log(0.5 / 0.4) + math.log(0.5 / 0.25)) / 2)


@pytest.mark.parametrize(("gap", "top_p"), [(0.02, 1.0), (0.052, 0.95)])
def test_a_gap_of_rounding_and_of_nucleus_sampling_is_taken(gap, top_p):
    loss.check({loss.KL: gap}, top_p)


@pytest.mark.parametrize(("gap", "top_p"), [(0.12, 1.0), (0.545, 0.95), (math.nan, 1.0)])
def test_a_sampler_with_other_weights_than_the_trainers_ends_the_run(gap, top_p):
    with pytest.raises(AssertionError, match="samples from other weights"):
        loss.check({loss.KL: gap}, top_p)
