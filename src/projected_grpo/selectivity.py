"""Do columns know a hack from a solution, before any RL? The share of held-out hack gradients inside B over that of clean ones, recipe by recipe.

`python -m projected_grpo.selectivity MODEL ROLLOUTS out=FOLDER [v_hack=FOLDER] ...`. Problems, never samples, are held out: columns are fitted on the
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

from projected_grpo import activations, basis, constraint, contrast, directions, gradients, models, spectra, targets
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.rollouts import read
from projected_grpo.holdout import choose, fitted, shuffled
from projected_grpo.samples import numbered
from projected_grpo.stats import ratio_of_means

DEFAULTS = {
    "out": "", "v_hack": "", "hack": "strict", "match": "length", "splits": "4", "shuffles": "20", "r": "4,16", "lam": "0.1,1", "layers": "0.6,0.75",
    "kinds": ",".join(targets.KINDS), "per_prompt": "3", "limit": "100", "k": "64", "seed": "0", "device": "auto",
}  # fmt: skip


@dataclass(frozen=True)
class Weight:
    """One target with its samples: W as it stands, v in W's own frame (or None), factors of each sample's moment, and for every split the
    difference of the fitted samples' mean gradients."""

    target: targets.Target
    W: Float[Tensor, "_ _"]
    v: Float[Tensor, "d"] | None
    F: Float[Tensor, "n d k"]
    differences: list[Float[Tensor, "_ _"]]


def fixed(w: Weight, r: int) -> dict[str, Float[Tensor, "d r"]]:
    """Columns that no label of these samples enters, best first."""
    one = torch.ones(w.F.shape[1])
    spans = {name: basis.build(w.W, one, w.target.side, r, name, seed=0) for name in ("random", "value")}
    if w.v is None:
        return spans
    return spans | {"alignment": basis.build(w.W, w.v, w.target.side, r, "alignment"), "v itself": basis.unit(w.v)[:, None]}


def mean_difference(D: Float[Tensor, "_ _"], side: constraint.Side, r: int) -> Float[Tensor, "d r"]:
    """Leading singular vectors, on the residual side, of the difference of mean gradients."""
    return spectra.singular(D, side).S[:, :r]


def mean_moment(F: Float[Tensor, "n d k"]) -> Float[Tensor, "d d"]:
    flat = rearrange(F, "n d k -> d (n k)")
    return flat @ flat.T / len(F)


def stacked(w: Weight, found: list[Weight]) -> Float[Tensor, "n d _"]:
    """Factors of the moments that w's side of the stream has in common with its fellows, as an arm shares them (`contrast.stream`)."""
    fellows = [x.F for x in found if contrast.stream(x.target) == contrast.stream(w.target)]
    return torch.cat(fellows, dim=2) / len(fellows) ** 0.5


def measure(
    w: Weight, shared: Float[Tensor, "n d _"], hack: Bool[Tensor, "n"], prompt: Int[Tensor, "n"], hack_kind: pl.Series, fits: Bool[Tensor, "s n"],
    rs: list[int], lams: list[float], shuffles: int,
) -> pl.DataFrame:  # fmt: skip
    """Shares of the held-out samples: weight, kind, layer, recipe, r, lam, split, shuffle (-1: real labels), sample, hack, share.

    Every recipe's columns are ordered and orthonormal, so that those of a smaller r are the first of a larger one. Contrast of this weight alone and of its
    whole side, each with `shuffles` shuffles; fitted without one kind of hack and measured on that kind where at least two hacks have it and two have another."""
    rows, widest = [], max(rs)

    def add(recipe: str, lam: float, split: int, shuffle: int, labels: Tensor, B: Float[Tensor, "d r"], of: Tensor | None = None) -> None:
        held = (~fits[split] if of is None else ~fits[split] & of).nonzero()[:, 0]
        inside = einsum(w.F[held], B.to(w.F), "n d k, d r -> n k r").square().sum(1).cumsum(1)
        for r in [r for r in rs if r <= B.shape[1]] or [B.shape[1]]:
            rows.append(pl.DataFrame({
                "recipe": recipe, "r": r, "lam": lam, "split": split, "shuffle": shuffle, "sample": held.numpy(),
                "hack": labels[held].numpy(), "share": inside[:, r - 1].numpy(),
            }))  # fmt: skip

    def contrasted(F: Tensor, labels: Tensor, split: int, lam: float, of: Tensor | None = None) -> Float[Tensor, "d r"]:
        fit = fits[split] if of is None else fits[split] & of
        return basis.contrast(*(mean_moment(F[fit & side]) for side in (labels, ~labels)), widest, lam)

    spans = fixed(w, widest)
    kinds = {kind: torch.from_numpy((hack_kind == kind).to_numpy().copy()) & hack for kind in hack_kind.filter(pl.Series(hack.numpy())).unique().sort()}
    kinds = {kind: of for kind, of in kinds.items() if of.sum() > 1 and (hack & ~of).sum() > 1}
    for split, D in enumerate(w.differences):
        for recipe, B in (spans | {"mean difference": mean_difference(D, w.target.side, widest)}).items():
            add(recipe, 0.0, split, -1, hack, B)
        for lam in lams:
            add("contrast", lam, split, -1, hack, contrasted(w.F, hack, split, lam))
            add("contrast, shared side", lam, split, -1, hack, contrasted(shared, hack, split, lam))
        for kind, of in kinds.items():
            if (fits[split] & hack & ~of).any():
                add(f"contrast without {kind}", lams[0], split, -1, hack, contrasted(w.F, hack, split, lams[0], ~of), of | ~hack)
    for i in range(shuffles):
        labels, split = shuffled(hack, prompt, i), i % len(fits)
        for lam in lams:
            add("contrast", lam, split, i, labels, contrasted(w.F, labels, split, lam))
            add("contrast, shared side", lam, split, i, labels, contrasted(shared, labels, split, lam))
    about = w.target
    return pl.concat(rows).with_columns(weight=pl.lit(about.name), kind=pl.lit(about.kind), layer=pl.lit(about.layer))


def summary(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """One row a recipe (within each value of `by`: kind, layer, hack_kind): shares of held-out hacks and clean samples (mean over weights and splits), their
    ratio with a 95 % bootstrap over problems, and for contrast the same ratio under shuffled labels: its mean and 95th percentile."""
    per_sample = rows.group_by(*by, "recipe", "r", "lam", "shuffle", "problem", "sample", "hack").agg(pl.col("share").mean())
    lines = []
    for key, part in per_sample.group_by(*by, "recipe", "r", "lam", maintain_order=True):
        real, others = part.filter(shuffle=-1), part.filter(pl.col("shuffle") >= 0)
        if real["hack"].n_unique() < 2:
            continue  # a split may hold out no hack of a kind
        hack, clean = (real.filter(pl.col("hack") == side)["share"].mean() for side in (True, False))
        mean, low, high = ratio_of_means(real)
        drawn = pl.Series([ratio_of_means(x, bootstraps=0)[0] for _, x in others.group_by("shuffle")], dtype=pl.Float64)
        lines.append(dict(zip((*by, "recipe", "r", "λ"), key, strict=True)) | {
            "hack %": 100 * hack, "clean %": 100 * clean, "ratio": mean, "low": low, "high": high, "shuffled": drawn.mean(), "shuffled p95": drawn.quantile(0.95),
        })  # fmt: skip
    return pl.DataFrame(lines).sort(*by, "ratio", descending=[False] * len(by) + [True])


def weights(folder: Path, rows: pl.DataFrame, options: dict, fits: Bool[Tensor, "s n"], device: str) -> tuple[list[Weight], Float[Tensor, "n"]]:
    """The targets with their factors, and the share of each sample's energy that k columns keep (mean over weights)."""
    model, _ = activations.load_model(folder, device)
    params, kind = dict(model.named_parameters()), model.config.model_type
    band = tuple(float(x) for x in options["layers"].split(","))
    chosen = targets.select(params, kind, band, options["kinds"].split(","))
    v = directions.load(Path(options["v_hack"]), d=model.config.hidden_size).v if options["v_hack"] else None
    k, hack = whole_number("k", options["k"], 1), rows["hack_label"].to_torch()
    factors, kept = {t.name: [] for t in chosen}, torch.zeros(len(rows))
    sums = {t.name: [0.0] * len(fits) for t in chosen}
    for n, grads in enumerate(gradients.of_samples(model, gradients.tokens(folder, rows), factors)):
        for t in chosen:
            g = grads[t.name].cpu()
            F = gradients.factor(gradients.moment(g, t.side), k)
            kept[n] += F.square().sum() / len(chosen)
            factors[t.name].append(F)
            for s, fit in enumerate(fits):
                if fit[n]:
                    side = hack if hack[n] else ~hack
                    sums[t.name][s] = sums[t.name][s] + g * (1 if hack[n] else -1) / (fit & side).sum()
    out = []
    for t in chosen:
        seen = v if v is None or t.norm is None else basis.fold(v, targets.gamma(params[t.norm].detach().cpu().float(), kind))
        out.append(Weight(t, params[t.name].detach().cpu().float(), seen, torch.stack(factors[t.name]), sums[t.name]))
    return out, kept


def plot(table: pl.DataFrame, path: Path) -> None:
    from matplotlib.figure import Figure

    names = [f"{recipe}, r {r}" + (f", λ {lam:g}" if lam else "") for recipe, r, lam in table.select("recipe", "r", "λ").rows()]
    figure = Figure(figsize=(8, 0.35 * len(table) + 1.5), dpi=150, layout="constrained")
    ax = figure.subplots()
    errors = (table["ratio"] - table["low"]).to_list(), (table["high"] - table["ratio"]).to_list()
    ax.errorbar(table["ratio"], range(len(table)), xerr=errors, fmt="o", color="black", label="held-out problems, 95 % bootstrap")
    ax.plot(table["shuffled p95"], range(len(table)), "x", color="#D55E00", label="shuffled labels, 95th percentile")
    ax.axvline(1, color="#888888", linewidth=1)
    ax.set(xscale="log", yticks=range(len(table)), yticklabels=names, xlabel="share of hack gradient inside B / share of clean gradient")
    ax.invert_yaxis()
    ax.legend(frameon=False)
    figure.savefig(path)


def main(argv: list[str]) -> None:
    free = [word for word in argv if "=" not in word]
    if len(free) != 2:
        raise Refusal("just selectivity MODEL ROLLOUTS out=FOLDER [v_hack=FOLDER] [hack=strict|loose] [match=length|random]")
    options = arguments([word for word in argv if "=" in word], None, DEFAULTS)[1]
    if not options["out"] or options["hack"] not in ("strict", "loose") or options["match"] not in ("length", "random"):
        raise Refusal("selectivity needs out=FOLDER, hack=strict or loose, match=length or random")
    source, out = Path(free[1]), Path(options["out"])
    files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
    number = {key: whole_number(key, options[key], least) for key, least in {"splits": 1, "shuffles": 0, "per_prompt": 1, "limit": 3, "seed": 0}.items()}
    rows = choose(pl.concat([read(f, contrast.COLUMNS) for f in files]), options["hack"], options["match"], number["per_prompt"], number["limit"], number["seed"])
    problem, prompt = numbered(rows["problem_id"]), numbered(rows["prompt"])
    fits, hack = fitted(problem, number["splits"], number["seed"]), rows["hack_label"].to_torch()
    device = "cuda" if torch.cuda.is_available() and options["device"] != "cpu" else "cpu"
    found, kept = weights(models.resolve(free[0]), rows, options, fits, device)
    rs, lams = [int(x) for x in options["r"].split(",")], [float(x) for x in options["lam"].split(",")]
    shares = pl.concat(
        [measure(w, stacked(w, found), hack, prompt, rows["kind"], fits, rs, lams, number["shuffles"]) for w in tqdm(found, desc="weights")]
    )
    about = pl.DataFrame({"sample": range(len(rows)), "problem": problem.numpy(), "n_tokens": rows["n_tokens"], "hack_kind": rows["kind"]})
    shares = shares.join(about, on="sample")
    table = summary(shares)
    out.mkdir(parents=True, exist_ok=True)
    shares.write_parquet(out / "selectivity.parquet")
    first = shares.filter(pl.col("recipe").str.starts_with("contrast") & (pl.col("r") == rs[0]) & (pl.col("lam") == lams[0]))
    parts = {by: summary(first, by) for by in ("kind", "layer")}
    plot(table, out / "selectivity.png")
    lengths = {name: rows.filter(pl.col("hack_label") == side)["n_tokens"].mean() for name, side in (("hacks", True), ("clean", False))}
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
