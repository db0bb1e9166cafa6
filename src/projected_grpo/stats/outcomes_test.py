import polars as pl
import pytest

from projected_grpo.stats.outcomes import by_run, extinct, times


def steps(counts: list[int], seed: int = 1) -> pl.DataFrame:
    """A run with so many blatant hacks of 8 at each step."""
    n = len(counts)
    return pl.DataFrame({"seed": seed, "step": range(1, n + 1), "n": 8, "blatant": counts})


def test_a_run_is_its_mean_rate_its_late_rate_and_its_take_off():
    runs = by_run(steps([0, 0, 1, 4, 8, 8]).vstack(steps([1, 0, 0, 0, 0, 0], seed=2)), ["seed"])
    assert runs["U"].to_list() == pytest.approx([21 / 48, 1 / 48])
    assert runs["late"].to_list() == pytest.approx([21 / 32, 0])
    assert runs["took_off"].to_list() == [4, None]
    assert runs["extinct"].to_list() == [False, True]
    assert times(runs) == [(4, True), (6, False)]


@pytest.mark.parametrize(
    ("counts", "onset", "extinct_then"),
    [
        ([1, 0, 0, 0, 0, 0], None, True),
        ([0, 0, 0, 0, 1], None, False),
        ([0, 0, 0, 0], None, False),
        ([0, 0, 0, 0, 0, 4, 4], 6, True),
        ([0, 0, 0, 4, 4], 4, False),
        ([2, 2, 0, 0, 0, 0, 0], 1, False),
    ],
)
def test_extinct_is_five_steps_without_a_hack_before_take_off_or_the_end(
    counts, onset, extinct_then
):
    assert extinct(steps(counts), onset) == extinct_then
