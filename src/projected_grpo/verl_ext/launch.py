"""Trains prepared runs of one shape, one after another.

Its input is a socket: a run's folder comes as a line, and a byte goes back once the run's weights
are in ckpt/. It ends with its input. trainer_process.py starts it, in the environment and with the
prefork server that train.py sets up. A watchdog ends it where verl would wait for ever.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import ray
from loguru import logger
from omegaconf import DictConfig, OmegaConf
from verl.trainer.ppo.utils import need_critic, need_reference_policy
from verl.utils.config import validate_config

from projected_grpo import console, runs
from projected_grpo.fast.prefork.parent import end_with_parent
from projected_grpo.interventions import arms
from projected_grpo.interventions.chain import Chain
from projected_grpo.runs import states
from projected_grpo.verl_ext import faults, rendezvous
from projected_grpo.verl_ext.processes import Processes
from projected_grpo.verl_ext.states import Kept, is_whole
from projected_grpo.weights import lora

# the status of a process that the watchdog ends
STOPPED = 124


def complete(run: runs.Run, processes: Processes) -> None:
    """All that is left to do of its training, from its newest state on."""
    cfg = OmegaConf.create(run.config)
    interventions = arms.parse(OmegaConf.to_container(cfg.arm, resolve=True)).interventions
    if not (run.path / "ckpt").exists():
        train(cfg, run, processes)
    keep_weights(cfg, run.path, interventions)


def train(cfg: DictConfig, run: runs.Run, processes: Processes) -> None:
    """Trains to the last step, or the one after limits.train_s seconds.

    Leaves metrics.jsonl, rollouts/, sync.jsonl, tensorboard/ and states/ in the run's folder.
    """
    states.discard(run.path)
    os.environ |= {
        # the trainer opens metrics.jsonl
        "VERL_FILE_LOGGER_PATH": os.devnull,
        "TENSORBOARD_DIR": str(run.path / "tensorboard"),
        "WANDB_DIR": str(run.path),
    }
    os.environ.setdefault(rendezvous.RUN_DIR, str(run.path))
    validate_config(cfg, need_reference_policy(cfg), need_critic(cfg))
    with _watched(run, cfg.limits):
        processes.train(cfg)


def keep_weights(cfg: DictConfig, run_dir: Path, interventions: Chain) -> None:
    """ckpt/, the weights of verl's last checkpoint in the hub's layout, and a state if it is one.

    What was done of this before the run was killed is not done again.
    """
    last, ckpt = states.written(run_dir), run_dir / "ckpt"
    if not ckpt.exists():
        hub = states.writing(run_dir) / f"global_step_{last}" / "actor" / "huggingface"
        model = cfg.actor_rollout_ref.model
        if model.lora_rank:
            lora.merge_checkpoint(hub, model.lora_alpha / model.lora_rank)
        interventions.deploy(hub)
        hub.rename(ckpt)
    if last is not None and is_whole(cfg, last):
        states.publish(run_dir, last)
        kept = Kept(cfg.keep_at)
        kept.look_back(run_dir)
        states.trim(run_dir, cfg.keep, kept.steps)
    states.discard(run_dir)


@contextmanager
def _watched(run: runs.Run, limits: DictConfig) -> Iterator[None]:
    over = threading.Event()
    threading.Thread(target=_watch, args=(run, limits, over), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _watch(run: runs.Run, limits: DictConfig, over: threading.Event) -> None:
    """Ends the process when a step takes longer than its limit, or an actor is lost."""
    metrics, since = run.path / "metrics.jsonl", time.monotonic()
    # of a run that goes on there is something
    size = first = metrics.stat().st_size if metrics.exists() else 0
    while not over.wait(5):
        now = metrics.stat().st_size if metrics.exists() else 0
        if now != size:
            size, since = now, time.monotonic()
        stage, limit = ("a step", limits.step_s) if size > first else ("start-up", limits.start_s)
        if time.monotonic() - since > limit:
            _end(run, f"no progress for {limit:.0f} s ({stage}): see its log, or raise limits.*")
        if ray.is_initialized() and (actor := faults.lost_actor()):
            _end(run, faults.lost(actor))


def _end(run: runs.Run, failure: str) -> NoReturn:
    run.record_failure(failure)
    logger.error(failure)
    ray.shutdown()
    states.discard(run.path)
    os._exit(STOPPED)


def main() -> None:
    # away from descriptor 0, which all processes of Ray would have as well
    line = os.dup(0)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    with Processes() as processes, open(line) as folders:
        for folder in folders:
            run = runs.open_run(Path(folder.rstrip("\n")))
            try:
                complete(run, processes)
            except Exception as error:
                # half a state perhaps, and the room that it takes
                states.discard(run.path)
                run.record_failure(faults.line(error, run.path))
                raise
            os.write(line, b"+")


if __name__ == "__main__":
    end_with_parent()
    console.attach()
    main()
