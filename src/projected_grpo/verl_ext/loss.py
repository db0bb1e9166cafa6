"""GRPO's loss with one update a step: the policy that is updated is the policy that sampled, so the ratio is 1 and needs no second forward pass."""

import torch
from verl.trainer.ppo.core_algos import compute_policy_loss_vanilla, register_policy_loss
from verl.utils.torch_functional import masked_mean


@register_policy_loss("on_policy")
def on_policy(old_log_prob, log_prob, advantages, response_mask, loss_agg_mode="token-mean", config=None, rollout_is_weights=None):
    """verl's clipped loss at ratio 1, all [b r]. old_log_prob is vLLM's own (algorithm.rollout_correction.bypass_mode) and only measured: how far the
    sampler's probabilities are from the trainer's. actor/entropy is the mean of -ln π over sampled tokens, at temperature 1 an unbiased estimate."""
    loss, metrics = compute_policy_loss_vanilla(
        log_prob.detach(), log_prob, advantages, response_mask, loss_agg_mode, config, rollout_is_weights
    )
    with torch.no_grad():
        gap = (log_prob.exp() - old_log_prob.exp()).abs()
        metrics |= {
            "actor/rollout_probs_diff_mean": masked_mean(gap, response_mask).item(),
            "actor/rollout_probs_diff_max": (gap * response_mask).max().item(),
            "actor/rollout_kl": masked_mean(old_log_prob - log_prob, response_mask).item(),
            "actor/entropy": -masked_mean(log_prob, response_mask).item(),
        }
    return loss, metrics
