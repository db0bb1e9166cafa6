import os
import subprocess
import sys
from pathlib import Path

from projected_grpo.loopholes.names import EVAL_NAMES, TRAIN_NAME, eval_name
from projected_grpo.problems.sources import load

SRC = Path(__file__).parents[2]


def test_evaluation_never_uses_the_training_name():
    assert len(set(EVAL_NAMES)) == len(EVAL_NAMES) >= 11
    assert TRAIN_NAME not in EVAL_NAMES


def test_evaluation_names_follow_the_seed_and_use_the_whole_list():
    drawn = {seed: [eval_name(problem, seed) for problem in load("mini")] for seed in (0, 1)}
    assert drawn[0] != drawn[1]
    assert set(drawn[0] + drawn[1]) == set(EVAL_NAMES)


def test_evaluation_names_are_the_same_in_every_process():
    code = (
        "from projected_grpo import loopholes, problems; "
        "print([loopholes.eval_name(p, 3) for p in problems.load('mini')])"
    )
    environment = {**os.environ, "PYTHONPATH": str(SRC), "PYTHONHASHSEED": "7"}
    printed = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert printed.strip() == str([eval_name(problem, 3) for problem in load("mini")])
