"""Do columns know a hack from a solution, before any RL? The share of held-out hack gradients inside B over that of clean ones, recipe by recipe.

`python -m projected_grpo.directions.selectivity MODEL ROLLOUTS out=FOLDER [v_hack=FOLDER] ...`. Problems, never samples, are held out: columns are fitted on the
problems of one side of a split and measured on the other. Clean samples stand beside hacks of the same prompt, as many, nearest in length first
(match=length) or drawn (match=random). FOLDER gets selectivity.parquet (a row a weight, recipe, split and held-out sample), table and plot.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import torch
from einops import einsum, rearrange
from jaxtyping import Bool, Float, Int
from tabulate import tabulate
from torch import Tensor
from tqdm import tqdm

from projected_grpo import models
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.directions import activations, contrast, gradients, residual
from projected_grpo.directions.holdout import fitted, matched, shuffled
from projected_grpo.directions.samples import numbered
from projected_grpo.directions.shares import by_kind_of_test, plot, summary
from projected_grpo.weights import basis, constraint, spectra, targets

DEFAULTS = {
    "out": "",
    "v_hack": "",
    "hack": "strict",
    "match": "length",
    "splits": "4",
    "shuffles": "20",
    "r": "4,16",
    "lam": "1,0.1",
    "layers": "0.6,0.75",
    "every": "1",
    "kinds": ",".join(targets.KINDS),
    "per_prompt": "3",
    "limit": "100",
    "k": "64",
    "seed": "0",
    "device": "auto",
}


@dataclass(frozen=True)
class Weight:
    """One target with its samples, on one device: W as it stands, v in W's own frame (or None), factors of each sample's moment, and for every split the
    difference of the fitted samples' mean gradients."""

    target: targets.Target
    W: Float[Tensor, "_ _"]
    v: Float[Tensor, " d"] | None
    F: Float[Tensor, "n d k"]
    differences: list[Float[Tensor, "_ _"]]


def fixed(w: Weight, r: int) -> dict[str, Float[Tensor, "d r"]]:
    """Columns that no label of these samples enters, best first."""
    spectrum = spectra.singular(w.W, w.target.side)
    known, v = ("random", "value"), torch.ones(w.F.shape[1])
    if w.v is not None:
        known, v = (*known, "alignment"), w.v
    spans = {
        name: basis.build(w.W, v, w.target.side, r, name, seed=0, spectrum=spectrum)
        for name in known
    }
    return spans if w.v is None else spans | {"v itself": basis.unit(v)[:, None]}


def mean_difference(D: Float[Tensor, "_ _"], side: constraint.Side, r: int) -> Float[Tensor, "d r"]:
    """Leading singular vectors, on the residual side, of the difference of mean gradients."""
    return spectra.singular(D, side).S[:, :r]


def mean_moment(F: Float[Tensor, "n d k"]) -> Float[Tensor, "d d"]:
    flat = rearrange(F, "n d k -> d (n k)")
    return flat @ flat.T / len(F)


def measure(
    fellows: list[Weight],
    hack: Bool[Tensor, " n"],
    prompt: Int[Tensor, " n"],
    kinds: pl.Series,
    fits: Bool[Tensor, "s n"],
    rs: list[int],
    lams: list[float],
    shuffles: int,
) -> pl.DataFrame:
    """Shares of the held-out samples at the weights of one stream: weight, kind, layer, recipe, r, lam, split, shuffle (-1: real labels), sample, hack, share.

    fellows: weights on one side of the stream, which share contrast columns as an arm's do (`contrast.stream`). kinds: of each sample's test function. Every
    recipe's columns are ordered and orthonormal, so that those of a smaller r are the first of a larger one. Contrast also with `shuffles` shuffles, and
    fitted without one kind of hack and measured on that kind, where at least two hacks have it and two have another."""
    rows, widest = [], max(rs)
    F = torch.cat([w.F for w in fellows], dim=2) / len(fellows) ** 0.5

    def add(
        w: Weight,
        recipe: str,
        lam: float,
        split: int,
        shuffle: int,
        labels: Tensor,
        held: Tensor,
        B: Float[Tensor, "d r"],
    ) -> None:
        held = held.nonzero()[:, 0]
        inside = (
            einsum(w.F[held.to(w.F.device)], B.to(w.F), "n d k, d r -> n k r")
            .square()
            .sum(1)
            .cumsum(1)
            .cpu()
        )
        for r in [r for r in rs if r <= B.shape[1]] or [B.shape[1]]:
            rows.append(
                pl.DataFrame(
                    {
                        "recipe": recipe,
                        "r": r,
                        "lam": lam,
                        "split": split,
                        "shuffle": shuffle,
                        "sample": held.numpy(),
                        "hack": labels[held].numpy(),
                        "share": inside[:, r - 1].numpy(),
                        "weight": w.target.name,
                        "kind": w.target.kind,
                        "layer": w.target.layer,
                    }
                )
            )

    def contrasted(
        recipe: str, split: int, shuffle: int, labels: Tensor, fit: Tensor, held: Tensor
    ) -> None:
        C_hack, C_clean = (mean_moment(F[(fit & side).to(F.device)]) for side in (labels, ~labels))
        for lam in lams:
            B = basis.contrast(C_hack, C_clean, widest, lam)
            for w in fellows:
                add(w, recipe, lam, split, shuffle, labels, held, B)

    own = {
        kind: torch.from_numpy((kinds == kind).to_numpy().copy()) & hack
        for kind in kinds.unique().sort()
    }
    left_out = {kind: of for kind, of in own.items() if of.sum() > 1 and (hack & ~of).sum() > 1}
    for w in fellows:
        columns = fixed(w, widest)
        for split, D in enumerate(w.differences):
            for recipe, B in (
                columns | {"mean difference": mean_difference(D, w.target.side, widest)}
            ).items():
                add(w, recipe, 0.0, split, -1, hack, ~fits[split], B)
    for split, fit in enumerate(fits):
        contrasted("contrast", split, -1, hack, fit, ~fit)
        for kind, of in left_out.items():
            if (fit & hack & ~of).any():
                contrasted(
                    f"contrast without {kind}", split, -1, hack, fit & ~of, ~fit & (of | ~hack)
                )
    for i in range(shuffles):
        fit = fits[i % len(fits)]
        contrasted("contrast", i % len(fits), i, shuffled(hack, prompt, i), fit, ~fit)
    return pl.concat(rows)


def weights(
    folder: Path, rows: pl.DataFrame, options: dict, fits: Bool[Tensor, "s n"], device: str
) -> tuple[list[Weight], Float[Tensor, " n"]]:
    """The targets with their factors, and the share of each sample's energy that k columns keep (mean over weights)."""
    model, _ = activations.load_model(folder, device)
    params, kind = dict(model.named_parameters()), model.config.model_type
    band, every = (
        tuple(float(x) for x in options["layers"].split(",")),
        whole_number("every", options["every"], 1),
    )
    chosen = targets.select(params, kind, band, options["kinds"].split(","))
    blocks = sorted({t.layer for t in chosen})[(every - 1) // 2 :: every]
    chosen = [t for t in chosen if t.layer in blocks]
    v = (
        residual.load(Path(options["v_hack"]), d=model.config.hidden_size).v.to(device)
        if options["v_hack"]
        else None
    )
    k, hack = whole_number("k", options["k"], 1), rows["hack_label"].to_torch()
    factors, kept = {t.name: [] for t in chosen}, torch.zeros(len(rows), device=device)
    sums = {
        t.name: [torch.zeros_like(params[t.name], dtype=torch.float32) for _ in fits]
        for t in chosen
    }
    torch.manual_seed(0)  # `factor` draws
    for n, grads in enumerate(gradients.of_samples(model, gradients.tokens(folder, rows), factors)):
        same = hack if hack[n] else ~hack
        for t in chosen:
            factors[t.name].append(gradients.factor(grads[t.name], t.side, k))
            kept[n] += factors[t.name][-1].square().sum() / len(chosen)
            for total, fit in zip(sums[t.name], fits, strict=True):
                if fit[n]:
                    total.add_(
                        grads[t.name], alpha=(1 if hack[n] else -1) / int((fit & same).sum())
                    )
    seen = {
        t.name: v
        if v is None or t.norm is None
        else basis.fold(v, targets.gamma(params[t.norm].detach().float(), kind))
        for t in chosen
    }
    return [
        Weight(
            t,
            params[t.name].detach().float(),
            seen[t.name],
            torch.stack(factors[t.name]),
            sums[t.name],
        )
        for t in chosen
    ], kept.cpu()


def main(argv: list[str]) -> None:
    free, options = (
        [word for word in argv if "=" not in word],
        arguments([word for word in argv if "=" in word], None, DEFAULTS)[1],
    )
    if len(free) != 2 or not options["out"]:
        raise Refusal(
            "just selectivity MODEL ROLLOUTS out=FOLDER [v_hack=FOLDER] [hack=strict|loose] [match=length|random]"
        )
    rows, out = matched(Path(free[1]), options), Path(options["out"])
    number = {
        key: whole_number(key, options[key], least)
        for key, least in {"splits": 1, "shuffles": 0, "seed": 0}.items()
    }
    problem, prompt = numbered(rows["problem_id"]), numbered(rows["prompt"])
    fits, hack = fitted(problem, number["splits"], number["seed"]), rows["hack_label"].to_torch()
    device = "cuda" if torch.cuda.is_available() and options["device"] != "cpu" else "cpu"
    found, kept = weights(models.resolve(free[0]), rows, options, fits, device)
    rs, lams = (
        [int(x) for x in options["r"].split(",")],
        [float(x) for x in options["lam"].split(",")],
    )
    streams = [
        [w for w in found if contrast.stream(w.target) == key]
        for key in dict.fromkeys(contrast.stream(w.target) for w in found)
    ]
    shares = pl.concat(
        [
            measure(fellows, hack, prompt, rows["kind"], fits, rs, lams, number["shuffles"])
            for fellows in tqdm(streams, desc="streams")
        ]
    )
    about = pl.DataFrame(
        {
            "sample": range(len(rows)),
            "problem": problem.numpy(),
            "n_tokens": rows["n_tokens"],
            "test_kind": rows["kind"],
        }
    )
    shares = shares.join(about, on="sample")
    table = summary(shares)
    out.mkdir(parents=True, exist_ok=True)
    shares.write_parquet(out / "selectivity.parquet")
    first = shares.filter(
        pl.col("recipe").str.starts_with("contrast")
        & (pl.col("r") == rs[0])
        & (pl.col("lam") == lams[0])
    )
    parts = {by: summary(first, by) for by in ("kind", "layer")} | {
        "hacks": by_kind_of_test(first, True),
        "clean": by_kind_of_test(first.filter(recipe="contrast"), False),
    }
    plot(table, out / "selectivity.png")
    lengths = {
        name: rows.filter(pl.col("hack_label") == side)["n_tokens"].mean()
        for name, side in (("hacks", True), ("clean", False))
    }
    print(
        f"{int(hack.sum())} {options['hack']} hacks and {int((~hack).sum())} clean samples of {rows['prompt'].n_unique()} prompts, "
        f"{rows['problem_id'].n_unique()} problems; tokens a response: {', '.join(f'{k} {x:.0f}' for k, x in lengths.items())}; {len(found)} weights; "
        f"{options['k']} columns keep {100 * kept.mean():.1f} % of a sample's energy ({100 * kept.min():.1f} % at least)"
    )
    for name, part in {"all": table, **parts}.items():
        part.write_csv(out / ("selectivity.csv" if name == "all" else f"selectivity-by-{name}.csv"))
        print(tabulate(part.rows(), headers=part.columns, floatfmt=".3g"))


if __name__ == "__main__":
    main(sys.argv[1:])
