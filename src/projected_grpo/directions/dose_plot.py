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
    by_hacks = rows.filter(labels="real").sort("hacks")
    several = by_hacks["hacks"].n_unique() > 1
    panels = 2 if several else 1
    width = 7 if panels == 1 else 11
    height = 1 + 0.22 * len(rows)
    fig, grid = plt.subplots(1, panels, figsize=(width, height), squeeze=False)
    axes = grid[0]
    side_by_side(rows, axes[0])
    axes[0].set_xlabel(f"share of the first-order gain taken from a {step} step")
    if several:
        against_number(by_hacks, axes[1])
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    fig.tight_layout()
    fig.savefig(file, dpi=110)
    plt.close(fig)


def side_by_side(rows: pl.DataFrame, ax: Axes) -> None:
    y = np.arange(len(rows))
    for of, (marker, grey) in SHOWN.items():
        value = rows[of].to_numpy()
        bars = lengths_of_bars(rows, of)
        ax.errorbar(value, y, xerr=bars, fmt=marker, color=grey, ms=4, lw=1, label=of)
    labels = [label(row) for row in rows.iter_rows(named=True)]
    ax.set_yticks(y, labels, fontsize=7)
    # a class of few pairs may have bars of any length
    left, right = ax.get_xlim()
    ax.set_xlim(max(left, -0.5), min(right, 1.2))
    ax.axvline(0, color="0.8", lw=1, zorder=0)
    ax.legend(frameon=False)


def lengths_of_bars(rows: pl.DataFrame, of: str) -> np.ndarray:
    """[2 row]: from the dose of this class down and up to the ends of its interval."""
    value = rows[of].to_numpy()
    low = rows[f"{of} low"].to_numpy()
    high = rows[f"{of} high"].to_numpy()
    down = value - low
    up = high - value
    return np.clip([down, up], 0, None)


def label(row: dict) -> str:
    name = named(row["recipe"], row["r"])
    hacks = row["hacks"]
    labels = row["labels"]
    return f"{name}, {hacks} hacks, {labels}"


def against_number(rows: pl.DataFrame, ax: Axes) -> None:
    """A line a recipe and rank."""
    by_set = rows.group_by("recipe", "r", maintain_order=True)
    for (recipe, r), part in by_set:
        hacks = part["hacks"]
        dose = part["hack"]
        ax.plot(hacks, dose, "o-", ms=3, lw=1, label=named(recipe, r))
    ax.set_xscale("log")
    ax.set_xlabel("hacks that a set is fitted on")
    ax.set_ylabel("dose of hack")
    ax.legend(frameon=False, fontsize=6)


def named(recipe: str, r: int) -> str:
    return f"{recipe} r {r}" if r else recipe
