"""Trains and evaluates a prepared run in this process.

train.py starts it, for it needs the environment and the prefork server that train.py sets up. A
watchdog ends it where verl would wait for ever.
"""

import os
import shutil
import sys
import threading
import time
from pathlib import Path

import ray
from loguru import logger
from omegaconf import DictConfig, OmegaConf
from verl.trainer.constants_ppo import get_ppo_ray_runtime_env
from verl.trainer.ppo.utils import need_critic, need_reference_policy
from verl.utils.config import validate_config

from projected_grpo import console, runs
from projected_grpo.fast import prefork
from projected_grpo.interventions import arms
from projected_grpo.rollouts import evaluation
from projected_grpo.runs import states
from projected_grpo.verl_ext import rendezvous
from projected_grpo.weights import lora

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


def train(cfg: DictConfig, run_dir: Path) -> None:
    """Trains to the last step, or the one after limits.train_s seconds.

    Leaves metrics.jsonl, rollouts/, sync.jsonl, tensorboard/, ckpt/ (hub layout) and states/, where
    any are kept, in run_dir.
    """
    import projected_grpo.verl_ext.trainer as ours

    metrics = run_dir / "metrics.jsonl"
    os.environ |= {
        "VERL_FILE_LOGGER_PATH": str(metrics),
        "TENSORBOARD_DIR": str(run_dir / "tensorboard"),
        rendezvous.RUN_DIR: str(run_dir),
    }
    validate_config(cfg, need_reference_policy(cfg), need_critic(cfg))
    stop = threading.Event()
    watch = threading.Thread(target=_watch, args=(metrics, cfg.limits, stop), daemon=True)
    watch.start()
    try:
        ray.init(**_ray(cfg))
        # here and not in an actor as main_ppo.run_ppo does: one process fewer to start, and a
        # failure is raised where it is seen
        ours.TaskRunner().run(cfg)
    finally:
        stop.set()
        ray.shutdown()
    _keep_weights(run_dir, cfg.actor_rollout_ref.model)


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


def _watch(metrics: Path, limits: DictConfig, stop: threading.Event) -> None:
    """Ends the process with one line when a step takes longer than its limit."""
    size, since = -1, time.monotonic()
    while not stop.wait(5):
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


def main(folder: Path) -> None:
    run = runs.open_run(folder)
    cfg = OmegaConf.create(run.config)
    interventions = arms.parse(OmegaConf.to_container(cfg.arm, resolve=True)).interventions
    train(cfg, run.path)
    interventions.deploy(run.path / "ckpt")
    # 0: a run for its timings only
    if cfg.eval.n:
        evaluated = evaluation.evaluate(
            run, chat=lambda chat: interventions.prompt(chat, evaluation=True)
        )
        console.say(evaluation.table(evaluated))


if __name__ == "__main__":
    console.attach()
    main(Path(sys.argv[1]))
