"""A line for every training step on the console, and at a terminal one that lives meanwhile."""

from collections.abc import Mapping

from tqdm import tqdm

from projected_grpo import console
from projected_grpo.console.stream import is_live

# Head -> (key of the metrics, what it is multiplied by, decimals).
COLUMNS = {
    "blatant %": ("labels/blatant", 100, 1),
    "solve %": ("labels/correct", 100, 1),
    "reward": ("critic/rewards/mean", 1, 2),
    "s/step": ("timing_s/step", 1, 1),
}
HEAD = "  ".join(["step", *(f"{name:>9}" for name in COLUMNS), f"{'time left':>9}"])
# Steps whose mean duration says how long the others take.
RECENT = 5


class StepLines:
    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.bar = None
        if is_live():
            self.bar = console.progress(about="starting", bar_format="{desc}, {elapsed}")

    def begin(self, first: int, last: int) -> None:
        """first: the step that is taken first, from 1 on."""
        console.say(HEAD)
        if self.bar is not None:
            self.bar.close()
            self.bar = console.progress(about="steps", total=last, initial=first - 1)

    def say(self, step: int, last: int, metrics: Mapping[str, float], limit: float) -> None:
        """The line of a step. last: of the run. limit: seconds until one more is the last."""
        self.seconds.append(metrics["timing_s/step"])
        cells = [f"{step:4}"]
        for key, factor, decimals in COLUMNS.values():
            cells.append(f"{factor * metrics[key]:9.{decimals}f}")
        cells.append(f"{self.left(last - step, limit):>9}")
        console.say("  ".join(cells))
        if self.bar is not None:
            self.bar.update()
            if step >= last:
                self.bar.close()

    def left(self, steps: int, limit: float) -> str:
        """Hours, minutes and seconds that so many steps take, or as many as the limit lets."""
        recent = self.seconds[-RECENT:]
        one = sum(recent) / len(recent)
        seconds = min(steps * one, max(limit, 0) + one) if steps else 0
        return tqdm.format_interval(seconds)
