"""Whether the controls of a treatment with a direction control it: what else they share with it."""

from pathlib import Path

import polars as pl

from projected_grpo.report import roles
from projected_grpo.report.compare import Comparison

# Of an arm's interventions. v, v_seed and select are what a control is there to change.
SETTINGS = ("where", "layers", "m", "columns", "projections")
PLURAL = ("layers", "columns", "projections")


def about_controls(comparison: Comparison) -> list[str]:
    """A sentence for each treatment without a control and each control that does not match.

    Treatments whose interventions have no direction are passed over.
    """
    sentences = []
    for treatment in roles.treatments(comparison.definitions):
        if not _values(comparison, treatment, "v"):
            continue
        controls = roles.controls(comparison.definitions, treatment)
        if not controls:
            sentences.append(f"That the direction of {treatment} matters: no control arm of it.")
        for control in controls:
            if mismatches := _mismatches(comparison, control, treatment):
                line = f"That the direction matters, from control {control}: {mismatches}."
                sentences.append(line)
    return sentences


def _mismatches(comparison: Comparison, control: str, treatment: str) -> str:
    """ "its m 8 is not project's 16; ...", empty where the two match in what both have."""
    own, other = (_settings(comparison, arm) for arm in (control, treatment))
    shared = [key for key in own if key in other]
    # √(r/d): where both logged it, it is the rank that their columns really had.
    if "chance" in shared and "m" in shared:
        shared.remove("m")
    parts = []
    for key in shared:
        if own[key] != other[key]:
            verb = "are" if key in PLURAL else "is"
            parts.append(f"its {key} {own[key]} {verb} not {treatment}'s {other[key]}")
    return "; ".join(parts)


def _settings(comparison: Comparison, arm: str) -> dict:
    """What the arm has of SETTINGS, its v_hack's place and the chance level that it logged."""
    settings = {}
    for key in SETTINGS:
        if values := _values(comparison, arm, key):
            settings[key] = values[0] if len(values) == 1 else values
    if folder := comparison.of(arm)[0].config.get("v_hack"):
        # Without what lies above it, which differs between machines.
        settings["v_hack"] = "/".join(Path(folder).parts[-2:])
    chance = comparison.diagnostics.filter(pl.col("arm") == arm)["chance"].mean()
    if chance is not None:
        settings["chance"] = round(chance, 3)
    return settings


def _values(comparison: Comparison, arm: str, key: str) -> list:
    """Of the setting in each intervention that has it."""
    interventions = comparison.definitions[arm]["interventions"]
    return [intervention[key] for intervention in interventions if key in intervention]
