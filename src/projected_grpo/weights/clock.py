"""Seconds of a step's edits, on the device where there is one: nothing waits for it until asked."""

import time

import torch

Mark = torch.cuda.Event | float


class Clock:
    """Adds up the stretches between start and stop since `seconds` was last read."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []

    def start(self) -> None:
        self.marks.append(_mark())

    def stop(self) -> None:
        self.marks.append(_mark())

    def seconds(self) -> float:
        """Of all stretches since the last call; waits for the device."""
        pairs = zip(self.marks[::2], self.marks[1::2], strict=True)
        total = sum((_between(start, end) for start, end in pairs), 0.0)
        self.marks = []
        return total


def _mark() -> Mark:
    if not torch.cuda.is_available():
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _between(start: Mark, end: Mark) -> float:
    if isinstance(start, float):
        return end - start
    end.synchronize()
    return start.elapsed_time(end) / 1e3
