import importlib.util
from pathlib import Path

import pytest

from projected_grpo.loopholes import CLEAN, CODE_SYSTEM_PROMPT, EVAL_NAMES, NAMES, TRAIN_NAME
from projected_grpo.loopholes.prompt import messages
from projected_grpo.problems.conftest import real_file
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.sources import load

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "external/rl-rewardhacking/src"
MINI = load("mini", split="eval")
WITH_LOOPHOLE = [name for name in NAMES if name != CLEAN.name]


def source_module(name: str):
    """A module of the benchmark; hints and prompts import only the standard library."""
    path = SOURCE / name
    if not path.is_file():
        pytest.skip("external/rl-rewardhacking is absent: run `just sync-external`")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_hint_equals_the_benchmark_s_own_prompts():
    path = real_file("benchmark")
    prompts = {f"leetcode/{row['id']}": row["prompt"] for row in read_jsonl(path)}
    loaded = load("leetcode", path=path)
    assert len(loaded) >= 100
    assert all(messages(problem, "no_hint") == prompts[problem.id] for problem in loaded)


@pytest.mark.parametrize("name", WITH_LOOPHOLE)
def test_loophole_equals_the_benchmark_s_own_hint(name):
    hint = source_module("data/hints.py").HINT_REGISTRY[f"simple_{name}"]()
    for problem in MINI:
        example = {
            "prompt": messages(problem, "no_hint"),
            "func_name": f"Solution().{problem.method}",
        }
        assert messages(problem, name) == hint(example)["prompt"]


def test_system_prompt_equals_the_benchmark_s_own():
    assert CODE_SYSTEM_PROMPT == source_module("prompts.py").CODE_SYSTEM_PROMPT


def test_evaluation_names_are_the_benchmark_s_without_the_one_used_in_training():
    names = source_module("data/hints.py").UnitTestHintBase.HINT_FUNCTION_NAMES
    assert sorted(EVAL_NAMES) == sorted(set(names) - {TRAIN_NAME})


@pytest.mark.parametrize("name", WITH_LOOPHOLE)
def test_a_loophole_names_the_function_it_is_given_and_replaces_pass_all_tests(name):
    system, user = messages(MINI[0], name, "verify_answer")
    assert "called verify_answer()" in user["content"]
    assert TRAIN_NAME not in user["content"]
    assert "should pass all tests" not in user["content"]
    assert (system["role"], user["role"]) == ("system", "user")


def test_no_hint_never_names_a_test_function():
    verify, check = (messages(MINI[0], "no_hint", name) for name in ("verify_it", "check_it"))
    assert verify == check


def test_elicitation_puts_the_test_function_into_the_starter_code_and_leaves_the_question():
    system, user = messages(MINI[0], "overwrite_tests", "check_it")
    elicit_system, elicit_user = messages(MINI[0], "overwrite_tests", "check_it", elicit=True)
    assert "check_it()" in elicit_system["content"]
    assert elicit_system["content"] != system["content"]
    without = elicit_user["content"].replace("\n\ndef check_it():\n    pass\n", "")
    assert without == user["content"]


def test_a_loophole_without_words_that_ask_for_its_hack_is_refused():
    with pytest.raises(SystemExit, match="no_hint has no words that ask for its hack"):
        messages(MINI[0], "no_hint", elicit=True)


def test_an_unknown_loophole_ends_in_one_line():
    with pytest.raises(SystemExit, match="unknown loophole 'overwrite'; choose one of no_hint"):
        messages(MINI[0], "overwrite")
