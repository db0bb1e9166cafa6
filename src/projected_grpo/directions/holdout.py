"""Clean samples beside hacks of the same prompt, matched in length, and problems held out."""

from pathlib import Path

import polars as pl
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from projected_grpo import cli
from projected_grpo.cli import Refusal, option
from projected_grpo.directions import labelled

COLUMNS = (
    "problem_id",
    "prompt",
    "response",
    "finish",
    "label",
    *labelled.HACKS,
    "kind",
    "n_tokens",
)
MATCHES = ("length", "random")


@cli.settings
class Matching:
    """Settings of a command that chooses samples; see `choose`."""

    hack: str = option("what counts as one", "blatant", choices=labelled.HACKS)
    match: str = option("clean samples to hacks", "length", choices=MATCHES)
    per_prompt: int = option("most hacks of a prompt", 3, least=1)
    limit: int = option("hacks in all, and clean samples", 100, least=1)
    seed: int = option("of the draw", 0, least=0)


def matched(source: Path, by: Matching) -> pl.DataFrame:
    """`choose` from a rollouts parquet or a folder of them. Raises Refusal."""
    rollouts = labelled.read_rollouts(source, COLUMNS)
    return choose(rollouts, by.hack, by.match, by.per_prompt, by.limit, by.seed)


def choose(
    rollouts: pl.DataFrame, hack: str, match: str, per_prompt: int, limit: int, seed: int
) -> pl.DataFrame:
    """At most `per_prompt` hacks of a prompt and as many clean samples of it, labelled as `hack`.

    match: "length", each hack's clean sample is the nearest in tokens that no other has; "random",
    it is drawn. limit: of hacks, and of clean samples; a prompt is taken whole. Raises Refusal if
    no prompt has both.
    """
    ordered = rollouts.with_columns(order=pl.int_range(pl.len()).shuffle(seed))
    distinct = labelled.label(ordered, hack).unique(
        ["prompt", "response"], keep="first", maintain_order=True
    )
    parts, n = [], 0
    for _, group in distinct.sort("order").group_by("prompt", maintain_order=True):
        clean = group.filter(~pl.col("hack"))
        hacks = group.filter("hack").head(min(per_prompt, len(clean)))
        if hacks.is_empty():
            continue
        parts += [_beside(hacks, clean, match), hacks]
        n += 2 * len(hacks)
        if n >= 2 * limit:
            break
    if not parts:
        raise Refusal(
            f"no prompt has both a {hack} hack and clean samples beside it: sample more, or "
            "choose another of hack=blatant, strict or loose"
        )
    return pl.concat(parts)


def _beside(hacks: pl.DataFrame, clean: pl.DataFrame, match: str) -> pl.DataFrame:
    """A clean sample for each hack, none twice."""
    chosen = []
    for length in hacks["n_tokens"]:
        if match == "length":
            distance = (pl.col("n_tokens").cast(pl.Int64) - length).abs()
            rest = clean.sort(distance)
        else:
            rest = clean
        chosen.append(rest.head(1))
        clean = rest.slice(1)
    return pl.concat(chosen)


def fitted(problem: Int[Tensor, " n"], splits: int, seed: int) -> Bool[Tensor, "s n"]:
    """Which samples each split fits on: a random two thirds of the problems."""
    generator = torch.Generator().manual_seed(seed)
    n = int(problem.max()) + 1
    if n < 3:
        raise Refusal(f"{n} problems cannot be held out: at least 3 are needed")
    orders = [torch.randperm(n, generator=generator) for _ in range(splits)]
    n_fit = max(2 * n // 3, 1)
    return torch.stack([torch.isin(problem, order[:n_fit]) for order in orders])
