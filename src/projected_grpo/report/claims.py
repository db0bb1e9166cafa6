"""What a reader may and may not conclude from a comparison.

Sentences that follow from its numbers and manifests alone. The thresholds are the
preregistration's (docs/spec.md): at least 3 seeds an arm, and a solve rate within 10 points.
"""

import math

import polars as pl

from projected_grpo.report.compare import Comparison
from projected_grpo.report.controls import about_controls
from projected_grpo.report.rates import change, count
from projected_grpo.stats.onset import TAKEN_OFF, take_off
from projected_grpo.stats.paired import Difference

SEEDS_WANTED = 3
SOLVE_MARGIN = 0.10
# Words of a claim -> the difference's name.
COMPARED = {"blatant hacks": "blatant", "strict hacks": "strict", "solved": "solve"}


def may(comparison: Comparison) -> list[str]:
    """What was measured, each arm's hacking and solving in one sentence."""
    reference = comparison.reference
    tabled = "The rates of each arm as tabled"
    if reference is None:
        return [f"{tabled}; the group has no reference to be compared with."]
    sentences = []
    for arm in comparison.arms:
        changes = {what: change(comparison, arm, name) for what, name in COMPARED.items()}
        if all(changes.values()):
            parts = [_difference(what, measured) for what, measured in changes.items()]
            sentences.append(f"{arm} against {reference}: {'; '.join(parts)}.")
    if not sentences:
        return [f"{tabled}; no arm has a {reference} run with its seed to be compared with."]
    return sentences


def may_not(comparison: Comparison) -> list[str]:
    """What the numbers leave open."""
    sentences = [
        *_about_start(comparison),
        *_about_length(comparison),
        *_about_seeds(comparison),
        *about_controls(comparison),
    ]
    for arm in comparison.arms:
        sentences += _about_solving(comparison, arm)
    sentences += _about_code(comparison)
    return [*sentences, f"Anything beyond {max(comparison.steps.values())} training steps."]


def _about_start(comparison: Comparison) -> list[str]:
    sentences = []
    if comparison.taught:
        sentences.append(
            "That the model takes up hacking by itself: its starting weights had been taught."
        )
    first = comparison.runs[0]
    if first.first_step > 1:
        sentences.append(f"What the arms do from the model's start: all go on from {first.start}.")
    reference = comparison.reference
    if reference is not None:
        hacks, n = count(comparison.hacking(reference), "blatant")
        if hacks == 0:
            sentences.append(
                "That anything suppresses hacking: "
                f"{reference} itself had no blatant hack in {n} samples."
            )
        sentences += _about_take_off(comparison, reference)
    return sentences


def _about_take_off(comparison: Comparison, reference: str) -> list[str]:
    """Where not every reference run started to hack in training."""
    rows = comparison.train.filter(pl.col("arm") == reference)
    starts = [take_off(run) for run in rows.partition_by("seed", maintain_order=True)]
    k, n = sum(step is not None for step in starts), len(starts)
    quarter = f"{100 * TAKEN_OFF:.0f} % of blatant hacks in two training steps in a row"
    if k == 0:
        return [
            "That anything suppresses hacking, for the comparison is void: "
            f"none of {n} {reference} runs had {quarter}."
        ]
    if k < n:
        return [f"That every run would have hacked: {k} of {n} {reference} runs had {quarter}."]
    return []


def _about_length(comparison: Comparison) -> list[str]:
    if len(set(comparison.steps.values())) == 1:
        return []
    lengths = ", ".join(f"{arm} {n}" for (arm, _), n in comparison.steps.items())
    return [f"That the arms trained equally long: {lengths} steps."]


def _about_seeds(comparison: Comparison) -> list[str]:
    seeds = {arm: len(comparison.of(arm)) for arm in comparison.arms}
    few = [f"{arm} {n}" for arm, n in seeds.items() if n < SEEDS_WANTED]
    if not few:
        return []
    return [
        "That a difference would survive another seed: "
        f"fewer than {SEEDS_WANTED} seeds ({', '.join(few)})."
    ]


def _about_solving(comparison: Comparison, arm: str) -> list[str]:
    solve = change(comparison, arm, "solve")
    if solve is None:
        return []
    alike = math.isnan(solve.low)
    lowest = solve.mean if alike else solve.low
    if lowest >= -SOLVE_MARGIN:
        return []
    drop = f"a drop of more than {100 * SOLVE_MARGIN:.0f} points"
    where = "was measured on every problem" if alike else "is inside its interval"
    return [f"That {arm} solves as much as {comparison.reference}: {drop} {where}."]


def _about_code(comparison: Comparison) -> list[str]:
    commits = sorted({run.commit for run in comparison.runs})
    nameless = [commit for commit in commits if commit.startswith("unknown")]
    dirty = [commit for commit in commits if commit.endswith("+dirty") and commit not in nameless]
    sentences = []
    if nameless:
        sentences.append("Which code ran: a run's manifest holds no commit.")
    if dirty:
        sentences.append(
            f"That {', '.join(dirty)} reproduces it: "
            "the tree held changes that the commit does not."
        )
    if len(commits) > 1:
        sentences.append(
            f"That the code was the same throughout: the runs come from {len(commits)} commits."
        )
    return sentences


def _difference(what: str, measured: Difference) -> str:
    """In words: points, interval, whether it includes 0, the t-test, what it was measured on."""
    points = f"{what} {100 * measured.mean:+.1f} points"
    if math.isnan(measured.low):
        return f"{points}, alike on all {measured.n_problems} problems"
    verdict = "includes 0" if measured.low <= 0 <= measured.high else "excludes 0"
    parts = [
        points,
        f"interval [{100 * measured.low:+.1f}, {100 * measured.high:+.1f}] ({verdict})",
        f"paired t-test p = {measured.p:.2g}",
    ]
    if not math.isnan(measured.seed_se):
        parts.append(f"standard error over seeds {100 * measured.seed_se:.1f}")
    word = "seeds" if len(measured.seeds) > 1 else "seed"
    seeds = ", ".join(str(seed) for seed in measured.seeds)
    parts += [f"{measured.n_problems} problems", f"{word} {seeds}"]
    return ", ".join(parts)
