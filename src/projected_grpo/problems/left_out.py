"""Problems that are left out by their content: data/left_out.tsv, which `just oracles` writes.

A line is a problem, the hash of its content, why it is left out, and what was seen. Under another
content the line says nothing: the problem may have been mended. Lines with the reason WRONG are
written by hand, and `just oracles` leaves them.
"""

import csv
from pathlib import Path

from projected_grpo.runs.files import replacing

TABLE = Path(__file__).parents[3] / "data/left_out.tsv"
HEADER = ["problem", "hash", "reason", "seen"]
# On legal inputs, as independent programs show: it passes the problem's own tests.
WRONG = "canonical solution is wrong"


def read() -> list[list[str]]:
    """The lines below the header, four texts each."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t"))[1:]


def reasons() -> dict[tuple[str, str], str]:
    """(problem id, content hash) -> why it is left out."""
    return {(name, content): reason for name, content, reason, _ in read()}


def write(lines: list[list[str]]) -> None:
    """In the order of the ids' numbers."""
    with replacing(TABLE) as scratch, scratch.open("w", encoding="utf-8", newline="") as file:
        ordered = sorted(lines, key=lambda line: (number(line[0]), line[1]))
        csv.writer(file, delimiter="\t", lineterminator="\n").writerows([HEADER, *ordered])


def number(name: str) -> tuple[int, str]:
    """A key that puts leetcode/20 before leetcode/100, and names without a number first."""
    last = name.rpartition("/")[2]
    return (int(last) if last.isdecimal() else 0, name)
