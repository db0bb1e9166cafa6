"""A run that goes on from another's state: what it records, and what is refused before a write."""

from pathlib import Path

import pytest
import torch

from projected_grpo import runs, train
from projected_grpo.cli import Refusal
from projected_grpo.directions.files import VHack, write_direction
from projected_grpo.runs import start, states
from projected_grpo.runs.run import write_manifest
from projected_grpo.verl_ext import environment

SOURCE = ("scale=tiny", "arm=shrink", "group=old", "save_every=1")


def prepared(root: Path, *overrides: str) -> runs.Run:
    """A run's folder as the command makes it, before anything is trained."""
    cfg = train.configure([*overrides, f"outputs={root}"])
    return train.prepare(cfg, train.check(cfg), environment.prepare())


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> runs.Run:
    """old/shrink-s1, which ended with the states of steps 1 and 2."""
    run = prepared(tmp_path_factory.mktemp("outputs"), *SOURCE).finish("failed")
    for step in (1, 2):
        states.folder(run.path, step).mkdir(parents=True)
    # one that was being written when the run ended
    (states.writing(run.path) / "global_step_3").mkdir(parents=True)
    return run


def contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def branched(source: runs.Run, *overrides: str, name: str = "old/shrink-s1@1") -> runs.Run:
    root = source.path.parents[1]
    return prepared(root, *SOURCE[:2], "group=new", "seed=2", f"from={name}", *overrides)


def test_a_branch_records_where_it_comes_from_and_reads_that_state_in_place(source):
    run = branched(source)
    kept = ("commit", "dirty", "arm", "seed", "config_hash")
    expected = {key: source.manifest[key] for key in kept}
    assert run.manifest["from"] == {"run": "old/shrink-s1", "step": 1, **expected}
    assert (run.start, run.first_step) == ("old/shrink-s1@1", 2)
    assert run.config["from"] == "old/shrink-s1@1"
    trainer = run.config["trainer"]
    assert trainer["resume_mode"] == "resume_path"
    assert trainer["resume_from_path"] == str(source.path / "states/global_step_1")
    assert trainer["default_local_dir"] == str(run.path / "states" / ".writing")


def test_the_source_stays_as_it_is(source):
    before = contents(source.path)
    branched(source)
    assert contents(source.path) == before


@pytest.mark.parametrize(
    ("overrides", "start"),
    [
        (["seed=1", "keep=1", "eval.n=0", "trainer.total_training_steps=9"], "continued"),
        (["seed=1", "arm.interventions.0.share=0.9"], "branch"),
        (["seed=1", "arm=vanilla"], "branch"),
        (["seed=1", "actor_rollout_ref.rollout.temperature=0.9"], "branch"),
        (["seed=1", "env.problems.limit=7"], "branch"),
        (["seed=2"], "branch"),
    ],
)
def test_a_run_continues_another_only_where_nothing_else_differs(overrides, start, source):
    config = branched(source, *overrides).config
    assert config["run"]["start"] == start
    assert config["actor_rollout_ref"]["actor"]["fsdp_config"]["start"] == start


def test_a_branch_of_a_branch_is_a_new_one_even_where_nothing_differs(source):
    middle = branched(source, "save_every=1").finish("failed")
    states.folder(middle.path, 2).mkdir(parents=True)
    longer = "trainer.total_training_steps=3"
    run = branched(source, "group=newer", longer, name="new/shrink-s2@2")
    assert run.config["run"]["start"] == "branch" and run.first_step == 3


def test_seeds_of_one_branch_are_configured_alike(source):
    first, second = branched(source, "seed=5"), branched(source, "seed=6")
    assert first.manifest["config_hash"] == second.manifest["config_hash"]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["from=old/shrink-s1"], "expected RUN@STEP"),
        (["from=old/nothing-s1@1"], "no runs called 'old/nothing-s1'"),
        (["from=old/shrink-s1@7"], "no state after step 7: choose one of 1, 2"),
        (["from=old/shrink-s1@3"], "no state after step 3: choose one of 1, 2"),
        (["from=old/shrink-s1@2"], "set it above 2"),
        (["group=old", "seed=1"], "is this run's own folder"),
        (["actor_rollout_ref.actor.optim.lr=1e-5"], "is of another optimizer"),
        (["actor_rollout_ref.actor.optim.lr_warmup_steps=5"], "is of another optimizer"),
        (["actor_rollout_ref.model.lora_rank=8"], "is of another LoRA shape"),
        (
            ["trainer.nnodes=2", "ray_kwargs.ray_init.num_gpus=2", "data.train_batch_size=4"],
            "for another number of ranks",
        ),
        (["save_every=0"], "save_every=0"),
        (["keep=0"], "keep=0"),
        (["save_every=1", "keep_at=[2]"], "expected shares of samples"),
        (["save_every=2", "keep_at=[0.02]"], "set save_every=1"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line_and_writes_nothing(overrides, said, source):
    root = source.path.parents[1]
    before = contents(root)
    with pytest.raises(Refusal) as stop:
        branched(source, *overrides)
    assert said in str(stop.value) and "\n" not in str(stop.value)
    assert contents(root) == before


@pytest.mark.parametrize("change", [{"model": "other"}, {"shape": {"hidden_size": 8}}])
def test_a_state_of_another_model_is_refused(change, source):
    write_manifest(source.path, {**source.manifest, **change})
    with pytest.raises(Refusal, match="is of another model"):
        branched(source)
    write_manifest(source.path, source.manifest)


def test_a_schedule_that_bends_keeps_its_end(source):
    bent = "actor_rollout_ref.actor.optim.lr_scheduler_type=cosine"
    root = source.path.parents[1]
    run = prepared(root, *SOURCE, "group=bent", bent).finish("done")
    states.folder(run.path, 1).mkdir(parents=True)
    longer = "trainer.total_training_steps=9"
    with pytest.raises(Refusal, match="another schedule"):
        branched(source, bent, longer, name="bent/shrink-s1@1")
    assert branched(source, bent, name="bent/shrink-s1@1").first_step == 2


def test_a_constraint_on_an_adapter_that_has_moved_is_refused(source, tmp_path):
    adapter = ("actor_rollout_ref.model.lora_rank=8", "group=adapted")
    root = source.path.parents[1]
    run = prepared(root, "scale=tiny", "arm=vanilla", *adapter).finish("failed")
    states.folder(run.path, 1).mkdir(parents=True)
    v = torch.nn.functional.normalize(torch.ones(576), dim=0)
    write_direction(VHack(v, 2, {"layer": 2}), tmp_path)
    words = (adapter[0], f"v_hack={tmp_path}")
    assert branched(source, *words, "arm=vanilla", name="adapted/vanilla-s1@1").first_step == 2
    with pytest.raises(Refusal, match="cannot be constrained from there on"):
        branched(source, *words, "arm=constrain", name="adapted/vanilla-s1@1")


def test_a_source_that_another_process_writes_is_refused(source, monkeypatch):
    monkeypatch.setattr(start, "is_alive", lambda run: run.manifest["arm"] == "shrink")
    with pytest.raises(Refusal, match="is being written by process"):
        branched(source)
