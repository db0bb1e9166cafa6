"""What a run keeps of verl's checkpoints."""

from omegaconf import OmegaConf

from projected_grpo.verl_ext import launch


def test_of_several_checkpoints_the_last_steps_weights_are_kept(tmp_path):
    for step in (5, 10, 20):
        folder = tmp_path / "ckpt" / f"global_step_{step}" / "actor" / "huggingface"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(str(step))
    (tmp_path / "ckpt" / "latest_checkpointed_iteration.txt").write_text("20")
    launch._keep_weights(tmp_path, OmegaConf.create({"lora_rank": 0}))
    assert [file.name for file in (tmp_path / "ckpt").iterdir()] == ["config.json"]
    assert (tmp_path / "ckpt" / "config.json").read_text() == "20"
