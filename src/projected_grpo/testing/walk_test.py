"""The gate's walk: every arm of configs/arm takes one real step on fixed tiny rollouts.

And the reference arm one under every wording of every loophole.
"""

from pathlib import Path

import pytest
import torch

from projected_grpo import loopholes
from projected_grpo.interventions import arm_table, arms
from projected_grpo.testing import walk
from projected_grpo.testing.tiny_engine import spawned

WORDING = "overwrite_tests"
ARMS = arm_table.configs()
(REFERENCE,) = [name for name, config in ARMS.items() if config["role"] == "reference"]


def steps(folder: Path) -> None:
    """Every arm, every arm at strength 0, and every wording, each from the same model."""
    walk.prepare(folder)
    for wording in loopholes.NAMES:
        torch.save(walk.step(ARMS[REFERENCE], folder, wording), folder / f"under-{wording}.pt")
    for name, definition in ARMS.items():
        torch.save(walk.step(definition, folder, WORDING), folder / f"{name}.pt")
        torch.save(walk.step(walk.idle(definition), folder, WORDING), folder / f"{name}-idle.pt")
    torch.save(walk.step(measured("half_space"), folder, WORDING), folder / "measured.pt")


def measured(name: str) -> dict:
    """The arm, with the dose of its one mechanism measured every step."""
    (entry,) = ARMS[name]["interventions"]
    return {**ARMS[name], "interventions": [{**entry, "refresh": {"measure": 4}}]}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory) -> dict[str, walk.Outcome]:
    folder = tmp_path_factory.mktemp("walk")
    spawned(steps, folder)
    return {file.stem: torch.load(file, weights_only=False) for file in folder.glob("*.pt")}


def same(a: walk.Outcome, b: walk.Outcome) -> bool:
    return all(torch.equal(w, b.weights[name]) for name, w in a.weights.items())


@pytest.mark.parametrize("name", ARMS)
def test_every_arm_has_a_gradient(name, outcomes):
    assert outcomes[name].metrics["grad_norm"] > 0


@pytest.mark.parametrize("name", ARMS)
def test_every_mechanism_leaves_its_mark(name, outcomes):
    acts = ARMS[name]["role"] in ("treatment", "control")
    assert same(outcomes[name], outcomes[REFERENCE]) != acts
    if acts:
        for part in arms.parse(ARMS[name]).interventions.parts:
            assert outcomes[name].metrics[f"{part.mechanism}/touched"] > 0


@pytest.mark.parametrize("name", ARMS)
def test_at_strength_zero_the_step_is_the_references_to_the_last_bit(name, outcomes):
    still = outcomes[f"{name}-idle"]
    assert same(still, outcomes[REFERENCE])
    for part in arms.parse(ARMS[name]).interventions.parts:
        assert still.metrics[f"{part.mechanism}/touched"] == 0


def test_to_measure_the_dose_in_force_changes_no_bit(outcomes):
    assert same(outcomes["measured"], outcomes["half_space"])


@pytest.mark.parametrize("wording", loopholes.NAMES)
def test_every_wording_has_a_gradient_and_a_prompt_of_its_own(wording, outcomes):
    own = outcomes[f"under-{wording}"]
    assert own.metrics["grad_norm"] > 0
    clean = loopholes.CLEAN.name
    assert same(own, outcomes[f"under-{clean}"]) == (wording == clean)
