"""In which settings two runs differ, and which of them their arms explain."""

import filecmp
import os
from pathlib import PurePath

from projected_grpo.runs.comparable import comparable_config, is_own_seed
from projected_grpo.runs.run import Run

# Whatever stands below a key of this name is part of an arm's definition.
OF_ARMS = {"arm", "v_hack"}
# Top-level keys that say what a run is called, where it lies, and how long it may take.
OF_RUNS = {"run", "group", "outputs", "limits"}
# A wish; the folder that it came to stands in actor_rollout_ref.model.path.
WISHES = {"model.path"}

Differences = dict[str, tuple[str, str]]


def differing_config(a: Run, b: Run) -> Differences:
    """Dotted config key -> (a's value, b's value), their own seeds and paths aside."""
    left, right = (comparable_config(run.config, run.path) for run in (a, b))
    differing = {}
    for key in sorted(left.keys() | right.keys()):
        own, other = left.get(key), right.get(key)
        seeds = is_own_seed(key, own, a.seed) and is_own_seed(key, other, b.seed)
        if own != other and not seeds:
            differing[key] = (left.get(key, "-"), right.get(key, "-"))
    return differing


def unexplained(differing: Differences) -> Differences:
    """Those that neither an arm's definition nor a run's name or folder accounts for."""
    return {
        key: values
        for key, values in differing_within_an_arm(differing).items()
        if OF_ARMS.isdisjoint(key.split("."))
    }


def differing_within_an_arm(differing: Differences) -> Differences:
    """Those that a run's name or folder does not account for."""
    return {key: values for key, values in differing.items() if not _of_run(key, values)}


def first_five(differing: Differences) -> str:
    """As "lr (1e-05 / 0.1)"."""
    first = list(differing.items())[:5]
    return ", ".join(f"{key} ({a} / {b})" for key, (a, b) in first)


def _of_run(key: str, values: tuple[str, str]) -> bool:
    return key.split(".")[0] in OF_RUNS or key in WISHES or _moved(*values)


def _moved(a: str, b: str) -> bool:
    """Whether both are paths of one name, which lies in different folders on different machines.

    Two files that are both here are one only if their contents are.
    """
    first, second = a.strip('"'), b.strip('"')
    if "/" not in a + b or PurePath(first).name != PurePath(second).name:
        return False
    both_here = os.path.isfile(first) and os.path.isfile(second)
    return not both_here or filecmp.cmp(first, second, shallow=False)
