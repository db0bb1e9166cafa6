"""A frozen model's residual stream over given responses, teacher-forced.

One mean vector a response and layer. Layer l is the residual stream after l blocks, transformers'
hidden_states[l]; the blocks above the highest layer asked for, the final norm and the head are
never run.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
import torch
from einops import einsum
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from projected_grpo.cli import Refusal
from projected_grpo.console import progress


@dataclass(frozen=True)
class Tokens:
    """Token ids of one prompt and of the response that followed it."""

    prompt: Sequence[int]
    response: Sequence[int]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.response)


def tokens(
    folder: Path, prompts: pl.Series, responses: pl.Series, finish: pl.Series | None = None
) -> list[Tokens]:
    """Texts in the tokens of the model in `folder`; special tokens are those in the text.

    finish: where it says "stop" the sample ended by itself, and the end token stands behind it.
    """
    from transformers import AutoTokenizer

    encode = AutoTokenizer.from_pretrained(folder)
    prompt_ids = encode(prompts.to_list(), add_special_tokens=False).input_ids
    response_ids = encode(responses.to_list(), add_special_tokens=False).input_ids
    ends = [False] * len(prompts) if finish is None else finish == "stop"
    samples = []
    for prompt, response, end in zip(prompt_ids, response_ids, ends, strict=True):
        samples.append(Tokens(prompt, response + [encode.eos_token_id] * end))
    return samples


def load_model(folder: Path, device: str) -> tuple[nn.Module, str]:
    """(causal LM in eval mode on `device`, SHA-256 of its weights as stored).

    bf16 on an accelerator, fp32 on a CPU.
    """
    model = stored(folder)
    digest = weights_sha256(model)
    return model.to(device, torch.float32 if device == "cpu" else torch.bfloat16), digest


def stored(folder: Path) -> nn.Module:
    """A causal LM in eval mode, on the CPU, as its weights are stored."""
    from transformers import AutoModelForCausalLM

    # said, for weights of a training run name an attention that only training has
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto", attn_implementation="sdpa")
    return model.eval().requires_grad_(False)


def weights_sha256(model: nn.Module) -> str:
    """Hex digest over names and bytes of every parameter and buffer, in the order of names."""
    digest = hashlib.sha256()
    for name, x in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(x.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def refuse_other_weights(manifest: Mapping[str, object], folder: Path) -> None:
    """Refusal where a direction or sets were made from other weights than those of `folder`.

    Reads the whole model. A manifest that does not say from which is let through.
    """
    made_from = manifest.get("model_sha256")
    if made_from is None:
        return
    digest = weights_sha256(stored(folder))
    if digest != made_from:
        raise Refusal(
            f"v_hack was made from other weights ({manifest.get('model')}, {made_from[:8]}) than "
            f"those of {folder} ({digest[:8]}): make it from this model, or train that one"
        )


def band(n_blocks: int, depth: tuple[float, float]) -> tuple[int, ...]:
    """Layers at a depth l / n_blocks inside `depth`, rounded to whole blocks.

    Never 0, nor what the final norm takes.
    """
    highest = max(n_blocks - 1, 1)
    low, high = (min(max(round(n_blocks * part), 1), highest) for part in depth)
    return tuple(range(low, high + 1))


@torch.inference_mode()
def response_means(
    model: nn.Module, samples: Sequence[Tokens], layers: Sequence[int], batch_tokens: int = 4096
) -> Float[Tensor, "n l d"]:
    """Mean over each response's tokens of the residual stream at each layer.

    fp32 on the CPU, in the samples' order. model: a causal LM with `get_decoder().layers`.
    batch_tokens: padded tokens in one forward pass (a longer sample goes alone). Every response
    must have at least one token.
    """
    assert all(s.response for s in samples), "a response without tokens has no mean: drop it"
    decoder, device = model.get_decoder(), next(model.parameters()).device
    means: list[Tensor] = [torch.empty(0)] * len(samples)
    n_tokens = sum(len(sample) for sample in samples)
    bar = progress(about="activations", total=n_tokens, unit="tok", unit_scale=True)
    with bar, residual_stream(decoder, layers) as stream:
        for batch in batches(samples, batch_tokens):
            ids, real, response = pad([samples[i] for i in batch])
            decoder(input_ids=ids.to(device), attention_mask=real.to(device), use_cache=False)
            h = torch.stack([stream[layer].float() for layer in layers])
            weight = (response / response.sum(1, keepdim=True)).to(h)
            batch_means = einsum(h, weight, "l b s d, b s -> b l d").cpu()
            for i, mean in zip(batch, batch_means, strict=True):
                means[i] = mean
            bar.update(int(real.sum()))
    return torch.stack(means)


def batches(samples: Sequence[Tokens], batch_tokens: int) -> Iterator[list[int]]:
    """Indices grouped by similar length, longest first (memory runs out at once or never)."""
    batch: list[int] = []
    for i in sorted(range(len(samples)), key=lambda i: -len(samples[i])):
        if batch and (len(batch) + 1) * len(samples[batch[0]]) > batch_tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def pad(
    samples: Sequence[Tokens],
) -> tuple[Int[Tensor, "b s"], Bool[Tensor, "b s"], Bool[Tensor, "b s"]]:
    """(ids, is a real token, is a response token), padded on the right: positions start at 0."""
    ids = torch.zeros(len(samples), max(map(len, samples)), dtype=torch.long)
    real = torch.zeros_like(ids, dtype=torch.bool)
    response = torch.zeros_like(ids, dtype=torch.bool)
    for b, sample in enumerate(samples):
        ids[b, : len(sample)] = torch.tensor([*sample.prompt, *sample.response])
        real[b, : len(sample)] = True
        response[b, len(sample.prompt) : len(sample)] = True
    return ids, real, response


@contextmanager
def residual_stream(decoder: nn.Module, layers: Sequence[int]) -> Iterator[dict[int, Tensor]]:
    """A dict that every forward pass in the context fills with {layer: [b s d]}.

    Blocks above the highest layer are out meanwhile.
    """
    stream: dict[int, Tensor] = {}

    def store(layer: int, block: nn.Module, inputs: tuple, output: Tensor) -> None:
        stream[layer] = output

    blocks = decoder.layers
    decoder.layers = blocks[: max(layers)]
    hooks = [blocks[n - 1].register_forward_hook(partial(store, n)) for n in layers]
    try:
        yield stream
    finally:
        decoder.layers = blocks
        for hook in hooks:
            hook.remove()
