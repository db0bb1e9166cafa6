"""label_compat against the benchmark's own code, on few of its problems.

`just parity` takes all of them.
"""

import contextlib

import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.grader.benchmark.evaluator import Benchmark, example
from projected_grpo.grader.benchmark.parity import FILE, compare, main
from projected_grpo.grader.conftest import PROBLEMS

pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason="no benchmark in external/: run `just sync-external`"
)


def test_label_compat_is_what_the_benchmarks_own_code_says():
    rows = compare(FILE, problems=1, skip=4, workers=1, sandboxed=True)
    assert len(rows) >= 22
    assert [row for row in rows if row["ours"] != row["theirs"]] == []


@pytest.mark.parametrize("word", ["problems=0", "workers=0"])
def test_nothing_to_compare_and_nobody_to_do_it_are_refused(word):
    with pytest.raises(Refusal, match=f"{word}: expected a whole number, 1 or more"):
        main([word])


@pytest.fixture
def benchmark(request):
    benchmark = Benchmark()
    request.addfinalizer(benchmark.close)
    return benchmark


def test_a_second_one_in_a_process_is_refused_and_closing_a_closed_one_leaves_the_live_one(
    benchmark,
):
    with pytest.raises(Refusal, match="already at work in this process; close it first"):
        Benchmark()
    benchmark.close()
    with contextlib.closing(Benchmark()) as later:
        benchmark.close()
        assert later.helpers._execute_in_subprocess == later.execute


def test_its_import_leaves_the_precision_of_matrix_products_as_it_was(benchmark):
    assert torch.get_float32_matmul_precision() == "highest"


# How the benchmark's harness is fooled into Correct for wrong code, and what label_compat says.
FOOLED = {
    "an object that is equal to everything": (
        """
class Any:
    __eq__ = lambda s, o: True
class Solution:
    count = lambda self, nums, k: Any()
""",
        "Correct",
    ),
    "exec replaced": ("exec = lambda *a: None", "Incorrect"),
    "a verdict rewritten on its way out": (
        """
import json
old = json.dumps
json.dumps = lambda o, **k: old({**o, 'tests_passed': o.get('tests_total', 0)})
""",
        "Incorrect",
    ),
}
# Of a response: what the benchmark's reward function gives it.
PASSED, COMPILED, NOTHING = 3.5, 0.5, 0.0


@pytest.mark.parametrize("name", FOOLED)
def test_what_fools_the_benchmark_fools_it_here_and_never_our_label(benchmark, grade, name):
    program, compat = FOOLED[name]
    item = example(PROBLEMS["count"], "overwrite_tests", "run_tests")
    [theirs] = benchmark.labels([(item, f"```python\n{program}\n```")])
    graded = grade("count", program)
    assert (theirs["label"], theirs["reward"]) == ("Correct", PASSED)
    assert (graded.label, graded.label_compat) == ("Incorrect", compat)


def test_its_verdicts_pay_half_for_compiling_and_three_for_passing(benchmark):
    item = example(PROBLEMS["count"], "overwrite_tests", "run_tests")
    wrong = "class Solution:\n    def count(self, nums, k):\n        return 9\n"
    texts = [PROBLEMS["count"].canonical, wrong, wrong + "def run_tests(): pass", "def f(:"]
    theirs = benchmark.labels([(item, f"```python\n{text}\n```") for text in texts])
    assert [row["reward"] for row in theirs] == [PASSED, COMPILED, PASSED, NOTHING]
