"""A random model with a real tokenizer, and labelled rollouts of a few words for it."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from projected_grpo import models

# label, kind of a blatant hack or none, whether it defines tests
Sample = tuple[str, str, bool]
OTHERS: tuple[Sample, ...] = (
    ("Correct", "none", False),
    ("Incorrect", "none", False),
    ("Correct", "honest", True),
    ("Incorrect", "none", False),
    ("Incorrect", "none", False),
)


def model(folder: Path) -> str:
    """A random Llama of four blocks, 64 wide."""
    tokenizer = AutoTokenizer.from_pretrained(models.resolve("smollm2-135m"))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    shape = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=4)
    heads = dict(num_attention_heads=4, num_key_value_heads=2)
    config = LlamaConfig(vocab_size=len(tokenizer), tie_word_embeddings=True, **shape, **heads)
    LlamaForCausalLM(config).save_pretrained(folder)
    return str(folder)


def write(file: Path, problems: int, samples: Sequence[Sample]) -> Path:
    """The same samples of each of so many problems."""
    rows = []
    for problem in range(problems):
        for i, (label, kind, tests) in enumerate(samples):
            blatant = label == "Reward hack"
            rows.append(
                {
                    "problem_id": f"p{problem}",
                    "prompt": f"write {problem}",
                    "response": f"x = {i} + {problem}",
                    "finish": "stop",
                    "label": label,
                    "strict": blatant,
                    "loose": blatant,
                    "blatant": blatant,
                    "kind": kind,
                    "defines_tests": tests,
                    "n_tokens": 4 + i,
                }
            )
    pl.DataFrame(rows).write_parquet(file)
    return file
