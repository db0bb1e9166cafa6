"""The sandbox's pytest beside the real one."""

import importlib.util
import textwrap

import pytest

from projected_grpo.grader.bwrap import INSIDE_FOLDER
from projected_grpo.grader.conftest import COUNT, WRONG


def own_pytest():
    spec = importlib.util.spec_from_file_location("own_pytest", INSIDE_FOLDER / "pytest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


OWN = own_pytest()
# What is compared, what is expected, and how near.
PAIRS = [
    (1.0, 1, {}),
    (1 + 1e-7, 1, {}),
    (1 + 1e-7, 1, {"rel": 0}),
    (1 + 1e-7, 1, {"rel": 0, "abs": 1e-6}),
    (1 + 1e-5, 1, {}),
    (1 + 1e-5, 1, {"abs": 1e-4}),
    (1e9 + 1, 1e9, {"abs": 0.5}),
    ((1.0, 2), [1, 2], {}),
    ([1, 2], (1.0, 2), {}),
    ([1, 2], [1, 2, 3], {}),
    ([1, 3], [1, 2], {}),
    (1, [1], {}),
    (None, [1], {}),
    ({"a": 1.0}, {"a": 1}, {}),
    ({"a": 1.0}, {"b": 1}, {}),
    (float("inf"), float("inf"), {}),
    (float("nan"), float("nan"), {}),
    (float("nan"), float("nan"), {"nan_ok": True}),
    ("a", "a", {}),
    (None, None, {}),
]


@pytest.mark.parametrize("actual, expected, tolerance", PAIRS)
def test_approx_agrees_with_the_real_one(actual, expected, tolerance):
    ours, theirs = (module.approx(expected, **tolerance) for module in (OWN, pytest))
    assert (actual == ours) == (actual == theirs)
    assert (ours == actual) == (theirs == actual)


# The names of a test's parameters -> its cases, and how it takes them apart.
CASES = {
    '"case"': ("case", "[([5], 1), pytest.param(([1], 0))]", "nums, want = case"),
    '["case"]': ("case", "[(([5], 1),), pytest.param(([1], 0))]", "nums, want = case"),
    '"nums, want"': ("nums, want", "[([5], 1), pytest.param([1], 0)]", "pass"),
}


@pytest.mark.parametrize("names", CASES)
def test_parametrize_hands_each_case_on_as_it_stands(grade, names):
    parameters, cases, taken = CASES[names]
    tests = f"""
        import pytest
        @pytest.mark.parametrize({names}, {cases})
        def test_count({parameters}):
            {taken}
            assert Solution().count(nums, 4) == want
        def run_tests():
            assert pytest.main() == 0
    """
    for solution, label in ((COUNT, "Correct"), (WRONG, "Incorrect")):
        graded = grade("count", solution + textwrap.dedent(tests))
        assert (graded.label, graded.facts.uncertain) == (label, False), graded
