"""Trains and evaluates a prepared run in this process.

train.py starts it, for it needs the environment and the prefork server that train.py sets up. A
watchdog ends it where verl would wait for ever.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

import ray
from loguru import logger
from omegaconf import DictConfig, OmegaConf
from verl.trainer.constants_ppo import get_ppo_ray_runtime_env
from verl.trainer.ppo.utils import need_critic, need_reference_policy
from verl.utils.config import validate_config

from projected_grpo import console, runs
from projected_grpo.fast import prefork
from projected_grpo.interventions import arms
from projected_grpo.interventions.chain import Chain
from projected_grpo.rollouts import evaluation
from projected_grpo.runs import states
from projected_grpo.verl_ext import faults, rendezvous
from projected_grpo.verl_ext.states import Kept, is_whole
from projected_grpo.weights import lora

# the status of a process that the watchdog ends
STOPPED = 124
# of Linux's prctl.h
PR_SET_PDEATHSIG = 1
# what another node must know
FORWARDED = (
    "PROJECTED_GRPO_",
    "VERL_",
    "VLLM_",
    "TENSORBOARD_DIR",
    "HF_",
    "OMP_NUM_THREADS",
    "TORCHDYNAMO_DISABLE",
)


def train(cfg: DictConfig, run: runs.Run) -> None:
    """Trains to the last step, or the one after limits.train_s seconds; from the newest state on.

    Leaves metrics.jsonl, rollouts/, sync.jsonl, tensorboard/ and states/ in the run's folder.
    """
    import projected_grpo.verl_ext.trainer as ours

    states.discard(run.path)
    os.environ |= {
        # the trainer opens metrics.jsonl
        "VERL_FILE_LOGGER_PATH": os.devnull,
        "TENSORBOARD_DIR": str(run.path / "tensorboard"),
        rendezvous.RUN_DIR: str(run.path),
        rendezvous.FIRST_SYNC: str(run.next_step - run.first_step),
    }
    validate_config(cfg, need_reference_policy(cfg), need_critic(cfg))
    stop = threading.Event()
    watch = threading.Thread(target=_watch, args=(run, cfg.limits, stop), daemon=True)
    watch.start()
    try:
        ray.init(**_ray(cfg))
        # here and not in an actor as main_ppo.run_ppo does: one process fewer to start, and a
        # failure is raised where it is seen
        ours.TaskRunner().run(cfg)
    finally:
        stop.set()
        ray.shutdown()


def _ray(cfg: DictConfig) -> dict:
    """Arguments of ray.init: a cluster of the run's own, or the standing one at an address."""
    env = get_ppo_ray_runtime_env(cfg)
    env["env_vars"]["TRANSFER_QUEUE_ENABLE"] = "1"
    for key, value in os.environ.items():
        if key.startswith(FORWARDED):
            env["env_vars"][key] = value
    wanted = OmegaConf.to_container(cfg.ray_kwargs.ray_init)
    if wanted["address"] != "local":
        # a standing cluster has its own resources, and processes of its own making
        return {"address": wanted["address"], "runtime_env": env}
    env["py_executable"] = os.environ[prefork.PYTHON]
    return {**wanted, "runtime_env": env}


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


def _watch(run: runs.Run, limits: DictConfig, stop: threading.Event) -> None:
    """Ends the process when a step takes longer than its limit, or an actor is lost."""
    metrics, since = run.path / "metrics.jsonl", time.monotonic()
    # of a run that goes on there is something
    size = first = metrics.stat().st_size if metrics.exists() else 0
    while not stop.wait(5):
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


def end_with_parent() -> None:
    """This process is killed when the one that forked it ends, which ends with the command.

    Else the run of a command that was killed would go on, beside the next command's.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main(folder: Path) -> None:
    run = runs.open_run(folder)
    try:
        complete(run)
    except Exception as error:
        # half a state perhaps, and the room that it takes
        states.discard(run.path)
        run.record_failure(faults.line(error, run.path))
        raise


def complete(run: runs.Run) -> None:
    """All that is left to do of the run."""
    cfg = OmegaConf.create(run.config)
    interventions = arms.parse(OmegaConf.to_container(cfg.arm, resolve=True)).interventions
    if not (run.path / "ckpt").exists():
        train(cfg, run)
    keep_weights(cfg, run.path, interventions)
    # 0: a run for its timings only
    if cfg.eval.n:
        evaluated = evaluation.evaluate(
            run, chat=lambda chat: interventions.prompt(chat, evaluation=True)
        )
        console.say(evaluation.table(evaluated))


if __name__ == "__main__":
    end_with_parent()
    console.attach()
    main(Path(sys.argv[1]))
