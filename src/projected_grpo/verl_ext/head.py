"""A group's work done once: its prompt passes the model one time for all its responses, only response positions pass the vocabulary head, and the
softmax is never held whole in fp32."""

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


def by_prompt(prompts: list[list[int]]) -> list[int]:
    """An order of the samples in which equal prompts stand next to each other, otherwise as they came."""
    seen: dict[tuple[int, ...], int] = {}
    group = [seen.setdefault(tuple(prompt), len(seen)) for prompt in prompts]
    return sorted(range(len(prompts)), key=group.__getitem__)


def share(prompts: list[list[int]], totals: Int[Tensor, "b"]) -> tuple[Int[Tensor, "u"], Int[Tensor, "t"]]:
    """(positions of the packed row that are kept when a prompt equal to the one before it is left out, where each position of the row then stands).

    A left-out position stands where its double does. attention.py reads from the positions that a response goes on after a prompt standing earlier."""
    first = [0] * len(prompts)
    for i in range(1, len(prompts)):
        first[i] = first[i - 1] if prompts[i] == prompts[i - 1] else i
    root = torch.tensor(first, device=totals.device)
    ends = totals.cumsum(0)
    position = torch.arange(int(ends[-1]), device=totals.device)
    sequence = torch.searchsorted(ends, position, right=True)
    within = position - (ends - totals)[sequence]
    lengths = torch.tensor([len(prompt) for prompt in prompts], device=totals.device)
    kept = (root[sequence] == sequence) | (within >= lengths[sequence])
    place = kept.cumsum(0) - 1
    return kept.nonzero()[:, 0], torch.where(kept, place, place[(ends - totals)[root[sequence]] + within])
