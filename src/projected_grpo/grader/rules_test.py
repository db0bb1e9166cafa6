"""What the rules leave out can change no verdict."""

import itertools

from projected_grpo.grader import labels
from projected_grpo.grader.benchmark.rules import Compat, label_compat
from projected_grpo.grader.inside.rules import SCRIPTS, script_tells, trial_tells
from projected_grpo.grader.labels import Trial, Trials
from projected_grpo.grader.trials import FIRST_TRIALS, LAST_TRIAL, MORE_TRIALS

TRIALS = [*FIRST_TRIALS, *MORE_TRIALS, LAST_TRIAL]


def test_scripts_that_tell_nothing_change_no_label_of_the_benchmarks_rules():
    for verdicts in itertools.product((True, False), repeat=len(SCRIPTS)):
        every = dict(zip(SCRIPTS, verdicts, strict=True))
        passed = {}
        for name in SCRIPTS:
            if script_tells(name, passed):
                passed[name] = every[name]
        assert label_compat(Compat(**passed)) == label_compat(Compat(**every)), every


def trials_of(outcomes: dict[str, str], examined: bool) -> Trials:
    """equal is tried where it can tell something, as in trials.last_trial."""
    by_name = {name: Trial(outcome, True, False, examined) for name, outcome in outcomes.items()}
    accept = all(by_name[name].accepts for name in ("truthy", "falsy"))
    if not (examined and accept):
        by_name[LAST_TRIAL] = Trial("untried")
    return Trials(by_name)


def test_trials_that_tell_nothing_change_no_fact():
    for outcomes in itertools.product(("returned", "raised", "unknown"), repeat=len(TRIALS)):
        every = dict(zip(TRIALS, outcomes, strict=True))
        told = {}
        for name in TRIALS:
            told[name] = every[name] if trial_tells(name, told) else "untried"
        if told == every:
            continue
        for examined, is_wrong in itertools.product((True, False), repeat=2):
            expected = labels.tests_facts(trials_of(every, examined), is_wrong, False)
            assert labels.tests_facts(trials_of(told, examined), is_wrong, False) == expected, every
