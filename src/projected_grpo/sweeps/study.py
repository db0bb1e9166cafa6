"""A study as data: configs/sweep/NAME.yaml, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from projected_grpo.cli import Refusal
from projected_grpo.interventions.settings import filled
from projected_grpo.sweeps import added

CONFIGS = Path(__file__).parents[3] / "configs"
SETS = "sets"


@dataclass(frozen=True)
class SetOf:
    """An entry of `sets`, made by one command before the runs that read it.

    rollouts: a file, or the name of an entry whose command is extract. at: the weights that it is
    made of, the model's or each branch point's. equal_cost: the name of an entry whose command is
    dose; controls are then as wide as costs the same there. options: the command's, but for out=;
    placebos are as many as there are seeds, unless they are given.
    """

    command: Literal["extract", "dose", "columns", "contrast", "residual"] = "columns"
    rollouts: str | None = None
    equal_cost: str | None = None
    at: Literal["start", "branch"] = "start"
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArmOf:
    """An entry of `arms`, under the name that its runs have.

    config: of configs/arm, by default the entry's own name. v_hack: an entry of `sets`.
    memory_gb: where it takes more than the others.
    """

    config: str | None = None
    v_hack: str | None = None
    memory_gb: float | None = None
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Branch:
    """Every arm starts from states of source runs, after the first step with a hack rate >= `at`.

    at: a share of blatant hacks; null: the state after the source's last step. arm: of the sources.
    within: their length in steps. points: how many states; replicates: runs of an arm from each.
    started: at most so many sources, for some reach nothing. held: at most so many points are on
    disk at once, sources that run among them.
    """

    arm: str
    at: float | None
    within: int
    points: int
    replicates: int
    started: int
    held: int = 1
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """What stands in the file beside arms and sets.

    steps: of a run, after its branch point where there are any. common: overrides of every run.
    without: entries of `sets` on whose problems no run trains. memory_gb: of a card, that a run
    takes. keep_weights: the final ones of each run stay. warm: one process makes many runs.
    """

    why: str
    resolve: str
    model: str
    steps: int
    common: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    branch: Branch | None = None
    without: tuple[str, ...] = ()
    memory_gb: float = 1.0
    keep_weights: bool = False
    warm: bool = False


@dataclass(frozen=True)
class Study:
    """name: of its groups. root: the outputs folder. overrides: of every run, after all others.

    only: arms whose runs are started now; what is there of the others stays as it is.
    """

    name: str
    settings: Settings
    arms: Mapping[str, ArmOf]
    sets: Mapping[str, SetOf]
    root: Path
    overrides: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    @property
    def chosen(self) -> tuple[str, ...]:
        """The arms whose runs are started now, in the file's order."""
        return tuple(arm for arm in self.arms if not self.only or arm in self.only)

    @property
    def about(self) -> str:
        return f"why: {self.settings.why}; resolve: {self.settings.resolve}"

    @property
    def folder(self) -> Path:
        return self.root / self.name


def read(
    name: str, root: Path, overrides: tuple[str, ...] = (), only: tuple[str, ...] = ()
) -> Study:
    """The study of configs/sweep/NAME.yaml, and what was added to it. Raises Refusal."""
    folder = CONFIGS / "sweep"
    file = folder / f"{name}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
        raise Refusal(f"there is no configs/sweep/{name}.yaml: choose from {known}")
    data = yaml.safe_load(file.read_text())
    if further := added.seeds(root / name):
        data["seeds"] = [*data.get("seeds", []), *further]
    study = replace(parse(name, data, root, overrides), only=only)
    for arm in only:
        if arm not in study.arms:
            raise Refusal(f"arms={arm} is no arm of {name}: choose from {', '.join(study.arms)}")
    return study


def hypothesis(study: Study, arm: str) -> str:
    """What the config of the arm says."""
    file = CONFIGS / "arm" / f"{study.arms[arm].config}.yaml"
    return yaml.safe_load(file.read_text())["hypothesis"]


def parse(name: str, data: dict[str, Any], root: Path, overrides: tuple[str, ...] = ()) -> Study:
    """The study that a file's data is. Raises Refusal naming the first key that does not fit."""
    given = dict(data)
    arms = _entries(ArmOf, "arms", given.pop("arms", {}))
    sets = _entries(SetOf, "sets", given.pop("sets", {}))
    settings = filled(Settings, given, name)
    arms = {arm: replace(entry, config=entry.config or arm) for arm, entry in arms.items()}
    study = Study(name, settings, arms, sets, root, overrides)
    _check_numbers(study)
    _check_names(study)
    return study


def _entries(kind: type, key: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: filled(kind, entry or {}, f"{key}.{name}") for name, entry in given.items()}


def _check_numbers(study: Study) -> None:
    settings, branch = study.settings, study.settings.branch
    if not study.arms:
        raise Refusal(f"{study.name}: arms is missing: name one or more")
    if bool(settings.seeds) == bool(branch):
        raise Refusal(f"{study.name}: expected seeds or a branch, not both: it has its own")
    if len(set(settings.seeds)) < len(settings.seeds):
        raise Refusal(f"{study.name}: a seed stands twice in seeds: leave one out")
    if not branch:
        return
    for key in ("within", "points", "replicates", "held"):
        if getattr(branch, key) < 1:
            raise Refusal(f"branch.{key}={getattr(branch, key)}: expected 1 or more")
    if branch.started < branch.points:
        raise Refusal(f"branch.started={branch.started}: expected points={branch.points} or more")


def _check_names(study: Study) -> None:
    settings, branch = study.settings, study.settings.branch
    if branch and branch.arm not in study.arms:
        raise Refusal(f"branch.arm={branch.arm} is no arm: choose from {', '.join(study.arms)}")
    if branch and study.arms[branch.arm].v_hack:
        raise Refusal(f"branch.arm={branch.arm} has a v_hack: sources start before sets are made")
    read_by = [("without", one) for one in settings.without]
    read_by += [(f"arms.{arm}.v_hack", of.v_hack) for arm, of in study.arms.items() if of.v_hack]
    for key, one in read_by:
        if one not in study.sets:
            raise Refusal(f"{key}={one} is no set: choose from {', '.join(study.sets) or 'none'}")
    for one in settings.without:
        if study.sets[one].at == "branch":
            raise Refusal(f"without={one} is made at branch points: name a set of the start")
    for one, of in study.sets.items():
        if of.at == "branch" and not branch:
            raise Refusal(f"sets.{one}.at=branch, but the study has no branch: set at=start")
        _check_rollouts(study, one, of)
        _check_equal_cost(study, one, of)


def _check_rollouts(study: Study, one: str, of: SetOf) -> None:
    if (of.command == "extract") == (of.rollouts is not None):
        raise Refusal(f"sets.{one}: extract samples, and every other command needs rollouts")
    if of.rollouts is None:
        return
    sampled = study.sets.get(of.rollouts)
    if sampled and (sampled.command, sampled.at) != ("extract", "start"):
        raise Refusal(f"sets.{one}.rollouts={of.rollouts} has no rollouts: name an extract")


def _check_equal_cost(study: Study, one: str, of: SetOf) -> None:
    if of.equal_cost is None:
        return
    said = f"sets.{one}.equal_cost={of.equal_cost}"
    if of.command != "columns":
        raise Refusal(f"{said}: only controls of `just columns` have a width")
    measured = study.sets.get(of.equal_cost)
    if not measured or (measured.command, measured.at) != ("dose", "start"):
        raise Refusal(f"{said}: name a set of command dose, at=start")
