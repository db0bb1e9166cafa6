"""Seconds of the gate by test file beside the committed ones.

    python -m projected_grpo.bench.baseline GATE.xml ... [write=true]

GATE.xml are pytest's junit reports. A file that takes more than twice its baseline, and two seconds
more, is named; machines differ, so nothing fails by it.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from projected_grpo.cli import Refusal

BASELINE = Path(__file__).parents[3] / "docs/performance_baseline.json"


def spent(reports: list[Path]) -> dict[str, float]:
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


def main(argv: list[str]) -> None:
    reports = [Path(word) for word in argv if word != "write=true"]
    if not reports or not all(report.is_file() for report in reports):
        raise Refusal("baseline needs pytest's junit reports: run `just fast-dev-run` first")
    now = spent(reports)
    if "write=true" in argv:
        BASELINE.write_text(json.dumps(now, indent=1) + "\n")
        return
    lines = slower(now, json.loads(BASELINE.read_text()))
    if lines:
        lines.insert(0, "SLOWER than docs/performance_baseline.json by more than 2x:")
    print("\n".join(lines or ["performance baseline: nothing is 2x slower"]))


if __name__ == "__main__":
    main(sys.argv[1:])
