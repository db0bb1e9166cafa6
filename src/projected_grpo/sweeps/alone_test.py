"""One runner of processes at a time, and what one that was killed leaves behind."""

import signal

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.sweeps.alone import alone, stop
from projected_grpo.testing.study_runners import SLEEPS, any_lives, processes, states, wait_for


def test_a_study_that_runs_is_refused_and_its_runner_says_how_it_ended(study, local):
    of = study(arms=SLEEPS, seeds=[1])
    local.start(of)
    processes(of)
    with pytest.raises(Refusal, match="another process runs s"), alone(of):
        pass
    said = local.end(signal.SIGTERM)
    assert said.endswith("ended by SIGTERM: the same command goes on from here")


def test_stop_ends_runs_whose_runner_was_killed_outright(study, local):
    of = study(arms=SLEEPS, seeds=[1])
    local.start(of)
    ours = processes(of)
    local.end(signal.SIGKILL)
    with pytest.raises(Refusal, match="project-s1 is being written by process"), alone(of):
        pass
    assert stop(of)
    wait_for(lambda: not any_lives(ours))
    with alone(of):
        assert states(of)["project-s1"] == "interrupted"
