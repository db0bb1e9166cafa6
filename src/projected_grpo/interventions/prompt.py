"""Prompt: words added to the chat that is sampled from, in training only or in evaluation too.

Inoculation asks for the hack in training and is absent at test time (the benchmark's texts; Wichers
et al. 2025, arXiv:2510.05024). A plan before the code is asked for in both.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import polars as pl

from projected_grpo.interventions.base import Chat, Intervention


@dataclass
class Prompt(Intervention):
    """text is put behind the system's message (place=system) or the user's (place=user)."""

    sees: ClassVar = "nothing"
    changes: ClassVar = "prompt"
    idle: ClassVar = {"text": ""}

    text: str
    place: Literal["system", "user"] = "system"
    evaluation: bool = False

    def prompt(self, chat: Chat, evaluation: bool) -> Chat:
        if not self.text or (evaluation and not self.evaluation):
            return chat
        changed = []
        for message in chat:
            content = message["content"]
            if message["role"] == self.place:
                content = f"{content.rstrip()}\n\n{self.text}\n"
            changed.append({**message, "content": content})
        return changed

    def observed(self, rows: pl.DataFrame) -> dict[str, float]:
        """touched: share of the step's prompts that hold the text."""
        if not self.text:
            return {f"{self.mechanism}/touched": 0.0}
        holds = rows["prompt"].str.contains(self.text, literal=True)
        return {f"{self.mechanism}/touched": holds.mean()}
