"""Where problems come from: `mini` (in this package) or `leetcode` (external/ or a data file)."""

import random
import sys
from collections.abc import Mapping
from typing import Any

from loguru import logger

from projected_grpo.cli import Refusal
from projected_grpo.problems import leetcode, mini
from projected_grpo.problems.evaluation_sets import SETS
from projected_grpo.problems.problem import DIFFICULTIES, SPLITS, Problem

SOURCES = ("mini", "leetcode")
# Options of select, which every source takes.
SELECT = ("difficulty", "max_description_chars", "min_tests", "limit", "seed")
# Settings of env.problems that choose training problems among those of the source.
OF_TRAINING = ("filter", "samples", "without", "overlap")


def load(source: str, split: str | None = None, **options: Any) -> list[Problem]:
    """Problems of a source, in the order of the file, or shuffled if `seed` is given.

    source: "mini", or "leetcode" (with path=FILE, else the benchmark in external/).
    split: one of SPLITS, None for all.
    options: difficulty (one name, names with commas, or a list), max_description_chars, min_tests,
    limit, seed; for leetcode also leetcode.OPTIONS (see leetcode.read_problems).
    An unknown name or an unreadable file raises Refusal.
    """
    if source not in SOURCES:
        raise Refusal(f"unknown problem source {source!r}; choose one of {', '.join(SOURCES)}")
    if split is not None and split not in SPLITS:
        raise Refusal(f"unknown split {split!r}; choose one of {', '.join(SPLITS)}")
    if source == "mini":
        check_options(options, SELECT)
        problems = mini.problems()
    else:
        problems = leetcode_problems(split, options)
    is_frozen = options.get("frozen") is not None
    options = {key: value for key, value in options.items() if key in SELECT}
    fits = select(problems, split, is_frozen, **options)
    if not fits:
        raise Refusal(
            f"none of the {len(problems)} {source} problems fits split={split} {options};"
            " ask for less"
        )
    return fits


def of_source(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What `load` takes of env.problems."""
    return {key: value for key, value in settings.items() if key not in OF_TRAINING}


def leetcode_problems(split: str | None, options: dict[str, Any]) -> list[Problem]:
    """Of options, those of leetcode.OPTIONS are read; select takes the rest."""
    check_options(options, SELECT + leetcode.OPTIONS)
    own = {key: value for key, value in options.items() if key in leetcode.OPTIONS}
    if (name := own.get("evaluation_set", "frozen")) not in SETS:
        raise Refusal(f"unknown evaluation set {name!r}; choose one of {', '.join(SETS)}")
    problems, tally = leetcode.read_problems(split, **own)
    if not problems:
        raise Refusal(f"no problem is left ({tally.reasons()}); give another file as path=")
    logger.info("leetcode:\n{}", tally)
    return problems


def check_options(options: dict[str, Any], known: tuple[str, ...]) -> None:
    """Refusal for an option outside `known`."""
    if unknown := sorted(set(options) - set(known)):
        raise Refusal(f"unknown problem option {unknown[0]!r}; choose from {', '.join(known)}")


def select(
    problems: list[Problem],
    split: str | None = None,
    is_frozen: bool = False,
    difficulty: str | list[str] | tuple[str, ...] | None = None,
    max_description_chars: int | None = None,
    min_tests: int = 1,
    limit: int | None = None,
    seed: int | None = None,
) -> list[Problem]:
    """The problems that fit. seed shuffles before limit cuts: a limited draw is a random one.

    is_frozen: those of split "eval" fit whatever they are, as a filtered set would be another one.
    They are shuffled and cut like any others.
    """
    levels = difficulty.split(",") if isinstance(difficulty, str) else difficulty or DIFFICULTIES
    if wrong := sorted(set(levels) - set(DIFFICULTIES)):
        raise Refusal(f"unknown difficulty {wrong[0]!r}; choose from {', '.join(DIFFICULTIES)}")
    longest = sys.maxsize if max_description_chars is None else max_description_chars

    def fitting(p: Problem) -> bool:
        if is_frozen and p.split == "eval":
            return True
        return (
            p.difficulty in levels and len(p.description) <= longest and len(p.tests) >= min_tests
        )

    fits = [p for p in problems if split in (None, p.split) and fitting(p)]
    if seed is not None:
        random.Random(seed).shuffle(fits)
    return fits[:limit]
