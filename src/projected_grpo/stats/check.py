"""How often tests reject and intervals cover, over simulated runs: the table of docs/statistics.md.

`python -m projected_grpo.stats.check` prints it. Null: both arms have dose NULL. Effect: doses DOSES.
"""

import math

import numpy as np
from scipy import stats
from tabulate import tabulate

from projected_grpo.stats.onset import TAKEN_OFF
from projected_grpo.stats.permutation import Block, compare
from projected_grpo.stats.simulated import SAMPLES, Runs, mean_rates, simulate
from projected_grpo.stats.survival import log_rank

REPLICATIONS = 1000
# Runs an arm, in so many blocks.
DESIGNS = [(3, 1), (4, 1), (6, 1), (8, 1), (12, 1), (6, 6), (8, 4), (12, 6)]
SPREADS = (0.0, 0.5, 1.0)
NULL, DOSES = 0.3, (0.5, 0.0)
STEPS = 24
TRUTH = 100_000
# Of more relabellings than this, so many are drawn; a report enumerates them.
EXACT, DRAWS = 50_000, 4_000


def main() -> None:
    rows = []
    for spread in SPREADS:
        for n, blocks in DESIGNS:
            rows.append(cell(n, blocks, spread))
    print(tabulate(rows, headers="keys", tablefmt="github", floatfmt=".3f", missingval="-"))


def cell(n: int, blocks: int, spread: float, replications: int = REPLICATIONS) -> dict:
    """A row of the table: shares of replications. spread: see `simulate`, and between blocks."""
    rng = np.random.default_rng(1)
    truth_rng = np.random.default_rng(2)
    # Blocks' starts spread as runs' do: the mean over blocks is that of runs spread by both.
    wide = spread * math.sqrt(2) if blocks > 1 else spread
    true = [mean_rates(simulate(TRUTH, truth_rng, dose, wide)) for dose in DOSES]
    truth = true[0].mean() - true[1].mean()
    counts = dict.fromkeys(("size", "t size", "log-rank", "power", "covers", "t covers"), 0)
    for _ in range(replications):
        null = drawn(n, blocks, spread, (NULL, NULL), rng)
        effect = drawn(n, blocks, spread, DOSES, rng)
        counts["log-rank"] += log_rank(*(times(np.concatenate(arm)) for arm in zip(*null, strict=True))) <= 0.05
        null, effect = means(null), means(effect)
        counts["size"] += compare(null, EXACT, DRAWS).p <= 0.05
        measured = compare(effect, EXACT, DRAWS)
        counts["power"] += measured.p <= 0.05
        counts["covers"] += measured.low <= truth <= measured.high
        counts["t size"] += welch(null).pvalue <= 0.05
        low, high = welch(effect).confidence_interval()
        counts["t covers"] += low <= truth <= high
    shares = {name: float(count / replications) for name, count in counts.items()}
    if math.isnan(measured.p):
        shares |= dict.fromkeys(("size", "power", "covers"))
    design = f"{blocks} points of {n // blocks}" if blocks > 1 else str(n)
    return {"runs an arm": design, "s.d. of U": f"{true[0].std():.2f}, {true[1].std():.2f}"} | shares


def drawn(
    n: int, blocks: int, spread: float, doses: tuple[float, float], rng: np.random.Generator
) -> list[tuple[Runs, Runs]]:
    """n runs of two arms in blocks, whose starts differ where there are several."""
    found = []
    for _ in range(blocks):
        start = spread * rng.standard_normal() if blocks > 1 else 0.0
        a, b = (simulate(n // blocks, rng, dose, spread, STEPS, start) for dose in doses)
        found.append((a, b))
    return found


def means(blocks: list[tuple[Runs, Runs]]) -> list[Block]:
    return [(mean_rates(a), mean_rates(b)) for a, b in blocks]


def times(hacks_rt: Runs) -> list[tuple[int, bool]]:
    """As `outcomes.times`, of counts."""
    hacking = hacks_rt >= TAKEN_OFF * SAMPLES
    on = hacking[:, 1:] & hacking[:, :-1]
    return [(int(run.argmax()) + 1 if run.any() else STEPS, bool(run.any())) for run in on]


def welch(blocks: list[Block]):
    """t over runs, with the blocks forgotten."""
    a, b = (np.concatenate(arm) for arm in zip(*blocks, strict=True))
    return stats.ttest_ind(a, b, equal_var=False)


if __name__ == "__main__":
    main()
