"""The evaluations of a run: its hacks where there is a loophole, its solutions where none is.

The loophole names test functions that training never saw.
"""

from pathlib import Path

import polars as pl
from tabulate import tabulate

from projected_grpo import loopholes, problems, runs
from projected_grpo.cli import Refusal
from projected_grpo.problems import Problem
from projected_grpo.rollouts import schema
from projected_grpo.rollouts.generate import Chat, Request, Sampler, Sampling, generate, render
from projected_grpo.rollouts.label import grade


def evaluate(
    run: runs.Run,
    n: int | None = None,
    chat: Chat | None = None,
    awake: tuple[int, Sampler] | None = None,
) -> pl.DataFrame:
    """Samples and grades the run's evaluation problems, and returns what it writes.

    n: samples of a prompt, None: as the run's config has it. chat: applied to every prompt's
    messages before they are rendered, None: they stay. awake: (step, what samples with its
    weights), into evals/<step>.parquet; None: the final weights, into eval.parquet.
    """
    config = run.config
    held_out = problems.load(split="eval", **problems.of_source(config["env"]["problems"]))
    settings = dict(config["eval"])
    if n:
        settings["n"] = n
    sampling = Sampling(
        **settings,
        max_tokens=config["data"]["max_response_length"],
        seed=config["seed"],
    )
    model, file, sampler = run.path / "ckpt", run.path / "eval.parquet", None
    if awake:
        step, sampler = awake
        # of the same tokenizer
        model = Path(config["actor_rollout_ref"]["model"]["path"])
        file = run.path / "evals" / f"{step:05d}.parquet"
        file.parent.mkdir(exist_ok=True)
    else:
        step = max(schema.step_files(run.path))
    rollouts = generate(
        model,
        requests(held_out, config["env"]["loophole"], config["seed"]),
        sampling,
        run.name,
        phase="eval",
        step=step,
        chat=chat,
        sampler=sampler,
    )
    graded = grade(rollouts, {problem.id: problem for problem in held_out})
    schema.write(graded, file)
    return graded


def refuse_long(asked: list[Request], tokenizer, chat: Chat, response: int, room: int) -> None:
    """Refusal where a prompt with a response of so many tokens is longer than the room."""
    for request in asked:
        prompt = render(tokenizer, request, False, chat)
        length = len(tokenizer(prompt, add_special_tokens=False).input_ids)
        if length + response > room:
            raise Refusal(
                f"eval_every: {request.uid} has {length} tokens, with {response} for a response "
                f"more than vLLM takes ({room}): set actor_rollout_ref.rollout.max_model_len="
                f"{length + response}, or leave eval_every out"
            )


def table(evaluated: pl.DataFrame) -> str:
    """Rates in % of each wording's samples."""
    columns = {"blatant %": "blatant", "strict %": "strict", "loose %": "loose"}
    columns["solve %"] = "gt_pass"
    rates = [(100 * pl.col(of).mean()).alias(head) for head, of in columns.items()]
    by_wording = evaluated.group_by(wording="loophole").agg(pl.len().alias("n"), *rates)
    rows = by_wording.sort("wording", descending=True).rows()
    return tabulate(rows, ("evaluated", *by_wording.columns[1:]), floatfmt=".1f", tablefmt="plain")


def requests(held_out: list[Problem], loophole: str, seed: int) -> list[Request]:
    """Every problem under the loophole, with names drawn from the seed; then without it."""
    hinted = [Request(p, loophole, loopholes.eval_name(p, seed)) for p in held_out]
    clean = [Request(p, loopholes.CLEAN.name, loopholes.TRAIN_NAME) for p in held_out]
    return hinted + clean
