"""How many runs a study needs: power of the permutation test of mean U, by simulated runs.

Hacks grow from groups with both outcomes, and a dose takes its share of that growth
(stats/simulated.py). The first table says what such runs do, to be held against real ones; the
second the power for n runs an arm, from the least that can reject on, up to the wanted power. With
replicates= the runs share branch points, and n counts these. Two equal doses give the test's size.
"""

import math
import sys
from itertools import islice

import numpy as np
from tabulate import tabulate

from projected_grpo import cli
from projected_grpo.cli import Refusal, option
from projected_grpo.stats import power
from projected_grpo.stats.intervals import wilson
from projected_grpo.stats.onset import TAKEN_OFF
from projected_grpo.stats.permutation import LEVEL
from projected_grpo.stats.simulated import SAMPLES, mean_rates, simulate

# Runs behind what an arm's runs do.
SHOWN = 4_000


@cli.settings
class Settings:
    doses: tuple[float, float] = option("share of growth that each arm takes", least=0, most=1)
    spread: float = option("s.d. of starts in log odds: of runs, of points beside it", 0.5, least=0)
    n: int | None = option("runs an arm, or points; as many as are needed if none", None, least=1)
    replicates: int | None = option("of an arm at each point, if any", None, least=1)
    power: float = option("wanted", 0.8, least=0, most=1)
    most: int = option("the largest n that is tried", 48, least=1)
    level: float = option("of the test: smaller for one of several", LEVEL, least=0.0001, most=1)
    steps: int = option("training steps of a run", 24, least=2)
    studies: int = option("that are simulated for each power", 1000, least=100)
    seed: int = option("of the simulation", 0, least=0)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    design = power.Design(
        doses=settings.doses,
        spread=settings.spread,
        replicates=settings.replicates,
        steps=settings.steps,
        level=settings.level,
        studies=settings.studies,
    )
    least = power.least(design)
    last = settings.n or settings.most
    if last < least:
        raise Refusal(
            f"n={last}: nothing that so few do is significant at {settings.level:g}: "
            f"{least} or more {unit(design)}"
        )
    first = settings.n or least
    print(_table([arm_row(design, dose, settings.seed) for dose in settings.doses]), flush=True)
    rejecting = rejections(design, settings, first, last)
    print(f"\n{_table([power_row(design, n, k) for n, k in rejecting.items()])}")
    if settings.n is None:
        print(f"\n{conclusion(design, settings, rejecting)}")


def unit(design: power.Design) -> str:
    if design.replicates:
        return f"branch points of {design.replicates} and {design.replicates} runs"
    return "runs an arm"


def arm_row(design: power.Design, dose: float, seed: int) -> dict[str, str]:
    """What runs of an arm do, those of different points."""
    rng = np.random.default_rng(seed)
    spread = design.spread * math.sqrt(2) if design.replicates else design.spread
    hacks = simulate(SHOWN, rng, dose, spread, design.steps)
    hacking = hacks >= TAKEN_OFF * SAMPLES
    took_off = (hacking[:, 1:] & hacking[:, :-1]).any(axis=1)
    U = 100 * mean_rates(hacks)
    return {
        "dose": f"{dose:g}",
        "mean U %": f"{U.mean():.1f}",
        "s.d. of U": f"{U.std(ddof=1):.1f}",
        "take off %": f"{100 * took_off.mean():.0f}",
    }


def rejections(design: power.Design, settings: Settings, first: int, last: int) -> dict[int, int]:
    """n -> studies that reject, from `first` on, to the first with the wanted power or `last`."""
    found = {}
    rng = np.random.default_rng(settings.seed)
    for n, (a, b) in enumerate(islice(power.grown(design, rng), last), 1):
        if n < first:
            continue
        # Of n alone, so that n= repeats its row.
        relabelling = np.random.default_rng([settings.seed, n])
        found[n] = int((power.p_values(a, b, relabelling) <= design.level).sum())
        if found[n] >= settings.power * design.studies:
            break
    return found


def power_row(design: power.Design, n: int, rejecting: int) -> dict[str, str]:
    low, high = wilson(rejecting, design.studies)
    return {
        unit(design): str(n),
        "power": f"{rejecting / design.studies:.3f}",
        "95 % interval": f"{low:.3f} to {high:.3f}",
    }


def conclusion(design: power.Design, settings: Settings, rejecting: dict[int, int]) -> str:
    """The least n, which is the last that was tried."""
    n, k = list(rejecting.items())[-1]
    if k < settings.power * design.studies:
        return f"No n up to {n} has a power of {settings.power:g}."
    return f"A power of {settings.power:g} takes {n} {unit(design)}."


def _table(rows: list[dict[str, str]]) -> str:
    return tabulate(rows, headers="keys", disable_numparse=True, stralign="right")


if __name__ == "__main__":
    main(sys.argv[1:])
