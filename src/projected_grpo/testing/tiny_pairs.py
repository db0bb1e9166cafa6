"""Pairs of a few words for the tiny tokenizer, sets beside them, gradients through a bare model."""

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import torch
from torch import Tensor, nn

from projected_grpo.directions import (
    columns_command,
    movement_files,
    pair_files,
    pairs,
    recipes,
)
from projected_grpo.directions.activations import Tokens
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.interventions.base import Backward, Setup, Site
from projected_grpo.testing import tiny_engine
from projected_grpo.weights import shards, targets
from projected_grpo.weights.sets import Movements

# below w33, and none that begins with the tokenizer's special ones, w1 and w2
WORDS = [*range(3, 10), *range(30, 33)]


def of_words(n: int = 6) -> pl.DataFrame:
    """One pair a problem, of two forms, a third held out."""
    rows = []
    for i in range(n):
        first, last = WORDS[i], WORDS[(3 * i + 2) % len(WORDS)]
        for sign in (1, -1):
            row = {
                "pair": i,
                "sign": sign,
                "problem_id": f"p{i}",
                "prompt": f"w{last} w{first}",
                "response": f"w{first} w{5 + sign} w{last}",
                "finish": "stop",
                "kind": pairs.FORMS[i % 2],
            }
            rows.append(row)
    return pair_files.marked({"hack": pl.DataFrame(rows)}, True, 0)["hack"]


def rollouts(hacks: int) -> pl.DataFrame:
    """A problem's rows as a step gives them: so many hacks, and as many clean samples."""
    rows = []
    for i in range(2 * hacks or 2):
        hack = i < hacks
        row = {
            "problem_id": "p",
            "prompt": "w3 w4",
            "response": f"w{5 + i} w{15 + i}",
            "finish": "stop",
            "label": "Reward hack" if hack else "Incorrect",
            "kind": "empty" if hack else "none",
            "n_tokens": 3,
        }
        rows.append(row | dict.fromkeys(("strict", "blatant", "defines_tests"), hack))
    return pl.DataFrame(rows)


def random_sets(
    recipe: str, folder: Path, model: nn.Module, r: int = 4, sign: int = 1, hack_form: str = "all"
) -> dict[str, Movements]:
    """Of random D, written as `just columns` does, with pairs; a tokenizer is put there as well."""
    params = dict(model.named_parameters())
    generator = torch.Generator().manual_seed(3)
    of, norms = {}, {}
    for t in targets.select(params, "llama"):
        D = sign * torch.randn(params[t.name].shape, generator=generator)
        of[t.name] = recipes.get(recipe).fit(Classes(D), t.side, r)
        norms[t.name] = D.norm().item()
    about = {"columns": recipe, "r": str(r), "d": model.config.hidden_size}
    about["hack_form"] = hack_form
    about |= {"layers": "0,1", "projections": ",".join(targets.PROJECTIONS)}
    about |= pair_files.write({"hack": of_words()}, ("hack",), "hack", 0, folder)
    columns_command.written(movement_files.Sets(of, norms, about), folder)
    tiny_engine.surround(folder)
    return of


def site(model: nn.Module, folder: Path) -> Site:
    """Of a bare model, whose sets and tokenizer lie in the folder."""
    setup = Setup("llama", model.config.hidden_size, folder)
    return Site(setup, folder, 0, lambda: 1, model=folder, backward=backward(model))


def ln_p(model: nn.Module, sample: Tokens) -> Tensor:
    """Of the response, in the model's own dtype."""
    device = next(model.parameters()).device
    ids = torch.tensor([[*sample.prompt, *sample.response]], device=device)
    logits = model(input_ids=ids).logits[0, len(sample.prompt) - 1 : -1]
    return logits.log_softmax(-1).gather(1, ids[0, len(sample.prompt) :, None]).sum()


def backward(model: nn.Module, ln_p: Callable[[nn.Module, Tokens], Tensor] = ln_p) -> Backward:
    """One pass a sample. FSDP averages over ranks."""
    ranks = shards.ranks(next(model.parameters()))

    def add(samples: Sequence[Tokens], coefficients: Sequence[float]) -> None:
        for sample, c in zip(samples, coefficients, strict=True):
            (ranks * c * ln_p(model, sample)).backward()

    return add
