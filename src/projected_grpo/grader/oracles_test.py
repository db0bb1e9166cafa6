"""Canonical solutions that cannot be trusted, run in the sandbox."""

from dataclasses import replace

import pytest

from projected_grpo.grader import oracles
from projected_grpo.grader.conftest import PROBLEMS, answering
from projected_grpo.problems import leetcode, left_out, mini
from projected_grpo.problems.conftest import v3_row, write
from projected_grpo.problems.tally import Tally

COUNT = PROBLEMS["count"]
HONEST = "sum(n > k for n in nums)"
FAULTY = {
    "return 2": "canonical solution fails its own tests",
    "return absent(nums)": "canonical solution fails its own tests",
    # b is odd under the second of the two hash seeds only.
    f"return {HONEST} + hash('b') % 2": "canonical solution hangs on hash order or chance",
    f"time.time(); return {HONEST}": "canonical solution reads the clock",
    f"sum(range(20_000_000)); return {HONEST}": "canonical solution is slow",
}


# It needs the package that the sites have.
SORTED = "from sortedcontainers import SortedList\n"
SORTED += answering("return len(nums) - SortedList(nums).bisect_right(k)")


@pytest.fixture(scope="module")
def faults() -> dict[str, str]:
    """Problem id -> fault; a solution of FAULTY stands under its body."""
    solutions = {body: answering(body) for body in FAULTY} | {"sorted": SORTED}
    problems = [replace(COUNT, id=name, canonical=code) for name, code in solutions.items()]
    return {line[0]: line[2] for line in oracles.faults(problems + mini.problems())}


@pytest.mark.parametrize("body", FAULTY)
def test_a_solution_that_cannot_be_trusted_has_a_fault(body, faults):
    assert faults[body] == FAULTY[body]


def test_a_solution_that_needs_the_package_that_the_sites_have_is_trusted(faults):
    assert "sorted" not in faults


def test_the_projects_own_solutions_have_no_fault(faults):
    assert not faults.keys() & {problem.id for problem in mini.problems()}


def test_the_lines_of_a_files_problems_are_replaced_and_others_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(left_out, "TABLE", tmp_path / "left_out.tsv")
    bad, good = v3_row([("n = 1", "2")]), v3_row([("n = 1", "1")])
    path = write(tmp_path / "rows.jsonl", bad, good)
    left_out.write([["leetcode/1", "00", "another", ""]])
    oracles.main([str(path)])
    oracles.main([str(path)])
    lines = [[name, reason, seen] for name, _, reason, seen in left_out.read()]
    assert lines == [
        ["leetcode/1", "another", ""],
        [
            f"leetcode/{bad['question_id']}",
            "canonical solution fails its own tests",
            "passes 0 and 0 of 1 tests",
        ],
    ]


def test_a_line_that_was_found_by_hand_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(left_out, "TABLE", tmp_path / "left_out.tsv")
    path = write(tmp_path / "rows.jsonl", v3_row([("n = 1", "1")]))
    (problem,) = leetcode.formed(path, 0.0, Tally())
    line = [problem.id, problem.hash, left_out.WRONG, "on one letter"]
    left_out.write([line])
    oracles.main([str(path)])
    assert left_out.read() == [line]
    assert list(leetcode.read_file(path, 0.0, Tally())) == []
