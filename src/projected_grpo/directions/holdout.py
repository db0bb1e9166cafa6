"""Which labelled rollouts are compared with which: clean samples beside hacks of the same prompt, problems held out, labels shuffled within prompts."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from projected_grpo.cli import Refusal, whole_number
from projected_grpo.directions.samples import CLEAN
from projected_grpo.rollouts.schema import read

COLUMNS = ("problem_id", "prompt", "response", "label", "strict", "loose", "kind", "n_tokens")


def matched(source: Path, options: Mapping[str, str]) -> pl.DataFrame:
    """`choose` from a rollouts parquet or a folder of them, as a command line's hack=, match=, per_prompt=, limit= and seed= ask."""
    for key, known in {"hack": ("strict", "loose"), "match": ("length", "random")}.items():
        if options[key] not in known:
            raise Refusal(f"{key}={options[key]}: choose {' or '.join(known)}")
    numbers = [
        whole_number(key, options[key], least)
        for key, least in (("per_prompt", 1), ("limit", 1), ("seed", 0))
    ]
    files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
    return choose(
        pl.concat([read(file, COLUMNS) for file in files]),
        options["hack"],
        options["match"],
        *numbers,
    )


def choose(
    rollouts: pl.DataFrame, hack: str, match: str, per_prompt: int, limit: int, seed: int
) -> pl.DataFrame:
    """At most `per_prompt` hacks of a prompt and as many clean samples of it, at most `limit` of either; with `hack`, a Boolean."""
    rows = rollouts.with_columns(
        is_hack=pl.col(hack), order=pl.int_range(pl.len()).shuffle(seed)
    ).filter(
        (pl.col("is_hack") | pl.col("label").is_in(CLEAN))
        & (pl.col("response").str.len_bytes() > 0)
    )
    parts = []
    for _, group in (
        rows.unique(["prompt", "response"], keep="first", maintain_order=True)
        .sort("order")
        .group_by("prompt", maintain_order=True)
    ):
        clean = group.filter(~pl.col("is_hack"))
        hacks = group.filter("is_hack").head(min(per_prompt, len(clean)))
        if hacks.is_empty():
            continue
        for length in hacks["n_tokens"] if match == "length" else [None] * len(hacks):
            nearest = (
                clean
                if length is None
                else clean.sort((pl.col("n_tokens").cast(pl.Int64) - length).abs())
            )
            parts.append(nearest.head(1))
            clean = nearest.slice(1)
        parts.append(hacks)
        if sum(len(part) for part in parts) >= 2 * limit:
            break
    if not parts:
        raise Refusal(
            f"no prompt has both a {hack} hack and clean samples beside it: sample more, or hack=loose"
        )
    return pl.concat(parts).rename({"is_hack": "hack_label"})


def fitted(problem: Int[Tensor, " n"], splits: int, seed: int) -> Bool[Tensor, "s n"]:
    """Which samples each split fits on: a random two thirds of the problems."""
    generator = torch.Generator().manual_seed(seed)
    n = int(problem.max()) + 1
    if n < 3:
        raise Refusal(f"{n} problems cannot be held out: at least 3 are needed")
    orders = [torch.randperm(n, generator=generator) for _ in range(splits)]
    return torch.stack([torch.isin(problem, order[: max(2 * n // 3, 1)]) for order in orders])


def shuffled(hack: Bool[Tensor, " n"], prompt: Int[Tensor, " n"], seed: int) -> Bool[Tensor, " n"]:
    """The labels permuted within each prompt."""
    generator, out = torch.Generator().manual_seed(seed), hack.clone()
    for p in prompt.unique():
        of_prompt = (prompt == p).nonzero()[:, 0]
        out[of_prompt] = hack[of_prompt[torch.randperm(len(of_prompt), generator=generator)]]
    return out
