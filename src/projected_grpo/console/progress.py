"""Progress with the time that is left: a live line at a terminal, now and then a line elsewhere."""

import threading
from collections.abc import Iterable
from io import TextIOBase
from typing import Any

from tqdm import tqdm

from projected_grpo.console.stream import is_live, of_bars

# Seconds between two plain lines of a bar.
APART = 120.0
PLAIN = "{desc}: {n_fmt} of {total_fmt}, {remaining} left"


def progress(items: Iterable | None = None, about: str = "", **options: Any) -> tqdm:
    """tqdm over `items`, or of `total`; options are tqdm's. It leaves nothing behind."""
    # vLLM names its bars and counts tokens behind them
    options |= {"desc": about, "leave": False}
    if is_live():
        return Live(items, file=of_bars(), **options)
    options.pop("dynamic_ncols", None)
    return Plain(
        items,
        **options,
        file=Lines(of_bars()),
        bar_format=PLAIN,
        mininterval=APART,
        delay=APART,
        miniters=1,
    )


class Plain(tqdm):
    """A bar that is not drawn at its end, which shows by itself."""

    def display(self, *args: Any, **options: Any) -> None:
        if self.n != self.total:
            super().display(*args, **options)


class Live(tqdm):
    """A bar whose clock goes on between two updates."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.over = threading.Event()
        super().__init__(*args, **options)
        threading.Thread(target=self.tick, daemon=True).start()

    def tick(self) -> None:
        while not self.over.wait(1):
            self.refresh()

    def close(self) -> None:
        self.over.set()
        super().close()


class Lines:
    """A file in which every drawing of a bar is a line, and one that clears it is none."""

    def __init__(self, file: TextIOBase) -> None:
        self.file = file

    def write(self, text: str) -> None:
        if drawn := text.strip():
            self.file.write(f"{drawn}\n")

    def flush(self) -> None:
        self.file.flush()
