"""Mechanisms called as one: the direction that a run's manifest holds."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.directions.activations import weights_sha256
from projected_grpo.directions.files import VHack, write_direction
from projected_grpo.interventions.advantage import Advantage
from projected_grpo.interventions.arms import parse
from projected_grpo.interventions.base import Setup, Site
from projected_grpo.interventions.chain import Chain
from projected_grpo.interventions.constrain import Constrain
from projected_grpo.interventions.prompt import Prompt
from projected_grpo.testing.tiny_llama import V, adamw, block_weights, llama, train, trainable


@pytest.fixture
def setup(tmp_path) -> Setup:
    """A direction and a placebo of it."""
    for folder in (tmp_path, tmp_path / "shuffled-s1"):
        write_direction(VHack(V / V.norm(), 1, {"layer": 1, "of": folder.name}), folder)
    return Setup("llama", 32, tmp_path)


def made_from(digest: str, folder: Path) -> None:
    manifest = {"layer": 1, "model": "other", "model_sha256": digest}
    write_direction(VHack(V / V.norm(), 1, manifest), folder)


def test_mechanisms_that_share_a_direction_record_it(setup):
    chain = Chain([Prompt("words"), Constrain("gradient"), Advantage("additive")])
    assert chain.source(setup)["of"] == setup.v_hack.name
    assert Chain([Prompt("words")]).source(setup) is None


def test_a_direction_of_other_weights_than_those_that_are_trained_is_refused(setup, tmp_path):
    model = llama()
    model.save_pretrained(tmp_path / "model")
    trained = replace(setup, model=tmp_path / "model")
    chain = Chain([Constrain("gradient")])
    # a manifest that does not say of which
    chain.check(trained)
    made_from(weights_sha256(model), tmp_path)
    chain.check(trained)
    made_from("0" * 64, tmp_path)
    with pytest.raises(Refusal, match="made from other weights .*train that one"):
        chain.check(trained)
    chain.check(replace(trained, model=None))


def test_mechanisms_that_act_on_different_directions_are_refused(setup):
    chain = Chain([Constrain("gradient"), Advantage("additive", v="shuffled", v_seed=1)])
    with pytest.raises(Refusal, match="different directions or columns"):
        chain.source(setup)


def frozen(**entry: object) -> Chain:
    arm = {"name": "a", "hypothesis": "b", "role": "treatment", "control_of": None}
    interventions = [{"mechanism": "freeze", **entry}]
    return parse({**arm, "loophole": True, "interventions": interventions}).interventions


def test_a_mechanism_acts_until_its_last_step_and_leaves_weights_free_afterwards(tmp_path):
    model, chain, done = llama(), frozen(until=2), []
    start = block_weights(model)
    site = Site(Setup("llama", 32, None), tmp_path, 0, step=lambda: 1 + len(done))
    chain.attach(model, site)
    optimizer = adamw(trainable(model))
    for step in range(4):
        train(model, chain, optimizer, 1, first=step)
        touched = chain.measured()["freeze/touched"]
        moved = any(not torch.equal(w, start[name]) for name, w in block_weights(model).items())
        assert (touched > 0, moved) == (step < 2, step >= 2)
        done.append(step)


def test_only_what_acts_on_weights_can_be_lifted():
    with pytest.raises(Refusal, match="until=0: expected a step"):
        frozen(until=0)
    with pytest.raises(Refusal, match="interventions.0.until: prompt acts on more than"):
        frozen(mechanism="prompt", text="words", until=2)
