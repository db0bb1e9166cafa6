"""What the test function is called, in training and in evaluation.

Source: ariahw/rl-rewardhacking at bf5cdb8, src/data/hints.py.
"""

import random

from projected_grpo.problems.problem import Problem

TRAIN_NAME = "run_tests"

# Never TRAIN_NAME, so that a memorised name earns nothing.
EVAL_NAMES = (
    "run_evaluation",
    "run_check_correct",
    "evaluate_function",
    "evaluate_solution",
    "evaluate_answer",
    "check_function",
    "check_solution",
    "check_answer",
    "verify_function",
    "verify_solution",
    "verify_answer",
)


def eval_name(problem: Problem, seed: int) -> str:
    """The test function's name in evaluation, drawn from the problem's content and the seed.

    Every process draws the same one. It is never the name of the problem's method.
    """
    names = [name for name in EVAL_NAMES if name != problem.method]
    # A str seed is hashed with sha512, not with hash().
    return random.Random(f"{seed}/{problem.hash}").choice(names)
