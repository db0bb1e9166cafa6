"""The cards of this machine, and how many jobs each takes at once."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from projected_grpo.cli import Refusal

QUERY = ["nvidia-smi", "--query-gpu=index,memory.total", "--format=csv,noheader,nounits"]


@dataclass(frozen=True)
class Card:
    """visible: for CUDA_VISIBLE_DEVICES, empty for the CPU. gb, at_most: of jobs at once."""

    visible: str
    gb: float
    at_most: int

    @property
    def environment(self) -> dict[str, str]:
        return {"CUDA_VISIBLE_DEVICES": self.visible} if self.visible else {}


def gigabytes() -> dict[str, float]:
    """A GPU's number -> its memory, as the driver counts it. Empty without a driver."""
    if not shutil.which("nvidia-smi"):
        return {}
    lines = subprocess.run(QUERY, check=True, capture_output=True, text=True).stdout.splitlines()
    pairs = [line.split(", ") for line in lines]
    return {index: int(mebibytes) / 953.7 for index, mebibytes in pairs}


def cards(wanted: Sequence[int] | None, per_card: int | None) -> list[Card]:
    """wanted: GPUs' numbers, None for all of them, or for the CPU where there is none.

    per_card: jobs at once, which no memory bounds; None for as many as a GPU's memory holds, and
    one on a CPU. Raises Refusal.
    """
    there = gigabytes()
    if wanted is None and not there:
        return [Card("", inf, per_card or 1)]
    chosen = list(there) if wanted is None else list(map(str, wanted))
    if unknown := [card for card in chosen if card not in there]:
        known = ", ".join(there) or "none"
        raise Refusal(f"cards={','.join(chosen)}: no GPU {unknown[0]!r}: choose from {known}")
    if per_card:
        return [Card(card, inf, per_card) for card in chosen]
    return [Card(card, there[card], sys.maxsize) for card in chosen]


def refuse_too_small(found: list[Card], needed_gb: float) -> None:
    """Refusal where some card cannot hold a job of so many GB."""
    for card in found:
        if card.gb < needed_gb:
            raise Refusal(
                f"GPU {card.visible} has {card.gb:.0f} GB, and a run takes {needed_gb:g}: "
                "name others in cards=, or set per_card=1"
            )
