"""A group's work done once.

Its prompt passes the model one time for all its responses, only response positions pass the
vocabulary head, and their logits are never held whole.
"""

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

# Rows of logits at a time: in fp32 1.2 GB at a vocabulary of 152k.
CHUNK = 2048


class _LogProbs(torch.autograd.Function):
    """Logits are made chunk by chunk, forward and again backward: memory does not grow with them.

    The gradient leaves the softmax in the logits' own dtype. p rounds well there but 1 - p does
    not, so the label's column comes from the log-prob, which is fp32. A sample's factor waits
    until the product with the weight has made its row short.
    """

    @staticmethod
    def forward(ctx, x, weight, labels):
        parts = []
        for rows, y in _chunks(x, labels):
            logp = torch.log_softmax(rows @ weight.T, -1, dtype=torch.float32)
            parts.append(logp.gather(-1, y[:, None])[:, 0])
        logps = torch.cat(parts)
        ctx.save_for_backward(x, weight, labels, logps)
        return logps

    @staticmethod
    def backward(ctx, g):
        x, weight, labels, logps = ctx.saved_tensors
        factors = g[:, None].to(x.dtype)
        dx = torch.empty_like(x)
        dW = torch.zeros_like(weight, dtype=torch.float32) if ctx.needs_input_grad[1] else None
        for rows, y, logp, factor, into in _chunks(x, labels, logps, factors, dx):
            p = torch.softmax(rows @ weight.T, -1)
            # p becomes p - onehot.
            p.scatter_(-1, y[:, None], torch.expm1(logp)[:, None].to(p.dtype))
            torch.mul(p @ weight, -factor, out=into)
            if dW is not None:
                dW -= p.T @ (factor * rows)
        return dx, None if dW is None else dW.to(weight.dtype), None


def _chunks(*tensors: Tensor):
    return zip(*(t.split(CHUNK) for t in tensors), strict=True)


def log_probs(
    x: Float[Tensor, "t d"], weight: Float[Tensor, "v d"], labels: Int[Tensor, " t"]
) -> Float[Tensor, " t"]:
    """ln softmax(W x)[label] in fp32, computed and differentiated CHUNK rows at a time."""
    return _LogProbs.apply(x, weight, labels)


@torch.no_grad()
def entropy(x: Float[Tensor, "t d"], weight: Float[Tensor, "v d"]) -> Float[Tensor, " t"]:
    """Entropy of every row's softmax in nats, without a gradient."""
    parts = []
    for (rows,) in _chunks(x):
        logits = (rows @ weight.T).float()
        parts.append(torch.distributions.Categorical(logits=logits).entropy())
    return torch.cat(parts)


def _positions(
    totals: Int[Tensor, " b"],
) -> tuple[Int[Tensor, " b"], Int[Tensor, " t"], Int[Tensor, " t"]]:
    """Where each sequence starts in the packed row; every position's sequence and place in it."""
    ends = totals.cumsum(0)
    position = torch.arange(int(ends[-1]), device=totals.device)
    sequence = torch.searchsorted(ends, position, right=True)
    starts = ends - totals
    return starts, sequence, position - starts[sequence]


def predicting(prompts: Int[Tensor, " b"], totals: Int[Tensor, " b"]) -> Int[Tensor, " k"]:
    """Positions in the packed row whose next token belongs to a response.

    prompts, totals: tokens of each sequence's prompt, which has at least one, and of all of it.
    """
    _, sequence, within = _positions(totals)
    predicts = (within >= prompts[sequence] - 1) & (within < totals[sequence] - 1)
    return rearrange(predicts.nonzero(), "k 1 -> k")


def by_prompt(prompts: list[list[int]]) -> list[int]:
    """An order of the samples in which equal prompts are neighbours, otherwise as they came."""
    seen: dict[tuple[int, ...], int] = {}
    group = [seen.setdefault(tuple(prompt), len(seen)) for prompt in prompts]
    return sorted(range(len(prompts)), key=group.__getitem__)


def share(
    prompts: list[list[int]], totals: Int[Tensor, " b"]
) -> tuple[Int[Tensor, " u"], Int[Tensor, " t"]]:
    """Leaves out of the packed row every prompt that equals the one before it.

    Returns the u positions that stay, and for each of the row's t positions the place among them
    where it then stands: a position that goes stands where its double does. attention.py reads
    from the positions that a response goes on after a prompt standing earlier.
    """
    first = [0] * len(prompts)
    for i in range(1, len(prompts)):
        first[i] = first[i - 1] if prompts[i] == prompts[i - 1] else i
    root = torch.tensor(first, device=totals.device)
    lengths = torch.tensor([len(prompt) for prompt in prompts], device=totals.device)
    starts, sequence, within = _positions(totals)
    stays = (root[sequence] == sequence) | (within >= lengths[sequence])
    place = stays.cumsum(0) - 1
    double = place[starts[root[sequence]] + within]
    return rearrange(stays.nonzero(), "u 1 -> u"), torch.where(stays, place, double)
