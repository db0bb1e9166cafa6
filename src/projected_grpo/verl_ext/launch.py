"""Trains and evaluates a prepared run in this process: `python -m projected_grpo.verl_ext.launch RUN`. A watchdog ends it where verl would wait for ever."""

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

from projected_grpo import runs
from projected_grpo.fast import prefork
from projected_grpo.rollouts import evaluate
from projected_grpo.verl_ext import rendezvous
from projected_grpo.weights import lora

FORWARDED = (
    "PROJECTED_GRPO_",
    "VERL_",
    "VLLM_",
    "TENSORBOARD_DIR",
    "HF_",
    "OMP_NUM_THREADS",
    "TORCHDYNAMO_DISABLE",
)  # what another node must know


def train(cfg: DictConfig, run_dir: Path) -> None:
    """Trains to the last step, or the one after limits.train_s seconds; leaves metrics.jsonl, rollouts/, sync.jsonl, tensorboard/ and ckpt/ (hub layout) in run_dir."""
    import projected_grpo.verl_ext.trainer as ours

    metrics = run_dir / "metrics.jsonl"
    os.environ |= {
        "VERL_FILE_LOGGER_PATH": str(metrics),
        "TENSORBOARD_DIR": str(run_dir / "tensorboard"),
        rendezvous.RUN_DIR: str(run_dir),
    }
    validate_config(cfg, need_reference_policy(cfg), need_critic(cfg))
    stop = threading.Event()
    watch = threading.Thread(
        target=_watch, args=(metrics, cfg.limits.start_s, cfg.limits.step_s, stop), daemon=True
    )
    watch.start()
    try:
        env = get_ppo_ray_runtime_env(cfg)
        env["env_vars"] |= {"TRANSFER_QUEUE_ENABLE": "1"} | {
            key: value for key, value in os.environ.items() if key.startswith(FORWARDED)
        }
        asked = OmegaConf.to_container(cfg.ray_kwargs.ray_init)
        if asked["address"] != "local":
            asked = {
                "address": asked["address"]
            }  # a standing cluster has its own resources, and processes of its own making
        else:
            env["py_executable"] = os.environ[prefork.PYTHON]
        ray.init(**asked | {"runtime_env": env})
        ours.TaskRunner().run(
            cfg
        )  # here and not in an actor as main_ppo.run_ppo does: one process fewer to start, and a failure is raised where it is seen
    finally:
        stop.set()
        ray.shutdown()
    (final,) = (run_dir / "ckpt").glob("global_step_*/actor/huggingface")
    final.rename(run_dir / "final")
    shutil.rmtree(run_dir / "ckpt")
    if (adapted := cfg.actor_rollout_ref.model).lora_rank:
        lora.merge_checkpoint(run_dir / "final", adapted.lora_alpha / adapted.lora_rank)
    (run_dir / "final").rename(run_dir / "ckpt")


def _watch(metrics: Path, start_s: float, step_s: float, stop: threading.Event) -> None:
    """Ends the process with one line when a step takes longer than its limit."""
    seen, since = -1, time.monotonic()
    while not stop.wait(5):
        size = metrics.stat().st_size if metrics.exists() else 0
        if size != seen:
            seen, since = size, time.monotonic()
        limit = step_s if seen > 0 else start_s
        if time.monotonic() - since > limit:
            logger.error(
                f"no progress for {limit:.0f} s ({'a step' if seen > 0 else 'start-up'}): stopped; see the messages above, or raise limits.*"
            )
            ray.shutdown()
            os._exit(124)


if __name__ == "__main__":
    run = runs.open_run(Path(sys.argv[1]))
    settings = OmegaConf.create(run.config)
    train(settings, run.path)
    if settings.eval.n:  # 0: a run for its timings only
        evaluate.evaluate(run)
