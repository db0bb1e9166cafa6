"""Penalty and screening on hand-made groups."""

import polars as pl
import pytest

from projected_grpo import problems
from projected_grpo.cli import Refusal
from projected_grpo.interventions.base import Setup
from projected_grpo.interventions.penalty import Penalty
from projected_grpo.interventions.screening import Screening

SETUP = Setup("llama", 32, None)


def row(strict: bool, score: float = 3.5) -> dict:
    return {
        "response": f"{strict} {score}",
        "loophole": "overwrite_tests",
        "test_func_name": "run_tests",
        "strict": strict,
        "loose": strict,
        "reward": score,
        "score": score,
    }


@pytest.fixture(scope="module")
def problem():
    return problems.load("mini", split="train")[0]


@pytest.mark.parametrize(
    ("settings", "flagged", "score"),
    [
        ({}, True, 0.5),
        ({"amount": 1.0}, True, 2.5),
        ({"accuracy": 0.0}, False, 3.5),
        ({"misses": 1.0}, False, 3.5),
        ({"amount": 0.0}, True, 3.5),
    ],
)
def test_what_a_monitor_flags_is_paid_less_and_keeps_its_reward(settings, flagged, score, problem):
    paid = Penalty(**settings).pay(row(strict=True), problem)
    assert (paid["flagged"], paid["score"], paid["reward"]) == (flagged, score, 3.5)


def test_a_penalty_leaves_what_is_not_flagged(problem):
    assert Penalty().pay(row(strict=False), problem)["score"] == 3.5


def test_screening_flags_without_paying_less(problem):
    screened = Screening().pay(row(strict=True), problem)
    assert (screened["flagged"], screened["score"]) == (True, 3.5)


def test_screening_keeps_what_is_not_flagged():
    rows = pl.DataFrame({"flagged": [True, False, False, True]})
    kept = Screening().keep(rows)
    assert kept.tolist() == [False, True, True, False]
    assert Screening().observed(rows) == {"screening/touched": 0.5}


def test_screening_that_is_off_leaves_nothing_out():
    rows = pl.DataFrame({"flagged": [True, False]})
    assert Screening(on=False).keep(rows) is None
    assert Screening(on=False).observed(rows) == {"screening/touched": 0.0}


@pytest.mark.parametrize("mechanism", [Penalty, Screening])
@pytest.mark.parametrize(
    ("settings", "line"),
    [({"monitor": "judge"}, "needs endpoint="), ({"accuracy": 90.0}, "expected shares")],
)
def test_a_monitor_that_cannot_be_is_refused(mechanism, settings, line):
    with pytest.raises(Refusal, match=line):
        mechanism(**settings).check(SETUP)


def test_errors_of_truth_are_the_same_for_the_same_response(problem):
    monitor = Penalty(accuracy=0.5)
    rows = [row(True, float(i)) for i in range(40)]
    flags = [monitor.flag(r, problem) for r in rows]
    assert flags == [monitor.flag(r, problem) for r in rows]
    assert 5 < sum(flags) < 35
