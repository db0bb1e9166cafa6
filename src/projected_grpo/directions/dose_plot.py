"""Doses of hack and skill side by side, a line a set, best first."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import polars as pl

SHOWN = {"hack": ("o", "0.1"), "skill": ("s", "0.6")}


def plot(doses: pl.DataFrame, file: Path, step: str = "sign") -> None:
    """doses: of `dose_tables.doses`, the rows of this kind of step. Bars: 95 % over blocks."""
    rows = doses.filter(step=step).sort("hack")
    fig, ax = plt.subplots(figsize=(7, 1 + 0.22 * len(rows)))
    y = np.arange(len(rows))
    for of, (marker, grey) in SHOWN.items():
        low, value, high = (rows[column].to_numpy() for column in (f"{of} low", of, f"{of} high"))
        bars = np.clip([value - low, high - value], 0, None)
        ax.errorbar(value, y, xerr=bars, fmt=marker, color=grey, ms=4, lw=1, label=of)
    labels = []
    for recipe, r, hacks, of_labels in rows.select("recipe", "r", "hacks", "labels").iter_rows():
        rank = f" r {r}" if r else ""
        labels.append(f"{recipe}{rank}, {hacks} hacks, {of_labels}")
    ax.set_yticks(y, labels, fontsize=7)
    ax.axvline(0, color="0.8", lw=1, zorder=0)
    ax.set_xlabel(f"share of the first-order gain taken from a {step} step")
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    fig.tight_layout()
    fig.savefig(file, dpi=110)
    plt.close(fig)
