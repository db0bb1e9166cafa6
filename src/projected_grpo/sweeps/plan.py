"""The jobs of a study, in the order in which they are to run. Pure: what is on disk is an argument.

Sets come first, then sources, then rounds over all arms: every arm with the first seed, every arm
with the second. With a branch a round is a replicate at a point, and points go one after another.
The point of source i is called i: its runs are in the group <study>-<i>, and have seeds that no run
of another point has, so that each draws controls of its own.

    outputs/<study>/sets/<set>[-<point>], outputs/<study>/logs
    outputs/<study>[-<point>]/<arm>-s<seed>, outputs/<study>-sources/<arm>-s<1000 + i>
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from projected_grpo.runs import states
from projected_grpo.sweeps.study import SETS, Branch, SetOf, Study

# A branch of its source's own seed and arm would only continue it.
SOURCE_SEEDS = 1000
# Of a point that no source has reached yet.
UNKNOWN = "STEP"
TRAIN = "projected_grpo.train"
COMMANDS = {
    "extract": "projected_grpo.directions.extract",
    "dose": "projected_grpo.directions.dose_command",
    "columns": "projected_grpo.directions.columns_command",
    "contrast": "projected_grpo.directions.contrast_command",
    "residual": "projected_grpo.directions.residual_command",
}

# Source -> the step whose state is its branch point, None where that is not known yet.
Points = Mapping[int, int | None]


@dataclass(frozen=True)
class Job:
    """One process. command: what follows `python`. folder: there, whole, when the job is done.

    needs: what must be there before it starts. made_in: where its command writes, if not in folder.
    gb: of a GPU; a set's own command takes what it finds.
    """

    name: str
    kind: Literal["set", "source", "run"]
    command: tuple[str, ...]
    folder: Path
    needs: tuple[Path, ...] = ()
    made_in: Path | None = None
    arm: str = ""
    seed: int | None = None
    point: int | None = None
    gb: float = 0.0

    @property
    def overrides(self) -> tuple[str, ...]:
        return self.command[2:]

    def text(self) -> str:
        return f"{self.name}: python {shlex.join(self.command)}"


def jobs(study: Study, points: Points) -> list[Job]:
    """points: those that sources have reached; their runs are in the list, others' are not."""
    branch = study.settings.branch
    made = [_set(study, name, None) for name, of in study.sets.items() if of.at == "start"]
    if not branch:
        return made + _rounds(study, study.settings.seeds, None, None)
    made += [_source(study, i) for i in range(1, branch.started + 1)]
    for i, step in sorted(points.items()):
        at_branch = [name for name, of in study.sets.items() if of.at == "branch"]
        made += [_set(study, name, (i, step)) for name in at_branch]
        made += _rounds(study, seeds_of(branch, i), i, step)
    return made


def seeds_of(branch: Branch, point: int) -> list[int]:
    first = (point - 1) * branch.replicates + 1
    return list(range(first, first + branch.replicates))


def source_group(study: Study) -> str:
    return f"{study.name}-sources"


def source_name(study: Study, i: int) -> str:
    return f"{source_group(study)}/{study.settings.branch.arm}-s{SOURCE_SEEDS + i}"


def state_folder(study: Study, i: int, step: int) -> Path:
    """Of the state that is branch point i."""
    return states.folder(study.root / source_name(study, i), step)


def weights_folder(study: Study, i: int, step: int) -> Path:
    """In the hub's layout: beside the state, but of a run's last step in its ckpt."""
    if step == study.settings.branch.within:
        return study.root / source_name(study, i) / "ckpt"
    return state_folder(study, i, step) / "actor" / "huggingface"


def _rounds(study: Study, seeds: Sequence[int], point: int | None, step: int | None) -> list[Job]:
    return [_run(study, arm, seed, point, step) for seed in seeds for arm in study.arms]


def _run(study: Study, arm: str, seed: int, point: int | None, step: int | None) -> Job:
    group, last, needs = study.name, str(study.settings.steps), []
    words = _words(study, arm, point)
    if point is not None:
        group = f"{study.name}-{point}"
        last = f"{UNKNOWN}+{last}" if step is None else str(step + study.settings.steps)
        words.append(f"from={source_name(study, point)}@{UNKNOWN if step is None else step}")
        needs += _state(study, point, step)
    words += [f"trainer.total_training_steps={last}", f"seed={seed}"]
    needs += [set_folder(study, one, point) for one in _sets_before(study, arm, point)]
    name = f"{arm}-s{seed}" if point is None else f"{point}/{arm}-s{seed}"
    return Job(
        name,
        "run",
        _training(study, group, words),
        study.root / group / f"{arm}-s{seed}",
        tuple(needs),
        arm=arm,
        seed=seed,
        point=point,
        gb=_gigabytes(study, arm),
    )


def _sets_before(study: Study, arm: str, point: int | None) -> list[str]:
    """Those that a run reads; at a point all that there are, so that it ends whole or waits."""
    if point is not None:
        return list(study.sets)
    return [one for one in (study.arms[arm].v_hack, *study.settings.without) if one]


def _source(study: Study, i: int) -> Job:
    branch = study.settings.branch
    arm, seed = branch.arm, SOURCE_SEEDS + i
    hub = any(of.at == "branch" for of in study.sets.values())
    words = [
        *_words(study, arm, None),
        "save_every=1",
        "keep=1",
        f"save_hub={str(hub).lower()}",
        f"trainer.total_training_steps={branch.within}",
        # what a source becomes is not looked at
        "eval.n=0",
        f"seed={seed}",
    ]
    if branch.at is not None:
        words.append(f"keep_at=[{branch.at}]")
    words += branch.overrides
    return Job(
        f"source {arm}-s{seed}",
        "source",
        _training(study, source_group(study), words),
        study.root / source_name(study, i),
        tuple(set_folder(study, one, None) for one in study.settings.without),
        arm=arm,
        seed=seed,
        gb=_gigabytes(study, arm),
    )


def _state(study: Study, point: int, step: int | None) -> list[Path]:
    """What a job at the point needs; nothing that could be there while its step is not known."""
    return [] if step is None else [state_folder(study, point, step)]


def _gigabytes(study: Study, arm: str) -> float:
    return study.arms[arm].memory_gb or study.settings.memory_gb


def _words(study: Study, arm: str, point: int | None) -> list[str]:
    of = study.arms[arm]
    words = [f"model={study.settings.model}", *study.settings.common, f"arm={of.config}"]
    if of.config != arm:
        words.append(f"arm.name={arm}")
    if of.v_hack:
        words.append(f"v_hack={set_folder(study, of.v_hack, point)}")
    if without := [str(set_folder(study, one, point)) for one in study.settings.without]:
        words.append(f"env.problems.without=[{','.join(without)}]")
    return words + list(of.overrides)


def _training(study: Study, group: str, words: list[str]) -> tuple[str, ...]:
    placed = (f"group={group}", f"outputs={study.root}")
    return ("-m", TRAIN, *words, *placed, *study.overrides)


def set_folder(study: Study, name: str, point: int | None) -> Path:
    at_branch = study.sets[name].at == "branch"
    return study.folder / SETS / (f"{name}-{point}" if at_branch else name)


def _set(study: Study, name: str, point: tuple[int, int | None] | None) -> Job:
    """point: (its number, its step) for sets that are made there."""
    of, needs, model = study.sets[name], [], study.settings.model
    number, step = point or (None, None)
    if point:
        needs += _state(study, number, step)
        model = f"{source_name(study, number)}@{UNKNOWN}"
    if step is not None:
        model = str(weights_folder(study, number, step))
    folder = set_folder(study, name, number)
    scratch = folder.with_name(f".{folder.name}")
    words = [model]
    if of.rollouts in study.sets:
        sampled = set_folder(study, of.rollouts, None)
        needs.append(sampled)
        words.append(str(sampled / "rollouts.parquet"))
    elif of.rollouts:
        words.append(of.rollouts)
    words.append(str(scratch) if of.command == "residual" else f"out={scratch}")
    if of.equal_cost:
        measured = set_folder(study, of.equal_cost, None)
        needs.append(measured)
        words.append(f"r_controls={measured}")
    words += [*of.options, *_placebos(study, of, number)]
    command = ("-m", COMMANDS[of.command], *words)
    return Job(f"set {folder.name}", "set", command, folder, tuple(needs), scratch, point=number)


def _placebos(study: Study, of: SetOf, point: int | None) -> list[str]:
    """As many draws as the seeds that may read them, unless the entry says how many."""
    if of.command in ("extract", "dose"):
        return []
    if any(word.startswith("placebos=") for word in of.options):
        return []
    branch = study.settings.branch
    seeds = seeds_of(branch, point or branch.started) if branch else study.settings.seeds
    return [f"placebos={max(seeds)}"]
