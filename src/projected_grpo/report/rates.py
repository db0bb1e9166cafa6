"""Rates and differences of rates as text: rates in per cent, differences in points."""

import math

import polars as pl

from projected_grpo.report.compare import Comparison
from projected_grpo.stats.intervals import wilson
from projected_grpo.stats.paired import Difference, difference

# What is compared with the reference: the name of a difference -> its column.
CHANGES = {"blatant": "blatant", "strict": "strict", "solve": "gt_pass"}


def count(samples: pl.DataFrame, column: str) -> tuple[int, int]:
    """(samples with `column`, samples)."""
    return int(samples[column].sum()), len(samples)


def rate(samples: pl.DataFrame, column: str) -> str:
    """ "18.0 [12.1, 25.9]": per cent with the 95 % Wilson interval, which one run does not get."""
    k, n = count(samples, column)
    percent = f"{100 * k / n:.1f}"
    return percent if _one_run(samples) else f"{percent} {_interval(*wilson(k, n))}"


def change(comparison: Comparison, arm: str, name: str) -> Difference | None:
    """An arm's difference to the reference in one of CHANGES, of the weights that there are.

    None for the reference itself, without a reference, where the two share no seed, and over
    several groups.
    """
    reference = comparison.reference
    if reference is None or arm == reference or len(comparison.groups) > 1:
        return None
    samples = comparison.solving if name == "solve" else comparison.hacking
    own, other = samples(arm), samples(reference)
    if not set(own["seed"]) & set(other["seed"]):
        return None
    return difference(own, other, CHANGES[name])


def show_change(comparison: Comparison, arm: str, name: str) -> str:
    """ "-16.7 [-29.2, -4.2]" in points.

    The seeds are named where either arm has one that the other lacks.
    """
    reference = comparison.reference
    if reference is None:
        return "no reference"
    if arm == reference:
        return ""
    measured = change(comparison, arm, name)
    if measured is None:
        return f"no {reference} with its seed"
    text = f"{100 * measured.mean:+.1f}"
    if len(measured.seeds) > 1:
        text += f" {_interval(measured.low, measured.high, signed=True)}"
    all_seeds = {run.seed for which in (arm, reference) for run in comparison.of(which)}
    if all_seeds != set(measured.seeds):
        text += f" seeds {','.join(str(seed) for seed in measured.seeds)}"
    return text


def _one_run(samples: pl.DataFrame) -> bool:
    return samples.select("group", "seed").n_unique() == 1


def _interval(low: float, high: float, signed: bool = False) -> str:
    """No interval is shown where nothing can be resampled: zero width would read as certainty."""
    if math.isnan(low):
        return "[-]"
    sign = "+" if signed else ""
    return f"[{100 * low:{sign}.1f}, {100 * high:{sign}.1f}]"
