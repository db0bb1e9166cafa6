"""Sets of movements of one weight W [o i] that a constraint takes: orthogonal projections.

    columns   Δ B Bᵀ (reads), B Bᵀ Δ (writes)          coordinates Δ B [o r], Bᵀ Δ [r i]
    cell      U (Uᵀ Δ V) Vᵀ                             [r r]
    diagonal  Σ_k u_k (u_kᵀ Δ v_k) v_kᵀ                 [r]
    matrix    <Δ, D> D with ‖D‖ = 1                     [1]

Each is a linear map (`coordinates`) and its adjoint (`lift`) with coordinates(lift(c)) = c, so that
what is taken of a movement is lift(coordinates(Δ)), and ‖c‖ is its norm.

A rank's rows of W are served by `rows`: coordinates are then a part of a sum over ranks, but for
columns on the reading side, whose coordinates are the rank's own rows.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Protocol, runtime_checkable

from einops import einsum
from jaxtyping import Float
from torch import Tensor

from projected_grpo.weights.constraint import Side


@runtime_checkable
class Movements(Protocol):
    """summed: whether coordinates are a sum over the rows of W, and so over ranks."""

    summed: bool

    def coordinates(self, x: Float[Tensor, "o i"]) -> Tensor: ...

    def lift(self, c: Tensor) -> Float[Tensor, "o i"]: ...

    def first(self, r: int) -> "Movements":
        """The set of the first r directions, best first; of one direction, itself."""
        ...

    def nested(self, p: Tensor) -> Float[Tensor, " r"]:
        """Sums of p, of the shape of coordinates, over the first 1, 2, ... directions."""
        ...

    def rows(self, part: slice) -> "Movements":
        """What acts on these rows of W."""
        ...

    def to(self, like: Tensor) -> "Movements":
        """On its device and in its dtype."""
        ...

    def overlap(self, other: "Movements", add: Callable[[Tensor], Tensor]) -> float:
        """Mean squared cosine of the other's directions with this set, 0 to 1; of two matrices the
        cosine itself. Both of this form, on this rank's rows; add: sums over ranks.
        """
        ...


class Movable:
    """What every set shares."""

    def to(self, like: Tensor) -> "Movements":
        moved = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, value in moved.items():
            if isinstance(value, Tensor):
                moved[name] = value.to(like)
        return replace(self, **moved)


def taken(of: Movements, Δ: Float[Tensor, "o i"]) -> Float[Tensor, "o i"]:
    """The part of a whole weight's movement inside the set."""
    return of.lift(of.coordinates(Δ))


@dataclass(frozen=True)
class Columns(Movable):
    """B [d r]: orthonormal, on the residual side."""

    B: Float[Tensor, "d r"]
    side: Side

    @property
    def summed(self) -> bool:
        return self.side == "writes"

    def coordinates(self, x: Float[Tensor, "o i"]) -> Float[Tensor, "_ _"]:
        return x @ self.B if self.side == "reads" else self.B.mT @ x

    def lift(self, c: Float[Tensor, "_ _"]) -> Float[Tensor, "o i"]:
        return c @ self.B.mT if self.side == "reads" else self.B @ c

    def first(self, r: int) -> "Columns":
        return replace(self, B=self.B[:, :r])

    def nested(self, p: Float[Tensor, "_ _"]) -> Float[Tensor, " r"]:
        return p.sum(0 if self.side == "reads" else 1).cumsum(0)

    def rows(self, part: slice) -> "Columns":
        return self if self.side == "reads" else replace(self, B=self.B[part])

    def overlap(self, other: "Columns", add: Callable[[Tensor], Tensor]) -> float:
        G: Float[Tensor, "r s"] = self.B.mT @ other.B
        G = add(G) if self.summed else G
        return (G.square().sum() / G.shape[1]).item()


@dataclass(frozen=True)
class TwoSided(Movable):
    """U [o r], V [i r]: orthonormal columns each."""

    U: Float[Tensor, "o r"]
    V: Float[Tensor, "i r"]
    summed = True

    def first(self, r: int) -> "TwoSided":
        return replace(self, U=self.U[:, :r], V=self.V[:, :r])

    def rows(self, part: slice) -> "TwoSided":
        return replace(self, U=self.U[part])

    def cosines(
        self, other: "TwoSided", add: Callable[[Tensor], Tensor]
    ) -> tuple[Float[Tensor, "r s"], Float[Tensor, "r s"]]:
        """Of the directions of both sets, a matrix a side."""
        return add(self.U.mT @ other.U), self.V.mT @ other.V


@dataclass(frozen=True)
class Cell(TwoSided):
    """All u_j v_kᵀ."""

    def coordinates(self, x: Float[Tensor, "o i"]) -> Float[Tensor, "r r"]:
        return self.U.mT @ (x @ self.V)

    def lift(self, c: Float[Tensor, "r r"]) -> Float[Tensor, "o i"]:
        return self.U @ c @ self.V.mT

    def overlap(self, other: "Cell", add: Callable[[Tensor], Tensor]) -> float:
        G, H = self.cosines(other, add)
        return (G.square().sum() * H.square().sum() / G.shape[1] ** 2).item()

    def nested(self, p: Float[Tensor, "r r"]) -> Float[Tensor, " r"]:
        return p.cumsum(0).cumsum(1).diagonal()


@dataclass(frozen=True)
class Diagonal(TwoSided):
    """The pairs u_k v_kᵀ."""

    def coordinates(self, x: Float[Tensor, "o i"]) -> Float[Tensor, " r"]:
        return einsum(self.U, x @ self.V, "o r, o r -> r")

    def lift(self, c: Float[Tensor, " r"]) -> Float[Tensor, "o i"]:
        return (self.U * c) @ self.V.mT

    def overlap(self, other: "Diagonal", add: Callable[[Tensor], Tensor]) -> float:
        G, H = self.cosines(other, add)
        return ((G * H).square().sum() / G.shape[1]).item()

    def nested(self, p: Float[Tensor, " r"]) -> Float[Tensor, " r"]:
        return p.cumsum(0)


@dataclass(frozen=True)
class Matrix(Movable):
    """D [o i]: of norm 1."""

    D: Float[Tensor, "o i"]
    summed = True

    def coordinates(self, x: Float[Tensor, "o i"]) -> Float[Tensor, " 1"]:
        return einsum(x, self.D, "o i, o i ->")[None]

    def lift(self, c: Float[Tensor, " 1"]) -> Float[Tensor, "o i"]:
        return c * self.D

    def first(self, r: int) -> "Matrix":
        return self

    def nested(self, p: Float[Tensor, " 1"]) -> Float[Tensor, " 1"]:
        return p

    def rows(self, part: slice) -> "Matrix":
        return replace(self, D=self.D[part])

    def overlap(self, other: "Matrix", add: Callable[[Tensor], Tensor]) -> float:
        return add(self.coordinates(other.D)).item()
