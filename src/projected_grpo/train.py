"""Train one arm: `just train arm=project scale=mini seed=1 [any hydra override]`.

Linear on purpose: compose and check, make the run folder, train and evaluate in preforked processes
(verl_ext/launch.py, rollouts/evaluate.py), mark the run done. What imports torch is imported in
functions: by then the prefork server, which takes longest, is at work.

`just train -` does that for every line of its input, a JSON list of overrides. Runs of the same
shape train in the same processes. It ends where a run fails.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from loguru import logger
from omegaconf import DictConfig, OmegaConf

from projected_grpo import console, loopholes, models, runs
from projected_grpo.cli import Refusal
from projected_grpo.fast import prefork
from projected_grpo.runs import branch
from projected_grpo.runs.provenance import device_name
from projected_grpo.verl_ext import environment, train_page, trainer_process
from projected_grpo.verl_ext.configuration import CONFIGS, check, configure, is_fast

if TYPE_CHECKING:
    from projected_grpo.interventions.arms import Arm
    from projected_grpo.interventions.base import Setup

LOG = "log.txt"
PRELOAD = "projected_grpo.verl_ext.preload"


def setup_of(cfg: DictConfig, model: Path) -> "Setup":
    from transformers import AutoConfig

    from projected_grpo.interventions.base import Setup

    shape = AutoConfig.from_pretrained(model)
    v_hack = Path(cfg.v_hack).resolve() if cfg.v_hack else None
    return Setup(
        shape.model_type,
        shape.get_text_config().hidden_size,
        v_hack,
        adapter=bool(cfg.actor_rollout_ref.model.lora_rank),
        # a branch may hold what was made of the weights at its own start
        model=None if cfg["from"] else model,
    )


def prepare(cfg: DictConfig, arm: "Arm", device: str) -> runs.Run:
    """Whatever else can be refused is, then the run's folder with its problems.

    Nothing of a run that is refused is written.
    """
    model = models.resolve(cfg.model.path or cfg.model.name)

    from transformers import AutoConfig

    from projected_grpo import problems
    from projected_grpo.fast import attention
    from projected_grpo.grader import Grader
    from projected_grpo.grader.benchmark import evaluator
    from projected_grpo.rollouts import evaluation
    from projected_grpo.verl_ext import data, refusals, states, training_problems

    if cfg.reward.custom_reward_function.reward_kwargs.labels == "benchmark":
        evaluator.imported()
    refusals.check_machine(cfg)
    runs.refuse_without_room(Path(cfg.outputs), states.room_of(cfg, models.weights_of(model)))
    # no bwrap or no user namespaces: stop here, not in the middle of a run
    Grader(workers=1).close()
    setup = setup_of(cfg, model)
    arm.interventions.check(setup)
    if cfg.fast and device == "gpu" and not attention.has_states(AutoConfig.from_pretrained(model)):
        # less Python between two tokens; vLLM takes it for some models only, and delta nets not
        # with prefix caching
        os.environ.setdefault("VLLM_USE_V2_MODEL_RUNNER", "1")
    # a generator for each sample costs nothing there; vLLM's older runner asks them one by one
    cfg.run.seeded = device == "cpu" or os.environ.get("VLLM_USE_V2_MODEL_RUNNER") == "1"
    settings = OmegaConf.to_container(cfg.env.problems, resolve=True)
    spec = problems.of_source(settings)
    evaluated = problems.load(split="eval", **spec)
    if cfg.eval_every:
        evaluation.refuse_long(
            evaluation.requests(evaluated, cfg.env.loophole, cfg.seed),
            models.chat_tokenizer(model),
            lambda chat: arm.interventions.prompt(chat, evaluation=True),
            cfg.data.max_response_length,
            cfg.actor_rollout_ref.rollout.max_model_len or sys.maxsize,
        )
    pool, left_out = training_problems.choose(settings, cfg.env.loophole, setup.v_hack)
    table = data.table(
        pool,
        spec,
        cfg.env.loophole if arm.loophole else loopholes.CLEAN.name,
        models.chat_tokenizer(model),
        cfg.env.max_prompt_tokens,
        arm.interventions,
        cfg.data.train_batch_size,
    )

    agent = cfg.actor_rollout_ref.rollout.agent
    agent.agent_loop_config_path = str(CONFIGS / "agent_loop.yaml")
    cfg.actor_rollout_ref.model.path = str(model)
    cfg.v_hack = str(setup.v_hack) if setup.v_hack else None
    cfg.run.dir = str((Path(cfg.outputs) / cfg.group / cfg.run.name).resolve())
    cfg.run.taught = (model / "taught.json").exists()
    about = {
        # a folder that was named instead of a model is what the run is of
        "model": model.name if cfg.model.path else cfg.model.name,
        "shape": models.shape_of(model),
        "v_hack": arm.interventions.source(setup),
        "trained_on": runs.problem_set(spec["source"], [p.judged_by for p in pool]),
    }
    start = begin_at(cfg, about) if cfg["from"] else None
    if cfg.run.start == "branch" and setup.adapter:
        arm.interventions.check(replace(setup, adapter_moved=True))
    run = runs.create(
        Path(cfg.outputs),
        cfg.group,
        OmegaConf.to_container(cfg.arm, resolve=True),
        cfg.seed,
        config=OmegaConf.to_container(cfg, resolve=True),
        problems=runs.problem_set(spec["source"], [p.judged_by for p in evaluated]),
        taught=cfg.run.taught,
        device=device_name(),
        left_out=left_out,
        start=start.record if start else None,
        **about,
    )
    table.write_parquet(run.path / "train.parquet")
    console.say(introduction(run, len(pool), len(evaluated)))
    return run


def introduction(run: runs.Run, n_train: int, n_eval: int) -> str:
    """What runs, for whoever started it. n_train, n_eval: problems."""
    config, manifest = run.config, run.manifest
    taught = " (taught)" * run.taught
    last = config["trainer"]["total_training_steps"]
    steps = f"steps {run.next_step} to {last}" if run.next_step <= last else "evaluation"
    samples = config["data"]["train_batch_size"] * config["actor_rollout_ref"]["rollout"]["n"]
    loophole = config["env"]["loophole"] if run.definition["loophole"] else loopholes.CLEAN.name
    rows = {
        "arm": f"{manifest['arm']}, seed {run.seed}, {steps} of {samples} samples from {run.start}",
        "model": f"{manifest['model']}{taught} on {manifest['device']}",
        "data": f"{config['env']['name']}, {n_train} problems with {loophole}, {n_eval} held out",
        "folder": f"{run.path} (all else: {LOG})",
    }
    return "\n".join(f"{name:7} {what}" for name, what in rows.items())


def begin_at(cfg: DictConfig, about: dict) -> runs.Start:
    """The state that from= names, where the run can go on from it; the config then says so."""
    start = runs.find_state(cfg["from"], Path(cfg.outputs))
    path = Path(cfg.run.dir)
    config = OmegaConf.to_container(cfg, resolve=True)
    branch.check(start, config, path, about["model"], about["shape"])
    continues = branch.continues(start, config, path, about)
    if continues:
        logger.warning(
            f"nothing differs from {start.run.name}: the run goes on as if that had not stopped; "
            "for a new draw give it another seed"
        )
    cfg["from"] = start.name
    cfg.run.start = "continued" if continues else "branch"
    cfg.trainer.resume_mode, cfg.trainer.resume_from_path = "resume_path", str(start.folder)
    return start


def fail(run: runs.Run, status: int) -> NoReturn:
    """Ends the command: in one line where it is known what ended the run."""
    failure = runs.open_run(run.path).manifest["failure"]
    if status == -signal.SIGKILL:
        failure = (
            "the run's process was killed, by hand or where the machine had no memory left: "
            "give the same command again"
        )
        run.record_failure(failure)
    if failure:
        raise Refusal(f"{failure} (its log: {run.path / LOG})")
    raise SystemExit(status)


def main(overrides: list[str]) -> None:
    if "-h" in overrides or "--help" in overrides:
        print(train_page.text())
        return
    device = environment.prepare()
    # first of all: nothing else takes as long
    processes = prefork.started(PRELOAD) if is_fast(overrides) else prefork.plain()
    with processes as python, trainer_process.opened(python) as trainer:
        if overrides != ["-"]:
            train(overrides, device, trainer)
            return
        for line in sys.stdin:
            train(json.loads(line), device, trainer, stays=True)


def train(
    overrides: list[str], device: str, trainer: trainer_process.TrainerProcess, stays: bool = False
) -> None:
    """A run from its settings to its evaluation. stays: the processes, for another one."""
    cfg = configure(overrides)
    if stays and not cfg.fast:
        raise Refusal("fast=false wants processes of its own: leave it out, or train it alone")
    run = prepare(cfg, check(cfg), device)
    console.log_to(run.path / LOG)
    with runs.recording(run):
        if status := trainer.train(run):
            fail(run, status)
        if not stays:
            # the card is evaluation's
            trainer.end()
        evaluate(run, trainer.python)


def evaluate(run: runs.Run, python: Path | str) -> None:
    # 0: a run for its timings only
    if run.config["eval"]["n"]:
        command = [python, "-m", "projected_grpo.rollouts.evaluate", run.path]
        if status := subprocess.run(command, **console.handed_on()).returncode:
            fail(run, status)


if __name__ == "__main__":
    console.command(main)
