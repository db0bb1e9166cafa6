"""Controls of equal cost, from doses whose answer is known."""

import polars as pl
import pytest

from projected_grpo.cli import Refusal
from projected_grpo.directions.dose_controls import FILE, equal_cost, widths


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


def test_a_set_without_a_rank_has_random_columns_of_equal_cost_alone():
    own = equal_cost(DOSES).filter(recipe="matrix")
    assert own["control"].to_list() == ["haar"]
    assert own["its r"].item() == pytest.approx(8 * 0.4 / 30)


def test_a_control_that_costs_less_at_every_rank_has_no_row_of_numbers():
    assert control("cell", "flipped")["its hack"] is None


def test_widths_are_those_of_the_table_to_the_nearest_direction(tmp_path):
    equal_cost(DOSES).write_csv(tmp_path / FILE)
    assert widths(tmp_path, "signed", 4, ["shuffled", "haar"]) == {"shuffled": 6, "haar": 4}


@pytest.mark.parametrize(
    ("recipe", "r", "control"),
    [
        ("signed", 5, "shuffled"),
        ("signed", 4, "clean_vs_clean"),
        ("cell", 8, "shuffled"),
        ("half_space", 64, "shuffled"),
    ],
)
def test_a_width_that_the_table_does_not_say_is_refused(recipe, r, control, tmp_path):
    with pytest.raises(Refusal, match="there is no .*equal-cost.csv"):
        widths(tmp_path, recipe, r, [control])
    equal_cost(DOSES).write_csv(tmp_path / FILE)
    with pytest.raises(Refusal, match=f"has no width of {control} for {recipe} r={r}"):
        widths(tmp_path, recipe, r, [control])
