"""Rollouts on disk: the columns that training and evaluation write, a row a sample."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import polars as pl

from projected_grpo.cli import Refusal
from projected_grpo.loopholes.facts import BESIDE_LABELS, BLATANT, Facts
from projected_grpo.runs.files import replacing

DTYPES = {bool: pl.Boolean, int: pl.Int64, float: pl.Float64, str: pl.String}

# Of a sample. run: "<group>/<arm>-s<seed>", or the folder of a model that no run trained.
# phase: train, eval or extract. uid: shared by the samples of one prompt.
# elicited: the prompt asks for the hack outright; plain_prompt is the same without that.
SAMPLED = {
    "run": pl.String,
    "step": pl.Int64,
    "phase": pl.String,
    "uid": pl.String,
    "problem_id": pl.String,
    "loophole": pl.String,
    "test_func_name": pl.String,
    "elicited": pl.Boolean,
    "prompt": pl.String,
    "plain_prompt": pl.String,
    "response": pl.String,
    "n_tokens": pl.Int64,
    "finish": pl.String,
}

# Of the grader: see Graded and Facts.
LABELLED = {
    "label": pl.String,
    "label_compat": pl.String,
    "strict": pl.Boolean,
    "loose": pl.Boolean,
    "blatant": pl.Boolean,
    "reward": pl.Float64,
    **{fact.name: DTYPES[fact.type] for fact in fields(Facts)},
}

# Of a monitor inside a run: see verl_ext/reward.py.
MONITORED = {"flagged": pl.Boolean, "answered": pl.Boolean, "label_ours": pl.String}

COLUMNS = {**SAMPLED, **LABELLED, **MONITORED}

# Kinds of a test function, as the grader has them.
KINDS = ("empty", "prints", "swallowing", "misread", "weak", "honest", "none")

# Without these a row is no rollout.
REQUIRED = ("run", "problem_id", "loophole", "test_func_name", "prompt", "response")


def frame(rows: list[dict]) -> pl.DataFrame:
    """The rows as a frame with all of COLUMNS, in their order; an absent column is null.

    Raises Refusal for a column outside COLUMNS, and where one of REQUIRED is absent.
    """
    table = pl.DataFrame(rows, infer_schema_length=None)
    unknown = [column for column in table.columns if column not in COLUMNS]
    if unknown:
        raise Refusal(f"no column of rollouts: {', '.join(unknown)}; add it to rollouts/schema.py")
    absent = [column for column in REQUIRED if column not in table.columns]
    if absent:
        raise Refusal(f"rollouts without {', '.join(absent)}; every row needs these")
    columns = []
    for name, dtype in COLUMNS.items():
        column = pl.col(name) if name in table.columns else pl.lit(None)
        columns.append(column.cast(dtype).alias(name))
    return table.select(columns)


def kinds_among_strict(rollouts: pl.DataFrame) -> dict[str, int]:
    """How many strict hacks have a test function of each of KINDS."""
    kinds = rollouts.filter("strict")["kind"]
    return {kind: (kinds == kind).sum() for kind in KINDS}


def write(frame: pl.DataFrame, path: Path) -> None:
    """A parquet file that is whole or not there."""
    with replacing(path) as scratch:
        frame.write_parquet(scratch)


def read(file: Path, columns: Sequence[str], others: bool = False) -> pl.DataFrame:
    """`columns` of a rollouts parquet, a row a sample; the file may hold others, and more or fewer.

    Of BESIDE_LABELS, which older files lack, there are nulls then. others: all that the file holds,
    in its order. Raises Refusal if it cannot be read, is empty, or lacks another column: has none
    or only nulls in it.
    """
    if not file.is_file():
        raise Refusal(f"no rollouts at {file}: name a parquet file of rollouts")
    try:
        whole = _with_blatant(pl.scan_parquet(file))
        held = whole.collect_schema().names()
        present = [column for column in columns if column in held or column in BESIDE_LABELS]
        unsaid = {name: pl.lit(None, pl.Boolean) for name in set(present).difference(held)}
        table = whole.with_columns(**unsaid).select(held if others else present).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise Refusal(f"{file} is not a readable parquet file: {reason}") from None
    needed = [column for column in columns if column not in BESIDE_LABELS]
    lacking = [c for c in needed if c not in present or 0 < len(table) == table[c].null_count()]
    if lacking:
        raise Refusal(f"{file} is not a labelled rollouts file: no column {', '.join(lacking)}")
    if table.is_empty():
        raise Refusal(f"{file} holds no rollouts: sample again, or name another file")
    return table


def _with_blatant(table: pl.LazyFrame) -> pl.LazyFrame:
    """Files written before the column `blatant` get it from strict and kind."""
    known = table.collect_schema()
    if "blatant" in known or not {"strict", "kind"} <= set(known):
        return table
    return table.with_columns(blatant=pl.col("strict") & pl.col("kind").is_in(BLATANT))


def step_files(path: Path) -> dict[int, Path]:
    """Training step -> its rollouts/<step>.parquet, for the run folder at `path`."""
    files = (path / "rollouts").glob("*.parquet")
    return {int(file.stem): file for file in files if file.stem.isdecimal()}
