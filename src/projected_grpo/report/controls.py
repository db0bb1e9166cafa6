"""Whether a treatment's controls control it: they share where, layers, rank and dose with it."""

import polars as pl

from projected_grpo.report import roles
from projected_grpo.report.compare import Comparison

# Of the larger dose: doses are measured, so that they are never equal.
DOSE_APART = 0.1


def about_controls(comparison: Comparison) -> list[str]:
    """A sentence for each treatment without a control and each control that does not match."""
    sentences = []
    for treatment in roles.treatments(comparison.definitions):
        controls = roles.controls(comparison.definitions, treatment)
        if not controls:
            sentences.append(f"That the direction of {treatment} matters: no control arm of it.")
        for control in controls:
            if mismatches := _mismatches(comparison, control, treatment):
                line = f"That the direction matters, from control {control}: {mismatches}."
                sentences.append(line)
    return sentences


def _mismatches(comparison: Comparison, control: str, treatment: str) -> str:
    """ "its m 8 is not project's 16; ...", empty where the two match."""
    own, other = (_settings(comparison, arm) for arm in (control, treatment))
    differing = [key for key in ("where", "layers") if own[key] != other[key]]
    # √(r/d): where both logged it, it is the rank that their columns really had.
    rank = "m" if None in (own["chance"], other["chance"]) else "chance"
    if own[rank] != other[rank]:
        differing.append(rank)
    if _doses_apart(own["dose"], other["dose"]):
        differing.append("dose")
    parts = []
    for key in differing:
        verb = "are" if key == "layers" else "is"
        parts.append(f"its {key} {own[key]} {verb} not {treatment}'s {other[key]}")
    return "; ".join(parts)


def _settings(comparison: Comparison, arm: str) -> dict:
    interventions = comparison.definitions[arm]["interventions"]
    settings = {}
    for key in ("where", "layers", "m"):
        values = [intervention[key] for intervention in interventions if key in intervention]
        settings[key] = values[0] if len(values) == 1 else values
    for key in ("chance", "dose"):
        settings[key] = _logged(comparison, arm, key)
    return settings


def _logged(comparison: Comparison, arm: str, name: str) -> float | None:
    """Mean over steps and seeds to three digits, None where it was not logged."""
    mean = comparison.diagnostics.filter(pl.col("arm") == arm)[name].mean()
    return None if mean is None else round(mean, 3)


def _doses_apart(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return False
    return abs(a - b) > DOSE_APART * max(abs(a), abs(b))
