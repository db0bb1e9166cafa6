from projected_grpo.verl_ext.agent_loop import seed_of
from projected_grpo.verl_ext.rollout_rows import in_order


def test_every_sample_of_every_run_and_step_has_a_seed_of_its_own_that_vllm_takes():
    seeds = set()
    for run in (1, 2):
        for uid in ("1-0", "1-1", "2-0", "11-0"):
            seeds |= {seed_of(run, uid, session) for session in range(16)}
    assert len(seeds) == 2 * 4 * 16
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_samples_seed_is_the_same_in_every_process():
    assert seed_of(1, "3-0", 2) == 2908765493452676540


def test_samples_stand_by_prompt_then_by_number_whatever_their_digits():
    keys = ["7-10_0_0", "7-2_11_0", "7-2_2_0", "7-0_0_0"]
    assert [keys[i] for i in in_order(keys)] == ["7-0_0_0", "7-2_2_0", "7-2_11_0", "7-10_0_0"]
