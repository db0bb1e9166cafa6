import torch

from projected_grpo.verl_ext import head

PROMPTS = [[1, 2, 3], [1, 2, 3], [7, 8], [1, 2, 3]]
RESPONSES = [[10, 11], [], [12, 13], [14]]


def shared() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rows = [p + r for p, r in zip(PROMPTS, RESPONSES, strict=True)]
    kept, place = head.share(PROMPTS, torch.tensor([len(row) for row in rows]))
    return torch.tensor(sum(rows, [])), kept, place


def test_a_prompt_is_left_out_where_the_sample_before_has_it():
    row, kept, _ = shared()
    assert row[kept].tolist() == [1, 2, 3, 10, 11, 7, 8, 12, 13, 1, 2, 3, 14]


def test_a_left_out_token_stands_where_its_double_does():
    row, kept, place = shared()
    assert torch.equal(row[kept][place], row)


def test_equal_prompts_come_to_stand_together_and_all_samples_stay():
    assert head.by_prompt(PROMPTS) == [0, 1, 3, 2]


def test_log_probs_and_their_gradient_are_those_of_the_softmax(monkeypatch):
    monkeypatch.setattr(head, "CHUNK", 2)
    logits, labels = torch.randn(5, 11, dtype=torch.float64, requires_grad=True), torch.tensor([0, 3, 10, 3, 5])
    weights = torch.arange(1.0, 6.0)
    found = head.log_probs(logits, labels)
    (grad,) = torch.autograd.grad((weights * found).sum(), logits)
    wanted = torch.log_softmax(logits, -1).gather(-1, labels[:, None])[:, 0]
    (wanted_grad,) = torch.autograd.grad((weights * wanted).sum(), logits)
    assert torch.allclose(found.double(), wanted, atol=1e-5) and torch.allclose(grad, wanted_grad, atol=1e-5)
