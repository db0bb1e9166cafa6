"""Which test functions the strict hacks of training have, by blocks of steps, as a table."""

import math

import polars as pl

from projected_grpo.loopholes.facts import BESIDE_LABELS
from projected_grpo.report.compare import Comparison
from projected_grpo.report.tables import Rows
from projected_grpo.rollouts.schema import KINDS

# Training steps of a block, or the least multiple that leaves so many blocks.
BLOCK = 4
MOST_BLOCKS = 12


def kind_rows(comparison: Comparison) -> Rows:
    """An arm's blocks of training steps: its rates, and each kind in % of its strict hacks.

    Between them how many samples are uncertain, and how many hardcode. An arm's seeds are pooled.
    Kinds that no strict hack has are left out.
    """
    begin = comparison.train["step"].min()
    width = block_width(comparison)
    columns = _occurring(comparison.kinds["kind"])
    rows = []
    for arm in comparison.arms:
        train = comparison.train.filter(arm=arm)
        kinds = comparison.kinds.filter(arm=arm)
        for first in range(begin, train["step"].max() + 1, width):
            block = pl.col("step").is_between(first, first + width - 1)
            within = train.filter(block)
            row = {"arm": arm, "steps": f"{first} to {within['step'].max()}"}
            row |= _rates(within)
            row |= {name: _count(within[name]) for name in BESIDE_LABELS}
            row |= _shares(kinds.filter(block), columns)
            rows.append(row)
    return rows


def block_width(comparison: Comparison) -> int:
    """Training steps of a block."""
    steps = comparison.train["step"]
    return BLOCK * math.ceil((steps.max() - steps.min() + 1) / (BLOCK * MOST_BLOCKS))


def _occurring(kinds: pl.Series) -> list[str]:
    """In the grader's order, then those of older rollouts."""
    found = set(kinds)
    known = [kind for kind in KINDS if kind in found]
    return known + sorted(found.difference(KINDS))


def _rates(train: pl.DataFrame) -> dict[str, str]:
    n = train["n"].sum()
    rates = {f"{name} %": 100 * train[name].sum() / n for name in ("blatant", "strict", "loose")}
    return {"n": str(n)} | {name: f"{rate:.1f}" for name, rate in rates.items()}


def _count(counts: pl.Series) -> str:
    """The sum, or "-" where a step does not say."""
    return "-" if counts.has_nulls() else str(counts.sum())


def _shares(kinds: pl.DataFrame, columns: list[str]) -> dict[str, str]:
    """kinds: rows of Comparison.kinds. Each kind in % of all, "-" where there is nothing."""
    total = kinds["hacks"].sum()
    shares = {}
    for kind in columns:
        hacks = kinds.filter(kind=kind)["hacks"].sum()
        shares[kind] = f"{100 * hacks / total:.0f}" if total else "-"
    return shares
