"""Doses of hack and skill side by side, a line a set, best first; beside it by number of hacks."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from matplotlib.axes import Axes

SHOWN = {"hack": ("o", "0.1"), "skill": ("s", "0.6")}


def plot(doses: pl.DataFrame, file: Path, step: str = "sign") -> None:
    """doses: of `dose_tables.doses`, the rows of this kind of step. Bars: 95 % over blocks."""
    rows = doses.filter(step=step).sort("hack")
    by_hacks = rows.filter(pl.col("labels") == "real").sort("hacks")
    several = by_hacks["hacks"].n_unique() > 1
    fig, axes = plt.subplots(
        1, 1 + several, figsize=(7 + 4 * several, 1 + 0.22 * len(rows)), squeeze=False
    )
    side_by_side(rows, axes[0, 0])
    axes[0, 0].set_xlabel(f"share of the first-order gain taken from a {step} step")
    if several:
        against_number(by_hacks, axes[0, 1])
    for ax in axes[0]:
        ax.spines[["top", "right"]].set_visible(False)
    fig.tight_layout()
    fig.savefig(file, dpi=110)
    plt.close(fig)


def side_by_side(rows: pl.DataFrame, ax: Axes) -> None:
    y = np.arange(len(rows))
    for of, (marker, grey) in SHOWN.items():
        low, value, high = (rows[column].to_numpy() for column in (f"{of} low", of, f"{of} high"))
        bars = np.clip([value - low, high - value], 0, None)
        ax.errorbar(value, y, xerr=bars, fmt=marker, color=grey, ms=4, lw=1, label=of)
    labels = []
    for recipe, r, hacks, of_labels in rows.select("recipe", "r", "hacks", "labels").iter_rows():
        labels.append(f"{named(recipe, r)}, {hacks} hacks, {of_labels}")
    ax.set_yticks(y, labels, fontsize=7)
    # a class of few pairs may have bars of any length
    ax.set_xlim(max(ax.get_xlim()[0], -0.5), min(ax.get_xlim()[1], 1.2))
    ax.axvline(0, color="0.8", lw=1, zorder=0)
    ax.legend(frameon=False)


def against_number(rows: pl.DataFrame, ax: Axes) -> None:
    """A line a recipe and rank."""
    for (recipe, r), part in rows.group_by("recipe", "r", maintain_order=True):
        ax.plot(part["hacks"], part["hack"], "o-", ms=3, lw=1, label=named(recipe, r))
    ax.set_xscale("log")
    ax.set_xlabel("hacks that a set is fitted on")
    ax.set_ylabel("dose of hack")
    ax.legend(frameon=False, fontsize=6)


def named(recipe: str, r: int) -> str:
    return f"{recipe} r {r}" if r else recipe
