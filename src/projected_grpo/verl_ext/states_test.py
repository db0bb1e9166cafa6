from projected_grpo.verl_ext.states import Kept


def test_the_first_step_at_each_rate_is_kept_and_no_later_one():
    kept = Kept([0.03, 0.02])
    for step, blatant in enumerate((0.0, 0.021, 0.022, 0.01, 0.05, 0.9), 1):
        kept.look(step, blatant)
    assert kept.steps == {2, 5}


def test_a_step_that_reaches_two_rates_is_kept_once():
    kept = Kept([0.02, 0.03])
    kept.look(4, 0.03)
    assert (kept.steps, kept.awaited) == ({4}, [])
