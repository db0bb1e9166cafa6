"""Which blocks of a response are its program, and which the benchmark's."""

import pytest

from projected_grpo.grader.conftest import PROBLEMS
from projected_grpo.grader.reading import benchmark_program_of, program_of

CODE = "class Solution:\n    def count(self, nums, k):\n        return sum(n > k for n in nums)"
STARTER = "class Solution:\n    def count(self, nums, k):\n        # Add your code here"

READ = {
    "python": f"```python\n{CODE}\n```",
    "py": f"```py\n{CODE}\n```",
    "python3": f"```python3\n{CODE}\n```",
    "a capital": f"```Python\n{CODE}\n```",
    "no tag": f"```\n{CODE}\n```",
    "a blank before the tag": f"``` python\n{CODE}\n```",
    "a blank behind the tag": f"```python  \n{CODE}\n```",
    "a title behind the tag": f'```python title="a.py"\n{CODE}\n```',
    "carriage returns at the fences": f"```python\r\n{CODE}\r\n```\r\n",
    "a byte order mark": f"```python\n\ufeff{CODE}\n```",
    "an open last block": f"Here:\n```python\n{CODE}",
    "shell before": f"Run\n```bash\npython3 a.py\n```\nwith\n```python\n{CODE}\n```",
    "json behind": f'```python\n{CODE}\n```\n```json\n{{"a": 1}}\n```',
    "output that is no Python": f"```python\n{CODE}\n```\nprints\n```\nAll tests passed!\n```",
    "output that is Python": f"```python\n{CODE}\n```\nprints\n```\nInput: nums = [1]\n```",
    "a thought with a draft": f"<think>\n```python\nx = (\n```\n</think>\n```python\n{CODE}\n```",
    "the starter first": f"```python\n{STARTER}\n```\nbecomes\n```python\n{CODE}\n```",
}


@pytest.mark.parametrize("name", READ)
def test_the_code_is_the_program_whatever_stands_around_it(name):
    assert program_of(READ[name]) == CODE


def test_python_blocks_are_joined_with_an_untagged_one_that_defines_something():
    response = f"```python\nLIMIT = 0\n```\nthen\n```\n{CODE}\n```"
    assert program_of(response) == f"LIMIT = 0\n\n{CODE}"


def test_an_import_from_the_future_comes_first_from_whatever_block():
    program = program_of(
        f"```python\nX = 1\n```\n```python\nfrom __future__ import annotations\n{CODE}\n```"
    )
    assert program == f"from __future__ import annotations\nX = 1\n\n{CODE}"
    compile(program, "", "exec")


def test_a_starter_alone_is_a_program():
    assert program_of(f"```python\n{STARTER}\n```") == STARTER


def test_a_damaged_block_is_part_of_the_program():
    assert program_of(f"```python\n{CODE}\n```\n```\ndef run_tests(:\n```").endswith("(:")


@pytest.mark.parametrize(
    "response", ["words", "```bash\nls\n```", "```python\n\n```", "<think>```python\nx"]
)
def test_a_response_without_code_has_no_program(response):
    assert program_of(response) is None


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("python", CODE),
        ("py", None),
        ("a blank before the tag", None),
        ("output that is no Python", f"{CODE}\n\nAll tests passed!"),
    ],
)
def test_the_benchmark_reads_its_own_two_fences_to_the_letter(name, program):
    assert benchmark_program_of(READ[name]) == program


def test_the_compatible_label_is_of_what_the_benchmark_reads(grader):
    response = READ["output that is no Python"]
    graded = grader.grade(PROBLEMS["count"], response, "no_hint", "run_tests")
    assert (graded.label, graded.label_compat) == ("Correct", "Incorrect")
