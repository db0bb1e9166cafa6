"""A group's work done once: its prompt passes the model one time for all its responses, only response positions pass the vocabulary head, and their
logits are never held whole."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

CHUNK = 2048  # rows of logits at a time: in fp32 1.2 GB at a vocabulary of 152k


class _LogProbs(torch.autograd.Function):
    """Logits are made chunk by chunk, forward and again backward, so that memory does not grow with the responses; and the gradient leaves the softmax in
    the logits' own dtype: p rounds well there but 1 - p does not, so the label's column comes from the log-prob, which is fp32. A sample's factor waits
    until the product with the weight has made its row short."""

    @staticmethod
    def forward(ctx, x, weight, labels):
        found = torch.cat(
            [
                torch.log_softmax(rows @ weight.T, -1, dtype=torch.float32).gather(-1, y[:, None])[
                    :, 0
                ]
                for rows, y in _chunks(x, labels)
            ]
        )
        ctx.save_for_backward(x, weight, labels, found)
        return found

    @staticmethod
    def backward(ctx, g):
        x, weight, labels, found = ctx.saved_tensors
        dx = torch.empty_like(x)
        dW = torch.zeros_like(weight, dtype=torch.float32) if ctx.needs_input_grad[1] else None
        for rows, y, logp, factor, into in _chunks(x, labels, found, g[:, None].to(x.dtype), dx):
            p = torch.softmax(rows @ weight.T, -1)
            p.scatter_(-1, y[:, None], torch.expm1(logp)[:, None].to(p.dtype))  # now p - onehot
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
    return torch.cat(
        [
            torch.distributions.Categorical(logits=(rows @ weight.T).float()).entropy()
            for (rows,) in _chunks(x)
        ]
    )


def predicting(prompts: Int[Tensor, " b"], totals: Int[Tensor, " b"]) -> Int[Tensor, " k"]:
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


def share(
    prompts: list[list[int]], totals: Int[Tensor, " b"]
) -> tuple[Int[Tensor, " u"], Int[Tensor, " t"]]:
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
    return kept.nonzero()[:, 0], torch.where(
        kept, place, place[(ends - totals)[root[sequence]] + within]
    )
