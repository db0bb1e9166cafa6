"""Seconds of the gate by test file beside the committed ones.

A file that takes more than twice its baseline, and two seconds
more, is named; machines differ, so nothing fails by it.
"""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from projected_grpo import cli
from projected_grpo.cli import Refusal, argument, option

BASELINE = Path(__file__).parents[3] / "docs/performance_baseline.json"


def spent(reports: Sequence[Path]) -> dict[str, float]:
    """Seconds by test module, set-up of its fixtures included."""
    total = Counter()
    for report in reports:
        for case in ElementTree.parse(report).iter("testcase"):
            total[case.get("classname").removeprefix("src.")] += float(case.get("time"))
    return {name: round(seconds, 1) for name, seconds in sorted(total.items())}


def slower(now: dict[str, float], before: dict[str, float]) -> list[str]:
    """A line for each module that takes more than 2 x before + 2 s.

    New modules have nothing to be compared with.
    """
    return [
        f"{name}: {now[name]:.0f} s, baseline {before[name]:.0f} s"
        for name in now
        if name in before and now[name] > 2 * before[name] + 2
    ]


@cli.settings
class Settings:
    reports: tuple[Path, ...] = argument("pytest's junit files, as `just fast-dev-run` writes")
    write: bool = option("makes these the baseline", False)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    if missing := [report for report in settings.reports if not report.is_file()]:
        raise Refusal(f"there is no {missing[0]}: run `just fast-dev-run` first")
    now = spent(settings.reports)
    if settings.write:
        BASELINE.write_text(json.dumps(now, indent=1) + "\n")
        return
    lines = slower(now, json.loads(BASELINE.read_text()))
    if lines:
        lines.insert(0, "SLOWER than docs/performance_baseline.json by more than 2x:")
    print("\n".join(lines or ["performance baseline: nothing is 2x slower"]))


if __name__ == "__main__":
    main(sys.argv[1:])
