"""What the shares that `selectivity` measured say: one row a recipe, beside its shuffles, and a plot of them."""

from pathlib import Path

import polars as pl

from projected_grpo.stats.ratio import ratio_of_means


def summary(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """One row a recipe (within each value of `by`: kind, layer): shares of held-out hacks and clean samples (mean over weights and splits), their
    ratio with a 95 % bootstrap over problems, and for contrast the same ratio under shuffled labels: its mean and 95th percentile."""
    per_sample = rows.group_by(
        *by, "recipe", "r", "lam", "shuffle", "problem", "sample", "hack"
    ).agg(pl.col("share").mean())
    lines = []
    for key, part in per_sample.group_by(*by, "recipe", "r", "lam", maintain_order=True):
        real, others = part.filter(shuffle=-1), part.filter(pl.col("shuffle") >= 0)
        if real["hack"].n_unique() < 2:
            continue  # a split may hold out no hack of a kind
        hack, clean = (
            real.filter(pl.col("hack") == side)["share"].mean() for side in (True, False)
        )
        mean, low, high = ratio_of_means(real)
        drawn = pl.Series(
            [ratio_of_means(x, bootstraps=0)[0] for _, x in others.group_by("shuffle")],
            dtype=pl.Float64,
        )
        lines.append(
            dict(zip((*by, "recipe", "r", "λ"), key, strict=True))
            | {
                "hack %": 100 * hack,
                "clean %": 100 * clean,
                "ratio": mean,
                "low": low,
                "high": high,
                "shuffled": drawn.mean(),
                "shuffled p95": drawn.quantile(0.95),
            }
        )
    return pl.DataFrame(lines).sort(*by, "ratio", descending=[False] * len(by) + [True])


def by_kind_of_test(shares: pl.DataFrame, side: bool) -> pl.DataFrame:
    """`summary` for each kind of hack's test function against all clean samples, or (side False) for all hacks against each kind of clean sample's."""
    real = shares.filter(shuffle=-1)
    kinds = real.filter(hack=side)["test_kind"].unique().sort()
    parts = [
        summary(real.filter((pl.col("hack") != side) | (pl.col("test_kind") == kind))).with_columns(
            tests=pl.lit(kind)
        )
        for kind in kinds
    ]
    return pl.concat(parts).select("tests", pl.exclude("tests", "shuffled", "shuffled p95"))


def plot(table: pl.DataFrame, path: Path) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

    names = [
        f"{recipe}, r {r}" + (f", λ {lam:g}" if lam else "")
        for recipe, r, lam in table.select("recipe", "r", "λ").rows()
    ]
    figure = Figure(figsize=(8, 0.35 * len(table) + 1.5), dpi=150, layout="constrained")
    ax = figure.subplots()
    errors = (table["ratio"] - table["low"]).to_list(), (table["high"] - table["ratio"]).to_list()
    ax.errorbar(
        table["ratio"],
        range(len(table)),
        xerr=errors,
        fmt="o",
        color="black",
        label="held-out problems, 95 % bootstrap",
    )
    ax.plot(
        table["shuffled p95"],
        range(len(table)),
        "x",
        color="#D55E00",
        label="shuffled labels, 95th percentile",
    )
    ax.axvline(1, color="#888888", linewidth=1)
    ax.set(
        xscale="log",
        yticks=range(len(table)),
        yticklabels=names,
        xlabel="share of hack gradient inside B / share of clean gradient",
    )
    ax.xaxis.set(
        major_locator=LogLocator(2), major_formatter=ScalarFormatter(), minor_locator=NullLocator()
    )
    ax.invert_yaxis()
    ax.legend(frameon=False)
    figure.savefig(path)
