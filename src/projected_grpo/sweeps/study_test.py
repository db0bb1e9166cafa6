from pathlib import Path

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.sweeps.plan_test import BASE, BRANCH, SETS
from projected_grpo.sweeps.study import parse, read

ARMS = {"vanilla": None}
OF_NO_DOSE = {"rollouts": "start", "equal_cost": "signed"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "arms is missing"),
        ({"arms": ARMS}, "expected seeds or a branch"),
        ({"arms": ARMS, "seeds": [1], "branch": BRANCH}, "expected seeds or a branch"),
        ({"arms": ARMS, "seeds": [1, 1]}, "a seed stands twice"),
        ({"arms": ARMS, "seeds": [1], "stepz": 3}, "s.stepz is unknown"),
        ({"arms": ARMS, "seeds": [1], "steps": "many"}, "s.steps='many': expected int"),
        ({"arms": {"vanilla": {"set": "a"}}, "seeds": [1]}, "arms.vanilla.set is unknown"),
        ({"arms": {"held": {"v_hack": "a"}}, "seeds": [1]}, "arms.held.v_hack=a is no set"),
        ({"arms": ARMS, "seeds": [1], "without": ["a"]}, "without=a is no set"),
        ({"arms": ARMS, "seeds": [1], "sets": SETS}, "sets.here.at=branch"),
        ({"arms": ARMS, "seeds": [1], "sets": {"a": {}}}, "every other command needs rollouts"),
        (
            {"arms": ARMS, "seeds": [1], "sets": {**SETS, "a": {"rollouts": "signed"}}},
            "signed has no rollouts",
        ),
        (
            {"arms": ARMS, "seeds": [1], "sets": {**SETS, "a": OF_NO_DOSE}},
            "sets.a.equal_cost=signed: name a set of command dose",
        ),
        (
            {"arms": ARMS, "seeds": [1], "sets": {**SETS, "a": {"command": "dose", **OF_NO_DOSE}}},
            "sets.a.equal_cost=signed: only controls of",
        ),
        ({"arms": ARMS, "branch": {**BRANCH, "arm": "other"}}, "branch.arm=other is no arm"),
        ({"arms": ARMS, "branch": {**BRANCH, "held": 0}}, "branch.held=0: expected 1 or more"),
        ({"arms": ARMS, "branch": {**BRANCH, "started": 1}}, "branch.started=1"),
        (
            {"arms": ARMS, "branch": BRANCH, "sets": SETS, "without": ["here"]},
            "without=here is made at branch points",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_its_key(data, said):
    if "sets" in data and "sets.here" not in said and "branch" not in data:
        data["sets"] = {name: of for name, of in data["sets"].items() if name != "here"}
    with pytest.raises(Refusal) as stop:
        parse("s", {**BASE, **data}, Path("outputs"))
    assert said in str(stop.value) and "\n" not in str(stop.value)


def test_an_unknown_study_is_answered_with_those_that_there_are():
    with pytest.raises(Refusal, match=r"no configs/sweep/nothing.yaml: choose from .*smoke"):
        read("nothing", Path("outputs"))
