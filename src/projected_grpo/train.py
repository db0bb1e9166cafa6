"""Train one arm: `python -m projected_grpo.train arm=project scale=mini seed=1 model=qwen2.5-coder-0.5b [any hydra override]`.

Linear on purpose: compose and check, make the run folder, train and evaluate in a preforked process (verl_ext/launch.py), mark the run done. Light at the top on purpose,
too: what imports torch is imported while the prefork server imports everything.
"""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from hydra import compose, initialize_config_dir, initialize_config_module
from hydra.errors import HydraException
from loguru import logger
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from projected_grpo import models, runs
from projected_grpo.cli import Refusal
from projected_grpo.fast import prefork
from projected_grpo.interventions import arms
from projected_grpo.loopholes.base import NAMES
from projected_grpo.runs.provenance import device_name
from projected_grpo.weights.targets import ARCHITECTURES

CONFIGS = Path(__file__).parents[2] / "configs"
OURS = {
    "model",
    "env",
    "arm",
    "scale",
    "device",
    "seed",
    "group",
    "outputs",
    "v_hack",
    "run",
    "eval",
    "limits",
}


def prepare_environment() -> str:
    """Variables that verl, vLLM and Ray read at import time, for every process of the run. Returns "gpu" or "cpu"."""
    device = (
        "gpu"
        if Path("/dev/nvidiactl").exists() and os.environ.get("CUDA_VISIBLE_DEVICES") != ""
        else "cpu"
    )  # torch would say so four seconds later
    os.environ["PROJECTED_GRPO_DEVICE"] = device
    quiet = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "VLLM_NO_USAGE_STATS": "1",
        "RAY_DEDUP_LOGS": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    }
    quiet["RAY_prestart_worker_first_driver"] = (
        "0"  # else Ray starts a Python process for every CPU that it counts
    )
    cpu = {
        "VERL_PLATFORM": "cpu",
        "VERL_USE_EXTERNAL_MODULES": "projected_grpo.verl_ext.platform_cpu",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "TORCHDYNAMO_DISABLE": "1",
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # lets the engine's process be its own worker (distributed_executor_backend: uni)
        "OMP_NUM_THREADS": str(
            os.cpu_count()
        ),  # Ray gives an actor one thread where nothing is said
    }
    gpu = {
        "VLLM_USE_FLASHINFER_SAMPLER": "0",  # else flashinfer compiles its sampler for minutes
        "OMP_NUM_THREADS": "1",  # what is left to the CPU are small tensors, for which a thread on every core takes longer to wake than to work
    }
    for key, value in {**quiet, **(cpu if device == "cpu" else gpu)}.items():
        os.environ.setdefault(key, value)
    return device


@cache
def verl_keys() -> set[str]:
    """What verl's own config holds at the top."""
    with initialize_config_module("verl.trainer.config", version_base=None):
        return set(compose("ppo_trainer"))


def configure(overrides: list[str]) -> DictConfig:
    """The composed config; one clear line for an unknown group option or key."""
    from projected_grpo.fast import precision

    os.environ["PROJECTED_GRPO_DTYPE"] = precision.name(
        precision.compute_dtype(
            "cpu" if os.environ.get("PROJECTED_GRPO_DEVICE", "cpu") == "cpu" else "cuda"
        )
    )
    try:
        with initialize_config_dir(str(CONFIGS), version_base=None):
            cfg = compose("train", overrides)
    except (HydraException, OmegaConfBaseException) as error:
        raise Refusal(f"{' '.join(str(error).split('Config search path')[0].split())}") from None
    if unread := set(cfg) - OURS - verl_keys():
        raise Refusal(f"nothing reads the config key {sorted(unread)}: remove it")
    return cfg


def check(cfg: DictConfig) -> arms.Arm:
    """What must hold before anything is written."""
    arm = arms.parse(OmegaConf.to_container(cfg.arm, resolve=True))
    actor = cfg.actor_rollout_ref.actor
    if "fsdp2" != actor.strategy or "fsdp2" != actor.fsdp_config.strategy:
        raise Refusal(
            "the constraint needs fsdp2 (fsdp1 flattens parameters away): set actor_rollout_ref.actor.strategy=fsdp2"
        )
    if actor.policy_loss.loss_mode == "on_policy" and (
        actor.ppo_mini_batch_size != cfg.data.train_batch_size or actor.ppo_epochs != 1
    ):
        raise Refusal(
            "the on-policy loss needs one update a step: leave ppo_mini_batch_size and ppo_epochs, or set "
            "actor_rollout_ref.actor.policy_loss.loss_mode=vanilla algorithm.rollout_correction.bypass_mode=false"
        )
    if (
        actor.policy_loss.loss_mode == "on_policy"
        and not cfg.algorithm.rollout_correction.bypass_mode
    ):
        raise Refusal(
            "the on-policy loss has no second forward pass: leave algorithm.rollout_correction.bypass_mode=true"
        )
    if (
        actor.fsdp_config.response_head
        and actor.fsdp_config.get("ulysses_sequence_parallel_size", 1) != 1
    ):
        raise Refusal(
            "the response-only head does not split sequences over GPUs: leave ulysses_sequence_parallel_size=1, or set "
            "actor_rollout_ref.actor.fsdp_config.response_head=false"
        )
    if actor.fsdp_config.response_head and (
        actor.entropy_coeff != 0 or not cfg.actor_rollout_ref.model.use_remove_padding
    ):
        raise Refusal(
            "the response-only head needs packed rows and gives the entropy no gradient: leave use_remove_padding=true and entropy_coeff=0, or set "
            "actor_rollout_ref.actor.fsdp_config.response_head=false"
        )
    if (
        actor.fsdp_config.share_prompts
        and actor.fsdp_config.response_head
        and actor.use_dynamic_bsz
    ):
        raise Refusal(
            "shared prompts need micro-batches of a fixed number of samples: leave use_dynamic_bsz=false, or set "
            "actor_rollout_ref.actor.fsdp_config.share_prompts=false"
        )
    if cfg.trainer.save_freq <= 0:
        raise Refusal("a run's last weights are what is evaluated: leave trainer.save_freq")
    samples, micro = (
        cfg.data.train_batch_size * cfg.actor_rollout_ref.rollout.n,
        actor.ppo_micro_batch_size_per_gpu,
    )
    if not actor.use_dynamic_bsz and samples % (
        micro * cfg.trainer.n_gpus_per_node * cfg.trainer.nnodes
    ):
        raise Refusal(
            f"{samples} samples a step do not divide into micro-batches of {micro} on every GPU: change "
            "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu"
        )
    if cfg.env.loophole not in NAMES:
        raise Refusal(f"unknown loophole {cfg.env.loophole!r}: choose one of {', '.join(NAMES)}")
    if arm.where != "off" and cfg.v_hack is None:
        if arm.constrains:
            raise Refusal(
                f"arm {arm.name} needs v_hack=FOLDER: make one with `just extract` (or `just contrast`)"
            )
        logger.warning(f"arm {arm.name} has no v_hack: nothing is measured")
        cfg.arm.where = "off"
    return arms.parse(OmegaConf.to_container(cfg.arm, resolve=True))


def main(overrides: list[str]) -> None:
    device = prepare_environment()
    with prefork.started(
        "projected_grpo.verl_ext.preload"
    ) as python:  # first of all: nothing else takes as long
        cfg = configure(overrides)
        arm = check(cfg)
        run = prepare(cfg, arm, device)
        with runs.recording(run):
            if status := subprocess.run(
                [python, "-m", "projected_grpo.verl_ext.launch", run.path]
            ).returncode:
                raise SystemExit(status)
    logger.info(f"done: {run.path}")


def prepare(cfg: DictConfig, arm: arms.Arm, device: str) -> runs.Run:
    """Whatever else can be refused is, then the run's folder with its problems. Nothing of a run that is refused is written."""
    model = models.resolve(cfg.model.path or cfg.model.name)

    from transformers import AutoConfig, AutoTokenizer

    from projected_grpo import problems
    from projected_grpo.directions import contrast, residual
    from projected_grpo.fast import attention
    from projected_grpo.grader import Grader
    from projected_grpo.monitors.online import online
    from projected_grpo.verl_ext import data

    online(OmegaConf.to_container(cfg.reward.custom_reward_function.reward_kwargs, resolve=True))
    Grader(
        workers=1
    ).close()  # no bwrap or no user namespaces: stop here, not in the middle of a run
    v_hack, shape = None, AutoConfig.from_pretrained(model)
    if device == "gpu" and not attention.has_states(shape):
        os.environ.setdefault(
            "VLLM_USE_V2_MODEL_RUNNER", "1"
        )  # less Python between two tokens; vLLM takes it for some models only, and delta nets not with prefix caching
    if cfg.v_hack is not None:
        if arm.where != "off" and shape.model_type not in ARCHITECTURES:
            raise Refusal(
                f"no weight roles are known for architecture {shape.model_type!r}: add it to ARCHITECTURES in targets.py"
            )
        d, folder = shape.get_text_config().hidden_size, arm.direction(Path(cfg.v_hack))
        if not 1 <= arm.m <= d:
            raise Refusal(f"arm.m={arm.m} does not fit the residual side: choose 1 to {d}")
        v_hack = (
            contrast.load(folder, d, arm.m)
            if arm.select == "contrast"
            else residual.load(folder, d)
        ).manifest
        cfg.v_hack = str(Path(cfg.v_hack).resolve())
    spec = OmegaConf.to_container(cfg.env.problems, resolve=True)
    evaluated = problems.load(split="eval", **spec)

    cfg.actor_rollout_ref.model.path = str(model)
    cfg.actor_rollout_ref.rollout.agent.agent_loop_config_path = str(CONFIGS / "agent_loop.yaml")
    cfg.run.dir = str((Path(cfg.outputs) / cfg.group / cfg.run.name).resolve())
    cfg.run.warm_started = (model / "taught.json").exists()
    loophole = cfg.env.loophole if arm.loophole else "no_hint"
    run = runs.create(
        Path(cfg.outputs),
        cfg.group,
        arm.name,
        cfg.seed,
        config=OmegaConf.to_container(cfg, resolve=True),
        model=cfg.model.name,
        problems=runs.problem_set(spec["source"], [p.hash for p in evaluated]),
        warm_started=cfg.run.warm_started,
        v_hack=v_hack,
        device=device_name(),
    )
    data.write(
        run.path / "train.parquet",
        spec,
        loophole,
        AutoTokenizer.from_pretrained(model),
        cfg.env.max_prompt_tokens,
    )
    logger.info(f"{run.name} on {device}: {cfg.trainer.total_training_steps} steps -> {run.path}")
    return run


if __name__ == "__main__":
    main(sys.argv[1:])
