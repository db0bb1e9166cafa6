import torch

from projected_grpo.fast import head

PROMPTS = [[1, 2, 3], [1, 2, 3], [7, 8], [1, 2, 3]]
RESPONSES = [[10, 11], [], [12, 13], [14]]


def shared() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(the packed row, the positions that stay, where each position then stands)."""
    rows = [p + r for p, r in zip(PROMPTS, RESPONSES, strict=True)]
    stays, place = head.share(PROMPTS, torch.tensor([len(row) for row in rows]))
    return torch.tensor(sum(rows, [])), stays, place


def test_a_prompt_is_left_out_where_the_sample_before_has_it():
    row, stays, _ = shared()
    assert row[stays].tolist() == [1, 2, 3, 10, 11, 7, 8, 12, 13, 1, 2, 3, 14]


def test_a_left_out_token_stands_where_its_double_does():
    row, stays, place = shared()
    assert torch.equal(row[stays][place], row)


def test_equal_prompts_come_to_stand_together_and_all_samples_stay():
    assert head.by_prompt(PROMPTS) == [0, 1, 3, 2]


def softmax(x, weight, labels):
    return torch.log_softmax(x @ weight.T, -1).gather(-1, labels[:, None])[:, 0]


def case(dtype) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(x [t d], the head's weight [v d], labels [t])."""
    torch.manual_seed(0)
    x = 3 * torch.randn(5, 7, dtype=dtype)
    weight = torch.randn(11, 7, dtype=dtype)
    return x, weight, torch.tensor([0, 3, 10, 3, 5])


def gradients(log_probs, x, weight, labels) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(log-probs, the gradients of x and of the weight)."""
    x, weight = x.clone().requires_grad_(), weight.clone().requires_grad_()
    logp = log_probs(x, weight, labels)
    loss = (torch.arange(1.0, 6.0) * logp).sum()
    dx, dW = torch.autograd.grad(loss, (x, weight))
    return logp.detach(), dx, dW


def test_log_probs_and_both_their_gradients_are_those_of_the_softmax(monkeypatch):
    monkeypatch.setattr(head, "CHUNK", 2)
    ours = gradients(head.log_probs, *case(torch.float64))
    exact = gradients(softmax, *case(torch.float64))
    for one, other in zip(ours, exact, strict=True):
        assert torch.allclose(one.double(), other, atol=1e-5)


def test_in_bf16_a_sure_tokens_gradient_keeps_its_relative_accuracy():
    x, weight, _ = case(torch.bfloat16)
    # The logits' own rounding is the model's.
    z = (3 * x @ weight.T).double().requires_grad_()
    labels = z.argmax(-1)
    logp = torch.log_softmax(z, -1).gather(-1, labels[:, None])[:, 0]
    assert logp.exp().max() > 1 - 2**-10, "1 - p of one token is below bf16's step at 1"
    (dz,) = torch.autograd.grad((torch.arange(1.0, 6.0) * logp).sum(), z)
    _, dx, _ = gradients(head.log_probs, 3 * x, weight, labels)
    # fp32's own step at 1.
    step = 1e-6
    for row, exact in zip(dx.double(), dz @ weight.double(), strict=True):
        assert (row - exact).norm() < 0.02 * exact.norm() + step


def test_entropy_is_the_softmaxs():
    x, weight, _ = case(torch.float64)
    logp = torch.log_softmax(x @ weight.T, -1)
    exact = -(logp.exp() * logp).sum(-1)
    assert torch.allclose(head.entropy(x, weight).double(), exact, atol=1e-5)


def test_a_frozen_head_takes_no_gradient():
    x, weight, labels = case(torch.float32)
    x.requires_grad_()
    head.log_probs(x, weight, labels).sum().backward()
    assert x.grad is not None and weight.grad is None
