import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.sweeps import checks, command, machine
from projected_grpo.sweeps.plan_test import BASE
from projected_grpo.sweeps.study import CONFIGS, parse, read

STUDIES = sorted(path.stem for path in (CONFIGS / "sweep").glob("*.yaml"))


@pytest.mark.parametrize("name", STUDIES)
def test_every_arm_of_every_study_is_one_that_the_training_command_takes(name):
    study = read(name, Path("outputs"))
    configs = checks.configured(study)
    for arm in study.arms:
        assert configs[arm].arm.name == arm and configs[arm].run.name.startswith(arm)


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ({"config": "nonsense"}, "s, a: .*arm/nonsense"),
        ({"config": "vanilla", "overrides": ["no_such=1"]}, "s, a: .*no_such"),
        ({"config": "random"}, "it controls project, which is no arm here"),
    ],
)
def test_an_arm_that_the_training_command_refuses_is_named(arm, said):
    study = parse("s", {**BASE, "arms": {"a": arm}, "seeds": [1]}, Path("outputs"))
    with pytest.raises(Refusal) as stop:
        checks.configured(study)
    assert re.search(said, str(stop.value)) and "\n" not in str(stop.value)


def test_a_missing_file_is_refused_before_anything_runs():
    common = ["scale=mini", "env=leetcode", "env.problems.path=nowhere.jsonl"]
    data = {**BASE, "arms": {"vanilla": None}, "seeds": [1], "common": common}
    study = parse("s", data, Path("outputs"))
    with pytest.raises(Refusal, match="env.problems.path=nowhere.jsonl is not there"):
        checks.refuse_missing_files(study, checks.configured(study))


def test_until_is_seconds_or_the_next_time_that_a_clock_shows_it():
    now = datetime(2026, 1, 1, 12, 0)
    assert command.deadline("90", now) == (now + timedelta(seconds=90)).timestamp()
    assert command.deadline("13:30", now) == (now + timedelta(minutes=90)).timestamp()
    assert command.deadline("11:00", now) == (now + timedelta(hours=23)).timestamp()
    with pytest.raises(Refusal, match="until=25:00"):
        command.deadline("25:00", now)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "NAME missing"),
        (["smoke", "dance"], "ACTION dance: expected one of run, status, jobs"),
        (["smoke", "runner=dance"], "runner=dance: expected one of local, pueue"),
        (["smoke", "per_card=0"], "per_card=0"),
        (["smoke", "cards=77"], "no GPU '77'"),
        (["smoke", "arms=dance"], "arms=dance is no arm of smoke: choose from vanilla, shrunk"),
    ],
)
def test_a_wrong_word_is_one_line_and_runs_nothing(argv, said, tmp_path):
    with pytest.raises(Refusal) as stop:
        command.main([*argv, f"outputs={tmp_path}"])
    assert said in str(stop.value)
    assert not list(tmp_path.iterdir())


def test_the_queue_is_refused_where_no_daemon_answers_and_else_not_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("PUEUE_CONFIG_PATH", str(tmp_path / "none.yml"))
    study = read("smoke", tmp_path)
    with pytest.raises(Refusal, match="runner=pueue: no daemon answers: just install-pueue"):
        command.runner_of(study, "pueue")
    assert command.runner_of(study, None) == "local"


def test_the_plan_is_every_jobs_command(capsys, tmp_path):
    command.main(["smoke_branch", "jobs", f"outputs={tmp_path}", "eval.n=0"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "source vanilla-s1001",
        "1/vanilla-s1",
        "1/shrunk-s1",
    ]
    assert all("projected_grpo.train" in line and line.endswith("eval.n=0") for line in lines)


def test_a_card_that_is_too_small_for_a_run_is_refused():
    with pytest.raises(Refusal, match="GPU 0 has 80 GB, and a run takes 90"):
        machine.refuse_too_small([machine.Card("0", 80.0, 2)], 90.0)
