"""A step's advantages on hand-made groups, by the function that the trainer and the walk call."""

import polars as pl
import pytest
import torch

from projected_grpo.interventions.advantage import Advantage
from projected_grpo.interventions.chain import Chain
from projected_grpo.interventions.screening import Screening
from projected_grpo.verl_ext import advantages

SCREENED = Chain([Screening()])


def step(flagged: list[bool], uids: str = "aaabb") -> pl.DataFrame:
    scores = [3.5, 0.5, 1.5, 3.5, 0.5]
    return pl.DataFrame({"uid": list(uids), "score": scores, "flagged": flagged})


def test_the_group_statistics_are_of_the_unflagged_alone():
    rows = step([True, False, False, False, False])
    a = advantages.of_step(SCREENED, rows, by_std=False)
    torch.testing.assert_close(a, torch.tensor([0.0, -0.5, 0.5, 1.5, -1.5]))


def test_the_kept_are_divided_by_their_std_where_verl_does():
    rows = step([True, False, False, False, False])
    a = advantages.of_step(SCREENED, rows, by_std=True)
    half = 0.5**0.5
    expected = torch.tensor([0.0, -half, half, half, -half])
    torch.testing.assert_close(a, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("by_std", [True, False])
def test_the_lone_unflagged_sample_of_a_group_has_advantage_zero(by_std):
    rows = step([True, True, False, False, False])
    a = advantages.of_step(SCREENED, rows, by_std)
    assert a[:3].tolist() == [0, 0, 0] and a[3] > 0 > a[4]


@pytest.mark.parametrize("by_std", [True, False])
def test_a_step_of_flagged_samples_alone_has_no_advantage(by_std):
    assert advantages.of_step(SCREENED, step([True] * 5), by_std).tolist() == [0] * 5


def test_groups_that_stand_mixed_are_told_apart_by_their_uid():
    rows = step([False, True, False, False, False], "ababb")
    a = advantages.of_step(SCREENED, rows, by_std=False)
    torch.testing.assert_close(a, torch.tensor([1.0, 0.0, -1.0, 1.5, -1.5]))


def test_mechanisms_act_on_the_advantages_of_what_is_kept():
    chain = Chain([Screening(), Advantage("additive")])
    hack = pl.Series("hack_score", [9.0, 0.0, 2.0, 5.0, 5.0])
    rows = step([True, False, False, False, False]).with_columns(hack)
    a = advantages.of_step(chain, rows, by_std=False)
    torch.testing.assert_close(a, torch.tensor([0.0, 0.5, -0.5, 1.5, -1.5]))


def test_where_nothing_is_left_out_they_are_verls_to_the_last_bit():
    from verl.trainer.ppo.core_algos import compute_grpo_outcome_advantage

    rows = step([False] * 5)
    padded = torch.zeros(5, 4)
    padded[:, 2] = rows["score"].to_torch().float()
    mask = torch.tensor([[1, 1, 1, 0]] * 5)
    theirs, _ = compute_grpo_outcome_advantage(padded, mask, rows["uid"].to_numpy())
    assert torch.equal(advantages.of_step(Chain([]), rows, by_std=True), theirs[:, 0])
