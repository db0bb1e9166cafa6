"""An arm of the study is data: what goes out of which weights' movement, and where that is enforced. No code path knows an arm by name."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, get_args, get_origin

from projected_grpo.cli import Refusal
from projected_grpo.weights import basis
from projected_grpo.weights.basis import Recipe

Where = Literal["off", "measure", "gradient", "update"]
Select = Literal[
    *get_args(basis.Select), "contrast"
]  # contrast: columns from gradients (contrast.py), not from W's singular vectors
Source = Literal["real", "shuffled", "clean_vs_clean", "haar"]


@dataclass(frozen=True)
class Arm:
    name: str
    loophole: bool  # False: trained where the loophole does not exist
    where: Where  # measure logs the same shares as gradient and update but touches nothing
    v: Source
    v_seed: int  # which draw of a control
    select: Select
    recipe: Recipe
    m: int  # singular vectors chosen, or columns of a contrast
    layers: tuple[float, float]  # band of depth whose weights are targets
    kinds: tuple[str, ...]
    leak: bool  # log ‖(W - W₀)B‖/‖W - W₀‖: keeps a copy of the targeted starting weights

    @property
    def constrains(self) -> bool:
        return self.where in ("gradient", "update")

    def direction(self, v_hack: Path) -> Path:
        """The folder of this arm's v or contrast columns: the one `just extract` or `just contrast` made, or its control's subfolder."""
        return v_hack if self.v == "real" else v_hack / f"{self.v}-s{self.v_seed}"


def parse(config: dict) -> Arm:
    """Arm from a config node; one clear line for an unknown key or value."""
    known = {f.name: f.type for f in fields(Arm)}
    if odd := set(config) ^ set(known):
        raise Refusal(f"arm key {sorted(odd)} is unknown or missing: an arm has {', '.join(known)}")
    for key, value in config.items():
        if get_origin(known[key]) is Literal and value not in get_args(known[key]):
            raise Refusal(
                f"arm.{key}={value!r} is unknown: choose one of {', '.join(get_args(known[key]))}"
            )
    if config["select"] == "contrast" and config["recipe"] != "span":
        raise Refusal(
            f"arm.recipe={config['recipe']} is of singular vectors: contrast columns know arm.recipe=span only"
        )
    return Arm(**{**config, "layers": tuple(config["layers"]), "kinds": tuple(config["kinds"])})
