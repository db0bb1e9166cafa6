"""Given samples through our engine: the gradients that a bare model has."""

from pathlib import Path

import pytest
import torch

from projected_grpo.directions.activations import Tokens
from projected_grpo.testing import tiny_pairs
from projected_grpo.testing.tiny_engine import build, load, make_engine, spawned

SAMPLES = [
    Tokens([5, 6, 7], [8, 9, 10, 1]),
    Tokens([5, 6, 7], [11, 12]),
    Tokens([20, 21], [22, 23, 24]),
]
COEFFICIENTS = [1.0, -1.0, 0.5]


def gradients(folder: Path) -> None:
    """Of our short cuts and of verl's own path."""
    for fast in (True, False):
        engine, _ = make_engine(folder, folder / f"{fast}", {}, fast=fast)
        with engine.train_mode():
            engine.optimizer_zero_grad()
            engine._site().backward(SAMPLES, COEFFICIENTS)
            found = {n: p.grad.full_tensor().clone() for n, p in engine.module.named_parameters()}
        torch.save(found, folder / f"{fast}.pt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("engine")
    build(folder)
    spawned(gradients, folder)
    return folder


@pytest.mark.parametrize("fast", [True, False])
def test_the_engines_pass_gives_the_gradients_of_a_bare_model(fast, folder):
    model = load(folder).float()
    tiny_pairs.backward(model)(SAMPLES, COEFFICIENTS)
    found = torch.load(folder / f"{fast}.pt")
    for name, p in model.named_parameters():
        torch.testing.assert_close(found[name], p.grad, rtol=1e-4, atol=1e-5)
