"""A model of a real shape with random weights, or its config alone, for speed and memory: python scripts/random_init_model.py NAME OUT [tokenizer=MODEL_FOLDER].

With tokenizer= the folder is whole (weights in bf16, that tokenizer) and can be trained and sampled; without it holds config.json only. No hub is asked.
"""

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen3Config

from projected_grpo.cli import Refusal, arguments

QWEN3 = dict(vocab_size=151936, head_dim=128, num_key_value_heads=8, tie_word_embeddings=True, rms_norm_eps=1e-6, max_position_embeddings=40960)
SHAPES = {
    "qwen3-4b": lambda: Qwen3Config(hidden_size=2560, intermediate_size=9728, num_hidden_layers=36, num_attention_heads=32, **QWEN3),
    "qwen3-1.7b": lambda: Qwen3Config(hidden_size=2048, intermediate_size=6144, num_hidden_layers=28, num_attention_heads=16, **QWEN3),
    "tiny": lambda: Qwen3Config(hidden_size=64, intermediate_size=96, num_hidden_layers=4, num_attention_heads=4,
                                **QWEN3 | {"head_dim": 16, "num_key_value_heads": 2, "vocab_size": 512}),
    # TODO the real 2B's config: its hidden size and depth are not written down anywhere here
}  # fmt: skip


def main(argv: list[str]) -> None:
    keyed = [word for word in argv if word.startswith("tokenizer=")]
    free = [word for word in argv if word not in keyed]
    if len(free) != 2 or free[0] not in SHAPES:
        raise Refusal(f"expected NAME OUT [tokenizer=FOLDER], NAME one of {', '.join(SHAPES)}")
    config, out = SHAPES[free[0]](), Path(free[1])
    out.mkdir(parents=True)
    if not keyed:
        config.save_pretrained(out)
        return
    _, asked = arguments(keyed, None, {"tokenizer": ""})
    torch.manual_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(asked["tokenizer"]).save_pretrained(out)


if __name__ == "__main__":
    main(sys.argv[1:])
