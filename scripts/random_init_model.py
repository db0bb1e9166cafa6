"""A model of a real shape with random weights, or its config alone, for speed and memory.

With tokenizer= the folder is whole (weights in bf16, that tokenizer) and can be trained and
sampled; without it holds config.json only. No hub is needed.
"""

import sys
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoTokenizer,
    PreTrainedConfig,
    Qwen3Config,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

from projected_grpo import cli
from projected_grpo.cli import argument, option

QWEN3 = dict(
    vocab_size=151936,
    head_dim=128,
    num_key_value_heads=8,
    tie_word_embeddings=True,
    rms_norm_eps=1e-6,
    max_position_embeddings=40960,
)
QWEN3_5 = dict(
    head_dim=256,
    num_attention_heads=8,
    num_key_value_heads=2,
    linear_num_key_heads=16,
    linear_num_value_heads=16,
    tie_word_embeddings=True,
    max_position_embeddings=262144,
    mamba_ssm_dtype="float32",
    rope_parameters=dict(
        rope_type="default",
        rope_theta=1e7,
        partial_rotary_factor=0.25,
        mrope_section=[11, 11, 10],
        mrope_interleaved=True,
    ),
)


def qwen3(**shape) -> PreTrainedConfig:
    return Qwen3Config(**QWEN3 | shape)


def qwen3_5(text: dict, vision: dict) -> PreTrainedConfig:
    return AutoConfig.for_model(
        "qwen3_5",
        text_config=QWEN3_5 | text,
        vision_config=vision | dict(out_hidden_size=text["hidden_size"]),
        tie_word_embeddings=True,
    )


SHAPES = {
    "qwen3-4b": lambda: qwen3(
        hidden_size=2560,
        intermediate_size=9728,
        num_hidden_layers=36,
        num_attention_heads=32,
    ),
    "qwen3-1.7b": lambda: qwen3(
        hidden_size=2048,
        intermediate_size=6144,
        num_hidden_layers=28,
        num_attention_heads=16,
    ),
    "qwen3.5-2b": lambda: qwen3_5(
        dict(hidden_size=2048, intermediate_size=6144, num_hidden_layers=24),
        dict(hidden_size=1024, intermediate_size=4096, depth=24),
    ),
    "tiny": lambda: qwen3(
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=4,
        num_attention_heads=4,
        head_dim=16,
        num_key_value_heads=2,
        vocab_size=512,
    ),
    "tiny-3.5": lambda: qwen3_5(
        dict(
            hidden_size=64,
            intermediate_size=96,
            num_hidden_layers=4,
            head_dim=64,
            num_attention_heads=4,
            linear_num_key_heads=2,
            linear_num_value_heads=2,
            linear_key_head_dim=32,
            linear_value_head_dim=32,
            rope_parameters=QWEN3_5["rope_parameters"] | {"mrope_section": [3, 3, 2]},
        ),
        dict(hidden_size=32, intermediate_size=48, depth=2, num_heads=2),
    ),
}


def save_whole(config: PreTrainedConfig, tokenizer_folder: Path, out: Path) -> None:
    """Weights drawn from seed 0, and a tokenizer that knows as many tokens as the model has.

    verl never samples what a tokenizer does not know, and random weights put as much there as
    anywhere.
    """
    torch.manual_seed(0)
    auto = AutoModelForCausalLM
    if type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        auto = AutoModelForImageTextToText
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = auto.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(out)
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    unused = range(len(tokenizer), config.get_text_config().vocab_size)
    tokenizer.add_tokens([f"<unused{i}>" for i in unused])
    tokenizer.save_pretrained(out)


@cli.settings
class Settings:
    name: str = argument("of a shape", choices=tuple(SHAPES))
    out: Path = argument("a folder that is made anew")
    tokenizer: Path | None = option("its folder: makes weights too, no config alone", None)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    config, out = SHAPES[settings.name](), settings.out
    out.mkdir(parents=True)
    if settings.tokenizer:
        save_whole(config, settings.tokenizer, out)
    else:
        config.save_pretrained(out)


if __name__ == "__main__":
    main(sys.argv[1:])
