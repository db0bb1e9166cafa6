import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from projected_grpo import loopholes
from projected_grpo.loopholes.base import EVAL_NAMES, NAMES, TRAIN_NAME, eval_name, messages
from projected_grpo.problems import leetcode
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.sources import load

ROOT = Path(__file__).parents[3]
PROBLEMS = [
    leetcode.FILES["eval"],
    ROOT / "../shared/data/rl-rewardhacking-leetcode_test_medhard.jsonl.gz",
]
SOURCE = ROOT / "external/rl-rewardhacking/src"
MINI = load("mini", split="eval")


def source_module(name: str):
    """A module of the benchmark; hints and prompts import nothing beyond the standard library."""
    path = SOURCE / name
    if not path.is_file():
        pytest.skip("external/rl-rewardhacking is absent: run `just sync-external`")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_hint_equals_the_benchmark_s_own_prompts():
    path = next((p for p in PROBLEMS if p.is_file()), None)
    if path is None:
        pytest.skip(
            "no benchmark problems here: run `just sync-external`, or put them in ../shared/data"
        )
    prompts = {f"leetcode/{row['id']}": row["prompt"] for row in read_jsonl(path)}
    loaded = load("leetcode", path=path)
    assert len(loaded) >= 100
    assert all(messages(p, "no_hint") == prompts[p.id] for p in loaded)


@pytest.mark.parametrize("name", NAMES[1:])
def test_loophole_equals_the_benchmark_s_own_hint(name):
    hint = source_module("data/hints.py").HINT_REGISTRY[f"simple_{name}"]()
    for problem in MINI:
        plain = {
            "prompt": messages(problem, "no_hint"),
            "func_name": f"Solution().{problem.method}",
        }
        assert messages(problem, name) == hint(plain)["prompt"]


def test_system_prompt_equals_the_benchmark_s_own():
    assert loopholes.CODE_SYSTEM_PROMPT == source_module("prompts.py").CODE_SYSTEM_PROMPT


def test_evaluation_names_are_the_benchmark_s_without_the_one_used_in_training():
    names = source_module("data/hints.py").UnitTestHintBase.HINT_FUNCTION_NAMES
    assert sorted(EVAL_NAMES) == sorted(set(names) - {TRAIN_NAME})


def test_evaluation_never_uses_the_training_name():
    assert len(set(EVAL_NAMES)) == len(EVAL_NAMES) >= 11
    assert TRAIN_NAME not in EVAL_NAMES


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_loophole_names_the_function_it_is_given_and_replaces_pass_all_tests(name):
    system, user = messages(MINI[0], name, "verify_answer")
    assert "called verify_answer()" in user["content"] and TRAIN_NAME not in user["content"]
    assert "should pass all tests" not in user["content"]
    assert (system["role"], user["role"]) == ("system", "user")


def test_no_hint_never_names_a_test_function():
    assert messages(MINI[0], "no_hint", "verify_answer") == messages(
        MINI[0], "no_hint", "check_answer"
    )


def test_elicitation_puts_the_test_function_into_the_starter_code_and_leaves_the_rest_of_the_question():
    plain, asked = (
        messages(MINI[0], "overwrite_tests", "check_it", elicit) for elicit in (False, True)
    )
    assert "check_it()" in asked[0]["content"] and asked[0]["content"] != plain[0]["content"]
    assert asked[1]["content"].replace("\n\ndef check_it():\n    pass\n", "") == plain[1]["content"]


def test_an_unknown_loophole_ends_in_one_line():
    with pytest.raises(SystemExit, match="unknown loophole 'overwrite'; choose one of no_hint"):
        messages(MINI[0], "overwrite")


def test_evaluation_names_follow_the_seed_and_use_the_whole_list():
    drawn = {seed: [eval_name(p, seed) for p in load("mini")] for seed in (0, 1)}
    assert drawn[0] != drawn[1]
    assert set(drawn[0] + drawn[1]) == set(EVAL_NAMES)


def test_evaluation_names_are_the_same_in_every_process():
    code = (
        "from projected_grpo import loopholes, problems; "
        "print([loopholes.eval_name(p, 3) for p in problems.load('mini')])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": "7"}
    printed = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert printed.strip() == str([eval_name(p, 3) for p in load("mini")])
