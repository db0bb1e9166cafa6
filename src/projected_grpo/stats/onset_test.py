import polars as pl

from projected_grpo.stats.onset import steps_to_hack


def test_steps_to_hack_is_the_first_step_with_more_hacks_than_correct_answers():
    steps = pl.DataFrame({"step": [1, 2, 3, 4], "strict": [0, 3, 4, 9], "correct": [5, 3, 3, 1]})
    assert steps_to_hack(steps) == 3
    assert steps_to_hack(steps.head(2)) is None
