from pathlib import Path

from projected_grpo.sweeps import plan
from projected_grpo.sweeps.study import Study, parse

ROOT = Path("outputs")
BASE = {"why": "to see", "resolve": "it is seen", "model": "smollm2-135m", "steps": 24}
BRANCH = {"arm": "vanilla", "at": 0.02, "within": 12, "points": 2, "replicates": 2, "started": 3}
SETS = {
    "start": {"command": "extract", "options": ["n=8", "v_hack=false"]},
    "signed": {"rollouts": "start", "options": ["recipe=signed"]},
    "here": {"rollouts": "start", "at": "branch", "options": ["placebos=0"]},
}


def seeded(**changed: object) -> Study:
    arms = {"vanilla": None, "held": {"config": "hold", "v_hack": "signed"}}
    sets = {name: of for name, of in SETS.items() if name != "here"}
    return parse("s", {**BASE, "arms": arms, "sets": sets, "seeds": [1, 2], **changed}, ROOT)


def branched(**changed: object) -> Study:
    arms = {"vanilla": None, "held": {"config": "hold", "v_hack": "here"}}
    return parse("s", {**BASE, "arms": arms, "sets": SETS, "branch": BRANCH, **changed}, ROOT)


def named(study: Study, points: plan.Points, name: str) -> plan.Job:
    (found,) = [job for job in plan.jobs(study, points) if job.name == name]
    return found


def test_runs_go_in_rounds_over_all_arms_after_the_sets():
    names = [job.name for job in plan.jobs(seeded(), {})]
    runs = ["vanilla-s1", "held-s1", "vanilla-s2", "held-s2"]
    assert names == ["set start", "set signed", *runs]


def test_a_run_is_a_training_command_with_its_set_and_waits_for_it():
    job = named(seeded(common=["scale=tiny"]), {}, "held-s2")
    assert job.command[:2] == ("-m", "projected_grpo.train")
    words = {"model=smollm2-135m", "scale=tiny", "arm=hold", "arm.name=held", "seed=2", "group=s"}
    assert words | {"trainer.total_training_steps=24"} <= set(job.overrides)
    assert "v_hack=outputs/s/sets/signed" in job.overrides
    assert job.needs == (Path("outputs/s/sets/signed"),)
    assert job.folder == Path("outputs/s/held-s2")


def test_an_override_of_all_runs_comes_after_those_of_the_file():
    arms = {"vanilla": {"overrides": ["eval.n=2"]}}
    study = parse("s", {**BASE, "arms": arms, "seeds": [1]}, ROOT, ("eval.n=0",))
    words = named(study, {}, "vanilla-s1").overrides
    assert words.index("eval.n=2") < words.index("eval.n=0")


def test_a_set_waits_for_its_rollouts_and_has_a_placebo_for_every_seed():
    job = named(seeded(), {}, "set signed")
    assert job.needs == (Path("outputs/s/sets/start"),)
    assert "outputs/s/sets/start/rollouts.parquet" in job.command
    assert job.command[-1] == "placebos=2"
    assert job.command[4] == f"out={job.made_in}" and job.made_in.parent == job.folder.parent


def test_a_sets_controls_are_as_wide_as_costs_the_same_by_a_measured_dose():
    sets = {
        "start": SETS["start"],
        "measured": {"command": "dose", "rollouts": "start", "options": ["r=64,128"]},
        "signed": {"rollouts": "start", "equal_cost": "measured"},
    }
    study = seeded(sets=sets)
    measured = Path("outputs/s/sets/measured")
    made = named(study, {}, "set signed")
    assert f"r_controls={measured}" in made.command and measured in made.needs
    dose = named(study, {}, "set measured").command
    assert dose[1] == "projected_grpo.directions.dose_command" and dose[-1] == "r=64,128"


def test_every_run_leaves_out_the_problems_of_a_set_and_waits_for_it():
    job = named(seeded(without=["signed"]), {}, "vanilla-s1")
    assert "env.problems.without=[outputs/s/sets/signed]" in job.overrides
    assert job.needs == (Path("outputs/s/sets/signed"),)


def test_before_a_point_is_reached_there_are_sources_and_no_runs():
    kinds = [job.kind for job in plan.jobs(branched(), {})]
    assert kinds == ["set", "set", "source", "source", "source"]


def test_a_source_keeps_the_state_of_its_branch_point_and_weights_for_the_sets_made_there():
    words = named(branched(), {}, "source vanilla-s1002").overrides
    kept = {"save_every=1", "keep=1", "keep_at=[0.02]", "save_hub=true"}
    assert kept | {"trainer.total_training_steps=12", "group=s-sources"} <= set(words)


def test_every_arm_starts_from_a_point_as_often_as_said_in_the_group_of_the_point():
    runs = [job for job in plan.jobs(branched(), {3: 7}) if job.kind == "run"]
    names = ["3/vanilla-s5", "3/held-s5", "3/vanilla-s6", "3/held-s6"]
    assert [job.name for job in runs] == names
    for job in runs:
        assert {"from=s-sources/vanilla-s1003@7", "trainer.total_training_steps=31"} <= set(
            job.overrides
        )
        assert job.folder.parent == Path("outputs/s-3")
        state = Path("outputs/s-sources/vanilla-s1003/states/global_step_7")
        assert state in job.needs


def test_no_two_points_share_a_seed_with_each_other_or_a_source():
    made = plan.jobs(branched(), {1: 4, 2: 5, 3: 6})
    of_vanilla = [job.seed for job in made if job.arm == "vanilla"]
    assert len(set(of_vanilla)) == len(of_vanilla) == 9


def test_a_set_of_a_branch_point_is_made_of_its_weights():
    study = branched()
    job = named(study, {1: 4}, "set here-1")
    assert job.command[2].endswith("vanilla-s1001/states/global_step_4/actor/huggingface")
    assert job.folder in named(study, {1: 4}, "1/held-s1").needs
    last = named(study, {1: 12}, "set here-1")
    assert last.command[2].endswith("vanilla-s1001/ckpt")


def test_no_run_starts_from_a_point_before_all_its_sets_are_there():
    needs = named(branched(), {1: 4}, "1/vanilla-s1").needs
    sets = {need.name for need in needs if need.parent == Path("outputs/s/sets")}
    assert sets == {"start", "signed", "here-1"}


def test_a_point_that_is_not_known_yet_has_its_step_left_open():
    words = named(branched(), {1: None}, "1/vanilla-s1").overrides
    assert {"from=s-sources/vanilla-s1001@STEP", "trainer.total_training_steps=STEP+24"} <= set(
        words
    )
