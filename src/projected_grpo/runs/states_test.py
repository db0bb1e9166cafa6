import json

from projected_grpo.runs import states


def keep(run, *steps):
    for step in steps:
        (states.writing(run) / f"global_step_{step}").mkdir(parents=True)
        states.publish(run, step)


def test_the_oldest_states_go_but_those_that_are_kept(tmp_path):
    keep(tmp_path, 1, 2, 9, 10, 11)
    states.trim(tmp_path, newest=2, kept={1})
    assert states.steps(tmp_path) == [1, 10, 11]
    states.trim(tmp_path, newest=1, kept={1, 10})
    assert states.steps(tmp_path) == [1, 10, 11]


def test_as_many_states_as_may_stay_all_do(tmp_path):
    states.trim(tmp_path, newest=3, kept=set())
    keep(tmp_path, 1, 2)
    states.trim(tmp_path, newest=2, kept=set())
    assert states.steps(tmp_path) == [1, 2]


def test_a_state_that_is_being_written_is_none_and_can_be_discarded(tmp_path):
    keep(tmp_path, 1)
    (states.writing(tmp_path) / "global_step_2").mkdir()
    assert (states.steps(tmp_path), states.written(tmp_path)) == ([1], 2)
    states.discard(tmp_path)
    assert [path.name for path in (tmp_path / "states").iterdir()] == ["global_step_1"]


def test_what_a_run_wrote_after_a_step_goes(tmp_path):
    """Of a branch whose first step was 4, killed while it wrote the metrics of 7."""
    metrics = [json.dumps({"step": step, "data": {}}) for step in (4, 5, 6)]
    (tmp_path / "metrics.jsonl").write_text("\n".join([*metrics, '{"step": 7, "da']))
    syncs = [json.dumps({"sync": i}) for i in range(4)]
    (tmp_path / "sync.jsonl").write_text("\n".join(syncs) + "\n")
    for name in ("rollouts", "constraint"):
        (tmp_path / name).mkdir()
        for step in (4, 5, 6, 7):
            (tmp_path / name / f"{step:05d}.parquet").touch()
    states.cut(tmp_path, step=5, first=4)
    assert (tmp_path / "metrics.jsonl").read_text() == "\n".join(metrics[:2]) + "\n"
    # the sync that follows step 5 is made anew
    assert (tmp_path / "sync.jsonl").read_text() == "\n".join(syncs[:2]) + "\n"
    left = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.parquet"))
    folders = ("constraint", "rollouts")
    assert left == [f"{name}/{step:05d}.parquet" for name in folders for step in (4, 5)]
