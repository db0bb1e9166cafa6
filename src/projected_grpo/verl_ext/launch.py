"""Trains prepared runs of one shape, one after another.

Its input is a socket: a run's folder comes as a line, and a byte goes back once the run's weights
are in ckpt/. It ends with its input. trainer_process.py starts it, in the environment and with the
prefork server that train.py sets up. A watchdog ends it where verl would wait for ever.
"""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ray
from loguru import logger
from omegaconf import DictConfig, OmegaConf
from verl.trainer.ppo.utils import need_critic, need_reference_policy
from verl.utils.config import validate_config

from projected_grpo import console, runs
from projected_grpo.interventions import arms
from projected_grpo.runs import states
from projected_grpo.verl_ext import rendezvous
from projected_grpo.verl_ext.processes import Processes
from projected_grpo.weights import lora


def train(folder: Path, processes: Processes) -> None:
    """Trains to the last step, or the one after limits.train_s seconds.

    Leaves metrics.jsonl, rollouts/, sync.jsonl, tensorboard/, ckpt/ (hub layout) and states/, where
    any are kept, in the run's folder.
    """
    run = runs.open_run(folder)
    cfg = OmegaConf.create(run.config)
    metrics = run.path / "metrics.jsonl"
    os.environ |= {
        "VERL_FILE_LOGGER_PATH": str(metrics),
        "TENSORBOARD_DIR": str(run.path / "tensorboard"),
    }
    os.environ.setdefault(rendezvous.RUN_DIR, str(run.path))
    validate_config(cfg, need_reference_policy(cfg), need_critic(cfg))
    with _watched(metrics, cfg.limits):
        processes.train(cfg)
    _keep_weights(run.path, cfg.actor_rollout_ref.model)
    arm = arms.parse(OmegaConf.to_container(cfg.arm, resolve=True))
    arm.interventions.deploy(run.path / "ckpt")


def _keep_weights(run_dir: Path, model: DictConfig) -> None:
    """Of verl's last checkpoint the weights, in the hub's layout, in ckpt/; whole states stay."""
    saved = run_dir / states.FOLDER
    last = max(int(path.name.rpartition("_")[2]) for path in saved.glob("global_step_*"))
    (states.folder(run_dir, last) / "actor" / "huggingface").rename(run_dir / "final")
    if last not in states.steps(run_dir):
        shutil.rmtree(states.folder(run_dir, last))
    if not states.steps(run_dir):
        shutil.rmtree(saved)
    if model.lora_rank:
        lora.merge_checkpoint(run_dir / "final", model.lora_alpha / model.lora_rank)
    (run_dir / "final").rename(run_dir / "ckpt")


@contextmanager
def _watched(metrics: Path, limits: DictConfig) -> Iterator[None]:
    over = threading.Event()
    threading.Thread(target=_watch, args=(metrics, limits, over), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _watch(metrics: Path, limits: DictConfig, over: threading.Event) -> None:
    """Ends the process with one line when a step takes longer than its limit."""
    size, since = -1, time.monotonic()
    while not over.wait(5):
        now = metrics.stat().st_size if metrics.exists() else 0
        if now != size:
            size, since = now, time.monotonic()
        stage, limit = ("a step", limits.step_s) if size > 0 else ("start-up", limits.start_s)
        if time.monotonic() - since > limit:
            logger.error(
                f"no progress for {limit:.0f} s ({stage}): stopped; see its log, or raise limits.*"
            )
            ray.shutdown()
            os._exit(124)


def main() -> None:
    # away from descriptor 0, which all processes of Ray would have as well
    line = os.dup(0)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    with Processes() as processes, open(line) as folders:
        for folder in folders:
            train(Path(folder.rstrip("\n")), processes)
            os.write(line, b"+")


if __name__ == "__main__":
    console.attach()
    main()
