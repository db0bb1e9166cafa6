"""The constraint's own measures, read from a run's metrics.jsonl."""

import json
import re

import polars as pl

from projected_grpo.runs.run import Run

DIAGNOSTICS = ("cos_pre", "cos_post", "chance", "leak", "seconds")
KEY = re.compile(rf"(?:actor/)?constraint/({'|'.join(DIAGNOSTICS)})")
SCHEMA = {"step": pl.Int64, **dict.fromkeys(DIAGNOSTICS, pl.Float64)}


def diagnostics(run: Run) -> pl.DataFrame:
    """A row a step that logged any: step and DIAGNOSTICS, null where one was not logged."""
    rows = []
    for step, data in logged(run):
        measures = _measures(data)
        if measures:
            rows.append({"step": step, **measures})
    return pl.DataFrame(rows, schema=SCHEMA)


def logged(run: Run) -> list[tuple[int, dict]]:
    """(step, its metrics) of each line of metrics.jsonl, which is verl's FileLogger's; NaN is null.

    Empty where there is no file.
    """
    file = run.path / "metrics.jsonl"
    lines = file.read_text().splitlines() if file.is_file() else []
    entries = [json.loads(line) for line in lines]
    return [(entry["step"], entry["data"]) for entry in entries]


def _measures(data: dict) -> dict[str, float]:
    measures = {}
    for key, value in data.items():
        match = KEY.fullmatch(key)
        # NaN reaches the file as null.
        if match and value is not None:
            measures[match[1]] = float(value)
    return measures
