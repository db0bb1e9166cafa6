"""Controls of equal cost, from doses whose answer is known."""

import polars as pl
import pytest

from projected_grpo.directions.dose_controls import equal_cost


def row(recipe: str, r: int, labels: str, cost: float, hack: float) -> dict:
    shown = {"recipe": recipe, "r": r, "hacks": 9, "labels": labels, "step": "sign"}
    return shown | {"cost %": cost, "hack": hack, "skill": hack / 2}


DOSES = pl.DataFrame(
    [
        row("signed", 4, "real", 15.0, 0.8),
        row("signed", 2, "flipped", 5.0, 0.2),
        row("signed", 4, "flipped", 10.0, 0.4),
        row("signed", 8, "flipped", 20.0, 0.5),
        row("signed", 8, "haar", 30.0, 0.3),
        row("cell", 8, "real", 1.0, 0.3),
        row("cell", 8, "flipped", 0.5, 0.1),
        row("matrix", 0, "real", 0.4, 0.2),
        row("matrix", 0, "flipped", 0.1, 0.05),
    ]
)


def control(recipe: str, name: str) -> dict:
    return equal_cost(DOSES).filter(recipe=recipe, control=name).row(0, named=True)


def test_flipped_signs_of_equal_cost_lie_between_the_ranks_that_were_measured():
    found = control("signed", "flipped")
    assert (found["its r"], found["its hack"]) == pytest.approx((6, 0.45))


def test_random_columns_lie_on_the_line_through_the_widest():
    found = control("signed", "haar")
    assert (found["its r"], found["its hack"]) == pytest.approx((4, 0.15))


def test_a_set_without_a_rank_is_taken_by_a_factor_whose_square_is_its_cost():
    found = control("matrix", "flipped")
    assert (found["times"], found["its hack"]) == pytest.approx((2, 0.1))


def test_a_control_that_costs_less_at_every_rank_has_no_row_of_numbers():
    assert control("cell", "flipped")["its hack"] is None
