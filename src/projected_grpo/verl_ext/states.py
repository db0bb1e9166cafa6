"""Which states a run makes, and which stay: those of steps at which hacking first reaches a rate.

The newest stay as well: `runs.states.trim`.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from loguru import logger
from omegaconf import DictConfig

from projected_grpo.cli import Refusal

# Of verl's checkpoint.save_contents.
WHOLE = ["model", "optimizer", "extra"]


# Bytes a weight: in the hub's layout, which is fp32; in a state, with Adam's two moments or, under
# an adapter, without.
HUB, STATE, STATE_BESIDE_ADAPTER = 4, 12, 4


class Kept:
    """rates: shares of a step's samples, 0 to 1. steps: whose states are never removed."""

    def __init__(self, rates: Sequence[float]) -> None:
        self.awaited = sorted(rates)
        self.steps: set[int] = set()

    def look(self, step: int, blatant: float) -> None:
        """blatant: the share of blatant hacks among the step's samples, whose state is saved."""
        while self.awaited and blatant >= self.awaited[0]:
            self.steps.add(step)
            logger.info(f"step {step} is kept: {blatant:.1%} blatant, {self.awaited.pop(0):.1%}")

    def look_back(self, run: Path) -> None:
        """The same for all steps that the run folder has metrics of."""
        for line in (run / "metrics.jsonl").read_text().splitlines():
            entry = json.loads(line)
            self.look(entry["step"], entry["data"]["labels/blatant"])


def is_whole(cfg: DictConfig, step: int) -> bool:
    """Whether the state after the step is made."""
    return bool(cfg.save_every) and step % cfg.save_every == 0


def check(cfg: DictConfig) -> None:
    """Refusal where the settings of states do not go together."""
    every, last, keep_at = cfg.save_every, cfg.keep, cfg.keep_at
    if not (every is None or (isinstance(every, int) and every > 0)):
        raise Refusal(f"save_every={every}: expected a number of steps, or null for no states")
    if not (isinstance(last, int) and last > 0):
        raise Refusal(f"keep={last}: expected how many of the newest stay, 1 or more")
    if not (cfg.eval_every is None or (isinstance(cfg.eval_every, int) and cfg.eval_every > 0)):
        raise Refusal(f"eval_every={cfg.eval_every}: expected a number of steps, or null")
    if any(not 0 < rate <= 1 for rate in keep_at):
        raise Refusal(f"keep_at={list(keep_at)}: expected shares of samples, as 0.02")
    if keep_at and every != 1:
        raise Refusal("keep_at needs the state of every step: set save_every=1")


def room_of(cfg: DictConfig, weights: int) -> int:
    """Bytes that a run of a model of so many weights holds at most: its last ones and its states.

    Rollouts and logs are a hundredth of that.
    """
    if not cfg.save_every:
        return weights * HUB
    written = cfg.trainer.total_training_steps // cfg.save_every
    # one more while it is written: the others go afterwards
    states = min(written, cfg.keep + len(cfg.keep_at) + 1)
    state = STATE_BESIDE_ADAPTER if cfg.actor_rollout_ref.model.lora_rank else STATE
    return weights * (HUB + states * (state + HUB * cfg.save_hub))
