"""What a run keeps of verl's checkpoints."""

import pytest
from omegaconf import OmegaConf

from projected_grpo.runs import states
from projected_grpo.verl_ext import launch


def test_of_several_checkpoints_the_last_steps_weights_are_kept(tmp_path):
    for step in (5, 10, 20):
        folder = tmp_path / "states" / f"global_step_{step}" / "actor" / "huggingface"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(str(step))
    (tmp_path / "states" / "latest_checkpointed_iteration.txt").write_text("20")
    launch._keep_weights(tmp_path, OmegaConf.create({"lora_rank": 0}))
    assert not (tmp_path / "states").exists()
    assert [file.name for file in (tmp_path / "ckpt").iterdir()] == ["config.json"]
    assert (tmp_path / "ckpt" / "config.json").read_text() == "20"


@pytest.mark.parametrize("last_is_whole", [True, False])
def test_whole_states_stay_beside_the_weights(last_is_whole, tmp_path):
    for step in (4, 5, 6):
        (states.folder(tmp_path, step) / "actor" / "huggingface").mkdir(parents=True)
        if step < 6 or last_is_whole:
            states.complete(tmp_path, step)
    launch._keep_weights(tmp_path, OmegaConf.create({"lora_rank": 0}))
    kept = [4, 5, 6] if last_is_whole else [4, 5]
    assert states.steps(tmp_path) == kept
    assert len(list((tmp_path / "states").iterdir())) == len(kept)
