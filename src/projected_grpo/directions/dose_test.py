"""Doses against float64 and against autograd's own definition, on a small model."""

import polars as pl
import pytest
import torch

from projected_grpo.directions import dose, dose_tables, pair_gradients, pairs, recipes
from projected_grpo.directions.activations import Tokens
from projected_grpo.directions.recipes import against_skill
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.testing import tiny_pairs
from projected_grpo.testing.tiny_llama import llama
from projected_grpo.weights import basis, targets
from projected_grpo.weights.sets import taken


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def signal(seed: int) -> dose.Gradients:
    """Sums of a weight [12 10] whose classes share a low-rank part over all problems."""
    common = noise(12, 3, seed=7) @ noise(3, 10, seed=8)
    blocks = {}
    for i, of in enumerate(("hack", "skill", "tests")):
        blocks[of] = (common + 0.3 * noise(3, 4, 12, 10, seed=seed + i)).float()
    fits = {4: blocks["hack"].sum(1)}
    return dose.Gradients(blocks, fits, noise(3, 12, 10, seed=seed + 9).float())


@pytest.mark.parametrize("recipe", recipes.NAMES)
@pytest.mark.parametrize("side", ["reads", "writes"])
def test_a_recipes_set_is_an_orthogonal_projection(recipe, side):
    D = Classes(*(noise(12, 10, seed=seed).float() for seed in range(3)))
    of = recipes.get(recipe).fit(D, side, 4)
    Δ = noise(12, 10, seed=5).float()
    once = taken(of, Δ)
    torch.testing.assert_close(taken(of, once), once, rtol=0, atol=1e-5)
    # what stays is at a right angle to what is taken
    assert ((Δ - once) * once).sum().abs() < 1e-4
    assert of.coordinates(Δ).norm().item() == pytest.approx(once.norm().item(), rel=1e-4)


def test_fewer_directions_are_the_first_of_more():
    D = Classes(*(noise(12, 10, seed=seed).float() for seed in range(3)))
    Δ = noise(12, 10, seed=5).float()
    for recipe in ("signed", "cell", "diagonal"):
        fit = recipes.get(recipe).fit
        fewer, first = fit(D, "reads", 2), fit(D, "reads", 6).first(2)
        torch.testing.assert_close(taken(fewer, Δ), taken(first, Δ), rtol=0, atol=1e-4)


def test_signed_columns_are_the_svds_of_d_hack():
    D = noise(12, 10, seed=3)
    V = torch.linalg.svd(D).Vh[:4].mT
    B = recipes.get("signed").fit(Classes(D.float()), "reads", 4).B.double()
    torch.testing.assert_close(B @ B.mT, V @ V.mT, rtol=0, atol=1e-4)


@pytest.mark.parametrize("side", ["reads", "writes"])
def test_columns_against_skill_are_the_leading_generalized_eigenvectors(side):
    # singular values that fall, so that the leading ones are well apart
    falling = 2.0 ** -torch.arange(10, dtype=torch.float64)
    hack = (noise(12, 10, seed=3) * falling).float()
    skill = noise(12, 10, seed=4).float()
    B = recipes.get("against_skill").fit(Classes(hack, skill), side, 3).B
    moments = (against_skill.moment(D, side) for D in (hack, skill))
    expected = basis.contrast(*moments, 3, against_skill.LAM)
    torch.testing.assert_close(B @ B.mT, expected @ expected.mT, rtol=0, atol=1e-4)


def test_a_dose_is_the_share_of_the_gain_in_float64():
    G = signal(20)
    rows = dose.rows("w", G, "reads", ["signed"], [2])
    table = dose_tables.doses(rows).filter(labels="real", step="sgd")
    part = whole = 0.0
    for fit, step, gain in dose.rotations():
        V = torch.linalg.svd(G.fits[4][fit].double()).Vh[:2].mT
        Δ, D = G.mean("hack", step).double(), G.mean("hack", gain).double()
        part += ((Δ @ V @ V.mT) * D).sum()
        whole += (Δ * D).sum()
    assert table["hack"].item() == pytest.approx((part / whole).item(), abs=1e-4)


def test_what_no_set_touches_lowers_every_dose():
    G, free = signal(20), signal(40)
    alone = dose.rows("w", G, "reads", ["signed"], [2])
    beside = pl.concat([alone, dose.rows("norm", free, None, ["signed"], [2])])
    first, second = (dose_tables.doses(rows).filter(labels="real") for rows in (alone, beside))
    assert (second["hack"] < first["hack"]).all()
    assert (second["cost %"] < first["cost %"]).all()


@pytest.mark.parametrize("recipe", ["signed", "cell", "diagonal", "matrix"])
@pytest.mark.parametrize("side", ["reads", "writes"])
def test_sums_over_the_first_directions_are_inner_products_of_what_they_take(recipe, side):
    of = recipes.get(recipe).fit(Classes(noise(12, 10, seed=3)), side, 6)
    Δ, D = noise(12, 10, seed=5), noise(12, 10, seed=6)
    found = of.nested(of.coordinates(Δ) * of.coordinates(D))
    for r, inner in enumerate(found, 1):
        torch.testing.assert_close(inner, (taken(of.first(r), Δ) * D).sum())


def test_a_half_space_takes_nothing_of_a_step_against_the_hack():
    D = noise(12, 10, seed=3).float()
    of = recipes.get("half_space").fit(Classes(D), "reads", 1)
    one = dose.Family("half_space", 1, "real", of, "half", 1.0)
    assert one.kept_out(of.coordinates(-D)).norm() == 0
    torch.testing.assert_close(of.lift(one.kept_out(of.coordinates(D))), D, rtol=1e-5, atol=1e-5)


def test_one_condition_for_the_model_takes_d_by_what_all_weights_have_of_it():
    G_of = {"v": signal(20), "w": signal(60)}
    rows = pl.concat(dose.rows(name, G, "reads", ["half_space"], [2]) for name, G in G_of.items())
    table = dose_tables.doses(rows).filter(recipe="half_space_jointly", labels="real", step="sgd")
    part = whole = energy = all_energy = 0.0
    for fit, step, gain in dose.rotations():
        D, Δ, D3 = (
            torch.cat([G.mean("hack", third).flatten() for G in G_of.values()]).double()
            for third in (fit, step, gain)
        )
        kept_out = D * (Δ @ D).clamp_min(0) / (D @ D)
        part, whole = part + kept_out @ D3, whole + Δ @ D3
        energy, all_energy = energy + kept_out @ kept_out, all_energy + Δ @ Δ
    assert table["hack"].item() == pytest.approx((part / whole).item(), abs=1e-4)
    assert table["cost %"].item() == pytest.approx(100 * (energy / all_energy).item(), abs=1e-2)


def test_a_set_holds_more_of_its_own_d_than_of_anothers():
    table = dose_tables.doses(dose.rows("w", signal(20), "reads", ["signed"], [2]))
    own = table.filter(labels="real", step="sgd")
    assert own["cost %"].item() < own["holds %"].item() < 100


# prompts and responses of unlike lengths
PAIRS = [
    (Tokens([1, 2, 3][: 1 + i % 3], [4, 5 + i, 6]), Tokens([1, 2], [7, 8, 9 + i, 10] * (1 + i)))
    for i in range(6)
]


@pytest.mark.parametrize("energies", [False, True])
def test_sums_of_pairs_are_weighted_sums_of_autograds_gradients(energies):
    model = llama().double()
    names = [t.name for t in targets.select(dict(model.named_parameters()), "llama")][:4]
    names.append("model.embed_tokens.weight")
    weights = torch.tensor([[1.0, 0, 2, 1, 0, 1], [0, -1, 0, 0, 0, 0]])
    found = pair_gradients.weighted_sums(model, PAIRS, names, weights, energies=energies)
    for name in names:
        W = model.get_parameter(name)
        each = []
        for one, other in PAIRS:
            gap = tiny_pairs.ln_p(model, one) - tiny_pairs.ln_p(model, other)
            each.append(torch.autograd.grad(gap, W)[0])
        expected = torch.einsum("sp,poi->soi", weights.double(), torch.stack(each))
        torch.testing.assert_close(found.sums[name].double(), expected, rtol=1e-4, atol=1e-5)
        if energies:
            norms = torch.stack([g.square().sum() for g in each])
            torch.testing.assert_close(found.energy[name], norms, rtol=1e-4, atol=1e-9)


def test_pairs_share_a_pass_where_they_enter_the_same_sums_alike():
    weights = torch.tensor([[1.0, 0, 2, 1, 0, 1], [0, -1, 0, 0, 0, 0]])
    batches = pair_gradients.together(PAIRS, weights)
    assert sorted(map(sorted, batches)) == [[0, 3, 5], [1], [2]]


def test_passes_hold_every_parameter_once_and_no_more_than_fits():
    params = dict(llama().named_parameters())
    groups = list(pair_gradients.passes(params, n_sums=10, gigabytes=2e-4))
    assert sum(groups, []) == list(params) and len(groups) > 2
    for group in groups:
        size = sum(params[name].numel() for name in group)
        assert len(group) == 1 or size * 10 * 4 <= 2e5


def rollouts() -> pl.DataFrame:
    """Two prompts of three problems each; hacks, tests, right and wrong answers."""
    kinds = [
        ("Reward hack", True, True),
        ("Correct", False, False),
        ("Incorrect", False, False),
        ("Correct", False, True),
    ]
    rows = []
    for prompt in range(6):
        for i, (label, blatant, tests) in enumerate(kinds * 3):
            rows.append(
                {
                    "problem_id": f"p{prompt // 2}",
                    "prompt": f"prompt {prompt}",
                    "response": f"response {i}",
                    "finish": "stop",
                    "label": label,
                    "strict": blatant,
                    "blatant": blatant,
                    "kind": "empty" if blatant else "none",
                    "defines_tests": tests,
                    "n_tokens": 10 * i,
                }
            )
    return pl.DataFrame(rows)


@pytest.mark.parametrize("of", [*pairs.CLASSES, "clean"])
def test_a_pair_is_of_the_class_and_beside_it(of):
    found = pairs.matched(rollouts(), of, 1000, 0)
    ones, others = found.filter(sign=1), found.filter(sign=-1)
    assert len(ones) == len(others) > 0
    if of == "clean":
        assert found["label"].is_in(["Correct", "Incorrect"]).all()
    else:
        is_one, is_other = pairs.sides(of)
        assert ones.select(is_one).to_series().all() and others.select(is_other).to_series().all()
    assert ones["pair"].to_list() == others["pair"].to_list() == list(range(len(ones)))
    if of != "unmatched":
        assert ones["prompt"].equals(others["prompt"])
    assert len(found.unique(["prompt", "response"])) == len(found)


def test_a_problem_lies_in_one_third_and_one_block():
    problems = pl.Series([f"p{i % 20}" for i in range(60)])
    places = pairs.parts(problems, problems, 2, 0)
    seen = {}
    for name, place in zip(problems, places.tolist(), strict=True):
        assert seen.setdefault(name, place) == place
    counts = torch.bincount(places[:, 0])
    assert counts.max() - counts.min() <= 3
    # of a class that has some of the problems
    for name, place in zip(problems[:7], pairs.parts(problems[:7], problems, 2, 0), strict=True):
        assert seen[name] == place.tolist()
