import itertools
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats as reference

from projected_grpo.stats.outcomes import by_run
from projected_grpo.stats.permutation import compare

TWELVE_ROUNDS = Path(__file__).parents[3] / "docs/results/2026-11-28-twelve-rounds-qwen1.5b.parquet"


def mean_difference(a, b, axis):
    return a.mean(axis=axis) - b.mean(axis=axis)


@pytest.mark.parametrize(("n", "m"), [(4, 4), (5, 5), (3, 6), (7, 4)])
def test_p_of_two_arms_is_scipys_exact_one(n, m):
    rng = np.random.default_rng(n)
    a, b = rng.random(n), rng.random(m) + 0.4
    exact = reference.permutation_test((a, b), mean_difference, n_resamples=np.inf)
    assert compare([(a, b)]).p == pytest.approx(exact.pvalue, rel=1e-12)


def test_p_repeats_the_journals_two_tests_of_twelve_rounds():
    runs = by_run(pl.read_parquet(TWELVE_ROUNDS), ["arm", "seed"])
    names = ("vanilla", "contrast", "contrast_shuffled")
    vanilla, signed, flipped = (runs.filter(arm=name)["U"].to_numpy() for name in names)
    first = compare([(signed, flipped)])
    assert first.p == pytest.approx(0.0028467, abs=5e-8)
    assert first.relabellings == 2_704_156
    assert compare([(flipped, vanilla)]).p == pytest.approx(1.405e-05, abs=5e-9)


def test_p_within_blocks_is_that_of_every_relabelling_of_every_block():
    rng = np.random.default_rng(0)
    blocks = [(rng.random(2), rng.random(2) + 0.3) for _ in range(3)] + [
        (rng.random(1), rng.random(3))
    ]
    differences = [[]]
    for a, b in blocks:
        values, own = np.concatenate([a, b]), []
        for chosen in itertools.combinations(range(len(values)), len(a)):
            others = np.delete(values, chosen)
            own.append(values[list(chosen)].mean() - others.mean())
        differences = [[*done, one] for done in differences for one in own]
    means = np.mean(differences, axis=1)
    # The first of each block's relabellings is none.
    assert means[0] == pytest.approx(compare(blocks).mean)
    as_small = np.mean(means <= means[0] + 1e-12)
    as_large = np.mean(means >= means[0] - 1e-12)
    assert len(means) == compare(blocks).relabellings == 6**3 * 4
    assert compare(blocks).p == pytest.approx(2 * min(as_small, as_large))


def test_what_differs_between_blocks_and_not_within_them_hides_no_effect():
    blocks = [(np.array([level]), np.array([level + 0.1])) for level in np.arange(6.0)]
    assert compare(blocks).p == pytest.approx(2 / 64)
    (a, b) = (np.concatenate(arm) for arm in zip(*blocks, strict=True))
    assert compare([(a, b)]).p > 0.5


def test_drawn_relabellings_give_nearly_the_exact_p_and_repeat():
    rng = np.random.default_rng(3)
    blocks = [(rng.random(4), rng.random(4) + 0.25), (rng.random(2), rng.random(3) + 0.25)]
    exact, drawn = compare(blocks).p, compare(blocks, exact=1, draws=20_000)
    assert drawn.p == pytest.approx(exact, abs=4 * math.sqrt(exact / 20_000))
    assert compare(blocks, exact=1, draws=20_000) == drawn


def test_the_labels_as_they_were_count_among_those_that_are_drawn():
    apart = (np.arange(12.0), np.arange(12.0) + 100)
    assert compare([apart], exact=1, draws=99).p == pytest.approx(2 / 100)


@pytest.mark.parametrize(
    ("blocks", "tested"),
    [
        ([(3, 3)], False),
        ([(1, 30)], False),
        ([(4, 4)], True),
        ([(1, 1)] * 5, False),
        ([(1, 1)] * 6, True),
    ],
)
def test_too_few_runs_for_a_rejection_get_neither_p_nor_interval(blocks, tested):
    effect = compare([(np.arange(n) * 1.0, np.arange(m) + 50.0) for n, m in blocks])
    assert math.isnan(effect.p) != tested
    assert math.isnan(effect.low) or tested
    assert not math.isnan(effect.mean)


def test_arms_that_are_alike_have_p_1():
    assert compare([(np.ones(4), np.ones(4))]).p == 1
