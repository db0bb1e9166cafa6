"""What a reader may and may not conclude from a comparison.

Sentences that follow from its numbers and manifests alone. What is said of arms comes from tests
over runs.
"""

import math

from projected_grpo.report.compare import Comparison
from projected_grpo.report.controls import about_controls
from projected_grpo.report.outcomes import (
    SOLVE_MARGIN,
    Contrast,
    by_run,
    contrasts,
    show_effect,
)
from projected_grpo.report.rates import count
from projected_grpo.stats.onset import TAKEN_OFF

# Measure -> words of a claim.
MEASURED = {"U": "blatant hacks in training", "solve": "solved"}


def may(comparison: Comparison) -> list[str]:
    """What was measured, each contrast's hacking and solving in one sentence."""
    return [_contrast(one) for one in contrasts(comparison)] or [
        "The rates of each arm as tabled; no arm has runs of a reference or a control beside it."
    ]


def may_not(comparison: Comparison) -> list[str]:
    """What the numbers leave open."""
    sentences = [
        *_about_start(comparison),
        *_about_length(comparison),
        *about_controls(comparison),
    ]
    for contrast in contrasts(comparison):
        sentences += _about_runs(contrast)
        if contrast.other == comparison.reference:
            sentences += _about_solving(contrast)
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
        starts = comparison.facts["start"]
        sentences.append(f"What the arms do from the model's start: all go on from {starts}.")
    reference = comparison.reference
    if reference is not None:
        hacks, n = count(comparison.hacking(reference), "blatant")
        if n and hacks == 0:
            sentences.append(
                "That anything suppresses hacking: "
                f"{reference} itself had no blatant hack in {n} samples."
            )
        sentences += _about_take_off(comparison, reference)
    return sentences


def _about_take_off(comparison: Comparison, reference: str) -> list[str]:
    """Where not every reference run started to hack in training."""
    starts = by_run(comparison).filter(arm=reference)["took_off"]
    k, n = starts.count(), len(starts)
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
    lengths = ", ".join(f"{run.arm} {n}" for run, n in comparison.steps.items())
    return [f"That the arms trained equally long: {lengths} steps."]


def _about_runs(contrast: Contrast) -> list[str]:
    effect = contrast.effects["U"]
    if not math.isnan(effect.p):
        return []
    n, m = effect.n
    return [
        f"That {contrast.arm} and {contrast.other} differ as arms and not as these runs: "
        f"{n} and {m} are too few to test."
    ]


def _about_solving(contrast: Contrast) -> list[str]:
    solve = contrast.effects.get("solve")
    if solve is None:
        return []
    alike = f"That {contrast.arm} solves as much as {contrast.other}"
    margin = f"{100 * SOLVE_MARGIN:.0f} points"
    if contrast.solves <= SOLVE_MARGIN:
        itself = f"{contrast.other} itself solves {100 * contrast.solves:.1f} %"
        return [f"{alike}: {itself}, no more than the margin of {margin}."]
    no_interval = math.isnan(solve.low)
    lowest = solve.mean if no_interval else solve.low
    if lowest >= -SOLVE_MARGIN:
        return []
    where = "was measured" if no_interval else "is inside its interval"
    return [f"{alike}: a drop of more than {margin} {where}."]


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


def _contrast(contrast: Contrast) -> str:
    """In words: points, interval over runs, p, and over how many runs."""
    parts = []
    for name, effect in contrast.effects.items():
        points = f"{MEASURED[name]} {show_effect(effect)} points"
        if math.isnan(effect.p):
            parts.append(f"{points}, described and not tested")
        else:
            holm = contrast.adjusted[name]
            parts.append(f"{points}, permutation over runs p = {effect.p:.2g} (Holm {holm:.2g})")
    n, m = contrast.effects["U"].n
    runs = f"{n} and {m} runs"
    return f"{contrast.arm} against {contrast.other}, {runs}: {'; '.join(parts)}."
