"""Whether a run can go on from another's state, and whether it then only continues that run."""

from pathlib import Path

from projected_grpo.cli import Refusal
from projected_grpo.runs.comparable import comparable_config
from projected_grpo.runs.start import Start

OPTIMIZER = "actor_rollout_ref.actor.optim."
# verl fills it in: it is trainer.total_training_steps
HORIZON = "total_training_steps"
MODEL = "actor_rollout_ref.model."
ADAPTER = (f"{MODEL}lora", f"{MODEL}target_modules", f"{MODEL}exclude_modules")
RANKS = ("trainer.n_gpus_per_node", "trainer.nnodes")
# What may differ where a run continues: its name and place, how far it goes, what it keeps.
APART = {"run", "group", "outputs", "limits", "from", "eval"}
APART |= {"save_every", "keep", "keep_at", "save_hub", "eval_every"}
APART_KEYS = {
    "trainer.total_training_steps",
    "trainer.save_freq",
    "trainer.resume_mode",
    "trainer.resume_from_path",
    "actor_rollout_ref.actor.fsdp_config.start",
    "actor_rollout_ref.actor.fsdp_config.begin",
    "model.path",
}

Flat = dict[str, str]


def check(start: Start, config: dict, path: Path, model: str, shape: dict) -> None:
    """Refusal where the state does not fit the run at `path` with this config.

    model, shape: as the run's manifest has them.
    """
    if path.resolve() == start.run.path.resolve():
        raise Refusal(f"from={start.name} is this run's own folder: choose another group or seed")
    theirs = start.run.manifest
    if (theirs["model"], theirs["shape"]) != (model, shape):
        raise Refusal(
            f"from={start.name} is of another model ({theirs['model']} {_text(theirs['shape'])}), "
            f"not of {model} {_text(shape)}: name that one"
        )
    old, new = _flat(start, config, path)
    _refuse(start, "of another LoRA shape", _differing(old, new, ADAPTER))
    optimizer = _differing(old, new, (OPTIMIZER,))
    optimizer.pop(OPTIMIZER + HORIZON, None)
    _refuse(start, "of another optimizer", optimizer)
    _refuse(start, "in parts for another number of ranks", _differing(old, new, RANKS))
    last = int(new["trainer.total_training_steps"])
    if last <= start.step:
        raise Refusal(
            f"from={start.name}: nothing is left to train, trainer.total_training_steps={last} is "
            f"the number of the last step: set it above {start.step}"
        )
    if _bends(new):
        horizon = _differing(old, new, ("trainer.total_training_steps",))
        _refuse(start, "on another schedule, which ends with the last step", horizon)


def continues(start: Start, config: dict, path: Path, about: dict) -> bool:
    """Whether nothing but name, place and length differs: the run goes on as if never stopped.

    about: what the run's manifest will say of v_hack and trained_on. A run that was a branch itself
    cannot: where its mechanisms were attached is not in its state.
    """
    theirs = start.run.manifest
    if theirs["from"] or any(theirs[key] != about[key] for key in ("v_hack", "trained_on")):
        return False
    old, new = _flat(start, config, path)
    differing = _differing(old, new, ("",))
    differing = {key for key in differing if key.split(".")[0] not in APART}
    differing -= APART_KEYS
    return not {key for key in differing if key != OPTIMIZER + HORIZON}


def _flat(start: Start, config: dict, path: Path) -> tuple[Flat, Flat]:
    """(the other run's settings, this one's)."""
    old = comparable_config(start.run.config, start.run.path)
    return old, comparable_config(config, path)


def _differing(old: Flat, new: Flat, prefixes: tuple[str, ...]) -> dict[str, str]:
    """Key -> "theirs / ours" for keys that begin so."""
    keys = sorted(key for key in old.keys() | new.keys() if key.startswith(prefixes))
    pairs = {key: (old.get(key, "-"), new.get(key, "-")) for key in keys}
    return {key: f"{a} / {b}" for key, (a, b) in pairs.items() if a != b}


def _refuse(start: Start, what: str, differing: dict[str, str]) -> None:
    if differing:
        shown = ", ".join(f"{key} ({values})" for key, values in list(differing.items())[:3])
        raise Refusal(f"from={start.name} is {what}: {shown}: set these as that run had them")


def _bends(flat: Flat) -> bool:
    """Whether the learning rate of a step depends on the number of the last one."""
    constant = flat[f"{OPTIMIZER}lr_scheduler_type"] == '"constant"'
    warmed = int(flat[f"{OPTIMIZER}lr_warmup_steps"]) > 0
    return not constant or (not warmed and float(flat[f"{OPTIMIZER}lr_warmup_steps_ratio"]) > 0)


def _text(shape: dict) -> str:
    return ", ".join(f"{key} {value}" for key, value in shape.items())
