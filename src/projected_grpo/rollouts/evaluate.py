"""The final evaluation of a run: hack rate where the loophole exists, under test-function names never seen in training; solve rate without it.

`python -m projected_grpo.rollouts.evaluate RUN [n=4]` writes eval.parquet into the run folder.
"""

import sys
from pathlib import Path

import polars as pl

from projected_grpo import problems, runs
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.loopholes.base import TRAIN_NAME, eval_name
from projected_grpo.rollouts.generate import Request, Sampling, generate
from projected_grpo.rollouts.label import grade


def evaluate(run: runs.Run, n: int | None = None) -> pl.DataFrame:
    """Samples and grades the run's evaluation problems with its final weights; writes and returns eval.parquet."""
    cfg = run.config
    held_out = problems.load(split="eval", **cfg["env"]["problems"])
    loophole = cfg["env"]["loophole"]
    requests = [Request(p, loophole, eval_name(p, cfg["seed"])) for p in held_out]
    requests += [Request(p, "no_hint", TRAIN_NAME) for p in held_out]
    sampling = Sampling(
        **{**cfg["eval"], "n": n or cfg["eval"]["n"]},
        max_tokens=cfg["data"]["max_response_length"],
        seed=cfg["seed"],
    )
    last_step = max(int(file.stem) for file in (run.path / "rollouts").glob("*.parquet"))
    rollouts = generate(run.path / "ckpt", requests, sampling, run.name, "eval", last_step)
    graded = grade(rollouts, {p.id: p for p in held_out})
    scratch = run.path / ".eval.parquet"
    graded.write_parquet(scratch)
    scratch.rename(run.path / "eval.parquet")
    return graded


if __name__ == "__main__":
    name, options = arguments(sys.argv[1:], "RUN", {"n": "", "outputs": "outputs"})
    if name is None:
        raise Refusal("name a run: just eval RUN")
    table = evaluate(
        runs.resolve(name, Path(options["outputs"])),
        whole_number("n", options["n"], 1) if options["n"] else None,
    )
    print(
        table.group_by("loophole")
        .agg(pl.len(), pl.col("strict", "loose", "gt_pass").mean())
        .sort("loophole")
    )
