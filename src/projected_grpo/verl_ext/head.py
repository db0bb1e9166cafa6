"""Log-probabilities of response tokens only: prompt positions never pass the vocabulary head, and the softmax is never held whole in fp32."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

CHUNK = 2048  # rows of logits in fp32 at a time: 1.2 GB at a vocabulary of 152k


class _LogProbs(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits, labels):
        normalizer = torch.cat([torch.logsumexp(rows.float(), -1) for rows in logits.split(CHUNK)])
        ctx.save_for_backward(logits, labels, normalizer)
        return logits.gather(-1, labels[:, None])[:, 0].float() - normalizer

    @staticmethod
    def backward(ctx, grad):
        logits, labels, normalizer = ctx.saved_tensors
        out = torch.empty_like(logits)
        for rows, label, z, g, into in zip(*(x.split(CHUNK) for x in (logits, labels, normalizer, grad, out)), strict=True):
            p = torch.exp(rows.float() - z[:, None])
            p.mul_(-g[:, None]).scatter_add_(-1, label[:, None], g[:, None].float())
            into.copy_(p)
        return out, None


def log_probs(logits: Float[Tensor, "t v"], labels: Int[Tensor, "t"]) -> Float[Tensor, "t"]:
    """ln softmax(logits)[label] in fp32, computed and differentiated CHUNK rows at a time."""
    return _LogProbs.apply(logits, labels)


def entropy(logits: Float[Tensor, "t v"]) -> Float[Tensor, "t"]:
    """Entropy of every row in nats, without a gradient."""
    with torch.no_grad():
        return torch.cat([torch.distributions.Categorical(logits=rows.float()).entropy() for rows in logits.split(CHUNK)])


def predicting(prompts: Int[Tensor, "b"], totals: Int[Tensor, "b"]) -> Int[Tensor, "k"]:
    """Positions in the packed row whose next token belongs to a response. prompts, totals: tokens of each sequence; a prompt has at least one."""
    ends = totals.cumsum(0)
    position = torch.arange(int(ends[-1]), device=totals.device)
    sequence = torch.searchsorted(ends, position, right=True)
    within = position - (ends - totals)[sequence]
    return ((within >= prompts[sequence] - 1) & (within < totals[sequence] - 1)).nonzero()[:, 0]
