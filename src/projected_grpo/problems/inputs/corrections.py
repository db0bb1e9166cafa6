"""The table of constraints that a person read: data/constraints.yaml."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from projected_grpo.cli import Refusal

TABLE = Path(__file__).parents[4] / "data/constraints.yaml"
KEYS = {"drop", "add", "because"}


@dataclass(frozen=True)
class Correction:
    """drop: fragments, each of one line that does not count. add: lines that do."""

    drop: tuple[str, ...] = ()
    add: tuple[str, ...] = ()

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
    """id -> its correction. Refusal where an entry has another form."""
    entries: Any = yaml.safe_load(path.read_text()) or {}
    found = {}
    for problem, entry in entries.items():
        is_form = isinstance(entry, dict) and set(entry) <= KEYS and "because" in entry
        if not is_form or not (entry.get("drop") or entry.get("add")):
            raise Refusal(
                f"{path.name}: {problem} needs `because` and `drop` or `add`, and nothing else"
            )
        drop, add = entry.get("drop", []), entry.get("add", [])
        if not all(isinstance(line, str) for line in [*drop, *add]):
            raise Refusal(f"{path.name}: the lines of {problem} are no strings; quote them")
        found[str(problem)] = Correction(tuple(drop), tuple(add))
    return found
