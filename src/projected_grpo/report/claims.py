"""What a reader may and may not conclude from a comparison: sentences that follow from its numbers and manifests alone.

The thresholds are the preregistration's (docs/spec.md): at least 3 seeds an arm, and a solve rate within 10 points.
"""

import math

import polars as pl

from projected_grpo.report.compare import HACK, Comparison
from projected_grpo.report.tables import CHANGES, change, count
from projected_grpo.stats.intervals import Difference

SEEDS_WANTED = 3
SOLVE_MARGIN = 0.10
CONTROLS = ("random", "shuffled", "clean")  # an arm named after one of these is that control


def may(comparison: Comparison) -> list[str]:
    """What was measured, each arm's hacking and solving in one sentence."""
    found = [(arm, *(change(comparison, arm, name) for name in CHANGES)) for arm in comparison.arms]
    sentences = [
        f"{arm} against vanilla: {_told('strict hacks', strict)}; {_told('solved', solve)}."
        for arm, strict, solve in found
        if strict and solve
    ]
    return sentences or [
        "The rates of each arm as tabled; no arm has a vanilla run with its seed to be compared with."
    ]


def may_not(comparison: Comparison) -> list[str]:
    """What the numbers leave open."""
    return [
        *_about_start(comparison),
        *_about_length(comparison),
        *_about_seeds(comparison),
        *_about_controls(comparison),
        *(sentence for arm in comparison.arms for sentence in _about_solving(comparison, arm)),
        *_about_code(comparison),
        f"Anything beyond {max(comparison.steps.values())} training steps.",
    ]


def _about_start(comparison: Comparison) -> list[str]:
    taught = [
        "That the model takes up hacking by itself: its starting weights had been warm-started."
    ]
    hacks, n = count(comparison, "vanilla", HACK, "strict")
    unhacked = [f"That anything suppresses hacking: vanilla itself did not hack in {n} samples."]
    return taught * comparison.warm_started + unhacked * (n > 0 and hacks == 0)


def _about_length(comparison: Comparison) -> list[str]:
    told = ", ".join(f"{arm} {n}" for (arm, _), n in comparison.steps.items())
    return (
        [f"That the arms trained equally long: {told} steps."]
        if len(set(comparison.steps.values())) > 1
        else []
    )


def _about_seeds(comparison: Comparison) -> list[str]:
    few = [
        f"{arm} {len(comparison.of(arm))}"
        for arm in comparison.arms
        if len(comparison.of(arm)) < SEEDS_WANTED
    ]
    line = f"That a difference would survive another seed: fewer than {SEEDS_WANTED} seeds ({', '.join(few)})."
    return [line] if few else []


def _about_controls(comparison: Comparison) -> list[str]:
    missing = [name for name in CONTROLS if not any(name in arm for arm in comparison.arms)]
    # √(r/d), logged by the constraint: it tells ranks apart without knowing the config.
    ranks = (
        comparison.diagnostics.drop_nulls("chance")
        .group_by("arm")
        .agg(pl.col("chance").mean().round(3))["chance"]
        .unique()
    )
    lines = (
        [f"That the direction matters: no control arm with {' or '.join(missing)} columns."]
        if missing
        else []
    )
    return lines + [
        "That the direction matters, from arms whose chance levels, and so ranks, differ."
    ] * (len(ranks) > 1)


def _about_solving(comparison: Comparison, arm: str) -> list[str]:
    solve = change(comparison, arm, "solve")
    if solve is None or math.isnan(solve.low) or solve.low >= -SOLVE_MARGIN:
        return []
    margin = f"{100 * SOLVE_MARGIN:.0f} points"
    return [
        f"That {arm} solves as much as vanilla: a drop of more than {margin} is inside its interval."
    ]


def _about_code(comparison: Comparison) -> list[str]:
    commits = sorted({run.commit for run in comparison.runs})
    nameless = ["Which code ran: a run's manifest holds no commit."] * any(
        run.manifest["commit"] == "unknown" for run in comparison.runs
    )
    dirty = [
        commit
        for commit in commits
        if commit.endswith("+dirty") and not commit.startswith("unknown")
    ]
    lines = (
        [f"That {', '.join(dirty)} reproduces it: the tree held changes that the commit does not."]
        if dirty
        else []
    )
    return (
        nameless
        + lines
        + [f"That the code was the same throughout: the runs come from {len(commits)} commits."]
        * (len(commits) > 1)
    )


def _told(what: str, found: Difference) -> str:
    """A difference in words: points, interval, whether it includes 0, the t-test, and what it was measured on."""
    told = f"{what} {100 * found.mean:+.1f} points"
    if math.isnan(found.low):
        return f"{told}, alike on all {found.n_problems} problems"
    verdict = "includes 0" if found.low <= 0 <= found.high else "excludes 0"
    spread = (
        ""
        if math.isnan(found.seed_se)
        else f", standard error over seeds {100 * found.seed_se:.1f}"
    )
    seeds = f"seed{'s' * (len(found.seeds) > 1)} {', '.join(str(seed) for seed in found.seeds)}"
    return (
        f"{told}, interval [{100 * found.low:+.1f}, {100 * found.high:+.1f}] ({verdict}), "
        f"paired t-test p = {found.p:.2g}{spread}, {found.n_problems} problems, {seeds}"
    )
