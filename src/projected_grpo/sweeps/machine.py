"""The cards of this machine, and how many jobs each takes at once."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from math import inf

from projected_grpo.cli import Refusal, whole_number

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


def cards(wanted: str, per_card: str) -> list[Card]:
    """wanted: auto for all GPUs, or the CPU where there is none; or GPUs' numbers, as 0,1.

    per_card: auto for as many jobs as a GPU's memory holds, and one on a CPU; or a number, which
    no memory bounds. Raises Refusal.
    """
    there = gigabytes()
    fixed = None if per_card == "auto" else whole_number("per_card", per_card, 1)
    if wanted == "auto" and not there:
        return [Card("", inf, fixed or 1)]
    chosen = list(there) if wanted == "auto" else wanted.split(",")
    if unknown := [card for card in chosen if card not in there]:
        known = ", ".join(there) or "none"
        raise Refusal(f"cards={wanted}: no GPU {unknown[0]!r}: choose from {known}")
    if fixed:
        return [Card(card, inf, fixed) for card in chosen]
    return [Card(card, there[card], sys.maxsize) for card in chosen]


def refuse_too_small(found: list[Card], needed_gb: float) -> None:
    """Refusal where some card cannot hold a job of so many GB."""
    for card in found:
        if card.gb < needed_gb:
            raise Refusal(
                f"GPU {card.visible} has {card.gb:.0f} GB, and a run takes {needed_gb:g}: "
                "name others in cards=, or set per_card=1"
            )
