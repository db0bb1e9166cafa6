"""An arm's mechanisms in order, called as one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from projected_grpo.cli import Refusal
from projected_grpo.directions import activations
from projected_grpo.interventions.base import Chat, Intervention, Row, Setup, Site
from projected_grpo.problems import Problem


class Chain(Intervention):
    """Each place of a step, through every mechanism in the arm's order.

    One whose last step has passed is called in none of the actor's places any more.
    """

    def __init__(self, parts: list[Intervention]) -> None:
        self.parts = parts
        self.step: Callable[[], int] = lambda: 1

    def _acts(self, part: Intervention) -> bool:
        return part.until is None or self.step() <= part.until

    def overrides(self, *methods: str) -> bool:
        """Whether any mechanism acts in one of these places."""
        for part in self.parts:
            for method in methods:
                if getattr(type(part), method) is not getattr(Intervention, method):
                    return True
        return False

    @property
    def scores(self) -> tuple[str, ...]:
        return tuple(name for part in self.parts for name in part.scores)

    def check(self, setup: Setup) -> None:
        for part in self.parts:
            part.check(setup)
        manifest = self.source(setup)
        if manifest and setup.model:
            activations.refuse_other_weights(manifest, setup.model)

    def source(self, setup: Setup) -> dict | None:
        """Refusal where two mechanisms name different ones: a run's manifest holds one."""
        found = [manifest for part in self.parts if (manifest := part.source(setup))]
        if any(manifest != found[0] for manifest in found):
            raise Refusal(
                "this arm's mechanisms act on different directions or columns: "
                "give them the same v, v_seed and columns, or leave one of them out"
            )
        return found[0] if found else None

    def prompt(self, chat: Chat, evaluation: bool) -> Chat:
        for part in self.parts:
            chat = part.prompt(chat, evaluation)
        return chat

    def pay(self, row: Row, problem: Problem) -> Row:
        for part in self.parts:
            row = part.pay(row, problem)
        return row

    def keep(self, rows: pl.DataFrame) -> Bool[Tensor, " n"]:
        kept = torch.ones(len(rows), dtype=torch.bool)
        for part in self.parts:
            chosen = part.keep(rows)
            if chosen is not None:
                kept = kept & chosen
        return kept

    def advantage(self, a: Float[Tensor, " n"], rows: pl.DataFrame) -> Float[Tensor, " n"]:
        for part in self.parts:
            a = part.advantage(a, rows)
        return a

    def attach(self, module: nn.Module, site: Site) -> None:
        self.step = site.step
        for part in self.parts:
            part.attach(module, site)

    def score(self, module: nn.Module, places: Int[Tensor, " t"]) -> dict[str, Float[Tensor, " t"]]:
        return self._joined(lambda part: part.score(module, places))

    def before_step(self) -> None:
        for part in filter(self._acts, self.parts):
            part.before_step()

    def after_step(self) -> None:
        for part in filter(self._acts, self.parts):
            part.after_step()

    def end_of_step(self, step: int, rows: pl.DataFrame) -> None:
        for part in filter(self._acts, self.parts):
            part.end_of_step(step, rows)

    def deploy(self, folder: Path) -> None:
        for part in self.parts:
            part.deploy(folder)

    def state(self) -> dict[str, Any]:
        return {str(i): part.state() for i, part in enumerate(self.parts)}

    def load_state(self, state: dict[str, Any]) -> None:
        for i, part in enumerate(self.parts):
            part.load_state(state[str(i)])

    def measured(self) -> dict[str, float]:
        def own(part: Intervention) -> dict[str, float]:
            return part.measured() if self._acts(part) else {f"{part.mechanism}/touched": 0.0}

        return self._joined(own)

    def observed(self, rows: pl.DataFrame) -> dict[str, float]:
        return self._joined(lambda part: part.observed(rows))

    def _joined(self, ask: Callable[[Intervention], dict]) -> dict:
        joined = {}
        for part in self.parts:
            joined |= ask(part)
        return joined
