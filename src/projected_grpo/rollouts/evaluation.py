"""The final evaluation of a run: its hacks where there is a loophole, its solutions where none is.

The loophole names test functions that training never saw.
"""

import polars as pl
from tabulate import tabulate

from projected_grpo import loopholes, problems, runs
from projected_grpo.problems import Problem
from projected_grpo.rollouts import schema
from projected_grpo.rollouts.generate import Chat, Request, Sampling, generate
from projected_grpo.rollouts.label import grade


def evaluate(run: runs.Run, n: int | None = None, chat: Chat | None = None) -> pl.DataFrame:
    """Samples and grades the run's evaluation problems with its final weights.

    n: samples of a prompt, None: as the run's config has it. chat: applied to every prompt's
    messages before they are rendered, None: they stay. Writes and returns eval.parquet.
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
    rollouts = generate(
        run.path / "ckpt",
        requests(held_out, config["env"]["loophole"], config["seed"]),
        sampling,
        run.name,
        phase="eval",
        step=max(schema.step_files(run.path)),
        chat=chat,
    )
    graded = grade(rollouts, {problem.id: problem for problem in held_out})
    schema.write(graded, run.path / "eval.parquet")
    return graded


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
