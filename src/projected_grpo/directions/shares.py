"""What the shares of `selectivity` say: a row a recipe, beside its shuffles, and a plot."""

from pathlib import Path

import polars as pl

from projected_grpo.stats.ratio import ratio_of_means


def summary(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """One row a recipe, within each value of `by` (projection, layer).

    Shares of held-out hacks and clean samples in percent (mean over weights and splits), their
    ratio with a 95 % bootstrap over problems, and for contrast the same ratio under shuffled
    labels: its mean and 95th percentile.
    """
    key_columns = (*by, "recipe", "r", "lam")
    per_sample = rows.group_by(*key_columns, "shuffle", "problem", "sample", "hack").agg(
        pl.col("share").mean()
    )
    lines = []
    for key, part in per_sample.group_by(*key_columns, maintain_order=True):
        real = part.filter(shuffle=-1)
        # A split may hold out no hack of a kind.
        if real["hack"].n_unique() == 2:
            names = dict(zip((*by, "recipe", "r", "λ"), key, strict=True))
            lines.append({**names, **_line(real, part.filter(pl.col("shuffle") >= 0))})
    descending = [False] * len(by) + [True]
    return pl.DataFrame(lines).sort(*by, "ratio", descending=descending)


def _line(real: pl.DataFrame, shuffled: pl.DataFrame) -> dict[str, float | None]:
    ratio, low, high = ratio_of_means(real)
    ratios = [ratio_of_means(draw, bootstraps=0)[0] for _, draw in shuffled.group_by("shuffle")]
    drawn = pl.Series(ratios, dtype=pl.Float64)
    return {
        "hack %": 100 * real.filter("hack")["share"].mean(),
        "clean %": 100 * real.filter(~pl.col("hack"))["share"].mean(),
        "ratio": ratio,
        "low": low,
        "high": high,
        "shuffled": drawn.mean(),
        "shuffled p95": drawn.quantile(0.95),
    }


def by_kind(shares: pl.DataFrame, side: bool) -> pl.DataFrame:
    """`summary` for each kind of test function on one side, against all samples on the other.

    side: True, of hacks against all clean samples; False, of clean samples against all hacks.
    """
    real = shares.filter(shuffle=-1)
    parts = []
    for kind in real.filter(hack=side)["kind"].unique().sort():
        of_kind = real.filter((pl.col("hack") != side) | (pl.col("kind") == kind))
        parts.append(summary(of_kind).with_columns(tests=pl.lit(kind)))
    return pl.concat(parts).select("tests", pl.exclude("tests", "shuffled", "shuffled p95"))


def plot(table: pl.DataFrame, path: Path) -> None:
    """A PNG: every row's ratio with its interval, and its shuffles' 95th percentile."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

    names = []
    for recipe, r, lam in table.select("recipe", "r", "λ").rows():
        names.append(f"{recipe}, r {r}, λ {lam:g}" if lam else f"{recipe}, r {r}")
    places = range(len(table))
    figure = Figure(figsize=(8, 0.35 * len(table) + 1.5), dpi=150, layout="constrained")
    ax = figure.subplots()
    ax.errorbar(
        table["ratio"],
        places,
        xerr=[
            (table["ratio"] - table["low"]).to_list(),
            (table["high"] - table["ratio"]).to_list(),
        ],
        fmt="o",
        color="black",
        label="held-out problems, 95 % bootstrap",
    )
    ax.plot(
        table["shuffled p95"],
        places,
        "x",
        color="#D55E00",
        label="shuffled labels, 95th percentile",
    )
    ax.axvline(1, color="#888888", linewidth=1)
    ax.set(
        xscale="log",
        yticks=places,
        yticklabels=names,
        xlabel="share of hack gradient inside B / share of clean gradient",
    )
    ax.xaxis.set(
        major_locator=LogLocator(2),
        major_formatter=ScalarFormatter(),
        minor_locator=NullLocator(),
    )
    ax.invert_yaxis()
    ax.legend(frameon=False)
    figure.savefig(path)
