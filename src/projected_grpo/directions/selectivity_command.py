"""Do columns know a hack from a solution, before any RL? Recipe by recipe (`selectivity`).

    python -m projected_grpo.directions.selectivity_command MODEL ROLLOUTS out=FOLDER
        [v_hack=FOLDER] [hack=blatant|strict|loose] [match=length|random] [projections=q,v]
        [every=1] ...

Clean samples stand beside hacks of the same prompt, as many, nearest in length first (match=length)
or drawn (match=random). FOLDER gets selectivity.parquet (a row a weight, recipe, split and held-out
sample), tables (in all, by projection, by layer, by kind of hack and of clean sample) and a plot.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from jaxtyping import Bool, Float
from tabulate import tabulate
from torch import Tensor

from projected_grpo import models
from projected_grpo.cli import whole_number
from projected_grpo.console import progress
from projected_grpo.directions import activations, command_line, contrast, factors, holdout
from projected_grpo.directions.factors import Weight
from projected_grpo.directions.files import read_direction
from projected_grpo.directions.labelled import numbered
from projected_grpo.directions.selectivity import measure
from projected_grpo.directions.shares import by_kind, plot, summary
from projected_grpo.weights import targets

# every: of so many blocks one is measured. k: columns of a sample's factored moment.
DEFAULTS = {
    "out": "",
    "v_hack": "",
    "hack": "blatant",
    "match": "length",
    "splits": "4",
    "shuffles": "20",
    "r": "4,16",
    "lam": "1,0.1",
    "layers": "0.6,0.75",
    "every": "1",
    "projections": ",".join(targets.PROJECTIONS),
    "per_prompt": "3",
    "limit": "100",
    "k": "64",
    "seed": "0",
    "device": "auto",
}
USAGE = (
    "just selectivity MODEL ROLLOUTS out=FOLDER [v_hack=FOLDER] [hack=blatant|strict|loose] "
    "[match=length|random]"
)


def weights(
    folder: Path, rows: pl.DataFrame, options: Mapping[str, str], fits: Bool[Tensor, "s n"]
) -> tuple[list[Weight], Float[Tensor, " n"]]:
    """`factors.of_samples` of the weights and the v that the options name."""
    k = whole_number("k", options["k"], 1)
    every = whole_number("every", options["every"], 1)
    band = tuple(command_line.floats(options["layers"]))
    projections = options["projections"].split(",")
    device = command_line.device(options["device"])
    model, _ = activations.load_model(folder, device)
    chosen = targets.select(
        dict(model.named_parameters()),
        model.config.model_type,
        band,
        projections=projections,
    )
    v = None
    if options["v_hack"]:
        d = model.config.get_text_config().hidden_size
        v = read_direction(Path(options["v_hack"]), d).v.to(device)
    tokens = activations.tokens(folder, rows["prompt"], rows["response"], rows["finish"])
    hack = rows["hack"].to_torch()
    chosen = factors.every_block(chosen, every)
    return factors.of_samples(model, tokens, hack, fits, chosen, v, k)


def by_stream(measured: list[Weight]) -> list[list[Weight]]:
    """The weights on each residual side together."""
    by_name = {w.target.name: w for w in measured}
    streams = contrast.streams(w.target for w in measured)
    return [[by_name[t.name] for t in members] for members in streams.values()]


def tables(shares: pl.DataFrame, r: int, lam: float) -> dict[str, pl.DataFrame]:
    """Name -> summary: all recipes, then contrast with r columns and this λ in parts."""
    is_contrast = pl.col("recipe").str.starts_with("contrast")
    first = shares.filter(is_contrast & (pl.col("r") == r) & (pl.col("lam") == lam))
    return {
        "all": summary(shares),
        "projection": summary(first, "projection"),
        "layer": summary(first, "layer"),
        "hacks": by_kind(first, True),
        "clean": by_kind(first.filter(recipe="contrast"), False),
    }


def headline(
    rows: pl.DataFrame, n_weights: int, energy: Float[Tensor, " n"], options: Mapping[str, str]
) -> str:
    """What the tables rest on."""
    hacks, clean = rows.filter("hack"), rows.filter(~pl.col("hack"))
    return (
        f"{len(hacks)} {options['hack']} hacks and {len(clean)} clean samples of "
        f"{rows['prompt'].n_unique()} prompts, {rows['problem_id'].n_unique()} problems; "
        f"tokens a response: hacks {hacks['n_tokens'].mean():.0f}, "
        f"clean {clean['n_tokens'].mean():.0f}; {n_weights} weights; {options['k']} columns keep "
        f"{100 * energy.mean():.1f} % of a sample's energy ({100 * energy.min():.1f} % at least)"
    )


def main(argv: list[str]) -> None:
    name, rollouts, options = command_line.model_and_rollouts(argv, DEFAULTS, USAGE)
    out = Path(options["out"])
    splits = whole_number("splits", options["splits"], 1)
    n_shuffles = whole_number("shuffles", options["shuffles"], 0)
    rs = [int(r) for r in options["r"].split(",")]
    lams = command_line.floats(options["lam"])
    rows = holdout.matched(Path(rollouts), options)
    hack, prompt = rows["hack"].to_torch(), numbered(rows["prompt"])
    problem = numbered(rows["problem_id"])
    fits = holdout.fitted(problem, splits, int(options["seed"]))

    measured, energy = weights(models.resolve(name), rows, options, fits)
    parts = []
    for fellows in progress(by_stream(measured), "streams"):
        parts.append(measure(fellows, hack, prompt, rows["kind"], fits, rs, lams, n_shuffles))
    about = pl.DataFrame(
        {
            "sample": range(len(rows)),
            "problem": problem.numpy(),
            "n_tokens": rows["n_tokens"],
            "kind": rows["kind"],
        }
    )
    shares = pl.concat(parts).join(about, on="sample")

    summaries = tables(shares, rs[0], lams[0])
    out.mkdir(parents=True, exist_ok=True)
    shares.write_parquet(out / "selectivity.parquet")
    plot(summaries["all"], out / "selectivity.png")
    print(headline(rows, len(measured), energy, options))
    for part, table in summaries.items():
        file = "selectivity.csv" if part == "all" else f"selectivity-by-{part}.csv"
        table.write_csv(out / file)
        print(tabulate(table.rows(), headers=table.columns, floatfmt=".3g"))


if __name__ == "__main__":
    main(sys.argv[1:])
