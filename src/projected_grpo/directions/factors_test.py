"""What one pass keeps of every sample, beside the gradients themselves."""

import pytest
import torch

from projected_grpo.directions import factors, gradients
from projected_grpo.directions.activations import Tokens
from projected_grpo.testing.tiny_llama import llama
from projected_grpo.weights import targets

SAMPLES = [Tokens([1, 2, 3 + i], [5 + i, 6, 7]) for i in range(4)]
HACK = torch.tensor([True, False, True, False])
# The second split fits on three samples.
FITS = torch.tensor([[True] * 4, [True, True, True, False]])


@pytest.fixture(scope="module")
def passed():
    model = llama()
    chosen = targets.select(dict(model.named_parameters()), "llama", (0.5, 1.0))
    weights, energy = factors.of_samples(model, SAMPLES, HACK, FITS, chosen, None, k=40)
    own = list(gradients.of_samples(model, SAMPLES, [t.name for t in chosen]))
    return weights, energy, own


def test_differences_are_mean_hack_minus_mean_clean_gradients_of_the_fitted(passed):
    weights, _, own = passed
    for w in weights:
        g = torch.stack([sample[w.target.name] for sample in own])
        for difference, fit in zip(w.differences, FITS, strict=True):
            expected = g[fit & HACK].mean(0) - g[fit & ~HACK].mean(0)
            torch.testing.assert_close(difference, expected, rtol=0, atol=1e-6)


def test_factors_of_full_width_hold_each_samples_moment(passed):
    weights, energy, own = passed
    for w in weights:
        for F, sample in zip(w.F, own, strict=True):
            C = gradients.moment(sample[w.target.name], w.target.side)
            torch.testing.assert_close(F @ F.T, C, rtol=0, atol=1e-5)
    torch.testing.assert_close(energy, torch.ones(len(SAMPLES)), rtol=0, atol=1e-4)
