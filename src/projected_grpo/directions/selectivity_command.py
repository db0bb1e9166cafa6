"""Do columns know a hack from a solution, before any RL? Recipe by recipe (`selectivity`).

Clean samples stand beside hacks of the same prompt, as many, nearest in length first (match=length)
or drawn (match=random). The folder gets selectivity.parquet (a row a weight, recipe, split and
held-out sample), tables (in all, by projection, by layer, by kind of hack and of clean sample) and
a plot.
"""

from pathlib import Path

import polars as pl
from jaxtyping import Bool, Float
from tabulate import tabulate
from torch import Tensor

from projected_grpo import cli, console, models
from projected_grpo.cli import option
from projected_grpo.directions import activations, command_line, contrast, factors, holdout
from projected_grpo.directions.factors import Weight
from projected_grpo.directions.files import read_direction
from projected_grpo.directions.labelled import numbered
from projected_grpo.directions.selectivity import measure
from projected_grpo.directions.shares import by_kind, plot, summary
from projected_grpo.weights import targets


@cli.settings
class Settings(holdout.Matching, command_line.OfWeights):
    v_hack: Path | None = option("folder of v, for the recipes that need one", None)
    splits: int = option("times that a third of the problems is held out", 4, least=1)
    shuffles: int = option("of labels, for the chance level", 20, least=0)
    r: tuple[int, ...] = option("columns a weight", (4, 16), least=1)
    lam: tuple[float, ...] = option("λ of contrast", (1.0, 0.1), least=0)
    every: int = option("one of so many blocks is measured", 1, least=1)
    k: int = option("columns of a sample's factored moment", 64, least=1)


def weights(
    folder: Path, rows: pl.DataFrame, settings: Settings, fits: Bool[Tensor, "s n"]
) -> tuple[list[Weight], Float[Tensor, " n"]]:
    """`factors.of_samples` of the weights and the v that the settings name."""
    device = command_line.device(settings.device)
    model, _ = activations.load_model(folder, device)
    chosen = targets.select(
        dict(model.named_parameters()),
        model.config.model_type,
        settings.layers,
        projections=settings.projections,
    )
    v = None
    if settings.v_hack:
        d = model.config.get_text_config().hidden_size
        v = read_direction(settings.v_hack, d).v.to(device)
    tokens = activations.tokens(folder, rows["prompt"], rows["response"], rows["finish"])
    hack = rows["hack"].to_torch()
    chosen = factors.every_block(chosen, settings.every)
    return factors.of_samples(model, tokens, hack, fits, chosen, v, settings.k)


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
    rows: pl.DataFrame, n_weights: int, energy: Float[Tensor, " n"], settings: Settings
) -> str:
    """What the tables rest on."""
    hacks, clean = rows.filter("hack"), rows.filter(~pl.col("hack"))
    return (
        f"{len(hacks)} {settings.hack} hacks and {len(clean)} clean samples of "
        f"{rows['prompt'].n_unique()} prompts, {rows['problem_id'].n_unique()} problems; "
        f"tokens a response: hacks {hacks['n_tokens'].mean():.0f}, "
        f"clean {clean['n_tokens'].mean():.0f}; {n_weights} weights; {settings.k} columns keep "
        f"{100 * energy.mean():.1f} % of a sample's energy ({100 * energy.min():.1f} % at least)"
    )


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    out, rs, lams = settings.out, list(settings.r), list(settings.lam)
    rows = holdout.matched(settings.rollouts, settings)
    hack, prompt = rows["hack"].to_torch(), numbered(rows["prompt"])
    problem = numbered(rows["problem_id"])
    fits = holdout.fitted(problem, settings.splits, settings.seed)

    console.log_to(out / "log.txt")
    measured, energy = weights(models.resolve(settings.model), rows, settings, fits)
    parts = []
    for fellows in console.progress(by_stream(measured), "streams"):
        parts.append(
            measure(fellows, hack, prompt, rows["kind"], fits, rs, lams, settings.shuffles)
        )
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
    console.say(headline(rows, len(measured), energy, settings))
    for part, table in summaries.items():
        file = "selectivity.csv" if part == "all" else f"selectivity-by-{part}.csv"
        table.write_csv(out / file)
        console.say(tabulate(table.rows(), headers=table.columns, floatfmt=".3g"))


if __name__ == "__main__":
    console.command(main)
