"""The table of targets of a real architecture."""

import re

from transformers import AutoModelForCausalLM

from projected_grpo.interventions import target_table
from projected_grpo.weights.targets_test import config


def test_just_targets_prints_every_weight_with_side_norm_width_cosine_and_chance(tmp_path, capsys):
    AutoModelForCausalLM.from_config(config("qwen3_5_text")).save_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text("{}")
    target_table.main([str(tmp_path), "m=4"])
    text = capsys.readouterr().out
    rows = [line.split() for line in text.splitlines() if line.startswith("model.layers")]
    assert len(rows) == 3 * 8 + 7 and "random direction (no v_hack given)" in text
    assert rows[0][:7] == [
        "model.layers.0.linear_attn.in_proj_qkv.weight",
        "0",
        "qkv",
        "reads",
        "input_layernorm",
        "16",
        "24",
    ]
    assert all(re.fullmatch(r"[01]\.\d{3}", x) for row in rows for x in row[-3:])
