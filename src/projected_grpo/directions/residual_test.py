"""Directions from synthetic activations with a planted hack."""

import pytest
import torch

from projected_grpo.directions import separation
from projected_grpo.directions.placebos import PLACEBOS
from projected_grpo.directions.residual import extract, placebo
from projected_grpo.directions.samples import Samples

# Tiny tensors: threads would only wait for each other.
torch.set_num_threads(1)
D, LAYERS = 24, (3, 4)
PROVENANCE = {
    "model": "synthetic",
    "taught": False,
    "origin": "on-policy",
    "n_blocks": 6,
    "counts": {},
}
METHODS = pytest.mark.parametrize("method", ["mean_diff", "lda"])


def synthetic(effect, seed=0, problems=24, per_prompt=8, offset=20.0, dominant=0.0):
    """Hacks differ by `effect` along axis 0, in layer 4 only.

    Problems differ by large offsets; hard ones hack more. dominant: standard deviation along axis
    1, which half agrees with axis 0's labels by its noise alone.
    """
    generator = torch.Generator().manual_seed(seed)
    problem = torch.arange(problems).repeat_interleave(per_prompt)
    odds = torch.where(problem % 2 == 0, 0.75, 0.25)
    hack = torch.rand(len(problem), generator=generator) < odds
    # Every prompt has both.
    hack[::per_prompt], hack[1::per_prompt] = True, False
    x = torch.randn(len(problem), 2, D, generator=generator)
    x[:, :, 1] *= 1 + dominant
    x[:, 1, 0] += effect * hack
    x += offset * torch.randn(problems, D, generator=generator)[problem][:, None]
    # "Hard problem" is an axis of its own.
    x[:, :, 2] += offset * (problem % 2 == 0)[:, None]
    tokens = torch.randint(50, 300, (len(problem),), generator=generator)
    return Samples(x, hack, problem, problem, tokens, LAYERS, PROVENANCE)


@METHODS
def test_a_planted_direction_is_recovered_at_its_layer_and_beats_every_shuffle(method):
    real = extract(synthetic(3.0), method)
    assert real.layer == 4
    assert real.v[0] > 0.9
    assert real.v.norm().item() == pytest.approx(1, abs=1e-6)
    assert real.manifest["auroc"] > 0.95
    assert (real.manifest["rank"], real.manifest["of"]) == (1, 201)
    assert real.manifest["rank_of_best"] == 1


@METHODS
def test_without_a_planted_direction_the_auroc_is_at_chance_and_the_rank_is_ordinary(method):
    manifests = [extract(synthetic(0.0, seed), method).manifest for seed in range(3)]
    assert all(abs(m["auroc"] - 0.5) < 0.15 for m in manifests)
    for key in ("rank", "rank_of_best"):
        assert max(m[key] for m in manifests) > 10


@METHODS
def test_a_hack_that_differs_in_every_problem_does_not_generalise_so_problems_are_held_out(method):
    data = synthetic(0.0)
    # 24 problems, 24 axes, one each.
    data.x[torch.arange(len(data.hack)), 1, data.problem] += 20.0 * data.hack
    # With samples held out: 0.9.
    assert extract(data, method).manifest["auroc"] < 0.6


@METHODS
def test_the_offset_of_hard_problems_does_not_pose_as_hack(method):
    data = synthetic(3.0)
    raw = data.x[data.hack, 1].mean(0) - data.x[~data.hack, 1].mean(0)
    # Uncentred, the class means differ mostly by how hard the problems are.
    assert raw[2].abs() > 2 * raw[0].abs()
    assert extract(data, method).v[2].abs() < 0.2


def test_shuffled_labels_look_good_on_a_dominant_axis_and_the_manifest_shows_it():
    data = synthetic(0.0, dominant=9.0)
    # The dominant axis also carries the labels, partly.
    data.x[:, 1, 1] += 9.0 * data.hack
    m = extract(data, "mean_diff").manifest
    assert m["shuffled_mean"] > 0.6
    assert m["cos_first_component"] > 0.9 > 5 * m["cos_first_component_chance"]


def test_whitening_downweights_a_noisy_axis():
    data = synthetic(2.0, dominant=9.0)
    data.x[:, 1, 1] += 4.0 * data.hack
    mean_diff, lda = (extract(data, method) for method in ("mean_diff", "lda"))
    assert lda.v[1].abs() < 0.5 * mean_diff.v[1].abs()
    assert lda.manifest["auroc"] > mean_diff.manifest["auroc"]


def test_lda_equals_the_textbook_solution_with_the_within_class_covariance():
    data = synthetic(2.0, problems=30)
    X, y = data.centred(4), data.hack
    within = torch.cat([X[y] - X[y].mean(0), X[~y] - X[~y].mean(0)])
    ρ = separation.ridge(separation.gram(X), D)
    M = within.T @ within + ρ * torch.eye(D).double()
    v = torch.linalg.solve(M, X[y].mean(0) - X[~y].mean(0))
    torch.testing.assert_close(extract(data, "lda").v.double(), v / v.norm(), rtol=0, atol=1e-6)


def test_the_bootstrap_cosine_is_high_for_a_planted_direction_beside_a_lower_chance():
    m = extract(synthetic(3.0)).manifest
    assert m["bootstrap_cosine"] > 0.95 > m["bootstrap_cosine_chance"] + 0.1


@pytest.mark.parametrize("name", PLACEBOS)
def test_a_placebo_is_seeded_unit_and_does_not_know_the_hack(name):
    data = synthetic(3.0)
    real = extract(data)
    draws = [placebo(data, real, name, seed) for seed in range(1, 9)]
    assert torch.equal(draws[0].v, placebo(data, real, name, 1).v)
    assert not torch.equal(draws[0].v, draws[1].v)
    for draw in draws:
        assert draw.layer == real.layer
        assert draw.v.norm().item() == pytest.approx(1, abs=1e-6)
    cosines = [abs(draw.manifest["cos_real"]) for draw in draws]
    assert sum(cosines) / len(cosines) < 0.5
