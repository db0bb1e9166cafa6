"""The table of constraints that a person read: data/constraints.yaml."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from projected_grpo.cli import Refusal

TABLE = Path(__file__).parents[4] / "data/constraints.yaml"
KEYS = {"drop", "add", "because", "out"}


@dataclass(frozen=True)
class Correction:
    """drop: fragments, each of one line that does not count. add: lines that do.

    out: why no input can be drawn at all.
    """

    drop: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    out: str = ""

    def apply(self, lines: tuple[str, ...], problem: str) -> tuple[str, ...]:
        """Refusal where a fragment is in no line or in several."""
        kept = list(lines)
        for fragment in self.drop:
            found = [line for line in kept if fragment in line]
            if len(found) != 1:
                raise Refusal(
                    f"constraints.yaml drops {fragment!r} of {problem}, which is in"
                    f" {len(found)} of its lines; give a fragment of one line"
                )
            kept.remove(found[0])
        return (*kept, *self.add)


@lru_cache
def corrections(path: Path = TABLE) -> dict[str, Correction]:
    """By a problem's id and method, "leetcode/1 twoSum": the ids of two files are not the same.

    Refusal where an entry has another form, or stands twice.
    """
    text = path.read_text()
    entries: Any = yaml.safe_load(text) or {}
    # of a key that stands twice YAML keeps the last
    keys = [line for line in text.splitlines() if line[:1].isalpha()]
    if twice := sorted(key for key, n in Counter(keys).items() if n > 1):
        raise Refusal(f"{path.name}: {twice[0]} stands twice; make one entry of both")
    found = {}
    for problem, entry in entries.items():
        if not is_entry(entry):
            raise Refusal(
                f"{path.name}: {problem} needs `out`, or `because` with `drop` or `add`,"
                " and nothing else"
            )
        drop, add = entry.get("drop", []), entry.get("add", [])
        if not all(isinstance(line, str) for line in [*drop, *add]):
            raise Refusal(f"{path.name}: the lines of {problem} are no strings; quote them")
        found[str(problem)] = Correction(tuple(drop), tuple(add), entry.get("out", ""))
    return found


def is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or not set(entry) <= KEYS:
        return False
    if "out" in entry:
        return len(entry) == 1
    return "because" in entry and len(entry) > 1
