"""Mechanisms called as one: the direction that a run's manifest holds."""

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.directions.files import VHack, write_direction
from projected_grpo.interventions.advantage import Advantage
from projected_grpo.interventions.base import Setup
from projected_grpo.interventions.chain import Chain
from projected_grpo.interventions.constrain import Constrain
from projected_grpo.interventions.prompt import Prompt
from projected_grpo.testing.tiny_llama import V


@pytest.fixture
def setup(tmp_path) -> Setup:
    """A direction and a placebo of it."""
    for folder in (tmp_path, tmp_path / "shuffled-s1"):
        write_direction(VHack(V / V.norm(), 1, {"layer": 1, "of": folder.name}), folder)
    return Setup("llama", 32, tmp_path)


def test_mechanisms_that_share_a_direction_record_it(setup):
    chain = Chain([Prompt("words"), Constrain("gradient"), Advantage("additive")])
    assert chain.source(setup)["of"] == setup.v_hack.name
    assert Chain([Prompt("words")]).source(setup) is None


def test_mechanisms_that_act_on_different_directions_are_refused(setup):
    chain = Chain([Constrain("gradient"), Advantage("additive", v="shuffled", v_seed=1)])
    with pytest.raises(Refusal, match="different directions or columns"):
        chain.source(setup)
