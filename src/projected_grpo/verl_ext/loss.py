"""GRPO's loss with one update a step.

The policy that is updated is the policy that sampled, so the ratio is 1 and needs no second
forward pass.
"""

import math

import torch
from verl.trainer.ppo.core_algos import compute_policy_loss_vanilla, register_policy_loss
from verl.utils.torch_functional import masked_mean

PROBS, KL = "actor/rollout_probs_diff_mean", "actor/rollout_kl"
GAPS = (PROBS, KL)
TOKENS = "actor/rollout_tokens"


@register_policy_loss("on_policy")
def on_policy(
    old_log_prob,
    log_prob,
    advantages,
    response_mask,
    loss_agg_mode="token-mean",
    config=None,
    rollout_is_weights=None,
):
    """verl's clipped loss at ratio 1, all [b r].

    old_log_prob is vLLM's own (trainer.py), NaN where agent_loop.py did not want it. It is only
    measured: how far the sampler's probabilities are from the trainer's, as sums over tokens, which
    `divide` divides. actor/entropy is the mean of -ln π over sampled tokens, at temperature 1 an
    unbiased estimate.
    """
    loss, metrics = compute_policy_loss_vanilla(
        log_prob.detach(),
        log_prob,
        advantages,
        response_mask,
        loss_agg_mode,
        config,
        rollout_is_weights,
    )
    with torch.no_grad():
        both = response_mask.bool() & ~old_log_prob.isnan()
        ours, vllms = log_prob[both], old_log_prob[both]
        metrics |= {
            TOKENS: both.sum().item(),
            PROBS: (ours.exp() - vllms.exp()).abs().sum().item(),
            KL: (vllms - ours).sum().item(),
            "actor/entropy": -masked_mean(log_prob, response_mask).item(),
        }
    return loss, metrics


def divide(metrics: dict[str, float]) -> None:
    """Turns a step's sums into gaps a token, in place.

    verl has averaged the sums and the numbers of tokens alike, over micro-batches and ranks.
    """
    tokens = metrics.pop(TOKENS)
    for key in GAPS:
        metrics[key] /= tokens


def check(metrics: dict[str, float], top_p: float) -> None:
    """AssertionError where vLLM sampled from another policy than the one that is updated.

    Nucleus sampling alone puts KL(vLLM ‖ trainer) at -ln top_p at most; rounding at 1e-3 to 1e-2
    nats a token.
    """
    nucleus = -math.log(top_p)
    assert metrics[KL] < 0.1 + nucleus, (
        f"vLLM's log-probs are {metrics[KL]:.2f} nats a token above the trainer's "
        f"(top_p={top_p} accounts for {nucleus:.2f}): it samples from other weights or states "
        "than are trained. verl never samples what the tokenizer does not know: give the "
        "tokenizer as many tokens as the model has. Else try "
        "actor_rollout_ref.rollout.enforce_eager=true, and report it"
    )
