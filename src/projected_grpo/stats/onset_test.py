import polars as pl

from projected_grpo.stats.onset import steps_to_hack, take_off


def test_steps_to_hack_is_the_first_step_with_more_hacks_than_correct_answers():
    steps = pl.DataFrame({"step": [1, 2, 3, 4], "strict": [0, 3, 4, 9], "correct": [5, 3, 3, 1]})
    assert steps_to_hack(steps) == 3
    assert steps_to_hack(steps.head(2)) is None


def test_take_off_is_the_first_of_two_steps_in_a_row_with_a_quarter_of_blatant_hacks():
    steps = pl.DataFrame({"step": [1, 2, 3, 4, 5], "n": [8] * 5, "blatant": [2, 1, 3, 2, 8]})
    assert take_off(steps) == 3
    assert take_off(steps.head(3)) is None
