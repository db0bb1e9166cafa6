"""Which problems a run trains on: those of its source, then what env.problems says of training.

filter: tests_once    only those on which one of 8 start samples defines tests; samples: their file
without: FOLDER ...   none that these directions or columns were fitted on, or rollouts are of
overlap: false        refuse a v_hack that was fitted on some of what is left
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from loguru import logger

from projected_grpo import problems
from projected_grpo.cli import Refusal
from projected_grpo.directions import fitted
from projected_grpo.problems import Problem
from projected_grpo.rollouts import tests_once

FILTERS = ("tests_once",)


def choose(
    spec: Mapping[str, Any], loophole: str, v_hack: Path | None
) -> tuple[list[Problem], dict[str, int]]:
    """(training problems of env.problems, in the source's order; how many each setting left out).

    loophole: the wording that the study trains on. v_hack: what the arm acts on or measures.
    Raises Refusal.
    """
    pool = problems.load(split="train", **problems.of_source(spec))
    filtered = _filtered(spec, loophole, pool)
    chosen = _without(spec["without"], filtered)
    if v_hack is not None and not spec["overlap"]:
        _refuse_overlap(v_hack, chosen)
    left_out = {"filter": len(pool) - len(filtered), "without": len(filtered) - len(chosen)}
    logger.info(f"{len(chosen)} of {len(pool)} training problems, left out by settings: {left_out}")
    return chosen, left_out


def _filtered(spec: Mapping[str, Any], loophole: str, pool: list[Problem]) -> list[Problem]:
    name, file = spec["filter"], spec["samples"]
    if (name is None) != (file is None):
        raise Refusal(
            "env.problems.filter and env.problems.samples go together: set filter=tests_once and "
            f"samples=FILE.parquet, or neither; {tests_once.REMEDY}"
        )
    if name is None:
        return pool
    if name not in FILTERS:
        raise Refusal(f"unknown env.problems.filter={name}: choose {', '.join(FILTERS)}")
    ids = tests_once.problem_ids(Path(file), loophole, {p.id for p in pool})
    return [p for p in pool if p.id in ids]


def _without(places: str | Sequence[str] | None, pool: list[Problem]) -> list[Problem]:
    ids = set()
    for place in [places] if isinstance(places, str) else places or ():
        ids |= fitted.problem_ids(Path(place))
    return [p for p in pool if p.id not in ids]


def _refuse_overlap(v_hack: Path, chosen: list[Problem]) -> None:
    if not fitted.knows(v_hack):
        logger.warning(
            f"{v_hack} does not say which problems it was fitted on: make it again, or name its "
            "rollouts in env.problems.without"
        )
        return
    both = fitted.problem_ids(v_hack) & {p.id for p in chosen}
    if both:
        raise Refusal(
            f"{len(both)} of {len(chosen)} training problems are ones that {v_hack} was fitted on: "
            "set env.problems.without to that folder in every arm of the study, or "
            "env.problems.overlap=true"
        )
