"""A few sampled responses by label, drawn from the last training steps of each arm."""

import re
from dataclasses import dataclass

import polars as pl

from projected_grpo.report.compare import Comparison
from projected_grpo.rollouts.colours import lines_of
from projected_grpo.rollouts.schema import read, step_files
from projected_grpo.stats.outcomes import LATE

COLUMNS = ("step", "label", "kind", "problem_id", "test_func_name", "response")
# (text, whether it is the test function)
Part = tuple[str, bool]


@dataclass(frozen=True)
class Sample:
    """A response of an arm. kind: of its test function, as the grader has it."""

    arm: str
    seed: int
    step: int
    problem_id: str
    kind: str
    parts: list[Part]


def by_label(comparison: Comparison) -> dict[str, list[Sample]]:
    """label -> a response of each arm that has one, of all its runs' last LATE steps.

    Labels by name. Drawn at random and seeded, so that a page repeats.
    """
    found: dict[str, list[Sample]] = {}
    for arm in comparison.arms:
        rows = _last_rows(comparison, arm)
        for (label,), own in rows.sort("label").group_by("label", maintain_order=True):
            (drawn,) = own.sample(1, seed=0).rows(named=True)
            sample = Sample(
                arm=arm,
                seed=drawn["seed"],
                step=drawn["step"],
                problem_id=drawn["problem_id"],
                kind=drawn["kind"],
                parts=parts(drawn["response"], drawn["test_func_name"]),
            )
            found.setdefault(label, []).append(sample)
    return dict(sorted(found.items()))


def parts(response: str, test_func_name: str) -> list[Part]:
    """The response, cut where definitions of the test function begin and end."""
    place = lines_of(response, test_func_name)
    if place is None:
        return [(response, False)]
    first, behind = place
    lines = re.split(r"(?<=\n)", response)
    before = "".join(lines[: first - 1])
    own = "".join(lines[first - 1 : behind - 1])
    after = "".join(lines[behind - 1 :])
    return [(before, False), (own, True), *parts(after, test_func_name)]


def _last_rows(comparison: Comparison, arm: str) -> pl.DataFrame:
    """COLUMNS and the seed of the arm's rollouts in its runs' last LATE steps."""
    frames = []
    for run in comparison.of(arm):
        files = step_files(run.path)
        for step in sorted(files)[-LATE:]:
            seed = pl.lit(run.seed).alias("seed")
            frames.append(read(files[step], COLUMNS).with_columns(seed))
    return pl.concat(frames)
