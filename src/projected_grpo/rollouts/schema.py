"""Rollouts on disk."""

from pathlib import Path

import polars as pl

from projected_grpo.cli import Refusal


def step_files(path: Path) -> dict[int, Path]:
    """Training step -> its rollouts/<step>.parquet, for the run folder at `path`."""
    return {
        int(file.stem): file
        for file in (path / "rollouts").glob("*.parquet")
        if file.stem.isdecimal()
    }


def read(file: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    """`columns` of a rollouts parquet, a row a sample. Raises Refusal if it cannot be read, lacks one, or is empty."""
    if not file.is_file():
        raise Refusal(f"no rollouts at {file}")
    try:
        schema = pl.read_parquet_schema(file)
        missing = [column for column in columns if column not in schema]
        frame = pl.read_parquet(file, columns=[column for column in columns if column in schema])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise Refusal(
            f"{file} is not a readable parquet file: {str(error).splitlines()[0]}"
        ) from None
    if missing:
        raise Refusal(f"{file} is not a labelled rollouts file: no column {', '.join(missing)}")
    if frame.is_empty():
        raise Refusal(f"{file} holds no rollouts")
    return frame.select(columns)
