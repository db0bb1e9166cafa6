"""Labelled rollouts -> two classes of activations of one frozen model, with their counts.

What a hack is says `labelled`. Only prompts that have both classes are used: after each prompt's
own mean is taken away, prompts of one class add nothing to a difference of class means.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import torch
from jaxtyping import Bool, Float, Float64, Int
from torch import Tensor

from projected_grpo import models
from projected_grpo.cli import Refusal
from projected_grpo.directions import activations, labelled, separation

ORIGINS = ("on-policy", "earlier run", "elicited")
COLUMNS = ("run", "problem_id", "prompt", "response", "label", "strict", "kind")


@dataclass(frozen=True)
class Samples:
    """Mean residual stream over each response at `layers`, and what each is.

    Prompts and problems are numbered 0, 1, ...
    """

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


def columns(origin: str, hack: str) -> tuple[str, ...]:
    """The columns of a rollouts file that `collect` reads."""
    of_hack = () if hack in COLUMNS else (hack,)
    of_origin = ("plain_prompt",) if origin == "elicited" else ()
    return (*COLUMNS, *of_hack, *of_origin)


def collect(
    model: str,
    rollouts: pl.DataFrame,
    *,
    origin: str,
    taught: bool,
    hack: str = "blatant",
    kinds: Sequence[str] | None = None,
    min_hacks: int = 12,
    min_problems: int = 4,
    depth: tuple[float, float] = (0.6, 0.75),
    batch_tokens: int = 4096,
    device: str = "cpu",
) -> Samples:
    """Teacher-force the usable rollouts through the frozen model.

    model: a name or folder for `models.resolve`. rollouts: one row a sample with
    `columns(origin, hack)`.
    origin: one of ORIGINS; "elicited": sampled under another prompt than the plain one that they
    are teacher-forced under (`labelled.read_rollouts`). taught: the model was fine-tuned before the
    study. hack, kinds: see `labelled.label`.
    Raises Refusal with the counts if there are too few hacks beside clean samples of the same
    prompt.
    """
    assert origin in ORIGINS, f"origin {origin!r}: expected one of {', '.join(ORIGINS)}"
    rows = usable(rollouts, hack, kinds, min_hacks, min_problems)
    folder = models.resolve(model)
    tokens = activations.tokens(folder, rows["prompt"], rows["response"])
    network, digest = activations.load_model(folder, device)
    n_blocks = len(network.get_decoder().layers)
    layers = activations.band(n_blocks, depth)
    return Samples(
        x=activations.response_means(network, tokens, layers, batch_tokens),
        hack=rows["hack"].to_torch(),
        prompt=labelled.numbered(rows["prompt"]),
        problem=labelled.numbered(rows["problem_id"]),
        n_tokens=torch.tensor([len(t.response) for t in tokens]),
        layers=layers,
        provenance={
            "model": model,
            "model_sha256": digest,
            "n_blocks": n_blocks,
            "origin": origin,
            "taught": taught,
            "runs": sorted(rollouts["run"].unique()),
            "hack": hack,
            "kinds": list(kinds) if kinds else None,
            "counts": counts(rollouts, rows),
        },
    )


def usable(
    rollouts: pl.DataFrame,
    hack: str,
    kinds: Sequence[str] | None,
    min_hacks: int,
    min_problems: int,
) -> pl.DataFrame:
    """Labelled rows, with the Boolean `hack`, of prompts with both classes, sorted by prompt."""
    rows = labelled.label(rollouts, hack, kinds)
    has_hack = pl.col("hack").any().over("prompt")
    has_clean = ~pl.col("hack").all().over("prompt")
    mixed = rows.filter(has_hack & has_clean).sort("prompt", maintain_order=True)
    n, problems = int(mixed["hack"].sum()), mixed["problem_id"].n_unique()
    if n < min_hacks or problems < min_problems:
        of_kind = f", {int(rows['hack'].sum())} of kind {' or '.join(kinds)}" if kinds else ""
        raise Refusal(
            f"too few hacks for a direction: {n} from {problems} problems stand beside clean "
            f"samples of the same prompt, {min_hacks} from {min_problems} are needed "
            f"({len(rollouts)} rollouts, {int(rollouts[hack].sum())} {hack} hacks{of_kind}): "
            "sample more, use a later run, name a wider hack= or kinds=, or elicit hacks"
        )
    return mixed


def counts(rollouts: pl.DataFrame, rows: pl.DataFrame) -> dict:
    """How many rollouts of each label, strict hacks of each kind, and how many were used."""
    hacks = rows.filter("hack")
    return {
        "rollouts": len(rollouts),
        "by_label": _counts(rollouts["label"]),
        "strict_by_kind": _counts(rollouts.filter("strict")["kind"]),
        "used": {
            "hacks": len(hacks),
            "clean": len(rows) - len(hacks),
            "hacks_by_kind": _counts(hacks["kind"]),
            "problems": rows["problem_id"].n_unique(),
            "prompts": rows["prompt"].n_unique(),
        },
    }


def _counts(values: pl.Series) -> dict[str, int]:
    """Value -> how often, in the order of values."""
    return dict(values.value_counts().sort(values.name).rows())
