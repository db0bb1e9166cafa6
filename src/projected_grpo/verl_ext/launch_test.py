"""What a run keeps of verl's last checkpoint, wherever it was killed in between."""

import pytest
from omegaconf import OmegaConf

from projected_grpo.interventions.chain import Chain
from projected_grpo.runs import states
from projected_grpo.verl_ext import launch


def written(run, step):
    """As verl leaves a checkpoint."""
    hub = states.writing(run) / f"global_step_{step}" / "actor" / "huggingface"
    hub.mkdir(parents=True)
    (hub / "config.json").write_text(str(step))
    (states.writing(run) / "latest_checkpointed_iteration.txt").write_text(str(step))


def kept(run, every):
    """(the states that stay, what ckpt/ is of, the folders in states/)"""
    (run / "metrics.jsonl").touch()
    cfg = {
        "save_every": every,
        "keep": 2,
        "keep_at": [],
        "actor_rollout_ref": {"model": {"lora_rank": 0}},
    }
    launch.keep_weights(OmegaConf.create(cfg), run, Chain([]))
    folders = [path.name for path in (run / "states").glob("*")]
    return states.steps(run), (run / "ckpt" / "config.json").read_text(), folders


def test_without_states_the_last_steps_weights_alone_are_kept(tmp_path):
    written(tmp_path, 20)
    assert kept(tmp_path, every=None) == ([], "20", [])
    assert not (tmp_path / "states").exists()


@pytest.mark.parametrize(("every", "states_left"), [(2, [4, 6]), (4, [4])])
def test_states_stay_beside_the_weights(every, states_left, tmp_path):
    states.folder(tmp_path, 4).mkdir(parents=True)
    written(tmp_path, 6)
    left, weights, folders = kept(tmp_path, every)
    assert (left, weights, len(folders)) == (states_left, "6", len(states_left))


def test_what_was_done_before_a_kill_is_not_done_again(tmp_path):
    written(tmp_path, 6)
    (states.writing(tmp_path) / "global_step_6" / "actor" / "huggingface").rename(tmp_path / "ckpt")
    assert kept(tmp_path, every=2)[:2] == ([6], "6")
    assert kept(tmp_path, every=2)[:2] == ([6], "6")
