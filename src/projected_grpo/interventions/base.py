"""What an arm may do to a GRPO step: one method a place, each of them a no-op here.

A mechanism is one file of this room: a dataclass whose fields are its settings and, not set by a
config, what it holds while it runs. D runs in the driver (the run's own process, `pay` in its
reward workers), A in the actor, on every rank. The files that docs/architecture.md lists call each
method and know no arm.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from projected_grpo.directions.activations import Tokens
from projected_grpo.problems import Problem

Chat = list[dict[str, str]]  # messages: role, content
Row = dict[str, Any]  # one labelled response, before it is paid
# (samples, a coefficient each) -> None: see Site
Backward = Callable[[Sequence[Tokens], Sequence[float]], None]


@dataclass(frozen=True)
class Setup:
    """What is known before a run starts.

    v_hack: folder of a direction or columns, None without one. adapter: the run trains one, not
    whole weights. adapter_moved: it goes on with one that another run trained. model: folder of the
    weights that the run starts from, None where another run trained them.
    """

    model_type: str
    d: int
    v_hack: Path | None
    adapter: bool = False
    adapter_moved: bool = False
    model: Path | None = None


@dataclass(frozen=True)
class Site:
    """Where the actor's part of a mechanism works. step: the optimizer's steps so far, plus one.

    model: the starting model's folder, for its tokenizer. backward: adds Σ c ∇ln p(response |
    prompt) over all ranks' samples to the gradients, through the pass that training takes; between
    before_step and the optimizer's step, every rank as many samples.
    """

    setup: Setup
    run_dir: Path
    rank: int
    step: Callable[[], int]
    model: Path = Path()
    backward: Backward | None = None


class Intervention:
    """sees, changes: for `just arms`. idle: settings under which nothing at all is touched.

    excludes: mechanisms that cannot stand beside this one in an arm; one side names the other.
    scores: names of the columns that `score` gives. until: the last step that it acts in, None for
    all of them; an entry's own setting, whatever the mechanism.
    """

    sees: ClassVar[str]
    changes: ClassVar[str]
    idle: ClassVar[dict[str, Any]]
    excludes: ClassVar[tuple[str, ...]] = ()
    scores: ClassVar[tuple[str, ...]] = ()
    until: int | None = None

    @property
    def mechanism(self) -> str:
        """The name of the file."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def origin(self) -> str:
        """Where what it acts on comes from, for `just arms`."""
        return ""

    def check(self, setup: Setup) -> None:
        """D. Before anything is written: Refusal where the settings cannot hold."""

    def source(self, setup: Setup) -> dict | None:
        """D. The manifest of what the settings name under v_hack, for the run's own."""
        return None

    def prompt(self, chat: Chat, evaluation: bool) -> Chat:
        """D. The chat that is sampled from."""
        return chat

    def pay(self, row: Row, problem: Problem) -> Row:
        """D. The row as it is paid: `score` is the reward that GRPO sees."""
        return row

    def keep(self, rows: pl.DataFrame) -> Bool[Tensor, " n"] | None:
        """D. Which samples enter the groups' statistics and the update; None for all."""
        return None

    def advantage(self, a: Float[Tensor, " n"], rows: pl.DataFrame) -> Float[Tensor, " n"]:
        """D. The samples' advantages; rows: uid, score, labels, and the actor's `scores`."""
        return a

    def attach(self, module: nn.Module, site: Site) -> None:
        """A. Once, when the model stands and its starting weights, a branch's state, are loaded."""

    def score(self, module: nn.Module, places: Int[Tensor, " t"]) -> dict[str, Float[Tensor, " t"]]:
        """A.

        Numbers for every response token of the forward pass that has just run, by column name.

        places: where the tokens stand in the packed row. The driver's rows hold a response's mean.
        """
        return {}

    def before_step(self) -> None:
        """A. After gradient accumulation, before clipping."""

    def after_step(self) -> None:
        """A. After the optimizer's step."""

    def end_of_step(self, step: int, rows: pl.DataFrame) -> None:
        """A. After a training step, with its labelled rollouts.

        verl has written the step's checkpoint by then: it holds the state from before.
        """

    def deploy(self, folder: Path) -> None:
        """D. Edits the final weights in the hub's layout, before they are evaluated."""

    def state(self) -> dict[str, Any]:
        """A. What a checkpoint must hold beside weights and optimizer."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """A. The same, into a mechanism that is attached."""

    def measured(self) -> dict[str, float]:
        """A. A step's metrics, on every rank; `<mechanism>/touched` is 0 where nothing was."""
        return {}

    def observed(self, rows: pl.DataFrame) -> dict[str, float]:
        """D. A step's metrics from its labelled rollouts, `<mechanism>/touched` among them."""
        return {}
