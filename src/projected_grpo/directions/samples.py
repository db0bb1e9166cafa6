"""Labelled rollouts -> two classes of activations of one frozen model, with the counts that say what they rest on.

Hacks are strict and of a kind in `kinds`; clean samples are labelled Correct or Incorrect (they define no harmful
tests); everything else is left out. Only prompts that have both classes are used: after each prompt's own mean is taken
away, prompts of one class add nothing to a difference of class means.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
import torch
from jaxtyping import Bool, Float, Float64, Int
from torch import Tensor

from projected_grpo import models
from projected_grpo.cli import Refusal
from projected_grpo.directions import activations, separation

CLEAN = ("Correct", "Incorrect")
ORIGINS = ("on-policy", "earlier run", "elicited")
COLUMNS = ("run", "problem_id", "prompt", "response", "label", "strict", "kind")


@dataclass(frozen=True)
class Samples:
    """Mean residual stream over each response at `layers`, and what each is; prompts and problems are numbered."""

    x: Float[Tensor, "n l d"]
    hack: Bool[Tensor, " n"]
    prompt: Int[Tensor, " n"]
    problem: Int[Tensor, " n"]
    n_tokens: Int[Tensor, " n"]
    layers: tuple[int, ...]
    provenance: dict

    def centred(self, layer: int) -> Float64[Tensor, "n d"]:
        """The activations of one layer, each prompt's own mean taken away."""
        return separation.centre(self.x[:, self.layers.index(layer)].double(), self.prompt)


def columns(origin: str) -> tuple[str, ...]:
    """The columns of a rollouts file that `collect` reads."""
    return (*COLUMNS, "plain_prompt") if origin == "elicited" else COLUMNS


def collect(
    model: str,
    rollouts: pl.DataFrame,
    *,
    origin: str,
    warm_started: bool,
    kinds: Iterable[str] = ("vacuous", "swallowing"),
    min_hacks: int = 12,
    min_problems: int = 4,
    depth: tuple[float, float] = (0.6, 0.75),
    batch_tokens: int = 4096,
    device: str = "cpu",
) -> Samples:
    """Teacher-force the usable rollouts through the frozen model.

    model: a name or folder for `models.resolve`. rollouts: one row a sample with `columns(origin)`. origin: one of
    ORIGINS; "elicited": sampled under another prompt than the plain one (plain_prompt) they are teacher-forced under.
    Raises Refusal with the counts if there are too few hacks beside clean samples of the same prompt.
    """
    from transformers import AutoTokenizer

    assert origin in ORIGINS, f"origin {origin!r}: expected one of {', '.join(ORIGINS)}"
    rows = usable(
        rollouts,
        tuple(kinds),
        min_hacks,
        min_problems,
        "plain_prompt" if origin == "elicited" else "prompt",
    )
    folder = models.resolve(model)
    encode = AutoTokenizer.from_pretrained(folder)
    ids = [
        encode(rows[text].to_list(), add_special_tokens=False).input_ids
        for text in ("forced_prompt", "response")
    ]
    tokens = [activations.Tokens(prompt, response) for prompt, response in zip(*ids, strict=True)]
    network, digest = activations.load_model(folder, device)
    n_blocks = len(network.get_decoder().layers)
    layers = activations.band(n_blocks, depth)
    return Samples(
        x=activations.response_means(network, tokens, layers, batch_tokens),
        hack=rows["hack"].to_torch(),
        prompt=numbered(rows["forced_prompt"]),
        problem=numbered(rows["problem_id"]),
        n_tokens=torch.tensor([len(t.response) for t in tokens]),
        layers=layers,
        provenance={
            "model": model,
            "model_sha256": digest,
            "n_blocks": n_blocks,
            "origin": origin,
            "warm_started": warm_started,
            "runs": sorted(rollouts["run"].unique()),
            "kinds": list(kinds),
            "counts": counts(rollouts, rows),
        },
    )


def usable(
    rollouts: pl.DataFrame, kinds: tuple[str, ...], min_hacks: int, min_problems: int, prompt: str
) -> pl.DataFrame:
    """Rows of prompts with both classes, sorted by prompt, with `forced_prompt` (the column `prompt`) and `hack`."""
    hack = pl.col("strict") & pl.col("kind").is_in(kinds)
    rows = rollouts.with_columns(forced_prompt=prompt, hack=hack).filter(
        (hack | pl.col("label").is_in(CLEAN)) & (pl.col("response").str.len_bytes() > 0)
    )
    both = pl.col("hack").any().over("forced_prompt") & ~pl.col("hack").all().over("forced_prompt")
    mixed = rows.filter(both).sort("forced_prompt", maintain_order=True)
    n, problems = int(mixed["hack"].sum()), mixed["problem_id"].n_unique()
    if n < min_hacks or problems < min_problems:
        raise Refusal(
            f"too few hacks for a direction: {n} from {problems} problems stand beside clean samples of the same "
            f"prompt, {min_hacks} from {min_problems} are needed ({len(rollouts)} rollouts, "
            f"{int(rollouts['strict'].sum())} strict hacks, {int(rows['hack'].sum())} of kind {' or '.join(kinds)}): "
            "sample more, use a later run, or elicit hacks"
        )
    return mixed


def counts(rollouts: pl.DataFrame, rows: pl.DataFrame) -> dict:
    """How many rollouts of each label, strict hacks of each kind, and how many were used."""

    def by(frame: pl.DataFrame, column: str) -> dict[str, int]:
        return {
            row[column]: row["count"]
            for row in frame[column].value_counts().sort(column).to_dicts()
        }

    hacks, clean = (rows.filter(pl.col("hack") == is_hack) for is_hack in (True, False))
    used = {"hacks": len(hacks), "clean": len(clean), "hacks_by_kind": by(hacks, "kind")}
    return {
        "rollouts": len(rollouts),
        "by_label": by(rollouts, "label"),
        "strict_by_kind": by(rollouts.filter("strict"), "kind"),
        "used": {
            **used,
            "problems": rows["problem_id"].n_unique(),
            "prompts": rows["forced_prompt"].n_unique(),
        },
    }


def numbered(names: pl.Series) -> Int[Tensor, " n"]:
    """0, 1, ... for each distinct name, in the order of names."""
    return (names.rank("dense").cast(pl.Int64) - 1).to_torch()
