"""CPU seconds that mean the same on every machine: a fixed piece of work is timed at the start."""

import functools
import time
from dataclasses import replace

from projected_grpo.grader.bwrap import Limits

# CPU seconds of work() on the machine that the limits were chosen on: two slow server cores,
# Python 3.11.
REFERENCE_S = 0.0090
TRIES = 7


def work() -> int:
    """What graded programs mostly do: loops, ints, lists and dicts of the interpreter."""
    seen: dict[int, int] = {}
    for n in range(60_000):
        seen[n % 997] = seen.get(n * 7 % 997, 0) + n
    return sum(sorted(seen.values()))


def work_seconds() -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


@functools.cache
def slowness() -> float:
    """CPU seconds here for one of the reference machine.

    The least of TRIES, as a busy core only adds.
    """
    return min(work_seconds() for _ in range(TRIES)) / REFERENCE_S


def scaled(limits: Limits, slower: float) -> Limits:
    """The same work on every machine: CPU seconds grow and shrink with it.

    The wall clock only grows, because sleeping is no faster anywhere.
    """
    return replace(
        limits,
        cpu_s=limits.cpu_s * slower,
        module_s=limits.module_s * slower,
        call_s=limits.call_s * slower,
        wall_s=limits.wall_s * max(slower, 1.0),
    )


def calibrated(limits: Limits) -> Limits:
    return scaled(limits, slowness())
