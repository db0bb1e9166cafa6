"""Where a weight's columns B [d r] come from: W's singular vectors beside a direction, or a file.

A source answers for one weight at a time: `columns(W, target, v)` with v in the weight's own frame.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from zlib import crc32

from jaxtyping import Float
from torch import Tensor

from projected_grpo.cli import Refusal
from projected_grpo.weights import basis, spectra
from projected_grpo.weights.basis import Extent, Select
from projected_grpo.weights.spectra import Spectrum
from projected_grpo.weights.targets import Target


@runtime_checkable
class Source(Protocol):
    """v [d]: the unit direction in the residual stream that columns are chosen by, None where none
    is.
    """

    v: Float[Tensor, " d"] | None

    def columns(
        self, W: Float[Tensor, "_ _"], target: Target, v: Float[Tensor, " d"] | None
    ) -> Float[Tensor, "d r"]: ...


def seed_of(seed: int, name: str) -> int:
    """A seed of each weight's own, so that random columns differ between weights of one shape."""
    return crc32(f"{seed}|{name}".encode())


@dataclass(frozen=True)
class SingularVectors:
    """m of W's singular vectors (`basis.build`), chosen by their alignment with v, by their value,
    or drawn.

    spectrum: W's singular vectors; `spectra.cached` where the disk may keep them.
    """

    v: Float[Tensor, " d"]
    m: int
    select: Select = "alignment"
    extent: Extent = "span"
    seed: int = 0
    spectrum: Callable[..., Spectrum] = spectra.singular

    def columns(
        self, W: Float[Tensor, "_ _"], target: Target, v: Float[Tensor, " d"]
    ) -> Float[Tensor, "d r"]:
        seed = seed_of(self.seed, target.name)
        S = self.spectrum(W, target.side)
        return basis.build(W, v, target.side, self.m, self.select, self.extent, seed, S)


@dataclass(frozen=True)
class Prepared:
    """The first m of each weight's columns that a recipe made beforehand, best first."""

    by_weight: Mapping[str, Float[Tensor, "d _"]]
    m: int
    v: None = None

    def columns(
        self, W: Float[Tensor, "_ _"], target: Target, v: Float[Tensor, " d"] | None
    ) -> Float[Tensor, "d r"]:
        if target.name not in self.by_weight:
            raise Refusal(
                f"there are no columns for {target.name}: "
                "make them with these layers= and projections="
            )
        return self.by_weight[target.name][:, : self.m].to(W.device).contiguous()
